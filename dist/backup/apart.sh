# shellcheck shell=dash
# Parts of a look that must not end the rest of it.

# apart NAME COMMAND…: what the command tells, and how it fails, is the field NAME of the result: a list as the result
# itself is one; frames of a function of the host's that tells those.
apart() {
  local name=$1 code
  shift
  (
    trap - EXIT
    host_result=$run/apart.$name
    true >"$host_result" && "$@" 3>"$run/frames.$name"
  )
  code=$?
  if [ "$code" != 0 ] && [ ! -e "$run/apart.$name.failed" ]; then
    (
      host_result=$run/apart.$name
      fail remote program-ended "looking at the server ended with exit code $code"
    )
  fi
  if [ -s "$run/frames.$name" ]; then result_file "$name" "$run/frames.$name"; else result_file "$name" "$run/apart.$name"; fi
}
