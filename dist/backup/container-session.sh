# shellcheck shell=dash
# A command in a container of others that reads what it is told, line by line, as long as this program wants. Its stdin ends
# with this program, however that ends, and with its stdin the command ends by itself.

session_pid=''

# open_session ID SCRIPT WORDS…: what it answers is in $scratch/session.out.
open_session() {
  rm -f "$scratch/session"
  mkfifo "$scratch/session" || fail_unwritten "$scratch/session could not be made"
  exec 8<>"$scratch/session"
  : >"$scratch/session.out"
  _session "$@" &
  session_pid=$!
}
_session() {
  local id=$1 script=$2
  shift 2
  exec 7>&- 8>&- 9>&-
  engine_pipe "$id" sh -c "$script" sh "$@" <"$scratch/session" >"$scratch/session.out" 2>"$scratch/session.said"
}

# tell_session: what is on stdin.
tell_session() {
  cat >&8
}

# session_says LINE: waits for it; false where the session ends without it, and where it takes too long. Its complaints are in
# $scratch/said then.
session_says() {
  wait_until "$(seconds_left)" 'the answer of the database' _session_is_settled "$1"
  grep -Fqx -e "$1" "$scratch/session.out" && return 0
  cp "$scratch/session.said" "$scratch/said"
  return 1
}
_session_is_settled() {
  grep -Fqx -e "$1" "$scratch/session.out" || _session_is_over
}

# close_session: it is asked to end, and ended where it does not.
close_session() {
  [ -n "$session_pid" ] || return 0
  exec 8>&-
  wait_until 10 'the end of the session' _session_is_over || _kill_tree "$session_pid"
  wait "$session_pid" 2>/dev/null
  session_pid=
}
_session_is_over() {
  ! _process "$session_pid"
}
