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
  if follow_traffic "$(share_color "$from")"; then forget_names "$project"; fi
  record_traffic "$from"
}
