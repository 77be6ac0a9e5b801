# shellcheck shell=dash
# Whether a process that left its identity still lives.

host_start=''
# shellcheck disable=SC2034 # the lock goes by it
host_session=''
# shellcheck disable=SC2034 # what ends a command with all that it has started goes by it
host_parent=''
host_boot_id=''

# What tells one start of the machine from another, into $host_boot_id.
_boot() {
  read -r host_boot_id </proc/sys/kernel/random/boot_id
}

# Parent, session and start time of a process, into $host_parent, $host_session and $host_start; false if there is none.
_process() {
  local stat
  [ -r "/proc/$1/stat" ] || return 1
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The second field is the command's name in parentheses, which may hold anything.
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [ $# -ge 20 ] || return 1
  case $1 in
    Z | X) return 1 ;;
  esac
  # shellcheck disable=SC2034 # what ends a command with all that it has started goes by it
  host_parent=$2
  # shellcheck disable=SC2034 # the lock goes by it
  host_session=$4
  shift 19
  host_start=$1
}

# Whether the process that wrote this identity (`pid start boot`) still lives.
_lives() {
  _boot
  [ "${3-}" = "$host_boot_id" ] && _process "$1" && [ "$host_start" = "$2" ]
}

# Whether the process of a run lives.
_run_lives() {
  local pid start boot
  [ -f "$1/pid" ] && read -r pid start boot <"$1/pid" && _lives "$pid" "$start" "$boot"
}

# Kills a process and all that it has started: a shell's function is a process of its own, and what that runs another.
_kill_tree() {
  local each
  for each in /proc/[0-9]*; do
    each=${each#/proc/}
    if _process "$each" && [ "$host_parent" = "$1" ]; then _kill_tree "$each"; fi
  done
  kill -KILL "$1" 2>/dev/null
}
