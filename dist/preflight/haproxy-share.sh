# shellcheck shell=dash
# The share that HAProxy goes by: what its runtime socket says, else what it would read when it is started.

traffic_observe() {
  haproxy_seen=$(haproxy_say "show map $folder/haproxy.map" 2>/dev/null | awk -v p="$project" '$2 == p { print $3 }')
  [ -n "$haproxy_seen" ] || haproxy_seen=$(share_haproxy)
  [ -n "$haproxy_seen" ] && printf '%s\n' "$haproxy_seen"
}
