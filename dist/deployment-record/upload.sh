# shellcheck shell=dash
# An exec that puts files into a folder of the application.

# Files into folder $2 of the application $1, all of them or none; $3: a fresh name.
_upload() {
  local each
  path=$1
  _check_path
  host_incoming=$path/.deploy/incoming/$3
  trap 'rm -rf "$host_incoming"' EXIT
  _receive "$host_incoming"
  _keep_received "$host_incoming"
  mkdir -p "$2" || _refuse_unwritten "$2 cannot be made"
  (cd "$host_incoming" && find . ! -type d) | while IFS= read -r each; do
    each=${each#./}
    case $each in
      */*) mkdir -p "$2/${each%/*}" ;;
    esac
    mv -f "$host_incoming/$each" "$2/$each" || exit 1
  done
  # Whatever ended that early has left something here.
  [ -z "$(find "$host_incoming" ! -type d | head -n 1)" ] || _refuse_unwritten "the files could not be moved to $2"
  frame answer moved
}
