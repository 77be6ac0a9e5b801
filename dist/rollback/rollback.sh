# shellcheck shell=dash

# Brings a recorded release back, by the code that a deploy uses. Parameters: project, release, docker_host,
# wait_timeout, stop_timeout, remove_orphans, failed_release, actor, run_url, reason, hosts (more than one waits for
# go), go_seconds, database_elsewhere (the server that takes the data back for this one too; empty: none), database_seconds
# (how long that is waited for), takes_back (1: a rollback that went well here is undone, because another server failed).
operate() {
  begin_rollback
  left_release=$previous
  directory=$path/releases/$release
  result from "$previous"
  result to "$release"
  phase preflight
  is_back=
  journalled up:begin || still_to_leave
  [ -f "$directory/services" ] || fail refused release-gone "the release $release is not on the server any more" 'See list: true for those that are.'
  require_place
  prove_images
  prove_data 'nothing was rolled back'
  if [ "$hosts" -gt 1 ]; then
    if ! await_go "$go_seconds"; then
      # Among several servers this one is not the reason.
      result stopped true
      fail lost no-go 'no word to go came in time: nothing was changed' 'Run it again.'
    fi
  fi
  if [ -n "$is_back" ]; then
    say "$release serves already: another run has brought it back meanwhile"
    return 0
  fi
  take_lead
  take_all_data_back
  phase up
  journal up:begin
  restore_references "$directory" "$release" || {
    end_lead
    fail remote docker-failed "an image of the release could not be given its name again$(data_text "$database_elsewhere")"
  }
  # shellcheck disable=SC2034 # who replaces containers one at a time goes by it
  [ -z "$previous" ] || rolled_by=$path/releases/$previous
  if bring_up "$directory" && phase wait && wait_healthy "$directory"; then
    phase finish
    still_leads
    link_current "$release" || {
      end_lead
      fail_unwritten 'the link current could not be changed'
    }
    journal committed
    record_rollback succeeded
    say "$release serves again"
    return 0
  fi
  back_again
}

# take_all_data_back: here, or on the server that does it for all. Fails where that does not end well.
take_all_data_back() {
  if [ -z "$database_elsewhere" ]; then
    take_data_back 'nothing was rolled back' record_rollback "$project"
    return 0
  fi
  phase database
  if ! await_word "$database_seconds" "the data on $database_elsewhere"; then
    result stopped true
    fail lost no-go "the data on $database_elsewhere were not taken back, or no word of it came: nothing was changed here" 'Run it again.'
  fi
}

# still_to_leave: a rollback is decided before the lock is held, and another run may have changed what serves since. Where it
# has brought the release back itself ($is_back), the user's commands must not run a second time; anything else is
# not what was to be left.
still_to_leave() {
  rollback_now=$(readlink "$path/current" 2>/dev/null) || rollback_now=
  rollback_now=${rollback_now#releases/}
  [ "$rollback_now" != "$failed_release" ] || return 0
  if [ "$rollback_now" = "$release" ]; then
    is_back=yes
    return 0
  fi
  fail refused release-changed "${rollback_now:-no release} serves by now, not ${failed_release:-what did}: another run was here meanwhile, and nothing was changed" \
    'Run it again: it decides by what serves now.'
}

# What served before, also where an earlier try of this run has changed `current` already.
begin_rollback() {
  begin_work
  [ -f "$run/previous" ] || current_release | write_file "$run/previous"
  previous=$(cat "$run/previous")
}

# The old release did not become healthy: what ran before the rollback goes on, so that things are no worse.
back_again() {
  gather_evidence "$bad_services"
  cause=$problem
  outlast_cancel
  phase restore
  if [ -n "$previous" ] && [ "$previous" != "$release" ] && [ -f "$path/releases/$previous/services" ]; then
    restore_references "$path/releases/$previous" "$previous" || :
    # shellcheck disable=SC2034 # who replaces containers one at a time goes by it
    rolled_by=$directory
    if bring_up "$path/releases/$previous" && wait_healthy "$path/releases/$previous"; then
      record_rollback restored
      fail unhealthy release-unhealthy "$release did not become healthy: $cause. $previous runs again as before the rollback$(data_text "$database_elsewhere")" \
        "$(data_remedy 'Choose another release with to.' "$database_elsewhere")"
    fi
  fi
  record_rollback failed
  fail unhealthy restore-failed "$release did not become healthy: $cause$(data_text "$database_elsewhere")" 'The site may be down: look at the containers on the server now.'
}

record_rollback() {
  if [ "$1" = succeeded ] && [ -n "$takes_back" ]; then
    mark_release "$release" taken-back
  elif [ "$1" = succeeded ] && [ -n "$previous" ]; then
    mark_release "$previous" rolled-back
  fi
  # Where another server took the data back for all, they are this one's too.
  record_return "$release" "$previous" "$1" "$reason" "$((($(date +%s) - begun) * 1000))" "$database_elsewhere$(data_taken_back)"
  end_lead
  true >"$run/recorded"
}

# After a crash: what was begun goes on to its end, or back.
recover() {
  begin_rollback
  if ! journalled up:begin && ! data_are_begun; then
    end_lead
    fail lost interrupted 'the rollback was cut off before it changed anything' 'Run it again.'
  fi
  if journalled committed; then
    [ -f "$run/recorded" ] || record_rollback succeeded
    return 0
  fi
  operate
}
