# shellcheck shell=dash
# What the prelude defines is not seen here.
# shellcheck disable=SC2154,SC2034
# The lock of an application: `flock` on descriptor 9 of a file that is never renamed nor removed. compose
# inherits the descriptor, so that the lock outlives a program that is killed while compose still works.

# What .deploy/lock.holder says, into _holder_*.
_read_holder() {
  local key value
  _holder_pid=''
  _holder_start=''
  _holder_boot=''
  _holder_actor=''
  _holder_url=''
  _holder_since=''
  _holder_run=''
  [ -f "$path/.deploy/lock.holder" ] || return 1
  while read -r key value; do
    case $key in
      pid) _holder_pid=$value ;;
      start) _holder_start=$value ;;
      boot) _holder_boot=$value ;;
      actor) _holder_actor=$value ;;
      url) _holder_url=$value ;;
      since) _holder_since=$value ;;
      run) _holder_run=$value ;;
    esac
  done <"$path/.deploy/lock.holder"
  [ -n "$_holder_pid" ]
}

_write_holder() {
  _boot
  _process "$$"
  printf '%s\n' "pid $$" "start $_start" "boot $_boot_id" "since $(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    "run $run" "actor ${holder_actor-}" "url ${holder_url-}" | write_file "$path/.deploy/lock.holder"
}

_describe_holder() {
  _holder="somebody"
  _read_holder || return
  _holder="${_holder_actor:-somebody} since $_holder_since${_holder_url:+ ($_holder_url)}, run ${_holder_run#"$path/.deploy/runs/"}"
}

# Takes the lock or fails as busy after lock_timeout seconds.
_take_lock() {
  local deadline told='' dead_since=''
  exec 9>>"$path/.deploy/lock"
  _clock
  deadline=$((_t + lock_timeout * 100))
  until flock -n 9; do
    _clock
    _describe_holder
    if [ -z "$told" ] || [ $((_t - told)) -ge 1000 ]; then
      say "waiting for the lock, held by $_holder; $(((deadline - _t) / 100)) s left"
      told=$_t
    fi
    if [ -n "$_holder_pid" ] && ! _lives "$_holder_pid" "$_holder_start" "$_holder_boot"; then
      [ -n "$dead_since" ] || dead_since=$_t
      _end_ticker
      _end_leftovers $(((_t - dead_since) / 100))
    else
      dead_since=
    fi
    if cancelled; then fail lost cancelled "cancelled while waiting for the lock; nothing was changed"; fi
    if [ "$_t" -ge "$deadline" ]; then
      fail busy lock-held "the lock of $path is held by $_holder" "Wait for that run, or raise \`lock-timeout\`."
    fi
    # Twenty that wait must not slow down the one that works.
    nap 0.5
  done
  # A holder that died left the lock free, but its hooks may still be at work.
  local waited=0
  if _read_holder && ! _lives "$_holder_pid" "$_holder_start" "$_holder_boot"; then
    _end_ticker
    while _leftovers; do
      [ "$waited" != 0 ] || say "waiting for what a dead run left behind: processes$_left"
      _end_leftovers "$((waited / 5))"
      waited=$((waited + 1))
      [ "$waited" -lt 100 ] || break
      nap 0.2
    done
  fi
  _write_holder
}

# The processes of a dead holder's session, into _left; false if there are none.
_leftovers() {
  local each
  _left=''
  _boot
  [ "$_holder_boot" = "$_boot_id" ] || return 1
  # A session's number is not given anew while the session has members: if there is such a process now, that
  # is another one, and nothing was left.
  _process "$_holder_pid" && return 1
  for each in /proc/[0-9]*; do
    each=${each#/proc/}
    [ "$each" != "$$" ] && _process "$each" && [ "$_session" = "$_holder_pid" ] && _left="$_left $each"
  done
  [ -n "$_left" ]
}

# The process that only told how long a dead holder was waiting.
_end_ticker() {
  local ticker
  [ -n "$_holder_pid" ] && [ -f "$_holder_run/ticker" ] || return 0
  read -r ticker <"$_holder_run/ticker"
  _process "$ticker" && [ "$_session" = "$_holder_pid" ] && kill -KILL "$ticker" 2>/dev/null
  return 0
}

# Ends what a dead holder left behind: nothing for 3 s, then TERM, after 13 s KILL. $1: seconds since.
_end_leftovers() {
  local signal=TERM each
  [ "$1" -ge 3 ] || return 0
  [ "$1" -lt 13 ] || signal=KILL
  _leftovers || _lock_keepers || return 0
  # shellcheck disable=SC2086
  kill -s "$signal" $_left 2>/dev/null
}

# Our processes that have the lock's file open, however they got there, into _left.
_lock_keepers() {
  local each
  _left=''
  for each in /proc/[0-9]*/fd/9; do
    [ "$(readlink "$each" 2>/dev/null)" = "$path/.deploy/lock" ] || continue
    each=${each#/proc/}
    each=${each%/fd/9}
    # A program of ours that lives is a waiter, not a keeper.
    [ "$each" != "$$" ] && ! _is_waiter "$each" && _left="$_left $each"
  done
  [ -n "$_left" ]
}

_is_waiter() {
  local pid
  for pid in "$path"/.deploy/runs/*/*/pid; do
    [ -f "$pid" ] && read -r pid _ <"$pid" && [ "$pid" = "$1" ] && return 0
  done
  return 1
}
