# shellcheck shell=dash
# The deploy itself, whatever the engine: what differs between containers of a server and services of a cluster are the
# functions of deploy-containers.sh and deploy-cluster.sh. The files of the run: release/ (compose.json, services, pulls,
# needs, trees, hooks/, release.head, env), and the files sent under project/.
# Parameters beside those of the other parts: on_failure (restore or keep), history_head, backup (an id, or empty).

operate() {
  begin
  phase preflight
  # That Docker and Compose can be used, the look before this has seen.
  check_place
  check_disk "$files/release"
  settle_backup
  claim_project
  phase pull
  begin_placing
  fetch_release
  # Each is a call of the engine and its start, and none needs the other's answer.
  begin_survey
  know_release
  surveyed_or_stop
  # What was not well before this deployment is not its doing.
  cp "$scratch/containers" "$run/before"
  if is_unchanged; then
    say "nothing differs from the release $previous: nothing is recreated"
    drop_sent
    forget_pulled "$deployment_id"
    pass_first_gate || stop_without_go
    still_well || stays_unwell
    pass_last_gate || stop_without_go
    result release "$previous"
    result changed false
    result_file images "$path/releases/$previous/images"
    result_file digests "$files/release/digests"
    record_deployment unchanged
    return 0
  fi
  put_in_place
  pass_first_gate || stop_without_go
  # shellcheck disable=SC2034 # who mends containers goes by it
  [ "$gates" = true ] || surveyed=yes
  make_ready
}

# settle_backup: the record will name the backup that was taken before: the one that was given, else the newest of the same
# deployment or workflow run.
settle_backup() {
  [ -n "$backup" ] || backup=$(backup_of "$deployment_id" "$run_url")
  [ -z "$backup" ] || is_whole "$path/backups/$backup" ||
    stop refused backup-unknown "there is no whole backup $backup in $path/backups" 'The action backup with list: true shows which there are.'
  printf '%s' "$backup" >"$run/backup"
}

# From here on everything can be done again after a crash: each step looks at what is there.
# shellcheck disable=SC2034 # who mends containers goes by what is surveyed
make_ready() {
  directory=$path/releases/$release
  prepare_place "$directory" || abandon
  if has_hooks "$directory" before-up; then
    phase before-up
    surveyed=
    run_hooks "$directory" before-up || abandon
  fi
  if has_hooks "$directory" migrate; then
    phase migrate
    surveyed=
    migrate "$directory" || abandon
  fi
  phase up
  journalled up:begin || journal up:begin
  start_release "$directory" || undo
  echo "$changed_services" >"$run/changed"
  phase wait
  wait_healthy "$directory" || undo
  say 'every service is healthy'
  if has_hooks "$directory" after-up; then
    phase after-up
    run_hooks "$directory" after-up || undo
  fi
  pass_last_gate || {
    result stopped true
    problem='another server failed, or the runner was lost'
    undo
  }
  finish
}

begin() {
  begin_work
  if [ -f "$run/previous" ]; then
    previous=$(cat "$run/previous")
  else
    previous=$(slot_release)
    printf '%s' "$previous" >"$run/previous"
  fi
  result previous "$previous"
}

# begin_survey, surveyed_or_stop: the survey, beside other work; without it the end, before anything was changed. survey_or_stop:
# both.
begin_survey() {
  rm -f "$scratch/containers"
  (exec 9>&- && survey "$scratch/containers" 2>"$scratch/survey.error") &
  deploy_survey=$!
}
surveyed_or_stop() {
  wait_out "$deploy_survey"
  [ ! -f "$scratch/containers" ] || return 0
  require_answer stop
  fail_for_engine "$(cat "$scratch/survey.error")" stop
}
survey_or_stop() {
  begin_survey
  surveyed_or_stop
}

is_unchanged() {
  [ -n "$previous" ] || return 1
  deploy_old=$path/releases/$previous
  cmp -s "$deploy_old/services" "$files/release/services" || return 1
  [ -z "$(not_current "$files/release")" ] || return 1
  [ "$remove_orphans" != true ] || [ -z "$(orphans "$files/release")" ]
}

# still_well: nothing is to be made anew, and what runs is well. The survey tells already where there is nothing to wait for.
still_well() {
  changed_services=
  awk '
    FILENAME == ARGV[1] { known[$7]; next }
    ($1 in known) && ($8 == "unhealthy" || $8 == "starting" || $5 == "restarting") { found = 1 }
    END { exit found }
  ' "$files/release/services" "$scratch/containers" || wait_healthy "$files/release"
}

stays_unwell() {
  tell_digests
  tell_cause
  gather_evidence "$bad_services"
  cause=$problem
  # The release is the one that runs: no mark on it by a deployment that changed nothing.
  fail_untouched false
}

pass_last_gate() {
  [ "$gates" = true ] || return 0
  phase all-ready
  await_go "$go_deadline"
}

