# shellcheck shell=dash
# Giving the traffic back where a program can still fail.

# take_back WHY: gives the traffic back to where it was, and fails where that does not happen: whoever goes on after it
# may say that the traffic is back.
take_back() {
  give_back && return 0
  take_seen='where the traffic is cannot be seen'
  [ -z "$given" ] || take_seen="traffic is on $given"
  record_switch "$from" "${given:-$from}" failed 'not given back'
  fail remote share-not-taken "$1, and $proxy did not take the share $from back either: $take_seen" \
    "Look at $proxy's log and at the disk of the server (df -h $folder), then run this action with to: $(share_color "$from")."
}
