# shellcheck shell=dash
# Moves the traffic. Parameters besides those of OBSERVE: target, steps (weights), step_seconds,
# drain_seconds, stop_after (seconds or empty), confirm_seconds (0: none), live_only,
# hosts (how many; more than one waits for go), go_seconds, max_error_rate and max_p95 (empty: no gate;
# per 10,000 and milliseconds), min_requests, watch_runner (seconds without a sign of the runner that end a
# canary; 0: none), actor, run_url, reason, record_route_json.
# Boundaries of the journal, in order: check:done, live-stop:*, apply:begin NAME, apply:done NAME for each step,
# verified, live-start:*, recorded, drained.

# Moves to a share in one step, journalled before and after.
move_to() {
  journal "apply:begin.$1"
  traffic_apply "$1" || return 1
  journal "apply:done.$1"
}

# Where a proxy takes its time: until it has taken the share.
await_taken() {
  wait_until 20 "$proxy to take the share $1" traffic_taken "$1"
}

# What runs only where the traffic is: stops in one colour before it starts in the other.
stop_live_only() { for_live_only "$1" running stop engine_stop 30; }
start_live_only() {
  [ -n "$live_only" ] || return 0
  start_release=$path/releases/$(color_release "$1")
  # A deploy of a colour leaves them unmade: its release says how they are.
  if [ -s "$start_release/live-only" ] && [ -f "$path/.deploy/color-$1" ]; then
    start_names=$(awk '{ print $7 }' "$start_release/live-only" | tr '\n' ' ')
    say "start: ${start_names}in $1"
    run "$start_names to start in $1" engine_start "$project-$1" "$start_release" changed "" $start_names
  else
    for_live_only "$1" idle start engine_resume
  fi
}

# COLOR WHICH WORD COMMAND…: all of them at once, in one call of the engine. WORD says to people what is done.
for_live_only() {
  [ -n "$live_only" ] || return 0
  each_color=$1
  if [ "$2" = running ]; then each_table=$(live_only_table "$1" | awk '$3 == "running"'); else each_table=$(live_only_table "$1" | awk '$3 != "running"'); fi
  each_word=$3
  shift 3
  [ -n "$each_table" ] || return 0
  say "$each_word: $(printf '%s\n' "$each_table" | awk '{ print $2 }' | sort -u | tr '\n' ' ')in $each_color"
  run "what runs only where the traffic is to $each_word in $each_color" "$@" $(printf '%s\n' "$each_table" | awk '{ print $1 }') >/dev/null
}

# The traffic is on a share since now.
record_traffic() {
  fence=$(recorded_fence)
  put_traffic "$1" "$(utc_now)" $((${fence:-0} + 1))
}

# For a run that moved no traffic: timers go by the fence, so that it rises only where the record said something else.
keep_traffic() {
  keep_said="$(recorded_text proxy) $(recorded_text container) $(recorded_text folder) $(recorded_text share) $(recorded_text release)"
  fence=$(recorded_fence)
  if [ -n "$fence" ] && [ "$keep_said" = "$proxy $proxy_container $folder $1 $(color_release "$(share_color "$1")")" ]; then
    put_traffic "$1" "$(recorded_text since)" "$fence"
  else
    record_traffic "$1"
  fi
}

# put_traffic SHARE SINCE FENCE: into the record; `current` leads to what serves.
put_traffic() {
  fence=$3
  put_release=$(color_release "$(share_color "$1")")
  write_traffic "$project" "$proxy" "$proxy_container" "$1" "$2" "$put_release" "$3" "$folder" "$routes_json"
  if [ -n "$put_release" ] && [ -d "$path/releases/$put_release" ]; then link_current "$put_release"; fi
}

# record_history FROM TO OUTCOME REASON: what became of the traffic, in a line of the history.
record_history() {
  record_move "$operation" "$(color_release "$(share_color "$2")")" "$1" "$2" "$3" "$4"
}

# The end of a move that was proven, once also where a crash came in between. FROM TO REASON
record_success() {
  [ ! -f "$run/recorded" ] || return 0
  [ -z "$marks_bad" ] || mark_release "$marks_bad" rolled-back
  [ -z "$marks_good" ] || mark_release "$marks_good" taken-back
  record_history "$1" "$2" succeeded "$3"
  : >"$run/recorded"
}