# What went wrong, by itself and without what became of it, and the services that are not well.
tell_cause() {
  cause_remedy=$remedy
  result cause "$problem"
  result unhealthy "$bad_services"
}

# show_evidence: the evidence of what is not well; where nothing better is known to do, it is what to look at.
show_evidence() {
  [ -n "$bad_services" ] || return 0
  gather_evidence "$bad_services"
  # Of what never had a container there is none.
  [ -s "$scratch/evidence" ] || return 0
  : "${cause_remedy:=The last lines and the health log of what failed are below: mend the cause and deploy again.}"
}

# abandon: something failed before anything was recreated; the old release goes on serving.
abandon() {
  tell_digests
  tell_cause
  show_evidence
  record_deployment failed true
  result changed false
  forget_tags
  if [ -n "$previous" ]; then deploy_serving="$previous goes on serving; nothing was recreated"; else deploy_serving='Nothing was recreated'; fi
  if schema_allows_old; then
    schema_settled
    if [ "$host_ended" = cancelled ]; then fail lost cancelled "$problem. $deploy_serving" 'Run it again.'; fi
    fail unhealthy hook-failed "$problem. $deploy_serving" "${cause_remedy:-Mend the cause and deploy again.}"
  fi
  fail unhealthy schema-moved "$problem. $deploy_serving, but the migrations may have changed the schema under it" \
    "${cause_remedy:+$cause_remedy }Check the database, mend the migration and deploy again."
}

# unwell_before NAMES [touched]: those of the services that were unhealthy or restarting before this deployment; without the
# second word only those whose containers are still the same ones.
unwell_before() {
  if [ ! -f "$run/before" ] || ! survey "$scratch/containers"; then return 0; fi
  for deploy_name in $1; do
    if awk -v name="$deploy_name" -v touched="${2:-}" '
      $1 != name { next }
      FILENAME == ARGV[1] { there[$2]; if ($8 == "unhealthy" || $5 == "restarting") unwell[$2]; next }
      { if (!($2 in there)) fresh++ }
      END { n = 0; for (id in unwell) n++; exit !(n && (touched != "" || !fresh)) }
    ' "$run/before" "$scratch/containers"; then printf '%s ' "$deploy_name"; fi
  done
}

# goes_on: ends a deployment that has touched no container, where what is unwell was so before: there is nothing to restore.
goes_on() {
  if [ -n "$color" ] || [ -z "$previous" ] || [ -z "$bad_services" ] || [ -n "${changed_services# }" ] || [ -s "$scratch/orphans" ]; then return 0; fi
  # shellcheck disable=SC2086 # names of services have no spaces
  [ "$(unwell_before "$bad_services")" = "$(printf '%s ' $bad_services)" ] || return 0
  schema_allows_old || return 0
  fail_untouched true
}

# fail_untouched BAD: ends a deployment that has touched no container, because something was unwell before it.
fail_untouched() {
  result changed false
  record_deployment failed "$1"
  forget_tags
  fail unhealthy release-unhealthy "$cause, as it was before this deployment. No container was touched, and $previous goes on running as it did" \
    'Mend that first: its last lines and health log are below. A release that changes the service makes it anew.'
}

# undo: the new release is not well. The evidence first, then the release before it, by the same code.
undo() {
  tell_digests
  tell_cause
  show_evidence
  cause=$problem
  goes_on
  journalled undo:begin || journal undo:begin
  if [ "$on_failure" = keep ]; then
    # What is in the colour is no proven release: nothing may switch to it.
    [ -z "$color" ] || rm -f "$path/.deploy/color-$color"
    record_deployment failed true
    fail unhealthy release-unhealthy "$cause. Nothing was restored, as on-failure: keep says" 'Look at the containers on the server, then deploy or roll back.'
  fi
  take_down_new
  if [ -z "$previous" ]; then
    record_deployment failed true
    fail unhealthy release-unhealthy "$cause. There is no earlier release to restore; the containers are left as they are" "${cause_remedy:-Mend the cause and deploy again.}"
  fi
  if ! schema_allows_old; then
    record_deployment failed true
    fail unhealthy schema-moved "$cause. $previous was not restored: the migrations changed the schema, and nothing says that the old code runs on it" \
      'Mend the release and deploy again; or, if the old code can run on the new schema, set migration-reversible: true and roll back.'
  fi
  phase restore
  restore "$previous"
}

# others_healthy DIRECTORY NAMES: all services of the release but these are well.
others_healthy() {
  deploy_others=$(without "$(awk '{ printf " %s", $7 }' "$1/services")" "$2")
  [ -z "$deploy_others" ] || wait_healthy "$1" "$deploy_others"
}

# never_stopped: what ran before this deployment still does, and has not been stopped in between.
never_stopped() {
  [ -f "$run/before" ] || return 1
  awk '
    FILENAME == ARGV[1] { if ($5 == "running") was[$2] = "running " $11; next }
    { now[$2] = $5 " " $11 }
    END { for (id in was) if (now[id] != was[id]) exit 1 }
  ' "$run/before" "$scratch/containers"
}

