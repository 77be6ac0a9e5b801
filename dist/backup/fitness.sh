# shellcheck shell=dash
# What a look tells of the application's folder where it may make nothing there.

# fit_path: refuses the folder as a deployment would.
fit_path() {
  local each=$path
  _check_tools
  if [ -e "$path" ] || [ -L "$path" ]; then
    _check_folder
    for each in "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"; do
      if [ -e "$each" ] || [ -L "$each" ]; then _check_own "$each"; fi
    done
    if [ ! -w "$path" ] || [ ! -x "$path" ]; then _refuse_unwritten "$path cannot be written to"; fi
    _refuse_if_full
    return 0
  fi
  until [ -e "$each" ]; do
    each=${each%/*}
    each=${each:-/}
  done
  if [ ! -d "$each" ] || [ ! -w "$each" ]; then _refuse_absent; fi
  _refuse_if_full
}

# tell_status: who holds the lock, and what ran, as `statusOf` hears it.
tell_status() {
  _status "$path"
}
