# shellcheck shell=dash
# An exec that looks at the server and changes nothing: the program defines `inspect`.

# $1: path, $2: a fresh name, $3: token, $4: `visit` where nothing may be made in the application's folder, whatever state
# it is in; `passing` where no run will take over what was sent, or made by the look. Of either nothing stays behind.
_inspect() {
  path=$1
  host_token=$3
  if [ "${4-}" = visit ]; then
    _visiting_folder "$2"
  else
    run=$path/.deploy/incoming/$2
    _check_path
  fi
  files=$run/files
  host_result=$run/result
  # Whatever happens, what was sent does not stay unless the look succeeded.
  trap 'rm -rf "$run"' EXIT
  _receive "$run"
  # What a run will take over; the rest is for this look alone.
  if [ -d "$files" ] && [ -z "${4-}" ]; then _keep_received "$run"; fi
  [ ! -f "$run/list" ] || _receive_tree "$run/list" "$files" "${4-}"
  [ -d "$files" ] || mkdir "$files" || _refuse_unwritten "$files could not be made"
  # shellcheck disable=SC1091
  . "$run/parameters"
  # shellcheck disable=SC1091
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  [ ! -f "$run/secrets" ] || rm -f "$run/secrets"
  true >"$host_result" || _refuse_unwritten "the answer could not be written to $run"
  (
    trap - EXIT
    cd "$files" && inspect </dev/null 3>&-
  )
  local code=$?
  _await_sync
  if [ "$code" != 0 ] && { [ "$code" = 74 ] || [ ! -e "$host_result.failed" ]; }; then
    _refuse_if_full
    [ "$code" != 74 ] || _refuse_unwritten "the answer could not be written to $run"
    (fail remote program-ended "looking at the server ended with exit code $code")
  fi
  frame staging "$files"
  _frame_file result "$host_result"
  if [ -e "$host_result.failed" ] || [ -n "${4-}" ]; then return 0; fi
  trap - EXIT
  rm -f "$host_result"
}

# A folder of our own that others cannot read: in memory where there is some, since what is sent holds secrets and the disks
# may be full. What a killed look left there goes after an hour.
_visiting_folder() {
  local place
  for place in /dev/shm "${TMPDIR:-/tmp}" "$HOME"; do
    if [ ! -d "$place" ] || [ ! -w "$place" ]; then continue; fi
    find "$place" -maxdepth 1 -type d -name 'deploy-actions-visit.*' -user "$(id -u)" -mmin +60 -exec rm -rf {} + 2>/dev/null
    run=$place/deploy-actions-visit.$1
    # `mkdir` fails where anything stands there, also a link.
    ! mkdir -m 0700 "$run" 2>/dev/null || return 0
  done
  _refuse refused server-not-writable 'the login user can write neither to /dev/shm, nor to /tmp, nor to its home' \
    'Look whether the disk is full (df -h, df -i) or mounted read-only.'
}
