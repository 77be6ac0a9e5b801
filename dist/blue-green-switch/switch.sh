# shellcheck shell=dash
# Moves the traffic. Parameters besides those of the other parts: target, steps (weights in percent, the last one is where
# it ends), mechanism, traffic_first (1: a rollback, which moves the traffic before anything else), start_target (seconds
# for the target to be started and healthy; empty: it is not started), verify_seconds, marks_bad and marks_good (releases
# that history marks; may be empty), reason.
# Boundaries of the journal, in order: check:done, live-stop:*, apply:begin NAME, apply:done NAME for each step,
# verified, live-start:*, recorded, drained.

# The end of a move that was proven, once also where a crash came in between. FROM TO REASON
record_success() {
  [ ! -f "$run/recorded" ] || return 0
  [ -z "$marks_bad" ] || mark_release "$marks_bad" rolled-back
  [ -z "$marks_good" ] || mark_release "$marks_good" taken-back
  record_switch "$1" "$2" succeeded "$3"
  true >"$run/recorded"
}

# Containers that were only stopped are started, and waited for. For a rollback.
start_color() {
  resume_color "$target" || {
    why='a container does not start'
    return 1
  }
  wait_until "$start_target" "$target to be healthy" color_well "$target" && return 0
  why=$(color_unwell "$target")
  return 1
}

# Every answer comes from the target; else when it was last otherwise is kept.
target_answers() {
  answers_steadily "$target" 10 && return 0
  wrong_at=$(now_ms)
  return 1
}

# Whether the target, asked for by name, answers as it should; or why not is known for certain. A proxy with health
# checks of its own says 503 until one of them has seen that the colour is there.
target_judged() {
  chosen=$(ask "$target" 3)
  chosen_wrong=$(first_wrong "$target" "$chosen")
  case $chosen_wrong in 503\ *) return 1 ;; esac
}

# The traffic is on the goal already. What follows it may still be elsewhere, where an earlier run was cut off.
stay_on_goal() {
  kept_containers=
  lead_live_only "$(share_color "$goal")" || true
  follow_traffic "$(share_color "$goal")" || true
  keep_traffic "$goal"
  say "Traffic is on $goal already: nothing was changed."
  result weight "$last_step"
  result changed false
  [ "$hosts" -le 1 ] || await_go "$go_seconds" || true
}

# Fails where the target cannot take the traffic. A rollback starts its containers first.
check_target() {
  if why=$(color_unwell "$target"); then
    kept_containers=
    [ -n "$start_target" ] || fail unhealthy color-unwell "$target cannot take the traffic: $why" 'Look at its containers, or deploy it again.'
    start_color || fail unhealthy color-unwell "$target could not be started again: $why" 'Look at its containers, or roll back to another release.'
  fi
  kept_containers=
}

# Fails where the proxy would not start with its configuration.
check_proxy() {
  # A rollback does not wait for what only matters at the proxy's next start.
  if [ "$traffic_first" = 1 ]; then valid_why=; else valid_why=$(traffic_valid); fi
  case $? in
    0) ;;
    77) say "$proxy's configuration is not tested: that needs root, and a switch does not" ;;
    *) fail refused proxy-config-invalid "$proxy would not start with its configuration: $valid_why" 'Mend it before traffic is moved: the next restart of the proxy would take the site down.' ;;
  esac
}

# Asks the proxy for the target by name, and fails where the target does not answer as it should.
prove_target() {
  wait_until "$verify_seconds" "$proxy to send to $target" target_judged || true
  if [ -n "$chosen" ] && [ -z "$chosen_wrong" ]; then return 0; fi
  # shellcheck disable=SC2086 # the words of one answer
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
}

# move_step PERCENT: moves so much of the traffic, and everything back where that does not go well.
move_step() {
  if [ "$1" = 100 ]; then share=$target; else share=$target-$1; fi
  if [ "$1" = 100 ] && [ "$traffic_first" = 0 ] && ! once live-stop stop_live_only "$old"; then
    take_back "a service that runs only where the traffic is could not be stopped in $old"
    fail remote live-only-failed "a service that runs only where the traffic is could not be stopped in $old: traffic stays on $from"
  fi
  begun=$(now_ms)
  if ! move_to "$share"; then
    take_back "$proxy did not take the share $share"
    fail remote share-not-taken "$proxy did not take the share $share: traffic stays where it was"
  fi
  ended=$(now_ms)
  result switch_ms "$((ended - begun))"
  result switched_at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ "$1" = 100 ]; then prove_all; else prove_part "$1"; fi
}

