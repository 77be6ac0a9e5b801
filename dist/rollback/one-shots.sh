# shellcheck shell=dash
# Services of a release for a cluster that run to their end: each once, as a plain container on the manager that deploys, on the
# networks of the stack. The cluster's own jobs run again with each deployment, and never end where they fail.
# Parameters: project, release, wait_timeout (seconds).

# one_shots_left DIRECTORY: names of those that have run to their end neither for the release that serves, nor in this run.
one_shots_left() {
  awk '
    FILENAME == ARGV[1] { if ($2 == "once") ran[$7] = $5 " " $6; next }
    FILENAME == ARGV[2] { if (sub(/^one-shot-/, "", $2) && sub(/:done$/, "", $2)) ended[$2]; next }
    $2 == "once" && $4 > 0 && ran[$7] != $5 " " $6 && !($7 in ended) { print $7 }
  ' "$(existing "$path/releases/$(current_release)/services")" "$(existing "$run/journal")" "$1/services"
}

# one_shots_among DIRECTORY NAMES: those of the names that run to their end.
one_shots_among() {
  awk -v names="$2 " '$2 == "once" && index(names, " " $7 " ") { printf " %s", $7 }' "$1/services"
}

one_shot_container() { printf '%s-one-shot-%s-%s' "$project" "$1" "$release"; }

# run_one_shots DIRECTORY NAMES: one after the other.
run_one_shots() {
  make_overlays "$1" || return 1
  for one_shot in $2; do
    ! journalled "one-shot-$one_shot:done" || continue
    marked "one-shot-$one_shot" run_one_shot "$1" "$one_shot" && continue
    # shellcheck disable=SC2034 # who tells of the failure goes by it
    bad_services=" $one_shot"
    return 1
  done
}

# run_one_shot DIRECTORY SERVICE: what it prints goes to the log. Its container stays until the journal has its end, so that a
# run that is cut off knows.
run_one_shot() {
  # A command that needs this service has its own words by these names.
  local hook_directory=$1 hook_service=$2 hook_container='' hook_text='' hook_seconds=$wait_timeout hook_input=wait-timeout hook_heeds=yes hook_code='' hook_doubt='' hook_log=''
  hook_container=$(one_shot_container "$2")
  # One that is there is ended by that; see await_container.
  [ -n "$(engine_state "$hook_container")" ] || not_cancelled || return 1
  if ! journalled "one-shot-$2:begin"; then
    journal "one-shot-$2:begin"
  elif [ -z "$(engine_state "$hook_container")" ]; then
    warn "$2 was to run when this deployment was cut off, and its container is not there: it may have run already, and runs now"
  fi
  begin_container || return 1
  await_container
  keep_container_log "one-shot-$2"
  if [ "$hook_code" = 0 ] && [ -z "$host_ended" ]; then
    journal "one-shot-$2:done"
    engine_remove "$hook_container"
    say "$2 has run to its end"
    return 0
  fi
  engine_remove "$hook_container"
  show_container_log
  tell_how_it_ended
  return 1
}

# await_left_one_shots DIRECTORY: those that an interrupted run has begun; nothing else is begun.
await_left_one_shots() {
  # shellcheck disable=SC2013 # names of services have no spaces
  for one_shot in $(awk '$2 == "once" { print $7 }' "$1/services"); do
    hook_seconds=$wait_timeout
    hook_heeds=yes
    await_left "$(one_shot_container "$one_shot")" "one-shot-$one_shot"
  done
}