# Everything back to how it was; used by a failed gate, a failed check and after a crash alike.
give_back() {
  rm -f "$folder/watch"
  if move_to "$from"; then
    await_taken "$from" || warn "$proxy was not seen to take the share $from: look at its log"
  else
    warn "traffic could not be given back to $from: $proxy did not take it"
  fi
  stop_live_only "$(other_color "$(share_color "$from")")" || true
  start_live_only "$(share_color "$from")" || warn "what runs only where the traffic is could not be started in $from"
  record_traffic "$from"
}

# Containers that were only stopped are started, and waited for. For a rollback.
start_color() {
  run "the containers of $target to start" engine_resume $(serving_table "$target" | awk '$3 != "running" { print $1 }') >/dev/null || {
    why='a container does not start'
    return 1
  }
  wait_until "$start_target" "$target to be healthy" color_well "$target" && return 0
  why=$(color_unwell "$target")
  return 1
}

# Whether the target, asked for by name, answers as it should; or why not is known for certain. A proxy with health
# checks of its own says 503 until one of them has seen that the colour is there.
target_judged() {
  chosen=$(ask "$target" 3)
  chosen_wrong=$(printf '%s\n' "$chosen" | awk -v c="$target" -v v="$expect_version" '$1 < 100 || $1 >= 500 || $3 != c || (v != "" && $4 != "version") { print; exit }')
  case $chosen_wrong in 503\ *) return 1 ;; esac
}

look_at_tools() {
  # Left by a run that was cut off: without it a canary is not logged.
  rm -f "$folder/watch"
  engine_use "$docker_host"
  curl=0
  command -v curl >/dev/null 2>&1 && curl=1
  verify_direct=$verify_url
  find_live_only
  traffic_mechanism=$mechanism
}

