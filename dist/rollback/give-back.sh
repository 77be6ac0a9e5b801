# shellcheck shell=dash
# Moving the traffic to a share, and back to where it was.

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

# Everything back to how it was; used by a failed gate, a failed check and after a crash alike. False where the proxy does
# not take that. What follows the traffic, and the records, are then of the share that the proxy still has ($given); where
# nobody can see which one that is (empty), they stay as they are.
give_back() {
  rm -f "$folder/watch"
  given=$from
  if move_to "$from"; then
    await_taken "$from" || warn "$proxy was not seen to take the share $from: look at its log"
  else
    given=$(traffic_observe) || given=
  fi
  if [ -n "$given" ]; then
    given_color=$(share_color "$given")
    lead_live_only "$given_color" || true
    if follow_traffic "$given_color"; then forget_names "$project"; fi
    record_traffic "$given"
  fi
  [ "$given" = "$from" ]
}
