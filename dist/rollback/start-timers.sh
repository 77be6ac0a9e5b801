# shellcheck shell=dash
# Timers are programs of their own, that hold no lock while they sleep.

start_timers() {
  rm -f .deploy/confirm
  if [ "$confirm_seconds" -gt 0 ] && [ "$last_step" = 100 ]; then
    confirm_until=$(($(date +%s) + confirm_seconds))
    printf '%s %s %s %s\n' "$fence" "$confirm_until" "$from" "$(color_release "$(share_color "$from")")" | write_file .deploy/confirm
    result confirm_until "$confirm_until"
    start_timer confirm "$confirm_until"
  elif [ -n "$stop_after" ] && [ "$last_step" = 100 ]; then
    start_timer stop "$(($(date +%s) + stop_after))"
  fi
}

start_timer() {
  timer_new=$path/.deploy/timers/.$1
  rm -rf "$timer_new"
  mkdir -p "$timer_new" && cp "$files/timer.sh" "$timer_new/program" || return 1
  [ ! -d "$files/shares" ] || cp -R "$files/shares" "$timer_new/shares"
  printf "operation='%s'\ntimer_until='%s'\ntimer_fence='%s'\nfrom='%s'\nfrom_release='%s'\ntarget='%s'\nold_content='%s'\n" \
    "$1" "$2" "$fence" "$from" "$(color_release "$(share_color "$from")")" "$target" "$(color_content "$(other_color "$target")")" >"$timer_new/about"
  set_timer "$1" "$2"
}
