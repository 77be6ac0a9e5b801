# shellcheck shell=dash
# What an exec says that could not write; most often the disk is full.

# A full disk is the reason of whatever would fail next.
_refuse_if_full() {
  ! _disk_full "$path" || _refuse refused disk-full "the disk of the server is full at $path: $host_room" 'Free some space there, then run the job again.'
}

# _refuse_unwritten WHAT
_refuse_unwritten() {
  _refuse_if_full
  _refuse refused server-not-writable "$1" 'Look whether the disk is mounted read-only, or a quota is used up.'
}