# Waits until every answer comes from the target. Gives the traffic back and fails where one does not.
prove_all() {
  phase verify
  wrong_at=0
  if ! wait_until "$verify_seconds" "every answer to come from $target" target_answers; then
    # shellcheck disable=SC2086 # the words of one answer
    set -- $steady_wrong
    take_back "$target does not answer steadily"
    record_switch "$from" "$from" failed "not seen to answer"
    fail unhealthy color-answers-wrong "traffic was moved to $target, but it does not answer steadily (last wrong answer: status ${1:-none}, colour ${3:-none}): it is back on $from" "$(lies)"
  fi
  if [ "$wrong_at" = 0 ]; then result overlap_ms 0; else result overlap_ms "$((wrong_at - ended))"; fi
  journal verified
}

# prove_part PERCENT: waits until the proxy has taken the share of a canary, and watches that. Gives the traffic back and
# fails where a gate is not kept.
prove_part() {
  if ! await_taken "$share"; then
    take_back "$proxy did not take the share $share"
    record_switch "$from" "$from" failed "share not taken"
    result weight 0
    fail remote share-not-taken "$proxy did not take the share $share: traffic stays on $from" "$(lies)"
  fi
  record_traffic "$share"
  say "$target has $1 percent"
  result weight "$1"
  if ! canary_step; then
    # All of it, also where a canary that was on before had some already.
    from=$old
    take_back "$gate_why"
    record_switch "$from" "$from" failed "canary at $1 percent"
    result weight 0
    fail unhealthy gate-failed "$gate_why: all traffic is back on $(share_color "$from")" "Look at $target's logs; the report has the figures."
  fi
}

# What follows the traffic to the target, and what the old colour still has to do.
settle_target() {
  phase settle
  if [ -n "$live_only" ]; then
    if once live-stop stop_live_only "$old"; then
      once live-start start_live_only "$target" || warn "what runs only where the traffic is could not be started in $target"
    else
      warn "what runs only where the traffic is did not stop in $old, so it was not started in $target: it must not run twice"
    fi
  fi
  # After those that have just started: they may be asked too.
  follow_traffic "$target" || true
  record_goal
  phase drain
  # What is to be confirmed is looked at first: bad answers must not last longer for the sake of old connections.
  if [ "$confirm_seconds" -gt 0 ]; then drain_seconds=0; fi
  measure_drain "$old"
  journal drained
  # With a confirmation to come the old one is the way back, which needs no haste either.
  [ "$confirm_seconds" -gt 0 ] || forget_names "$project"
}

# The records say where the traffic is: from here on a crash does not undo the switch.
record_goal() {
  record_traffic "$goal"
  journal recorded
}

# Moves the traffic to the target by the steps, and back to where it was if anything does not go well.
move_traffic() {
  # Until anything moves, all is decided by one look at the containers.
  engine_use "$docker_host"
  kept_containers=$(all_containers) || kept_containers=
  look_at_tools
  traffic_mechanism=$mechanism
  phase check
  from=$(traffic_observe) || fail refused proxy-not-prepared "$proxy has no share of $project: it was not prepared" 'Run this action once with install: true.'
  result from "$from"
  last_step=${steps##* }
  if [ "$last_step" = 100 ]; then goal=$target; else goal=$target-$last_step; fi
  result to "$goal"
  if [ "$from" = "$goal" ]; then
    stay_on_goal
    return 0
  fi
  check_target
  check_proxy
  prove_target
  journal check:done
  await_others
  # A rollback that was begun is better finished.
  if [ "$traffic_first" = 0 ] && cancelled; then fail lost cancelled 'cancelled before any traffic was moved: nothing was changed' 'Run it again.'; fi

  phase switch
  result switched_from "$from"
  write_text "$run/from" "$from"
  journal "from.$from"
  old=$(other_color "$target")
  for step in $steps; do
    move_step "$step"
  done
  result weight "$last_step"

  if [ "$last_step" = 100 ]; then settle_target; else record_goal; fi
  record_success "$from" "$goal" "$reason"
  result changed true
  result mechanism "$traffic_mechanism"
  result release "$(color_release "$(share_color "$goal")")"
  start_timers
}

# None of the containers of either colour is still starting.
colors_settled() {
  settled_tables=$(serving_table blue && serving_table green) || return 1
  ! printf '%s\n' "$settled_tables" | grep -q '(health: starting)'
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
    lead_live_only "$target" || true
    if follow_traffic "$target"; then forget_names "$project"; fi
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
    take_back 'the run was cut off before the switch was proven'
    record_switch "$from" "$from" failed 'cut off'
    fail lost interrupted "the run was cut off before the switch was proven: traffic is on $from" 'Run it again.'
  fi
  move_to "$target"
  lead_live_only "$target" || true
  if follow_traffic "$target"; then forget_names "$project"; fi
  record_traffic "$target"
  record_switch "$from" "$target" succeeded 'recovered: the old colour is not well'
  result to "$target"
  result changed true
}
