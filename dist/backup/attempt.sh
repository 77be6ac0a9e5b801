# shellcheck shell=dash
# How an attempt ends that does not come to its end: by a command that failed, that took too long, or that nobody wants any
# more. The program defines `clear_away`, which takes back what it has begun, and $attempt_kept, what that leaves.

attempt_kept=''

# ended_early CODE WHAT: gives up unless what was run ended well.
ended_early() {
  [ "$1" = 0 ] && [ -z "$host_ended" ] && return 0
  [ ! -s "$scratch/said" ] || details "$scratch/said"
  case $host_ended in
    late)
      clear_away
      fail remote timed-out "$2 within $stream_seconds s ($stream_input): $attempt_kept" "Raise $stream_input."
      ;;
    cancelled)
      clear_away
      fail lost cancelled "the run was cancelled: $attempt_kept" 'Run it again.'
      ;;
  esac
  give_up "$2: exit code $1, $(last_said)"
}

# waited_in_vain WHAT: the same, for what was waited for.
waited_in_vain() {
  host_ended=
  if cancelled; then host_ended=cancelled; elif [ "$(date +%s)" -ge "$stream_deadline" ]; then host_ended=late; fi
  ended_early 1 "$1"
}

# last_said: the last words of the tool.
last_said() {
  grep . "$scratch/said" 2>/dev/null | tail -n 1 | cut -c 1-300
}

# give_up MESSAGE
give_up() {
  clear_away
  if _disk_full "$path"; then fail_unwritten "$1"; fi
  fail remote backup-failed "$1; $attempt_kept" 'The lines of the tool are below. Earlier backups are as they were.'
}

# give_up_unproven MESSAGE: it was saved, and does not come back.
give_up_unproven() {
  [ ! -s "$scratch/said" ] || details "$scratch/said"
  clear_away
  fail unhealthy backup-unreadable "$1; $attempt_kept" 'Look at the disk and the memory of the server, and run it again.'
}