# restore RELEASE: brings it back and proves it healthy, then ends the operation as failed with $cause.
restore() {
  # Whoever asked to stop wants what ran before; waiting for that must not stop.
  outlast_cancel
  say "restores the release $1"
  deploy_back=$path/releases/$1
  restore_references "$deploy_back" "$1" || warn "an image of $1 could not be found again"
  # Services that only the failed release has.
  awk 'FILENAME == ARGV[1] { known[$7] = 1; next } !($7 in known) { print $7 }' "$deploy_back/services" \
    "$path/releases/$release/services" >"$scratch/only-new"
  remove_only_new "$1"
  remove_orphans=false
  # shellcheck disable=SC2034 # who replaces containers one at a time goes by it
  rolled_by=$path/releases/$release
  if bring_up "$deploy_back" && wait_healthy "$deploy_back"; then
    [ "$(slot_release)" = "$1" ] || fill_slot "$1"
    schema_settled
    result restored true
    record_deployment restored true
    forget_tags
    say "$1 is restored and healthy"
    deploy_state="was restored and is healthy"
    ! never_stopped || deploy_state="goes on serving: none of its containers was stopped"
    fail unhealthy release-unhealthy "$cause. $1 $deploy_state" "${cause_remedy:-Mend the cause and deploy again.}"
  fi
  deploy_known=$(unwell_before "$bad_services" touched)
  # shellcheck disable=SC2086 # names of services have no spaces
  if [ -n "$deploy_known" ] && [ "$deploy_known" = "$(printf '%s ' $bad_services)" ] && others_healthy "$deploy_back" " $deploy_known"; then
    [ "$(slot_release)" = "$1" ] || fill_slot "$1"
    schema_settled
    result restored true
    record_deployment restored true
    forget_tags
    fail unhealthy release-unhealthy "$cause. $1 was restored; ${deploy_known% } is not well there, as it was before this deployment" \
      'Mend that, then deploy again: the last lines and the health log of what failed are below.'
  fi
  result restored false
  gather_evidence "$bad_services"
  record_deployment failed true
  fail unhealthy restore-failed "$cause. Restoring $1 failed as well: $problem" 'The site may be down: look at the containers on the server now.'
}

finish() {
  phase finish
  still_runs || undo
  still_leads
  write_release_json "$directory" "$previous" "$(cat "$run/backup" 2>/dev/null)" || undo
  true >"$directory/deployed"
  if [ "$(slot_release)" != "$release" ]; then
    fill_slot "$release" || undo
  fi
  schema_settled
  journalled committed || journal committed
  # Before the record, with which another manager of a cluster may begin: what that has just made nothing needs yet.
  tidy_up
  record_deployment succeeded
  tell_success
  say "$release is deployed"
}

# An engine that was killed stops what it finds running when it comes back, and for good. During after-up and at the
# gate there was time for that since the services were proven healthy.
still_runs() {
  has_hooks "$directory" after-up || [ "$gates" = true ] || return 0
  survey "$scratch/containers" || return 0
  [ -n "$(not_current "$directory")" ] || return 0
  say 'something stopped since it was healthy; it is started again'
  bring_up "$directory" && wait_healthy "$directory"
}

tell_success() {
  deploy_changed=$(cat "$run/changed" 2>/dev/null)
  result release "$release"
  result changed "$(if [ -n "$deploy_changed" ]; then echo true; else echo false; fi)"
  result changed_services "$deploy_changed"
  result_file images "$directory/images"
  result_file digests "$directory/digests"
}

# recover: the run was interrupted, by a crash or a restart of the server. Before anything was recreated there is
# only a migration to wait for; later it goes on to the end, and back if that fails.
recover() {
  begin
  if journalled committed; then
    directory=$path/releases/$release
    [ -f "$run/recorded" ] || record_deployment succeeded
    tell_success
    return 0
  fi
  recover_place
  if journalled undo:begin; then
    cause='the deployment had failed when it was interrupted'
    if [ "$on_failure" = restore ] && [ -n "$previous" ] && schema_allows_old; then restore "$previous"; fi
    record_deployment failed true
    fail unhealthy release-unhealthy "$cause"
  fi
  if ! journalled up:begin; then
    for deploy_hook in "$files"/release/hooks/*; do
      [ -f "$deploy_hook" ] || continue
      hook_limits "$(basename "$deploy_hook")"
      await_left "$(container_of "$deploy_hook")" "$(basename "$deploy_hook")"
    done
    await_left_one_shots "$files/release"
    [ ! -f "$files/release/images" ] || forget_tags
    record_deployment interrupted
    fail lost interrupted 'the deployment was interrupted before anything was recreated' 'Deploy again.'
  fi
  say 'goes on with the interrupted deployment'
  make_ready
}
