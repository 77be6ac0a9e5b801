# shellcheck shell=dash
# An exec that looks at the server and changes nothing: the program defines `inspect`.

# $1: path, $2: a fresh name, $3: token
_inspect() {
  path=$1
  run=$path/.deploy/incoming/$2
  files=$run/files
  host_token=$3
  host_result=$run/result
  _check_path
  # Whatever happens, what was sent does not stay unless the look succeeded.
  trap 'rm -rf "$run"' EXIT
  _receive "$run"
  [ ! -f "$run/list" ] || _receive_tree "$run/list" "$files"
  mkdir -p "$files" || _refuse_unwritten "$files could not be made"
  # shellcheck disable=SC1091
  . "$run/parameters"
  # shellcheck disable=SC1091
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  rm -f "$run/secrets"
  true >"$host_result" || _refuse_unwritten "the answer could not be written to $run"
  (
    trap - EXIT
    cd "$files" && inspect </dev/null 3>&-
  )
  local code=$?
  if [ "$code" != 0 ] && { [ "$code" = 74 ] || [ ! -e "$host_result.failed" ]; }; then
    _refuse_if_full
    [ "$code" != 74 ] || _refuse_unwritten "the answer could not be written to $run"
    (fail remote program-ended "looking at the server ended with exit code $code")
  fi
  [ -e "$host_result.failed" ] || trap - EXIT
  frame staging "$files"
  _frame_part result "$host_result" 0 "$(($(wc -c <"$host_result")))"
  rm -f "$host_result"
}
