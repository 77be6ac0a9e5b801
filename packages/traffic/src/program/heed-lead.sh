# shellcheck shell=dash
# In a cluster the manager decides for all nodes what becomes of a switch that nobody confirms, since each for itself could
# come to another end. The others see it by where its proxy leads visitors. Parameters: lead_connect (host:port of that proxy;
# empty: this is the manager, or nobody knows where it is) and lead_token (its word for what asks).

lead_says=

# heed_lead SECONDS COMMAND…: waits as long as COMMAND holds, SECONDS at most. $lead_says is then `back` where the manager's
# proxy leads visitors elsewhere than to the target, `stays` where it has led them there all the time, and empty where it has
# not answered for a third of it: then this node decides by itself.
heed_lead() {
  lead_says=
  # Only curl connects to another address than that of the name.
  if [ -z "$lead_connect" ] || ! has_curl; then return 0; fi
  lead_seconds=$1
  shift
  lead_end=$(($(date +%s) + lead_seconds))
  lead_silent=$((lead_end - lead_seconds + lead_seconds / 3))
  while "$@"; do
    lead_seen=$(where_lead_leads)
    lead_now=$(date +%s)
    if [ -n "$lead_seen" ]; then
      lead_says=$lead_seen
      lead_silent=$((lead_now + lead_seconds / 3))
    elif [ "$lead_now" -ge "$lead_silent" ]; then lead_says=; fi
    if [ "$lead_says" = back ] || [ "$lead_now" -ge "$lead_end" ] || { [ -z "$lead_says" ] && [ "$lead_now" -ge "$lead_silent" ]; }; then return 0; fi
    sleep 1 9>&-
  done
}

# A share may lead only some of the visitors elsewhere: this is asked again and again.
where_lead_leads() {
  (
    token=$lead_token
    verify_connect=$lead_connect
    ask '' 3
  ) | awk -v target="$target" '
    $3 == target { seen = 1 }
    ($3 == "blue" || $3 == "green") && $3 != target { other = 1 }
    END { if (other) print "back"; else if (seen) print "stays" }'
}
