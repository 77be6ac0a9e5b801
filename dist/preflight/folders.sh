# shellcheck shell=dash
# The folders of an application, checked before anything is put into them.

# The name of the login user, or the number where there is no name, into $host_user.
_me() {
  host_user=$(id -un 2>/dev/null) || host_user=$(id -u)
}

# Each is a folder, no link, and the login user's own. What cannot be looked at counts as none.
_check_own() {
  local each
  for each in "$@"; do
    [ ! -L "$each" ] || _refuse refused path-not-usable "$each is a symbolic link" "Name the folder itself: $(readlink -f "$each")"
    if [ -d "$each" ] && [ -O "$each" ]; then continue; fi
    _me
    _refuse refused path-not-usable "$each is no folder, or does not belong to $host_user" \
      "Deployments need folders of the login user's own, such as by: sudo chown $host_user $each"
  done
}

# What the execs and programs need, and not every server has.
_check_tools() {
  local tool
  for tool in flock setsid sha256sum; do
    command -v "$tool" >/dev/null || _refuse refused tool-missing "the server has no $tool" "Install util-linux and coreutils there."
  done
}

# $path is not there, and cannot be made.
_refuse_absent() {
  _me
  _refuse refused path-not-usable "$path does not exist and $host_user may not make it" \
    "Run once on the server: sudo install -d -o $host_user $path"
}

# $path is there: it must be one that nobody else can put anything into.
_check_folder() {
  local group
  [ -d "$path" ] || _refuse refused path-not-usable "$path is not a folder" 'Give another path.'
  _check_own "$path"
  [ -n "$(find "$path" -prune \( -perm -0002 -o -perm -0020 \))" ] || return 0
  # Anybody could put a folder there by the name of one that we make later, and change the releases in it.
  [ -z "$(find "$path" -prune -perm -0002)" ] ||
    _refuse refused path-not-usable "everybody on the server may write in $path, and so change what is deployed" "Run once on the server: chmod o-w $path"
  _me
  group=$(stat -c %G "$path")
  group_is_own "$host_user" "$group" ||
    _refuse refused path-not-usable "everybody in the group $group may write in $path, and so change what is deployed" \
      "Run once on the server: chmod g-w $path (what others are to write belongs into a folder below it, such as shared/uploads)"
}

# `path` belongs to the login user, `.deploy` and what is in it to nobody else, and none of them is a link.
_check_path() {
  local parent
  _check_tools
  if [ ! -e "$path" ] && [ ! -L "$path" ]; then
    if ! (umask 022 && mkdir -p "$path") 2>/dev/null; then
      _refuse_if_full
      _refuse_absent
    fi
  fi
  _check_folder
  if [ ! -d "$path/.deploy/runs" ] || [ ! -d "$path/.deploy/incoming" ]; then
    mkdir -p "$path/.deploy/runs" "$path/.deploy/incoming" 2>/dev/null
  fi
  for parent in "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"; do
    [ -e "$parent" ] || _refuse_unwritten "$parent cannot be made"
  done
  _check_own "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  chmod 700 "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  if [ -L "$path/.deploy/lock" ]; then _refuse refused path-not-usable "$path/.deploy/lock is a link" 'Remove it.'; fi
  [ -e "$path/.deploy/lock" ] || true >>"$path/.deploy/lock" || _refuse_unwritten "$path/.deploy/lock cannot be made"
  # Before anything is written in part.
  _refuse_if_full
}
