# shellcheck shell=dash
# Commands in the containers of others, whose output is a file of ours. An engine lets such a command run on when whoever
# asked for it is killed. So its stdin is a handle that this program alone holds: when the program ends, however it does,
# or lets go by a line, the guard in the container ends the command.

# What runs there: `sh -c "$stream_guard" sh SCRIPT WORDS…`. The script ends with `exec`, so that the signal meets the tool.
# A script that has made a session of its own is ended with all that it started. Whoever is ended is waited for: what its
# parent leaves becomes a child of the container's first process, and where that is PostgreSQL itself, a child of unknown
# origin that ended by a signal makes it restart every session.
# shellcheck disable=SC2016 # the container's own
stream_guard='script=$1
shift
exec 3<&0
sh -c "$script" sh "$@" </dev/null 3<&- &
job=$!
(
  read -r word <&3
  kill -- "-$job" || kill "$job"
  sleep 10
  kill -KILL -- "-$job" || kill -KILL "$job"
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$job"
code=$?
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
exit "$code"'

stream_deadline=0
# shellcheck disable=SC2034 # what ends an attempt goes by both
{
  stream_seconds=0
  stream_input=''
}

# open_streams SECONDS INPUT: all of them together take no longer than that, as the input of that name says.
open_streams() {
  stream_seconds=$1
  stream_input=$2
  rm -f "$scratch/handle"
  mkfifo "$scratch/handle" || fail_unwritten "$scratch/handle could not be made"
  exec 7<>"$scratch/handle"
  stream_deadline=$(($(date +%s) + $1))
}

# seconds_left: of the time that all streams have together; never less than one.
seconds_left() {
  local left=$((stream_deadline - $(date +%s)))
  if [ "$left" -gt 0 ]; then echo "$left"; else echo 1; fi
}

# close_streams: nothing is ended any more, and nothing that is started holds the handle.
close_streams() {
  exec 7>&-
  rm -f "$scratch/handle"
}

# let_go: the guard in the container reads this line, and ends the command.
let_go() {
  echo end >"$scratch/handle"
}

# How a stream is written: plain, or compressed where this is not empty.
stream_zip=''

# stream_out WHAT FILE ID SCRIPT WORDS…: the output of a command in a container becomes a file. Its complaints are in
# $scratch/said; why it was ended in $host_ended.
stream_out() {
  local what=$1 file=$2
  shift 2
  run_within "$(seconds_left)" yes let_go "$what" _stream_to "$file" _from_container "$@"
}
# ID SCRIPT WORDS…: the command there, under the guard; where ID is `-`, on the server itself.
_from_container() {
  local id=$1
  shift
  if [ "$id" = - ]; then
    _reads_it - "$@" </dev/null
    return
  fi
  engine_pipe "$id" sh -c "$stream_guard" sh "$@" <"$scratch/handle"
}

# stream_local WHAT FILE WORDS…: the same of a command on the server itself.
stream_local() {
  local what=$1
  shift
  run_within "$(seconds_left)" yes let_go "$what" _stream_to "$@"
}

# Each exit code counts, which a pipe would hide.
_stream_to() {
  local file=$1 code
  shift
  exec 7>&- 8>&-
  if [ -z "$stream_zip" ]; then
    "$@" >"$file" 2>"$scratch/said"
    return
  fi
  rm -f "$scratch/plain"
  mkfifo "$scratch/plain" || return 1
  gzip -c <"$scratch/plain" >"$file" 2>"$scratch/zipping" &
  "$@" >"$scratch/plain" 2>"$scratch/said"
  code=$?
  if ! wait $!; then
    cat "$scratch/zipping" >>"$scratch/said"
    [ "$code" != 0 ] || code=1
  fi
  return "$code"
}

# stream_in WHAT FILE ID SCRIPT WORDS…: a file is what a command in a container reads. It ends with the file, or with us.
# Where ID is `-` the command is one of the server itself.
stream_in() {
  local what=$1
  shift
  run_within "$(seconds_left)" yes let_go "$what" _stream_in "$@"
}
_stream_in() {
  local file=$1
  shift
  exec 7>&- 8>&-
  _reads_it "$@" <"$file" >"$scratch/answer" 2>"$scratch/said"
}
_reads_it() {
  local id=$1 script=$2
  shift 2
  if [ "$id" = - ]; then sh -c "$script" sh "$@"; else engine_pipe "$id" sh -c "$script" sh "$@"; fi
}

# stream_in_zipped: the same of a compressed file. What the command reads may end early, so both exit codes count.
stream_in_zipped() {
  local what=$1
  shift
  run_within "$(seconds_left)" yes let_go "$what" _stream_in_zipped "$@"
}
_stream_in_zipped() {
  local file=$1 code
  shift
  exec 7>&- 8>&-
  rm -f "$scratch/plain"
  mkfifo "$scratch/plain" || return 1
  gzip -dc "$file" >"$scratch/plain" 2>"$scratch/zipping" &
  _reads_it "$@" <"$scratch/plain" >"$scratch/answer" 2>"$scratch/said"
  code=$?
  if ! wait $!; then
    cat "$scratch/zipping" >>"$scratch/said"
    [ "$code" != 0 ] || code=1
  fi
  return "$code"
}
