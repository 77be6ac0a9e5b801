# shellcheck shell=dash
# The life of a run: what the detached program does around the body's `operate` and `recover`.

order_key=''
order_number=0
order_attempt=0
order_passes=''
allow_older=''
host_recovered=''

# $1: run | recover | resume; $2: the run's folder (resume: the application's)
_program() {
  trap '' HUP INT
  case $1 in
    run) _begin "$2" && _run ;;
    recover)
      # The run that found it; whoever cancels that one means what it waits for too.
      host_recoverer=${3-}
      _begin "$2" && _recover
      ;;
    resume) _resume "$2" ;;
  esac
}

# $1: the run's folder. What every run has at hand, whether it begins or is recovered.
_begin() {
  run=$1
  # shellcheck disable=SC2034 # for the program's own parts
  files=$run/files
  host_result=$run/result.new
  # shellcheck disable=SC2034
  read -r host_token <"$run/token"
  # shellcheck disable=SC1091
  . "$run/parameters"
  # shellcheck disable=SC1091
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  # Whose workflow run it is, for whoever finds it under way.
  printf '%s\n' "${holder_url-}" >"$run/url"
  _clock
  host_began=$host_now
  host_phase_began=$host_now
  _identify >"$run/pid.new"
  mv -f "$run/pid.new" "$run/pid"
  cd "$path" || exit 71
  trap _finish EXIT
  trap 'host_trapped=1; : >"$run/cancel"' TERM
}

# A run from its beginning: with the lock, after what others left unfinished, the operation itself.
_run() {
  if [ -e "$host_result" ] || [ -e "$host_result.failed" ]; then rm -f "$host_result" "$host_result.failed"; fi
  # Room for the result, should the disk be full by then.
  dd if=/dev/zero of="$run/reserve" bs=16384 count=1 2>/dev/null
  _state waiting
  _take_lock
  _state running
  journal locked
  _recover_unfinished
  _tend_timers
  _check_order
  _sweep
  operate
  _conclude $?
}

# A run that was found without a process: its own program finishes or reverts it.
_recover() {
  # The lock is inherited from whoever found this run.
  rm -f "$host_result" "$host_result.failed"
  host_recovered=1
  if journalled locked; then
    journal recover
    if command -v recover >/dev/null; then
      recover
      _conclude $?
    else
      fail lost interrupted "the run was interrupted after $(tail -n 1 "$run/journal" | cut -d ' ' -f 2-)"
    fi
  else
    fail lost interrupted 'the run was interrupted before it changed anything'
  fi
}

# $1: the exit code of the body, which has said itself why, where it said so.
_conclude() {
  [ "$1" = 0 ] || _fail_ended "$operation ended with exit code $1"
  [ -e "$host_result.failed" ] || _keep_order
  exit 0
}

# _fail_ended MESSAGE: the end of a body that gave no reason itself.
_fail_ended() {
  if _disk_full "$path"; then _fail_full; fi
  fail remote program-ended "$1"
}

# The last thing in every run: the end of the secrets, the result, then (by our exit) that of the lock.
_finish() {
  local code=$?
  trap - EXIT
  # With the room that was kept free, the end can be told.
  local full=
  if [ "$code" != 0 ] && _disk_full "$path"; then full=yes; fi
  rm -f "$run/reserve"
  if [ "$code" = 74 ]; then
    # Something of the result was written in part.
    rm -f "$host_result" "$host_result.failed"
    [ -z "$full" ] || (_fail_full)
  fi
  if [ "$code" != 0 ] && [ ! -e "$host_result.failed" ]; then
    if [ -n "$full" ]; then (_fail_full); else (fail remote program-ended "the program on the server ended with exit code $code"); fi
  fi
  local outcome=succeeded
  if [ "$code" != 0 ] || [ -e "$host_result.failed" ]; then outcome=failed; fi
  result _outcome "$outcome"
  _clock
  [ -z "$host_phase" ] || host_phases="$host_phases$host_phase $(((host_now - host_phase_began) * 10))"
  result _phases "$host_phases"
  result _elapsed "$(((host_now - host_began) * 10))"
  [ -z "$host_recovered" ] || result _recovered 1
  _boundary result:before
  printf '%s\n' "$outcome" >"$run/outcome"
  if [ -e "$host_result.failed" ] || [ -e "$run/secrets" ]; then rm -f "$host_result.failed" "$run/secrets"; fi
  _fsync "$host_result"
  _state ended
  mv -f "$host_result" "$run/result"
}

# The line by which it is known later whether this process still lives.
_identify() {
  _boot
  _process "$$"
  printf '%s %s %s\n' "$$" "$host_start" "$host_boot_id"
}

# --- after a crash ----------------------------------------------------------------------------------------

