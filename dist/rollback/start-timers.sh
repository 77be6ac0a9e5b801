# shellcheck shell=dash
# Timers are programs of their own, that hold no lock while they sleep.

# start_timers: fails where nobody would be there to take an unconfirmed switch back.
start_timers() {
  [ ! -e .deploy/confirm ] || rm -f .deploy/confirm
  if [ "$confirm_seconds" -gt 0 ] && [ "$last_step" = 100 ]; then
    confirm_until=$(($(date +%s) + confirm_seconds))
    printf '%s %s %s %s\n' "$fence" "$confirm_until" "$from" "$(color_release "$(share_color "$from")")" | write_file .deploy/confirm
    if ! start_timer confirm "$confirm_until"; then
      rm -f .deploy/confirm
      fail remote run-not-started "the traffic is on $target, but the program that would take it back unless it is confirmed could not be started" \
        "Look at .deploy/timers.log and the disk of the server (df -h). Until then bring the traffic back with to: $(share_color "$from") or by a rollback, where it must not stay."
    fi
    result confirm_until "$confirm_until"
  elif [ -n "$stop_after" ] && [ "$last_step" = 100 ]; then
    start_timer stop "$(($(date +%s) + stop_after))" || warn "the containers of $(other_color "$target") will not be stopped by themselves: the program that does it later could not be started (.deploy/timers.log)"
  fi
}

# start_timer NAME DUE: false where it does not wait there now.
start_timer() {
  timer_new=$path/.deploy/timers/.$1
  rm -rf "$timer_new"
  if ! mkdir -p "$timer_new" || ! cp "$files/timer.sh" "$timer_new/program"; then return 1; fi
  if [ -d "$files/shares" ]; then cp -R "$files/shares" "$timer_new/shares" || return 1; fi
  printf "operation='%s'\ntimer_until='%s'\ntimer_fence='%s'\nfrom='%s'\nfrom_release='%s'\ntarget='%s'\nold_content='%s'\n" \
    "$1" "$2" "$fence" "$from" "$(color_release "$(share_color "$from")")" "$target" "$(color_content "$(other_color "$target")")" >"$timer_new/about" || return 1
  set_timer "$1" "$2"
}
