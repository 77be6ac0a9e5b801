import { sh } from './sh.ts';

/**
 * The end of a timer's program: `timer.sh KIND UNTIL FENCE FROM TARGET`, where UNTIL is in seconds since 1970.
 * It sleeps without the lock, and acts under it only while the traffic is still as the switch that started it
 * has left it (the fence in traffic.json is the same).
 */
export const TIMER = sh`
umask 077
LC_ALL=C
export LC_ALL
operation=$1
timer_until=$2
timer_fence=$3
from=$4
target=$5
run=$path/.deploy
say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
warn() { say "$@"; }
journal() { :; }
result() { :; }
cancelled() { return 1; }
unlocked() { "$@" 9>&-; }
run() { shift; "$@" </dev/null 9>&-; }
once() { shift; "$@"; }
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }

timer_current() {
  [ "$(sed -n 's/.*"fence":\([0-9]*\).*/\1/p' .deploy/traffic.json 2>/dev/null)" = "$timer_fence" ] || return 1
  [ "$operation" != confirm ] || [ -f .deploy/confirm ]
}

cd "$path" || exit 1
while [ "$(date +%s)" -lt "$timer_until" ]; do
  timer_current || exit 0
  sleep 1
done
exec 9>>.deploy/lock
until flock -n 9; do
  sleep 1
  timer_current || exit 0
done
timer_current || exit 0
look_at_tools
case $operation in
  confirm)
    if color_well "$(share_color "$from")"; then
      say "nobody confirmed the switch to $target in time: back to $from"
      give_back
      record_history "$target" "$from" returned 'not confirmed in time'
    else
      say "nobody confirmed the switch to $target, but $from is not well: traffic stays"
      record_history "$target" "$target" failed 'not confirmed in time, and the old colour is not well'
    fi
    rm -f .deploy/confirm
    ;;
  stop)
    say "stopping $(other_color "$target")"
    for timer_id in $(color_containers "$(other_color "$target")"); do docker stop "$timer_id" </dev/null >/dev/null 9>&-; done
    ;;
esac
`;

/** Confirms a switch that waits for it. Parameters: `actor`, `run_url`, those of `OBSERVE`. */
export const CONFIRM = sh`
operate() {
  look_at_tools
  from=$(traffic_observe) || from=
  result from "$from"
  result to "$from"
  if [ ! -f .deploy/confirm ]; then
    fail refused 'no switch waits to be confirmed' "Either it was confirmed before, or its time ran out and traffic went back: it is on \${from:-no colour} now."
  fi
  read -r _ confirm_until confirm_from <.deploy/confirm
  if [ "$(date +%s)" -ge "$((confirm_until + 5))" ]; then
    # The timer is gone, with a restart of the server: its time is over all the same.
    target=$(share_color "$from")
    from=$confirm_from
    rm -f .deploy/confirm
    if color_well "$(share_color "$from")"; then
      give_back
      record_history "$target" "$from" returned 'confirmed too late'
      fail refused "the confirmation came too late: traffic is back on $from"
    fi
    fail refused "the confirmation came too late, but $from is not well: traffic stays on $target"
  fi
  rm -f .deploy/confirm
  journal confirmed
  record_history "$from" "$from" confirmed "$reason"
  say "The switch to $from is confirmed."
}
recover() { :; }
`;
