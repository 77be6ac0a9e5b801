# shellcheck shell=dash
# Running commands so that they hold no lock, and waiting for them so that somebody hears of it.

host_trapped=0

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

# SECONDS WAITING_FOR COMMAND…
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

cancelled() {
  [ -e "$run/cancel" ]
}
