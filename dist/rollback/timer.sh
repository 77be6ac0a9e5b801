# shellcheck shell=dash
# The end of a timer's program: program FOLDER [now], in a folder of its own (see set_timer in packages/host) whose
# about says operation, timer_until (seconds since 1970), timer_fence, from, from_release, target and
# old_content (what was in the colour that was left, see color_content).
# It sleeps without the lock, and acts under it only while the traffic is still as the switch that started it has left
# it (the fence in traffic.json is the same); what it stops is still what was left. With now the caller holds the lock
# and the time has passed.

umask 077
LC_ALL=C
export LC_ALL
timer_folder=$1
# shellcheck disable=SC1091 # written by start_timer
. "$timer_folder/about" || exit 1
files=$timer_folder
# shellcheck disable=SC2034 # what asks a proxy without curl writes there
run=$path/.deploy
say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
warn() { say "$@"; }
journal() { :; }
result() { :; }
cancelled() { return 1; }
run() {
  shift
  "$@" </dev/null 9>&-
}
once() {
  shift
  "$@"
}
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
wait_until() {
  wait_end=$(($(date +%s) + $1))
  shift 2
  until "$@"; do
    [ "$(date +%s)" -lt "$wait_end" ] || return 1
    sleep 1 9>&-
  done
}

# Whether the traffic is still as the switch has left it, and nobody has confirmed it.
timer_current() {
  [ "$(recorded_fence)" = "$timer_fence" ] || return 1
  [ "$operation" != confirm ] || [ -f .deploy/confirm ]
}
# Whoever asks later who stopped a container goes by this line and the one of timer_end.
timer_begins() {
  timer_begun=yes
  say "timer $operation begins"
}
# A later timer of the same name may have taken the folder over.
timer_end() {
  [ -z "${timer_begun-}" ] || say "timer $operation ends"
  if [ "$timer_mode" = now ] || [ "$(cat "$timer_folder/pid" 2>/dev/null)" = "$timer_self" ]; then rm -rf "$timer_folder"; fi
  exit 0
}

cd "$path" || exit 1
timer_mode=${2-}
if [ "$timer_mode" != now ]; then
  read -r timer_boot </proc/sys/kernel/random/boot_id
  timer_self="$$ $(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 20) $timer_boot"
  printf '%s\n' "$timer_self" | write_file "$timer_folder/pid"
  while [ "$(date +%s)" -lt "$timer_until" ]; do
    timer_current || timer_end
    sleep 1
  done
  # The manager may first have to wait for the lock, and for the old colour.
  [ "$operation" != confirm ] || heed_lead 150 timer_current
  exec 9>>.deploy/lock
  until flock -n 9; do
    sleep 1 9>&-
    timer_current || timer_end
  done
elif [ "$operation" = confirm ]; then
  heed_lead 0 true
fi
timer_current || timer_end
look_at_tools
case $operation in
  confirm)
    timer_begins
    # After a restart of the server its containers may still be starting.
    if [ "$lead_says" = stays ]; then
      say "nobody confirmed the switch to $target here, and the manager's proxy keeps to it: so does this one"
      record_switch "$target" "$target" failed "not confirmed in time here, and the manager's proxy keeps to it"
    elif ! can_return; then
      say "nobody confirmed the switch to $target, but $from holds another release now: traffic stays"
      record_switch "$target" "$target" failed 'not confirmed in time, and the old colour holds another release'
    elif wait_until 90 "$from to be healthy" color_well "$(share_color "$from")"; then
      say "nobody confirmed the switch to $target in time: back to $from"
      if give_back; then
        record_switch "$target" "$from" returned 'not confirmed in time'
      else
        say "$proxy did not take the share $from back${given:+: traffic is on $given}"
        record_switch "$target" "${given:-$target}" failed 'not confirmed in time, and not given back'
      fi
    else
      say "nobody confirmed the switch to $target, but $from is not well: traffic stays"
      record_switch "$target" "$target" failed 'not confirmed in time, and the old colour is not well'
    fi
    rm -f .deploy/confirm
    ;;
  stop)
    timer_color=$(other_color "$target")
    # A deploy does not move the traffic, so the fence does not tell of it.
    [ "$(color_content "$timer_color")" = "$old_content" ] || timer_end
    timer_begins
    say "stopping $timer_color"
    stop_color "$timer_color"
    ;;
esac
timer_end
