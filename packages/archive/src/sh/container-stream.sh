# shellcheck shell=dash
# Commands in the containers of others, whose output is a file of ours. An engine lets such a command run on when whoever
# asked for it is killed. So its stdin is a handle that this program alone holds: when the program ends, however it does,
# or lets go by a line, the guard in the container ends the command.

# What runs there: `sh -c "$stream_guard" sh SCRIPT WORDS…`. The script ends with `exec`, so that the signal meets the tool.
# Whoever is ended is waited for: what its parent leaves becomes a child of the container's first process, and where that
# is PostgreSQL itself, a child of unknown origin that ended by a signal makes it restart every session.
# shellcheck disable=SC2016 # the container's own
stream_guard='script=$1
shift
exec 3<&0
sh -c "$script" sh "$@" </dev/null 3<&- &
job=$!
(
  read -r word <&3
  kill "$job"
  sleep 10
  kill -KILL "$job"
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$job"
code=$?
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
exit "$code"'

stream_deadline=0

# open_streams SECONDS: all of them together take no longer than that.
open_streams() {
  rm -f "$scratch/handle"
  mkfifo "$scratch/handle" || fail_unwritten "$scratch/handle could not be made"
  exec 7<>"$scratch/handle"
  stream_deadline=$(($(date +%s) + $1))
}

seconds_left() {
  local left=$((stream_deadline - $(date +%s)))
  if [ "$left" -gt 0 ]; then echo "$left"; else echo 1; fi
}

let_go() {
  echo end >"$scratch/handle"
}

# stream_out WHAT FILE ID SCRIPT WORDS…: the output of a command in a container becomes a file. Its complaints are in
# $scratch/said; why it was ended in $host_ended.
stream_out() {
  local what=$1
  shift
  run_within "$(seconds_left)" yes let_go "$what" _stream_out "$@"
}
_stream_out() {
  local file=$1 id=$2
  shift 2
  exec 7>&- 8>&-
  engine_pipe "$id" sh -c "$stream_guard" sh "$@" <"$scratch/handle" >"$file" 2>"$scratch/said"
}

# stream_in WHAT FILE ID SCRIPT WORDS…: a file is what a command in a container reads. It ends with the file, or with us.
stream_in() {
  local what=$1
  shift
  run_within "$(seconds_left)" yes let_go "$what" _stream_in "$@"
}
_stream_in() {
  local file=$1 id=$2 script=$3
  shift 3
  exec 7>&- 8>&-
  engine_pipe "$id" sh -c "$script" sh "$@" <"$file" >"$scratch/answer" 2>"$scratch/said"
}