move_traffic() {
  look_at_tools
  phase check
  from=$(traffic_observe) || fail refused proxy-not-prepared "$proxy has no share of $project: it was not prepared" 'Run this action once with install: true.'
  result from "$from"
  last_step=${steps##* }
  if [ "$last_step" = 100 ]; then goal=$target; else goal=$target-$last_step; fi
  result to "$goal"
  if [ "$from" = "$goal" ]; then
    # Live-only services may still have to follow, where an earlier run was cut off.
    start_live_only "$(share_color "$goal")" || true
    keep_traffic "$goal"
    say "Traffic is on $goal already: nothing was changed."
    result weight "$last_step"
    result changed false
    [ "$hosts" -le 1 ] || await_go "$go_seconds" || true
    return 0
  fi
  if why=$(color_unwell "$target"); then
    [ -n "$start_target" ] || fail unhealthy color-unwell "$target cannot take the traffic: $why" 'Look at its containers, or deploy it again.'
    start_color || fail unhealthy color-unwell "$target could not be started again: $why" 'Look at its containers, or roll back to another release.'
  fi
  # A rollback does not wait for what only matters at the proxy's next start.
  if [ "$traffic_first" = 1 ]; then valid_why=; else valid_why=$(traffic_valid); fi
  case $? in
    0) ;;
    77) say "$proxy's configuration is not tested: that needs root, and a switch does not" ;;
    *) fail refused proxy-config-invalid "$proxy would not start with its configuration: $valid_why" 'Mend it before traffic is moved: the next restart of the proxy would take the site down.' ;;
  esac
  wait_until "$verify_seconds" "$proxy to send to $target" target_judged || true
  if [ -z "$chosen" ] || [ -n "$chosen_wrong" ]; then
    set -- $chosen_wrong
    case ${3:--} in
      -) fail refused proxy-config-not-loaded "$proxy does not run the configuration that was installed: $verify_url came back without $header" "$(lies)" ;;
      *fallback) fail refused flags-unreadable "$proxy cannot read the flags in $folder" 'Every folder above it needs mode 0755, and a container needs it as a mount of the whole folder.' ;;
      "$target")
        if [ "${1:-0}" -ge 500 ]; then fail unhealthy color-answers-wrong "$target answers $1 through $proxy" 'Its containers are healthy, so look at the address that the proxy uses for it.'; fi
        fail unhealthy color-answers-wrong "$target does not answer with the version $expect_version through $proxy" 'The wrong release may be in this colour: look at the outputs of the deploy step.'
        ;;
      *) fail refused proxy-config-not-loaded "$proxy answered as ${3:--} where $target was asked for" 'Run this action with install: true: the installed configuration is not of this project.' ;;
    esac
  fi
  journal check:done
  if [ "$hosts" -gt 1 ]; then
    if ! await_go "$go_seconds"; then
      # Among several servers this one is not the reason.
      result stopped true
      fail lost no-go 'no word to go came in time: nothing was changed' 'Run it again.'
    fi
  fi
  # A rollback that was begun is better finished.
  if [ "$traffic_first" = 0 ] && cancelled; then fail lost cancelled 'cancelled before any traffic was moved: nothing was changed' 'Run it again.'; fi

  phase switch
  result switched_from "$from"
  printf '%s\n' "$from" | write_file "$run/from"
  journal "from.$from"
  old=$(other_color "$target")
  for step in $steps; do
    if [ "$step" = 100 ]; then share=$target; else share=$target-$step; fi
    if [ "$step" = 100 ] && [ "$traffic_first" = 0 ] && ! once live-stop stop_live_only "$old"; then
      give_back
      fail remote live-only-failed "a service that runs only where the traffic is could not be stopped in $old: traffic stays on $from"
    fi
    begun=$(now_ms)
    if ! move_to "$share"; then
      give_back
      fail remote share-not-taken "$proxy did not take the share $share: traffic stays where it was"
    fi
    ended=$(now_ms)
    result switch_ms "$((ended - begun))"
    result switched_at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    if [ "$step" = 100 ]; then
      phase verify
      wrong_at=0
      if ! wait_until "$verify_seconds" "every answer to come from $target" answers_steadily "$target" 10; then
        set -- $steady_wrong
        give_back
        record_history "$from" "$from" failed "not seen to answer"
        fail unhealthy color-answers-wrong "traffic was moved to $target, but it does not answer steadily (last wrong answer: status ${1:-none}, colour ${3:-none}): it is back on $from" "$(lies)"
      fi
      if [ "$wrong_at" = 0 ]; then result overlap_ms 0; else result overlap_ms "$((wrong_at - ended))"; fi
      journal verified
    else
      if ! await_taken "$share"; then
        give_back
        record_history "$from" "$from" failed "share not taken"
        result weight 0
        fail remote share-not-taken "$proxy did not take the share $share: traffic stays on $from" "$(lies)"
      fi
      record_traffic "$share"
      say "$target has $step percent"
      result weight "$step"
      if ! canary_step "$step"; then
        # All of it, also where a canary that was on before had some already.
        from=$old
        give_back
        record_history "$from" "$from" failed "canary at $step percent"
        result weight 0
        fail unhealthy gate-failed "$gate_why: all traffic is back on $(share_color "$from")" "Look at $target's logs; the report has the figures."
      fi
    fi
  done
  result weight "$last_step"

  if [ "$last_step" = 100 ]; then
    phase settle
    if [ -n "$live_only" ]; then
      once live-stop stop_live_only "$old" || warn "a service that runs only where the traffic is did not stop in $old"
      once live-start start_live_only "$target" || warn "a service that runs only where the traffic is did not start in $target"
    fi
    record_traffic "$goal"
    journal recorded
    phase drain
    # What is to be confirmed is looked at first: bad answers must not last longer for the sake of old connections.
    if [ "$confirm_seconds" -gt 0 ]; then drain_seconds=0; fi
    measure_drain "$old"
    journal drained
  else
    record_traffic "$goal"
    journal recorded
  fi
  record_success "$from" "$goal" "$reason"
  result changed true
  result mechanism "$traffic_mechanism"
  result release "$(color_release "$(share_color "$goal")")"
  start_timers
}

# Why a proxy may go on as before although it was told otherwise; each is looked for, the first found is named.
reads_other() {
  echo "the container $proxy_container reads another $config_inside than $config_file: a single file that is mounted keeps its old content when it is replaced; mount its folder, and recreate the container."
}

lies() {
  if [ -n "$config_file" ] && [ -r "$config_file" ]; then
    if ! grep -q "deploy-actions $project begin" "$config_file"; then
      echo "$config_file no longer has the part that was installed: run this action with install: true."
      return
    fi
    if [ -n "$proxy_container" ]; then
      lies_inside=$(in_proxy cat "$config_inside" 2>/dev/null | cksum)
      if [ "$lies_inside" != "$(cksum <"$config_file")" ]; then
        reads_other
        return
      fi
    fi
  fi
  lies_whole=$(traffic_whole)
  if [ -n "$lies_whole" ] && ! printf '%s\n' "$lies_whole" | grep -q "deploy-actions $project begin"; then
    echo "$proxy does not include $config_file: name the file that it loads in site-config."
    return
  fi
  lies_log=
  [ -z "$error_log" ] || lies_log=$(in_proxy tail -n 20 "$error_log" 2>/dev/null | grep -E 'emerg|bind\(\)|alert' | tail -n 1)
  if [ -n "$lies_log" ]; then
    echo "$proxy said: $(printf '%s' "$lies_log" | cut -c 1-300)"
    return
  fi
  lies_own=$(why_silent)
  if [ -n "$lies_own" ]; then
    echo "$lies_own"
    return
  fi
  echo "Look at $proxy's log, and reload or restart it: it goes on with an older configuration."
}

