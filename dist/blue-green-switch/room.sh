# shellcheck shell=dash
# Room on the server's disks. What a full one does otherwise looks like a fault of whoever writes next.

host_room=''

# _disk_full FOLDER: true where next to nothing can be written, of bytes or of files; host_room says which. A folder that
# is not there yet counts as the one that it would be made in.
_disk_full() {
  local folder=$1
  until [ -e "$folder" ]; do
    folder=${folder%/*}
    folder=${folder:-/}
  done
  # Blocks that we may use, their size, inodes, free ones, all blocks.
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S %c %d %b' "$folder" 2>/dev/null)
  [ $# = 5 ] || return 1
  if [ "$5" = 0 ]; then
    # /proc and its kin hold no data; what cannot be written there has another reason.
    return 1
  elif [ "$(($1 * $2))" -lt 262144 ]; then
    host_room='no space is left (df -h)'
  elif [ "$3" -gt 0 ] && [ "$4" -lt 64 ]; then
    # Some file systems make inodes as they are needed, and tell of none. A run alone takes some dozens.
    host_room='no inodes are left, which every file takes one of (df -i)'
  else return 1; fi
}

# fail_unwritten WHAT: ends the operation because something could not be written.
fail_unwritten() {
  if _disk_full "$path"; then _fail_full; fi
  fail remote write-failed "$1" 'Look whether the disk is mounted read-only, or a quota is used up.'
}

# After _disk_full, which has set $host_room.
_fail_full() {
  fail refused disk-full "the disk of the server is full at $path: $host_room" "Free some space there, then run the job again."
}
