# shellcheck shell=dash

# group_is_own USER GROUP: whether the group holds nobody but the user, so that what is the group's is the user's own.
group_is_own() {
  local line id
  line=$(getent group "$2" 2>/dev/null || grep "^$2:" /etc/group) || return 1
  id=$(printf '%s\n' "$line" | cut -d : -f 3)
  if printf '%s\n' "$line" | cut -d : -f 4 | tr ',' '\n' | grep . | grep -qvxF "$1"; then return 1; fi
  [ -z "$({ getent passwd 2>/dev/null || cat /etc/passwd; } | awk -F : -v id="$id" -v user="$1" '$4 == id && $1 != user')" ] || return 1
  # A directory service may not tell who else is in a group of its own.
  [ "$2" = "$1" ] || grep -q "^$2:" /etc/group
}
