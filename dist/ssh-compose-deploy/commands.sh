# shellcheck shell=dash
# Running commands so that they hold no lock, and waiting for them so that somebody hears of it.

host_trapped=0
host_recoverer=''
# shellcheck disable=SC2034 # a program with commands of the user's goes by it
host_ended=''

# run WAITING_FOR COMMAND…: without the lock, so that what the command leaves at work does not keep it; answers its exit
# code. WAITING_FOR is what people are told.
run() {
  local waiting_for=$1
  shift
  # Closed by `exec`: for a function, a redirection would keep a copy of the descriptor to put back.
  (exec 9>&- && "$@") </dev/null &
  _await $! "$waiting_for"
}

# run_locked WAITING_FOR COMMAND…: the same, with the lock: it stays taken as long as the command works.
run_locked() {
  local waiting_for=$1
  shift
  "$@" </dev/null &
  _await $! "$waiting_for"
}

# run_within SECONDS HEEDS END WAITING_FOR COMMAND…: as `run`, but no longer than that, and where HEEDS is `yes` no longer
# than until the run is cancelled: then the function END ends what is waited for, and a command that is still there
# 20 s later is killed. Why it was ended is in $host_ended: `late`, `cancelled`, or nothing.
run_within() {
  local seconds=$1 heeds=$2 end=$3 waiting_for=$4 pid watcher code
  shift 4
  rm -f "$run/ended"
  (exec 9>&- && "$@") </dev/null &
  pid=$!
  (exec 9>&- && _end_in_time "$pid" "$seconds" "$heeds" "$end") </dev/null &
  watcher=$!
  _await "$pid" "$waiting_for"
  code=$?
  kill -KILL "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  # shellcheck disable=SC2034
  host_ended=$(cat "$run/ended" 2>/dev/null)
  return "$code"
}

# $1: process, $2: seconds, $3: whether a cancellation ends it, $4: the function that ends it. Beside what it watches.
_end_in_time() {
  local deadline why=''
  trap - TERM EXIT
  _clock
  deadline=$((host_now + $2 * 100))
  until [ -n "$why" ]; do
    nap 0.5
    kill -0 $$ 2>/dev/null || exit 0
    _clock
    if [ "$3" = yes ] && cancelled; then why=cancelled; elif [ "$host_now" -ge "$deadline" ]; then why=late; fi
  done
  printf '%s\n' "$why" >"$run/ended"
  "$4" &
  nap 20
  _kill_tree "$1"
}

# What a run waits for is known to whoever waits for the run. under_way WHAT SECONDS ENDS: it takes so long at most
# (empty: nobody knows), and this command of a person's ends it (empty: none does).
under_way() {
  _clock
  {
    printf 'since %s\nwhat %s\n' "$host_now" "$1"
    [ -z "$2" ] || printf 'until %s\n' "$((host_now + $2 * 100))"
    [ -z "$3" ] || printf 'ends %s\n' "$3"
  } >"$run/under-way.new"
  mv -f "$run/under-way.new" "$run/under-way"
}

# time_left SECONDS: of those, what is left to what this run waited for when it was interrupted.
time_left() {
  local until left
  _clock
  until=$(sed -n 's/^until //p' "$run/under-way" 2>/dev/null)
  case $until in '' | *[!0-9]*) until=$((host_now + $1 * 100)) ;; esac
  left=$(((until - host_now) / 100))
  # After a restart of the server its clock begins anew.
  if [ "$left" -gt "$1" ]; then left=$1; elif [ "$left" -lt 0 ]; then left=0; fi
  echo "$left"
}

# not_under_way: nothing is waited for any more.
not_under_way() {
  rm -f "$run/under-way"
}

# Waits for a child while telling every 10 s what for; answers its exit code. A TERM that arrives meanwhile
# only leaves its mark (see `cancelled`).
_await() {
  local pid=$1 ticker code again
  # The ticker must not hold the lock: what is left of a killed program would keep it.
  (exec 9>&- && _tick "$2") &
  ticker=$!
  printf '%s\n' "$ticker" >"$run/ticker"
  host_trapped=0
  wait "$pid"
  code=$?
  while [ "$host_trapped" = 1 ]; do
    host_trapped=0
    wait "$pid"
    again=$?
    [ "$again" = 127 ] || code=$again
  done
  # A TERM that reaches a child before it has left the shell's own code is lost, and we would wait for ever.
  kill -KILL "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  return "$code"
}

# $1: what is waited for. Ends with the program that it tells of.
_tick() {
  local began
  trap - TERM EXIT
  _clock
  began=$host_now
  while :; do
    # Short ones: who is killed leaves the last of them behind.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 1
      kill -0 $$ 2>/dev/null || exit 0
    done
    _clock
    say "waiting for $1, $(((host_now - began) / 100)) s"
  done
}

# wait_until SECONDS WAITING_FOR COMMAND…: until the command succeeds; false where it does not in that time, and where the
# run is cancelled.
wait_until() {
  local host_deadline host_told host_waiting_for=$2 host_since host_turns=0
  _clock
  host_since=$host_now
  host_told=$host_now
  host_deadline=$((host_now + $1 * 100))
  shift 2
  until "$@" </dev/null 9>&-; do
    cancelled && return 1
    _clock
    [ "$host_now" -lt "$host_deadline" ] || return 1
    if [ $((host_now - host_told)) -ge 1000 ]; then
      host_told=$host_now
      say "waiting for $host_waiting_for, $(((host_now - host_since) / 100)) s"
    fi
    # Most waits are short; in a long one nobody notices half a second.
    host_turns=$((host_turns + 1))
    if [ "$host_turns" -le 20 ]; then nap 0.15; else nap 0.5; fi
  done
}

# wait_out PID: to the end of a child. A TERM ends the shell's own `wait` before its time.
wait_out() {
  while kill -0 "$1" 2>/dev/null; do
    wait "$1"
    [ $? != 127 ] || return 0
  done
}

# cancelled: whether somebody has asked this run to stop, or the one that recovers it.
cancelled() {
  [ -e "$run/cancel" ] || { [ -n "$host_recoverer" ] && [ -e "$host_recoverer/cancel" ]; }
}

# Whoever asked to stop has been heard; what is done about it must not stop.
outlast_cancel() {
  host_recoverer=
  rm -f "$run/cancel"
}
