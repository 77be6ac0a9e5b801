# shellcheck shell=dash
# Who has the lock of an application, and what that run does just now.

# What .deploy/lock.holder says, into $host_holder_*; false where nobody has ever had it.
# shellcheck disable=SC2034 # whoever waits tells all of it, a look at the lock less
_read_holder() {
  local key value
  host_holder_pid=''
  host_holder_start=''
  host_holder_boot=''
  host_holder_actor=''
  host_holder_url=''
  host_holder_since=''
  host_holder_run=''
  [ -f "$path/.deploy/lock.holder" ] || return 1
  while read -r key value; do
    case $key in
      pid) host_holder_pid=$value ;;
      start) host_holder_start=$value ;;
      boot) host_holder_boot=$value ;;
      actor) host_holder_actor=$value ;;
      url) host_holder_url=$value ;;
      since) host_holder_since=$value ;;
      run) host_holder_run=$value ;;
    esac
  done <"$path/.deploy/lock.holder"
  [ -n "$host_holder_pid" ]
}

# What the holder's run does, into $host_doing_*: its phase and for how long, what it waits for, for how long and how
# much longer at most (seconds), and the command that ends that. Empty where it is not known. A run that recovers another
# one does what that one does.
_read_doing() {
  local each=$host_holder_run key value
  host_doing_phase=''
  host_doing_phase_age=''
  host_doing_what=''
  host_doing_age=''
  host_doing_left=''
  host_doing_ends=''
  for _ in 1 2 3; do
    if [ ! -f "$each/recovers" ] || ! read -r value <"$each/recovers"; then break; fi
    case $value in "$path"/.deploy/runs/*) each=$value ;; *) break ;; esac
  done
  _clock
  if [ -f "$each/phase" ] && read -r value key <"$each/phase"; then
    host_doing_phase=$value
    host_doing_phase_age=$(_seconds_between "$key" "$host_now")
  fi
  [ -f "$each/under-way" ] || return 0
  while read -r key value; do
    case $key in
      what) host_doing_what=$value ;;
      since) host_doing_age=$(_seconds_between "$value" "$host_now") ;;
      until) host_doing_left=$(_seconds_between "$host_now" "$value") ;;
      ends) host_doing_ends=$value ;;
    esac
  done <"$each/under-way"
}

# Of two times of the clock; none is negative, and what is no time counts as none.
_seconds_between() {
  case $1$2 in '' | *[!0-9]*) return 0 ;; esac
  if [ "$2" -gt "$1" ]; then echo $((($2 - $1) / 100)); else echo 0; fi
}
