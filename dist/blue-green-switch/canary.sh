# shellcheck shell=dash
# One step of a canary, watched on the server. Parameters: step_seconds, canary_log (empty: none), canary_why (why there is
# none), max_error_rate (of 10,000) and max_p95 (milliseconds), each empty where it is no gate, min_requests, watch_runner
# (seconds without a sign of the runner that end a canary; 0: the runner is not watched).

# A figure in a file of the run is a sign that the runner follows; it writes another one every few seconds.
runner_missed() {
  [ "$watch_runner" -gt 0 ] || return 1
  missed_sign=$(cat "$run/alive" 2>/dev/null) || missed_sign=
  if [ "$missed_sign" != "$last_sign" ]; then
    last_sign=$missed_sign
    last_seen=$(date +%s)
    return 1
  fi
  [ $(($(date +%s) - last_seen)) -ge "$watch_runner" ]
}

# Wget does not say how long an answer took.
tells_times() { [ "$canary_source" = 'access log' ] || has_curl; }

# Bytes of the log; false where it cannot be read.
log_size() { [ -n "$canary_log" ] && [ -r "$canary_log" ] && wc -c <"$canary_log" | tr -d ' '; }

# The proxy logs only while the flag is there, and what is logged is emptied before each step: so it stays small.
# The proxy appends, so emptying loses nothing that comes later.
begin_log() {
  true >"$run/window"
  canary_from=$(log_size) || {
    canary_source=probing
    if [ -n "$canary_log" ]; then
      canary_source="probing ($canary_log cannot be read)"
    elif [ -n "$canary_why" ]; then canary_source="probing ($canary_why)"; fi
    return 0
  }
  canary_source='access log'
  if [ -w "$canary_log" ] && true >"$canary_log"; then canary_from=0; fi
  true >"$folder/watch" || canary_source="probing ($folder cannot be written to)"
}

# What is judged are the last requests, at least this many bytes of them (about a million).
log_window=16777216
# A log that grows fast is cut to the part that is judged.
trim_log() {
  [ -w "$canary_log" ] && [ "$(log_size)" -gt $((log_window * 2)) ] || return 0
  tail -c "$log_window" "$canary_log" | tail -n +2 >"$run/window"
  true >"$canary_log"
}

# Prints what was logged since begin_log.
end_log() {
  rm -f "$folder/watch"
  cat "$run/window"
  # Smaller than it was: somebody else rotated it.
  [ "$(log_size)" -ge "$canary_from" ] || canary_from=0
  tail -c "+$((canary_from + 1))" "$canary_log"
}

# Requests, errors per 10,000 and the 95th percentile in milliseconds, of lines "status seconds".
figures() {
  awk '$1 ~ /^[0-9]+$/ { n++; if ($1 < 100 || $1 >= 500) bad++; print $2 * 1000 > "/dev/stderr" } END { printf "%d %d\n", n, n ? bad * 10000 / n : 0 }' 2>"$run/times"
}
p95() { sort -n "$1" | awk '{ t[NR] = $1 } END { if (NR) { i = int(NR * 0.95 + 0.9999); print int(t[i < 1 ? 1 : i]) } else print 0 }'; }

# canary_step: false where the step does not keep its gates; then $gate_why says why.
canary_step() {
  watch_canary && judge_canary
}

# watch_canary: looks at the target for the time of the step, and gathers lines "status seconds" in $run/answers.
watch_canary() {
  last_seen=$(date +%s)
  last_sign=none
  canary_until=$((last_seen + step_seconds))
  begin_log
  if [ -n "$max_p95" ] && ! tells_times; then
    gate_why="max-p95 cannot be judged at $share: it goes by $canary_source, which tells no times without curl on the server"
    return 1
  fi
  true >"$run/probes"
  while [ "$(date +%s)" -lt "$canary_until" ]; do
    if cancelled; then
      gate_why='the canary was stopped'
      return 1
    fi
    if runner_missed; then
      gate_why="the runner was not heard of for $watch_runner s during the canary"
      return 1
    fi
    # The canary is asked directly too: an access log says nothing when nobody comes.
    ask "$target" 5 | awk '{ print $1, $2 }' >>"$run/probes"
    why=$(color_unwell "$target") && {
      gate_why="$target became unwell: $why"
      return 1
    }
    [ "$canary_source" != 'access log' ] || trim_log
    nap 1
  done
  if [ "$canary_source" = 'access log' ]; then
    end_log | awk -v c="$target" '$1 == c { print $2, $3 }' >"$run/answers"
  else
    cp "$run/probes" "$run/answers"
  fi
}

# judge_canary: adds the figures of the step to the report, and holds them to the gates.
judge_canary() {
  # shellcheck disable=SC2046 # two numbers
  set -- $(figures <"$run/answers")
  canary_count=$1
  canary_errors=$2
  if tells_times; then canary_p95=$(p95 "$run/times"); else canary_p95=unknown; fi
  say "$target at $share: $canary_count requests, $canary_errors of 10,000 failed, p95 $canary_p95 ms (by $canary_source)"
  canary_report="$canary_report$share $canary_count $canary_errors $canary_p95 $canary_source;"
  result gates "$canary_report"
  if [ -n "$max_error_rate$max_p95" ] && [ "$canary_count" -lt "$min_requests" ]; then
    gate_why="$target had $canary_count requests at $share by $canary_source, fewer than min-requests ($min_requests): too few to judge"
    return 1
  fi
  if [ -n "$max_error_rate" ] && [ "$canary_errors" -gt "$max_error_rate" ]; then
    gate_why="$canary_errors of 10,000 requests to $target failed at $share, more than max-error-rate allows ($max_error_rate)"
    return 1
  fi
  if [ -n "$max_p95" ] && [ "$canary_p95" -gt "$max_p95" ]; then
    gate_why="$target took $canary_p95 ms (p95) at $share, more than max-p95 ($max_p95 ms)"
    return 1
  fi
}
canary_report=
