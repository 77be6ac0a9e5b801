# shellcheck shell=dash
# An exec that follows a run to its end.

host_run_end=''
host_told_state=''
host_told_bytes=0

# $1: the run's folder, $2: offset into its log in bytes
_follow() {
  local token idle=0 turns=0
  if [ ! -d "$1" ]; then _refuse lost run-gone "the run $1 is gone from the server"; fi
  host_told_bytes=$2
  read -r token <"$1/token"
  frame token "$token"
  while :; do
    # In this order: what is there when the result is there is all.
    _see_end "$1" || continue
    _tell_state "$1"
    if _tell_log "$1"; then idle=0; fi
    if _tell_end "$1"; then return; fi
    turns=$((turns + 1))
    idle=$((idle + 1))
    if [ "$idle" -ge 25 ]; then
      idle=0
      # Also how this exec notices that nobody reads any more.
      frame alive ''
    fi
    _rest_between_looks "$turns"
  done
}

# Whether the run in $1 has ended, into $host_run_end: `result`, `dead` (it left none), or nothing. False where it must be
# looked at once more.
_see_end() {
  host_run_end=''
  if [ -e "$1/result" ]; then
    host_run_end=result
    return 0
  fi
  if _run_lives "$1" || [ -e "$1/result" ] || _may_begin "$1"; then return 0; fi
  # A recovery may have been starting between two looks.
  nap 0.3
  if _run_lives "$1" || [ -e "$1/result" ]; then return 1; fi
  host_run_end=dead
}

# Whether the run in $1 has no process yet and may still get one: whoever was to start it may have been cut off before.
_may_begin() {
  [ ! -f "$1/pid" ] && [ -z "$(find "$1" -prune -mmin +1 2>/dev/null)" ]
}

# The state of the run in $1, where it is another one than before.
_tell_state() {
  local state
  read -r state <"$1/state" || state=
  if [ -z "$state" ] || [ "$state" = "$host_told_state" ]; then return 0; fi
  host_told_state=$state
  frame state "$state"
}

# What is new in the log of the run in $1; false where nothing is.
_tell_log() {
  local size part
  size=$(($(wc -c <"$1/log")))
  [ "$size" -gt "$host_told_bytes" ] || return 1
  while [ "$size" -gt "$host_told_bytes" ]; do
    part=$((size - host_told_bytes))
    [ "$part" -le 262144 ] || part=262144
    _frame_part log "$1/log" "$host_told_bytes" "$part"
    host_told_bytes=$((host_told_bytes + part))
  done
}

# How the run in $1 has ended; false where it has not.
_tell_end() {
  case $host_run_end in
    result) _frame_file result "$1/result" ;;
    dead) frame dead "$(tail -n 1 "$1/journal" 2>/dev/null | cut -d ' ' -f 2-)" ;;
    *) return 1 ;;
  esac
}

# $1: how many looks there were. The first ones are close together; most runs wait for no one, and have the lock at once.
_rest_between_looks() {
  if [ "$host_told_state" = waiting ] && [ "$1" -gt 10 ]; then
    nap 0.5
  elif [ "$1" -ge 40 ]; then
    nap 0.1
  else
    nap 0.05
  fi
}
