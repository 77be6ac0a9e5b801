# shellcheck shell=dash
# Files that arrive on stdin.

# The names of what has arrived, a line each.
host_received=''

# Files from stdin into folder $1: `file mode length sha256`, the name, the bytes; `end` is the last line. They may be lost
# in a power cut: see `_keep_received`.
_receive() {
  local word mode length sum name whole rest sums=''
  mkdir -p "$1" || _refuse_unwritten "$1 cannot be made"
  while read -r word mode length sum; do
    [ "$word" != end ] || break
    { [ "$word" = file ] && IFS= read -r name; } || _refuse lost upload-broken 'the upload was garbled'
    case $name in
      */*) [ -d "$1/${name%/*}" ] || mkdir -p "$1/${name%/*}" ;;
    esac
    whole=$((length / 1048576))
    rest=$((length % 1048576))
    {
      [ "$whole" = 0 ] || dd bs=1048576 count="$whole" iflag=fullblock
      [ "$rest" = 0 ] || dd bs="$rest" count=1 iflag=fullblock
    } 2>/dev/null >"$1/$name" || _refuse_unwritten "$name could not be written to $1"
    # So our umask makes it.
    [ "$mode" = 600 ] || chmod "$mode" "$1/$name"
    host_received="${host_received:+$host_received
}$name"
    sums="${sums:+$sums
}$sum  $name"
  done
  [ "$word" = end ] || _refuse lost upload-broken 'the upload ended too early; nothing was changed'
  [ -n "$sums" ] || return 0
  (cd "$1" && sha256sum -c - >/dev/null 2>&1) <<SUMS || _refuse_unwritten "what arrived in $1 is not what was sent"
$sums
SUMS
}

# What has arrived in folder $1 will last. All at the end: each for itself would wait for the file system's journal, which is
# written once for all here.
_keep_received() {
  [ -n "$host_received" ] || return 0
  # shellcheck disable=SC2086 # names have no newline
  (set -f && IFS='
' && cd "$1" && sync -- $host_received) >/dev/null 2>&1 ||
    _refuse_unwritten "what arrived in $1 could not be brought to the disk"
}
