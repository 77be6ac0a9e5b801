# shellcheck shell=dash
# What every program of ours on a server begins with: functions only, nothing here acts. Runs under dash,
# busybox sh and bash as sh. Names that begin with `_` are the prelude's own.

umask 077
LC_ALL=C
export LC_ALL
set -u

# Set by whoever begins, for bodies too.
# shellcheck disable=SC2034
{
  path=''
  run=''
  files=''
  operation=''
  deployment_id=''
  run_number=''
  lock_timeout=600
  holder_actor=''
  holder_url=''
  order_key=''
  order_number=0
  order_attempt=0
  allow_older=''
  _token=''
  _result=''
  _phase=''
  _phases=''
  _phase_began=0
  _began=0
  _recovered=''
  _trapped=0
  _t=0
  _start=''
  _session=''
  _boot_id=''
}

# --- time -------------------------------------------------------------------------------------------------

# Centiseconds since the machine started, into _t: monotonic, and without a process.
_clock() {
  local up
  read -r up _ </proc/uptime
  _t=${up#*.}
  _t=$((${up%.*} * 100 + ${_t#0}))
}

# Sleeps; where this `sleep` knows no fractions, whole seconds, rounded up. Never holds the lock's descriptor.
nap() {
  sleep "$1" 2>/dev/null 9>&- && return
  local whole=${1%.*}
  sleep "$((${whole:-0} + 1))" 9>&-
}

# --- what is told -----------------------------------------------------------------------------------------

say() {
  printf '%s\n' "$*"
}

# Lines that begin with this run's token are for the action; no other program knows the token.
_tell() {
  printf '\036%s %s\n' "$_token" "$*"
}

warn() {
  _tell "warning $(printf '%s' "$*" | tr '\n' ' ')"
}

phase() {
  _clock
  [ -z "$_phase" ] || _phases="$_phases$_phase $(((_t - _phase_began) * 10))
"
  _phase=$1
  _phase_began=$_t
  _tell "phase $(((_t - _began) * 10)) $1"
  journal "phase:$1"
}

_state() {
  printf '%s\n' "$1" >"$run/state"
}

# --- files ------------------------------------------------------------------------------------------------

# Makes what was written to a file last.
_fsync() {
  dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync
}

# stdin to a file: whole or not at all, also after a power cut.
write_file() {
  cat >"$1.new" && _fsync "$1.new" && mv -f "$1.new" "$1"
}

json_safe() {
  case $1 in
    *[!A-Za-z0-9\ _.,:/@+=-]*) return 1 ;;
  esac
}

# --- the result -------------------------------------------------------------------------------------------
# A list of `name length`, value, newline: any bytes, no parser needed here. Lengths are bytes, by LC_ALL=C.

result() {
  printf '%s %s\n%s\n' "$1" "${#2}" "$2" >>"$_result"
}

result_file() {
  # By one descriptor: another program may put a new file in its place meanwhile.
  {
    printf '%s %s\n' "$1" "$(($(wc -c </proc/self/fd/8)))"
    cat <&8
    echo
  } 8<"$2" >>"$_result"
}

# Ends the operation as failed: KIND CODE MESSAGE [REMEDY], kind and code as in the kit's table. The first failure is
# the one that counts.
fail() {
  if [ ! -e "$_result.failed" ]; then
    : >"$_result.failed"
    result _kind "$1"
    result _code "$2"
    result _message "$3"
    [ -z "${4-}" ] || result _remedy "$4"
  fi
  exit 70
}

details() {
  result_file _details "$1"
}

# --- the journal ------------------------------------------------------------------------------------------

# Appends an event that lasts; before and after it a test may make the run stand still.
journal() {
  _boundary "$1:before"
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$run/journal"
  _fsync "$run/journal"
  _boundary "$1:after"
}

_boundary() {
  local wanted
  [ -f "$path/.deploy/pause-at" ] || return 0
  read -r wanted <"$path/.deploy/pause-at" || return 0
  [ "$wanted" = "$1" ] || return 0
  local before
  before=$(cat "$run/state")
  _state paused
  while [ -f "$path/.deploy/pause-at" ]; do nap 0.05; done
  _state "$before"
}

_journal_has() {
  [ -f "$1" ] && grep -q " $2\$" "$1"
}

journalled() {
  _journal_has "$run/journal" "$1"
}

once() {
  local _once=$1
  shift
  journalled "$_once:done" && return 0
  journal "$_once:begin"
  "$@" || return
  journal "$_once:done"
}

done_before() {
  local each
  for each in "${run%-*}"-*; do
    [ -f "$each/hash" ] && _same "$each/hash" "$run/hash" && _journal_has "$each/journal" "$1:done" && return 0
  done
  return 1
}

# Whether two files have the same first line.
_same() {
  local one other
  [ -f "$1" ] && [ -f "$2" ] && read -r one <"$1" && read -r other <"$2" && [ "$one" = "$other" ]
}

# --- running commands -------------------------------------------------------------------------------------

unlocked() {
  "$@" 9>&-
}

run() {
  local waiting_for=$1
  shift
  # Closed by `exec`: for a function, a redirection would keep a copy of the descriptor to put back.
  (exec 9>&- && "$@") </dev/null &
  _await $! "$waiting_for"
}

run_locked() {
  local waiting_for=$1
  shift
  "$@" </dev/null &
  _await $! "$waiting_for"
}

capture() {
  # No locals: the variable may have any name of the body's.
  _name=$1
  shift
  _out=$(exec 9>&- && "$@" </dev/null)
  _code=$?
  eval "$_name=\$_out"
  return "$_code"
}

# Its words before the command are NAME=value; they never stand in an argv. The environment of the program is
# clean from its start, so only these come on top.
clean_env() (
  while :; do
    case ${1-} in
      [A-Za-z_]*=*) export "${1?}" ;;
      *) break ;;
    esac
    shift
  done
  exec "$@"
)

# Waits for a child while telling every 10 s what for; answers its exit code. A TERM that arrives meanwhile
# only leaves its mark (see `cancelled`).
_await() {
  local pid=$1 ticker code again
  # The ticker must not hold the lock: what is left of a killed program would keep it.
  (exec 9>&- && _tick "$2") &
  ticker=$!
  printf '%s\n' "$ticker" >"$run/ticker"
  _trapped=0
  wait "$pid"
  code=$?
  while [ "$_trapped" = 1 ]; do
    _trapped=0
    wait "$pid"
    again=$?
    [ "$again" = 127 ] || code=$again
  done
  # A TERM that reaches a child before it has left the shell's own code is lost, and we would wait for ever.
  kill -KILL "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  return "$code"
}

_tick() {
  local began
  trap - TERM EXIT
  _clock
  began=$_t
  while :; do
    # Short ones: who is killed leaves the last of them behind.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 1
      kill -0 $$ 2>/dev/null || exit 0
    done
    _clock
    say "waiting for $1, $(((_t - began) / 100)) s"
  done
}

# SECONDS WAITING_FOR COMMAND…
wait_until() {
  local _deadline _told _waiting_for=$2 _since _turns=0
  _clock
  _since=$_t
  _told=$_t
  _deadline=$((_t + $1 * 100))
  shift 2
  until "$@" </dev/null 9>&-; do
    cancelled && return 1
    _clock
    [ "$_t" -lt "$_deadline" ] || return 1
    if [ $((_t - _told)) -ge 1000 ]; then
      _told=$_t
      say "waiting for $_waiting_for, $(((_t - _since) / 100)) s"
    fi
    # Most waits are short; in a long one nobody notices half a second.
    _turns=$((_turns + 1))
    if [ "$_turns" -le 20 ]; then nap 0.15; else nap 0.5; fi
  done
}

cancelled() {
  [ -e "$run/cancel" ]
}

# --- going on together ------------------------------------------------------------------------------------
# Who makes the link `decision` first has decided: the action with `go`, the deadline or a cancellation.

await_go() {
  local deadline told before
  before=$(cat "$run/state")
  journal ready
  _clock
  told=$_t
  deadline=$((_t + $1 * 100))
  _state ready
  while [ ! -L "$run/decision" ]; do
    _clock
    if cancelled || [ "$_t" -ge "$deadline" ]; then ln -s stop "$run/decision" 2>/dev/null; fi
    if [ $((_t - told)) -ge 1000 ]; then
      told=$_t
      say "ready; waiting for the other hosts, $(((deadline - _t) / 100)) s left"
    fi
    [ -L "$run/decision" ] || nap 0.1
  done
  _state "$before"
  [ "$(readlink "$run/decision")" = go ] || return 1
  journal go
}

# --- processes --------------------------------------------------------------------------------------------

_boot() {
  read -r _boot_id </proc/sys/kernel/random/boot_id
}

# Session and start time of a process, into _session and _start; false if there is none.
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
  _session=$4
  shift 19
  _start=$1
}

# Whether the process that wrote this identity (`pid start boot`) still lives.
_lives() {
  _boot
  [ "${3-}" = "$_boot_id" ] && _process "$1" && [ "$_start" = "$2" ]
}

# Whether the process of a run lives.
_run_lives() {
  local pid start boot
  [ -f "$1/pid" ] && read -r pid start boot <"$1/pid" && _lives "$pid" "$start" "$boot"
}

_identify() {
  _boot
  _process "$$"
  printf '%s %s %s\n' "$$" "$_start" "$_boot_id"
}
