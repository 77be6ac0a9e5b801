# shellcheck shell=dash
# Files that arrive on stdin.

# Files from stdin into folder $1: `file mode length sha256`, the name, the bytes; `end` is the last line.
_receive() {
  local word mode length sum name whole rest sums=$1.sums
  { mkdir -p "$1" && true >"$sums"; } || _refuse_unwritten "$1 cannot be made"
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
    printf '%s  %s\n' "$sum" "$name" >>"$sums"
  done
  [ "$word" = end ] || _refuse lost upload-broken 'the upload ended too early; nothing was changed'
  if [ -s "$sums" ]; then
    (cd "$1" && sha256sum -c "$sums" >/dev/null 2>&1) ||
      _refuse_unwritten "what arrived in $1 is not what was sent"
    # All at the end: each for itself would wait for the file system's journal, which is written once for all here.
    (cd "$1" && cut -c 67- "$sums" | tr '\n' '\0' | xargs -0 sync --) >/dev/null 2>&1 ||
      _refuse_unwritten "what arrived in $1 could not be brought to the disk"
  fi
  rm -f "$sums"
}
