# shellcheck shell=dash
# Whether a colour may be deployed to, by what is recorded.
# Parameter: color.

# check_idle: under the lock; the live colour is never deployed over.
check_idle() {
  find_live || stop refused record-unreadable 'which colour is live is not known: .deploy/traffic.json cannot be read' \
    'Run blue-green-switch with to: the colour that has the traffic: it writes the record anew.'
  [ -z "$canary" ] || stop refused canary-on "a canary is on ($canary): traffic goes to both colours" \
    'Finish it with blue-green-switch first: to: blue or to: green.'
  [ "$live" != "$color" ] || stop refused color-is-live "$color is live" 'Deploy the other colour: color: auto chooses it.'
  # Its containers are what an unconfirmed switch returns to.
  idle_until=0
  [ ! -f "$path/.deploy/confirm" ] || read -r _ idle_until _ <"$path/.deploy/confirm"
  # Some time after its end a timer has acted, or nothing ever will.
  [ "$(date +%s)" -ge "$((idle_until + 300))" ] || stop refused confirmation-pending "the switch to $live waits to be confirmed: without that the traffic goes back to what is in $color" \
    'Confirm it with blue-green-switch (to: confirm), roll back, or wait until its time is over.'
}
