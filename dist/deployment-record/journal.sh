# shellcheck shell=dash
# What a run has done, in order, so that its own program can go on or back after a crash.

host_began=0
host_phase=''
host_phases=''
host_phase_began=0

# Where the run is, for whoever follows it: waiting, running, ready, paused or ended.
_state() {
  printf '%s\n' "$1" >"$run/state"
}

# phase NAME: what follows is that part of the operation, for people and for the times of the report.
phase() {
  _clock
  [ -z "$host_phase" ] || host_phases="$host_phases$host_phase $(((host_now - host_phase_began) * 10))
"
  host_phase=$1
  host_phase_began=$host_now
  printf '%s %s\n' "$1" "$host_now" >"$run/phase"
  _tell "phase $(((host_now - host_began) * 10)) $1"
  _boundary "phase:$1:before"
  # For people. What is decided by after a crash is an event of its own, and that makes these last too.
  _note "phase:$1"
  _boundary "phase:$1:after"
}

# journal EVENT: appends it so that it lasts; before and after it a test may make the run stand still.
journal() {
  _boundary "$1:before"
  _note "$1"
  _fsync "$run/journal"
  _boundary "$1:after"
}

# An event that may be lost in a power cut.
_note() {
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$run/journal"
}

# A test names the boundary at which the run is to stand still in the file pause-at, and takes that away to let it go on.
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

# _journal_has JOURNAL EVENT
_journal_has() {
  [ -f "$1" ] && grep -q " $2\$" "$1"
}

# journalled EVENT: whether this run has noted it.
journalled() {
  _journal_has "$run/journal" "$1"
}

# once STEP COMMAND…: runs the command, unless this run has done it before a crash; answers its exit code.
once() {
  local host_once=$1
  shift
  journalled "$host_once:done" && return 0
  journal "$host_once:begin"
  "$@" || return
  journal "$host_once:done"
}

# done_before STEP: whether a run of the same deployment with the same input has done it with `once`.
done_before() {
  local each
  for each in "${run%-*}"-*; do
    [ -f "$each/hash" ] && _same "$each/hash" "$run/hash" && _journal_has "$each/journal" "$1:done" && return 0
  done
  return 1
}

# Going on together. At a gate a run waits for the runner's word, and no longer than the runner gives signs of life: a
# figure in a file of the run, a new one every 15 seconds. Three minutes, since a connection that drops is opened anew for
# two. Where this run has changed nothing yet it gives way sooner to another one that waits for the lock: after three signs
# that did not come.

runner_patience=180
wanted_patience=45
host_sign=''
host_sign_at=''
host_silence=0

# $1: seconds. Whether the runner has given no new sign for that long, by the clock of the last look.
_runner_is_silent() {
  local sign=''
  if [ -f "$run/alive" ]; then read -r sign <"$run/alive" || :; fi
  if [ -z "$host_sign_at" ] || [ "$sign" != "$host_sign" ]; then
    host_sign=$sign
    host_sign_at=$host_now
  fi
  host_silence=$(((host_now - host_sign_at) / 100))
  [ "$host_silence" -ge "$1" ]
}

# await_word SECONDS WAITING_FOR: until the runner has put the word `proceed` into the run's folder. Nothing has been changed.
await_word() {
  local deadline told
  host_sign_at=
  _clock
  told=$host_now
  deadline=$((host_now + $1 * 100))
  under_way "$2" "$1" ''
  until [ -f "$run/proceed" ]; do
    _clock
    if cancelled || [ "$host_now" -ge "$deadline" ] || _is_left_alone "$(_gate_patience)"; then
      not_under_way
      return 1
    fi
    if [ $((host_now - told)) -ge 1000 ]; then
      told=$host_now
      say "waiting for $2, $(((deadline - host_now) / 100)) s left"
    fi
    nap 0.15
  done
  not_under_way
}

# The same, and says so.
_is_left_alone() {
  _runner_is_silent "$1" || return 1
  say "the runner has not been heard of for $host_silence s: it is taken for lost"
}

# How long a silent runner is waited for where nothing has been changed.
_gate_patience() {
  if [ "$wanted_patience" -lt "$runner_patience" ] && _lock_is_wanted; then echo "$wanted_patience"; else echo "$runner_patience"; fi
}

# Who makes the link `decision` first has decided: the action with `go`, the deadline, a cancellation or the runner's
# silence.
await_go() {
  local deadline told before
  before=$(cat "$run/state")
  journal ready
  host_sign_at=
  _clock
  told=$host_now
  deadline=$((host_now + $1 * 100))
  under_way 'the other servers' "$1" ''
  _state ready
  while [ ! -L "$run/decision" ]; do
    _clock
    if cancelled || [ "$host_now" -ge "$deadline" ] || _is_left_alone "$runner_patience"; then ln -s stop "$run/decision" 2>/dev/null; fi
    if [ $((host_now - told)) -ge 1000 ]; then
      told=$host_now
      say "ready; waiting for the other hosts, $(((deadline - host_now) / 100)) s left"
    fi
    [ -L "$run/decision" ] || nap 0.1
  done
  not_under_way
  _state "$before"
  [ "$(readlink "$run/decision")" = go ] || return 1
  journal go
}
