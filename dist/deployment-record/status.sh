# shellcheck shell=dash
# An exec that tells what runs, ran and holds the lock.

# $1: path
_status() {
  local each
  path=$1
  [ -d "$path/.deploy" ] || return 0
  if [ ! -r "$path/.deploy" ] || [ ! -x "$path/.deploy" ]; then
    _refuse refused path-not-usable "$path/.deploy belongs to another user than $(id -un)" 'Log in as the user who deploys there.'
  fi
  # Opened for reading, so that a look makes no file.
  if [ ! -e "$path/.deploy/lock" ] || flock -n -s "$path/.deploy/lock" true; then frame lock free; else frame lock held; fi
  if _read_holder; then
    _lives "$host_holder_pid" "$host_holder_start" "$host_holder_boot" && frame lives "$host_holder_pid"
    _read_doing
    frame phase "$host_doing_phase"
    frame phasetime "$host_doing_phase_age"
    frame waits "$host_doing_what"
    frame waited "$host_doing_age"
    frame left "$host_doing_left"
    frame ends "$host_doing_ends"
  fi
  [ ! -f "$path/.deploy/lock.holder" ] || _frame_file holder "$path/.deploy/lock.holder"
  [ ! -f "$path/.deploy/order" ] || _frame_file order "$path/.deploy/order"
  for each in "$path"/.deploy/runs/*/*; do
    [ -d "$each" ] || continue
    frame run "$each"
    if [ -e "$each/result" ]; then
      _frame_file result "$each/result"
    elif _run_lives "$each"; then
      frame state "$(cat "$each/state")"
    else
      frame state interrupted
    fi
    frame began "$(date -u -r "$each/launch" +%Y-%m-%dT%H:%M:%SZ)"
    frame event "$(tail -n 1 "$each/journal" 2>/dev/null)"
  done
}
