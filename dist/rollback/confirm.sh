# shellcheck shell=dash
# Confirms a switch that waits for it. Parameter besides those of the other parts: reason.

operate() {
  look_at_tools
  from=$(traffic_observe) || from=
  result from "$from"
  result to "$from"
  if [ ! -f .deploy/confirm ]; then
    fail refused nothing-to-confirm 'no switch waits to be confirmed' "Either it was confirmed before, or its time ran out and traffic went back: it is on ${from:-no colour} now."
  fi
  read -r _ confirm_until confirm_from from_release <.deploy/confirm
  if [ "$(date +%s)" -ge "$((confirm_until + 5))" ]; then
    # The timer waits for our lock, or is gone: its time is over all the same.
    target=$(share_color "$from")
    from=$confirm_from
    heed_lead 30 true
    rm -f .deploy/confirm
    if [ "$lead_says" = stays ]; then fail refused confirmation-late "the confirmation came too late, but the manager's proxy keeps to $target: traffic stays there"; fi
    if can_return && color_well "$(share_color "$from")"; then
      take_back 'the confirmation came too late'
      record_switch "$target" "$from" returned 'confirmed too late'
      fail refused confirmation-late "the confirmation came too late: traffic is back on $from"
    fi
    fail refused confirmation-late "the confirmation came too late, but $from is not well: traffic stays on $target"
  fi
  await_others
  # This also takes the request to confirm away.
  target=$(share_color "$from")
  fence=$(recorded_fence)
  last_step=100
  start_timers
  journal confirmed
  record_switch "$from" "$from" confirmed "$reason"
  say "The switch to $from is confirmed."
  phase drain
  measure_drain "$(other_color "$target")"
  forget_names "$project"
}
recover() { :; }