# Waits for what the old colour still has to do; its WebSockets live until the deadline.
measure_drain() {
  drain_begun=$(now_ms)
  drain_left=$(traffic_busy "$1")
  if [ "$drain_left" = unknown ]; then
    result drained unknown
    return 0
  fi
  if [ "$drain_left" -gt 0 ] && [ "$drain_seconds" -gt 0 ]; then
    wait_until "$drain_seconds" "$drain_left connections to $1 to end" drained "$1" || true
    drain_left=$(traffic_busy "$1")
  fi
  result drain_ms "$(($(now_ms) - drain_begun))"
  result drain_left "$drain_left"
  if [ "$drain_left" = 0 ]; then result drained true; else result drained false; fi
}
drained() { [ "$(traffic_busy "$1")" = 0 ]; }

# Timers are programs of their own, that hold no lock while they sleep.
start_timers() {
  rm -f .deploy/confirm
  if [ "$confirm_seconds" -gt 0 ] && [ "$last_step" = 100 ]; then
    confirm_until=$(($(date +%s) + confirm_seconds))
    printf '%s %s %s %s\n' "$fence" "$confirm_until" "$from" "$(color_release "$(share_color "$from")")" | write_file .deploy/confirm
    result confirm_until "$confirm_until"
    start_timer confirm "$confirm_until"
  elif [ -n "$stop_after" ] && [ "$last_step" = 100 ]; then
    start_timer stop "$(($(date +%s) + stop_after))"
  fi
}
start_timer() {
  timer_new=$path/.deploy/timers/.$1
  rm -rf "$timer_new"
  mkdir -p "$timer_new" && cp "$files/timer.sh" "$timer_new/program" || return 1
  [ ! -d "$files/shares" ] || cp -R "$files/shares" "$timer_new/shares"
  printf "operation='%s'\ntimer_until='%s'\ntimer_fence='%s'\nfrom='%s'\nfrom_release='%s'\ntarget='%s'\nold_content='%s'\n" \
    "$1" "$2" "$fence" "$from" "$(color_release "$(share_color "$from")")" "$target" "$(color_content "$(other_color "$target")")" >"$timer_new/about"
  set_timer "$1" "$2"
}
# What would be returned to is what was left: a deploy may have replaced it meanwhile.
can_return() { [ "$(color_release "$(share_color "$from")")" = "$from_release" ]; }

colors_settled() {
  ! { serving_table blue && serving_table green; } | grep -q '(health: starting)'
}

# After a crash: finish what was verified, give back everything else, whatever the journal meant to do.
recover() {
  look_at_tools
  seen=$(traffic_observe) || return 0
  from=$(cat "$run/from" 2>/dev/null) || from=
  if [ -z "$from" ]; then
    fail lost interrupted 'the run ended before it moved any traffic: nothing was changed'
  fi
  last_step=100
  # After a restart of the server containers may still be starting; none is judged by that.
  wait_until 60 'the containers that are starting' colors_settled || true
  if color_well "$target" && { [ "$traffic_first" = 1 ] || { journalled verified && [ "$seen" = "$target" ]; }; }; then
    # A rollback goes on to its end too: what it left is the worse side.
    say "the switch to $target is finished, which the cut-off run had begun"
    [ "$seen" = "$target" ] || move_to "$target"
    stop_live_only "$(other_color "$target")" || true
    start_live_only "$target" || true
    record_traffic "$target"
    record_success "$from" "$target" recovered
    result from "$from"
    result to "$target"
    result changed true
    result weight 100
    start_timers
    return 0
  fi
  if color_well "$(share_color "$from")" || ! color_well "$target"; then
    give_back
    record_history "$from" "$from" failed 'cut off'
    fail lost interrupted "the run was cut off before the switch was proven: traffic is on $from" 'Run it again.'
  fi
  move_to "$target"
  start_live_only "$target" || true
  record_traffic "$target"
  record_history "$from" "$target" succeeded 'recovered: the old colour is not well'
  result to "$target"
  result changed true
}
