# shellcheck shell=dash
# In which order services of a release start, and when they are well: the same for containers on a server and for tasks of a
# cluster. Who carries it has `judge_health`, which writes $scratch/health: `ok|wait|bad SERVICE reason`.
# Parameters: wait_timeout (seconds).

# next_wave DIRECTORY NAMES: those of the names that need none of the others.
next_wave() {
  up_wave=$(awk -v left=" $2 " '
    index(left, " " $1 " ") == 0 { next }
    { for (i = 2; i <= NF; i++) if (index(left, " " $i " ")) next; print $1 }
  ' "$1/needs" | tr '\n' ' ')
  # A circle is refused beforehand; whatever else comes, it must go on.
  printf '%s' "${up_wave:-$2}" | sed 's/ *$//'
}

# await_gates DIRECTORY NAMES: waits for those that others wait for.
await_gates() {
  up_gates=
  # shellcheck disable=SC2013 # names of services have no spaces
  for up_name in $(awk '$3 == "gate" { print $7 }' "$1/services"); do
    case "$2 " in *" $up_name "*) up_gates="$up_gates $up_name" ;; esac
  done
  [ -z "$up_gates" ] || wait_healthy "$1" "$up_gates"
}

# without NAMES OTHERS: those of the names that are none of the others.
without() {
  for up_name in $1; do
    case "$2 " in *" $up_name "*) ;; *) printf ' %s' "$up_name" ;; esac
  done
}

# not_started WHAT OFFSET CODE: sets the problem and what is known to mend it. Why is the last thing that Compose said in
# the log from there on, beside its progress (which it indents), its warnings, and our own word on the waiting.
not_started() {
  up_said=$(tail -c "+$(($2 + 1))" "$run/log" | sed '/^[[:space:]]/d; /^time=.* level=/d; /^waiting for /d; /^'"$up_record"'/d; /^$/d' | tail -n 1)
  problem="$1 (exit code $3)"
  [ -z "$up_said" ] || problem="$problem: $(complaint_last "$up_said")"
  if complaint_about "$up_said"; then remedy=$complaint_remedy; fi
}

# wait_healthy DIRECTORY [NAMES]: true once each service (all without NAMES) is well. Sets bad_services and
# problem otherwise, at once where time would not help.
wait_healthy() {
  up_wait_directory=$1
  up_wait_names=${2:-}
  true >"$scratch/seen"
  up_verdict=
  # shellcheck disable=SC2034 # who looks at containers goes by it
  up_listed=
  wait_until "$wait_timeout" "$(waiting_for "$up_wait_names")" health_settled
  case $up_verdict in
    well) return 0 ;;
    bad) ;;
    *)
      judge_health
      awk '$1 != "ok"' "$scratch/health" >"$scratch/health.bad"
      up_cause="not healthy within $wait_timeout s"
      if cancelled; then
        up_cause='the run was cancelled'
        # Among several servers this one is not the reason.
        result stopped true
      fi
      ;;
  esac
  bad_services=" $(awk '$1 != "ok" { print $2 }' "$scratch/health.bad" | sort -u | tr '\n' ' ')"
  problem=$(awk '$1 != "ok" {
    name = $2; $1 = ""; $2 = ""; sub(/^ +/, ""); printf "%s%s %s", separator, name, $0; separator = "; "
  }' "$scratch/health.bad")
  [ "$up_verdict" = bad ] || problem="$problem; $up_cause"
  # One that is to run to its end, and one that stopped by mistake, look the same: the user must say which it is.
  up_ended=$(awk '$1 == "bad" && / exited with 0$/ && !seen[$2]++ { printf "%s%s", separator, $2; separator = ", " }' "$scratch/health.bad")
  [ -z "$up_ended" ] || remedy="If it is meant to run to its end (a migration, a fixer of permissions), name it: one-shot: $up_ended. Or let what needs it wait for it: condition: service_completed_successfully."
  return 1
}

waiting_for() {
  if [ -n "$1" ]; then printf '%s to be healthy' "${1# }"; else printf 'every service to be healthy'; fi
}

# True when there is nothing more to wait for: all well, or one that will not become well.
health_settled() {
  judge_health || return 1
  if awk '$1 == "bad" { found = 1 } END { exit !found }' "$scratch/health"; then
    awk '$1 == "bad"' "$scratch/health" >"$scratch/health.bad"
    up_verdict=bad
    return 0
  fi
  if awk '$1 != "ok" { found = 1 } END { exit found }' "$scratch/health"; then
    up_verdict=well
    return 0
  fi
  return 1
}

# Lines for the action begin with it.
up_record=$(printf '\036')