# Runs of this application that ended without a result are finished or reverted by their own programs, which
# alone know what their journals mean.
_recover_unfinished() {
  local each
  for each in "$path"/.deploy/runs/*/*; do
    if [ ! -d "$each" ] || [ -L "$each" ] || [ "$each" = "$run" ] || [ -e "$each/result" ]; then continue; fi
    _run_lives "$each" && continue
    if [ ! -f "$each/pid" ]; then
      # Being started just now, or never started.
      [ -n "$(find "$each" -prune -mmin +1)" ] || continue
    fi
    say "an earlier run was interrupted: ${each#"$path/.deploy/runs/"}; recovering it first"
    printf '%s\n' "$each" >"$run/recovers"
    run_locked "the recovery of ${each#"$path/.deploy/runs/"}" sh "$each/program" recover "$each" "$run"
    rm -f "$run/recovers"
    if [ -e "$each/result" ]; then
      say "recovered: ${each#"$path/.deploy/runs/"}"
    else
      warn "the recovery of ${each#"$path/.deploy/runs/"} did not end well; going on"
      printf '_kind 4\nlost\n_code 11\ninterrupted\n_message 41\nthe run was interrupted and not recovered\n_outcome 6\nfailed\n_recovered 1\n1\n' |
        write_file "$each/result"
      printf 'failed\n' >"$each/outcome"
    fi
  done
}

# After a restart of the server, from crontab's @reboot.
_resume() {
  local tries=0
  path=$1
  run=$path/.deploy
  host_result=$run/resume.result
  host_token=resume
  holder_actor=resume-on-boot
  cd "$path" || exit 71
  # The engine may still be starting, where the program asks one.
  if command -v engine_answers >/dev/null; then
    until engine_answers; do
      tries=$((tries + 1))
      [ "$tries" -lt 180 ] || break
      nap 1
    done
  fi
  _take_lock
  _recover_unfinished
  _tend_timers
}

# --- timers -----------------------------------------------------------------------------------------------
# What is to happen later, whoever is still there by then: a folder .deploy/timers/<name> with its `program`, when it is
# `due` (seconds since 1970) and who waits for that (`pid`). Who waits holds no lock, and ends with the server; so
# whoever takes the lock next, or the boot, lets it wait on, or act at once when its time has passed meanwhile.

# NAME DUE: the folder that was made ready as .deploy/timers/.NAME takes the place of one of that name. False where nobody
# waits there after ten seconds.
set_timer() {
  local timer=$path/.deploy/timers/$1 tries=0
  write_text "$path/.deploy/timers/.$1/due" "$2" || return 1
  rm -rf "$timer"
  mv -T "$path/.deploy/timers/.$1" "$timer" || return 1
  _start_timer "$timer"
  # Before the lock is free, or the next run would take it for one that has ended.
  until [ -f "$timer/pid" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || return 1
    nap 0.05
  done
}

# Starts what waits, so that our end is not its own.
_start_timer() {
  # In the service of a user's systemd, which ends its processes with the program.
  if grep -qs '/run-[^/]*\.service$' /proc/self/cgroup && command -v systemd-run >/dev/null; then
    # The $1 in quotes is the inner shell's.
    # shellcheck disable=SC2016
    systemd-run --user --quiet --collect -- env -i HOME="${HOME-/}" USER="${USER-}" PATH="$PATH" \
      XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR-}" \
      sh -c 'exec sh "$1/program" "$1" </dev/null >>"$2" 2>&1' sh "$1" "$path/.deploy/timers.log" 9>&-
  else
    # Not a child of ours, or a body's `wait` would last until it is due.
    (setsid sh "$1/program" "$1" </dev/null >>"$path/.deploy/timers.log" 2>&1 9>&- &)
  fi
}

# Timers whose processes are gone wait again, or act now where their time has passed.
_tend_timers() {
  local each due
  for each in "$path"/.deploy/timers/*; do
    if [ ! -f "$each/program" ] || _run_lives "$each"; then continue; fi
    read -r due <"$each/due" || continue
    if [ "$(date +%s)" -ge "$due" ]; then
      say "${each##*/} was due, and nobody was there: the server has restarted meanwhile"
      run_locked "what was due: ${each##*/}" sh "$each/program" "$each" now
    else
      _start_timer "$each"
    fi
  done
}

# --- order of runs ----------------------------------------------------------------------------------------
# .deploy/order: `key number attempt` of the last run that succeeded, per repository and workflow.

# Refuses a run that is older than the last one that succeeded.
_check_order() {
  local key number attempt
  [ -n "$order_key" ] && [ -z "$allow_older" ] && [ -f "$path/.deploy/order" ] || return 0
  while read -r key number attempt; do
    [ "$key" = "$order_key" ] || continue
    if [ "$number" -gt "$order_number" ] || { [ "$number" = "$order_number" ] && [ "$attempt" -gt "$order_attempt" ]; }; then
      fail refused newer-run "a later run has been here already: number $number, attempt $attempt; this is number $order_number, attempt $order_attempt" \
        "Deploy the newer commit again, or set \`allow-older\` to go back on purpose."
    fi
  done <"$path/.deploy/order"
}

# This run is the last one that succeeded, unless it lets earlier ones pass.
_keep_order() {
  [ -n "$order_key" ] && [ -z "$order_passes" ] || return 0
  {
    [ ! -f "$path/.deploy/order" ] || grep -v "^$order_key " "$path/.deploy/order"
    printf '%s %s %s\n' "$order_key" "$order_number" "$order_attempt"
  } | write_file "$path/.deploy/order"
}

# Removes what nobody asks for any more: the runs of all but the last 40 deployments, and uploads of
# yesterday that no run took.
_sweep() {
  local id each
  set -- "$path/.deploy/incoming"/*
  [ ! -e "$1" ] || find "$path/.deploy/incoming" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} + 2>/dev/null
  set -- "$path/.deploy/runs"/*
  [ $# -gt 40 ] || return 0
  # Ids are of a checked character set.
  # shellcheck disable=SC2012
  ls -1t "$path/.deploy/runs" | tail -n +41 | while read -r id; do
    for each in "$path/.deploy/runs/$id"/*; do
      [ ! -d "$each" ] || [ -e "$each/result" ] || continue 2
    done
    rm -rf "${path:?}/.deploy/runs/${id:?}"
  done
}
