# shellcheck shell=dash
# The lock of an application: `flock` on descriptor 9 of a file that is never renamed nor removed. compose
# inherits the descriptor, so that the lock outlives a program that is killed while compose still works.

lock_timeout=600
holder_actor=''
holder_url=''

# Who has the lock now, for those who wait and for whoever finds it free after a crash.
_write_holder() {
  _boot
  _process "$$"
  write_text "$path/.deploy/lock.holder" "pid $$
start $host_start
boot $host_boot_id
since $(date -u +%Y-%m-%dT%H:%M:%SZ)
run $run
actor ${holder_actor-}
url ${holder_url-}"
}

# Into $host_holder: who, since when, in which phase, what that waits for.
_describe_holder() {
  host_holder="somebody"
  host_doing_ends=''
  host_doing_left=''
  _read_holder || return
  host_holder="${host_holder_actor:-somebody} since $host_holder_since${host_holder_url:+ ($host_holder_url)}, run ${host_holder_run#"$path/.deploy/runs/"}"
  _read_doing
  [ -z "$host_doing_phase" ] || host_holder="$host_holder, in the phase $host_doing_phase for $(_age "$host_doing_phase_age")"
  [ -z "$host_doing_what" ] || host_holder="$host_holder, waiting for $host_doing_what for $(_age "$host_doing_age")"
}

# $1: seconds, as people say them.
_age() {
  if [ "${1:-0}" -ge 7200 ]; then
    echo "$(($1 / 3600)) h $(($1 % 3600 / 60)) min"
  elif [ "${1:-0}" -ge 120 ]; then
    echo "$(($1 / 60)) min"
  else
    echo "${1:-0} s"
  fi
}

# What to do about one who has the lock: its workflow run may be gone, and its program on the server goes on.
_holder_remedy() {
  local text="Wait for that run, or raise \`lock-timeout\`."
  if [ -z "$host_holder_pid" ] || _holder_is_dead; then
    echo 'That run has died; what it left at work is being ended. Run this again: it finishes or reverts what that one began.'
    return
  fi
  if [ -n "$host_doing_ends" ]; then
    [ -z "$host_doing_left" ] || text="It is ended by itself in $(_age "$host_doing_left") at the latest. $text"
    echo "$text The program on the server goes on also where its workflow run is gone. To end what it waits for, on the server: $host_doing_ends"
  else
    echo "$text The program on the server goes on also where its workflow run is gone. To ask it to stop, on the server: kill $host_holder_pid"
  fi
}

# Takes the lock or fails as busy after lock_timeout seconds.
_take_lock() {
  local deadline told='' dead_since=''
  exec 9>>"$path/.deploy/lock"
  _clock
  deadline=$((host_now + lock_timeout * 100))
  until flock -n 9; do
    _read_holder || :
    _clock
    if [ -z "$told" ] || [ $((host_now - told)) -ge 1000 ]; then
      _describe_holder
      say "waiting for the lock, held by $host_holder; $(((deadline - host_now) / 100)) s left"
      told=$host_now
    fi
    if _holder_is_dead; then
      [ -n "$dead_since" ] || dead_since=$host_now
      _end_ticker
      _end_leftovers $(((host_now - dead_since) / 100))
    else
      dead_since=
    fi
    printf '%s\n' "$host_now" >"$path/.deploy/lock.wanted"
    if cancelled; then fail lost cancelled "cancelled while waiting for the lock; nothing was changed"; fi
    if [ "$host_now" -ge "$deadline" ]; then
      _describe_holder
      fail busy lock-held "the lock of $path is held by $host_holder" "$(_holder_remedy)"
    fi
    # Twenty that wait must not slow down the one that works.
    nap 0.5
  done
  _outlast_leftovers
  _write_holder
}

# Whether another run waits for the lock, by the clock of the last look: it says so at every look of its own.
_lock_is_wanted() {
  local since=''
  if [ -f "$path/.deploy/lock.wanted" ]; then read -r since <"$path/.deploy/lock.wanted" || :; fi
  case $since in '' | *[!0-9]*) return 1 ;; esac
  [ "$since" -le "$((host_now + 100))" ] && [ "$((host_now - since))" -lt 500 ]
}

# Whether the one that is said to have the lock has died. $host_holder_* tell who it is.
_holder_is_dead() {
  [ -n "$host_holder_pid" ] && ! _lives "$host_holder_pid" "$host_holder_start" "$host_holder_boot"
}

# A holder that died left the lock free, but what it has started may still be at work: it is waited for, and ended. What
# cannot be ended may go on changing things, and then nobody else begins. A holder that told its result has ended all that:
# what is left of it is a last second of the ticker's sleep, which the next run need not wait for.
_outlast_leftovers() {
  local waited=0
  if ! _read_holder || [ -e "$host_holder_run/result" ] || ! _holder_is_dead; then return 0; fi
  _end_ticker
  while _leftovers; do
    [ "$waited" != 0 ] || say "waiting for what a dead run left behind: processes$host_left"
    _end_leftovers "$((waited / 5))"
    waited=$((waited + 1))
    [ "$waited" -lt 100 ] || fail busy lock-held "what a dead run left behind is at work in $path and could not be ended: processes$host_left" \
      "They may be another user's, or wait for a disk. Look at them on the server (ps -fp${host_left}), end them there, and run this again."
    nap 0.2
  done
}

# The processes of a dead holder's session, into $host_left; false if there are none.
_leftovers() {
  local each
  host_left=''
  _boot
  [ "$host_holder_boot" = "$host_boot_id" ] || return 1
  # A session's number is not given anew while the session has members: if there is such a process now, that
  # is another one, and nothing was left.
  _process "$host_holder_pid" && return 1
  for each in /proc/[0-9]*; do
    each=${each#/proc/}
    [ "$each" != "$$" ] && _process "$each" && [ "$host_session" = "$host_holder_pid" ] && host_left="$host_left $each"
  done
  [ -n "$host_left" ]
}

# The process that only told how long a dead holder was waiting.
_end_ticker() {
  local ticker
  [ -n "$host_holder_pid" ] && [ -f "$host_holder_run/ticker" ] || return 0
  read -r ticker <"$host_holder_run/ticker"
  _process "$ticker" && [ "$host_session" = "$host_holder_pid" ] && kill -KILL "$ticker" 2>/dev/null
  return 0
}

# Ends what a dead holder left behind: nothing for 3 s, then TERM, after 13 s KILL. $1: seconds since.
_end_leftovers() {
  local signal=TERM each
  [ "$1" -ge 3 ] || return 0
  [ "$1" -lt 13 ] || signal=KILL
  _leftovers || _lock_keepers || return 0
  # shellcheck disable=SC2086
  kill -s "$signal" $host_left 2>/dev/null
}

# Our processes that have the lock's file open, however they got there, into $host_left.
_lock_keepers() {
  local each
  host_left=''
  for each in /proc/[0-9]*/fd/9; do
    [ "$(readlink "$each" 2>/dev/null)" = "$path/.deploy/lock" ] || continue
    each=${each#/proc/}
    each=${each%/fd/9}
    # A program of ours that lives is a waiter, not a keeper.
    [ "$each" != "$$" ] && ! _is_waiter "$each" && host_left="$host_left $each"
  done
  [ -n "$host_left" ]
}

# Whether a process is that of a run of this application.
_is_waiter() {
  local pid
  for pid in "$path"/.deploy/runs/*/*/pid; do
    [ -f "$pid" ] && read -r pid _ <"$pid" && [ "$pid" = "$1" ] && return 0
  done
  return 1
}
