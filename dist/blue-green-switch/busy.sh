# shellcheck shell=dash
# What a colour still has to do, from the proxy's side. routes: lines of name, service, port, blue addresses, green
# addresses; addresses joined by commas.

# A port as /proc/net/tcp writes it.
hex_port() { printf '%04X' "${1##*:}"; }

# Requests or connections that a colour still has, from the proxy's side.
traffic_busy() {
  busy_color=$1
  busy_patterns=''
  while read -r _ busy_service busy_port busy_blue busy_green; do
    [ -n "$busy_port" ] || continue
    if [ -n "$proxy_container" ]; then
      busy_ips=$(color_addresses "$busy_color" "$busy_service") || {
        echo unknown
        return 0
      }
      for busy_ip in $busy_ips; do
        busy_hex=$(echo "$busy_ip" | awk -F. '{ printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
        busy_patterns="$busy_patterns $busy_hex:$(hex_port "$busy_port")"
      done
    else
      if [ "$busy_color" = blue ]; then busy_list=$busy_blue; else busy_list=$busy_green; fi
      for busy_address in $(echo "$busy_list" | tr , ' '); do busy_patterns="$busy_patterns 0100007F:$(hex_port "$busy_address")"; done
    fi
  done <<ROUTES
$routes
ROUTES
  if ! busy_table=$(in_proxy cat /proc/net/tcp 2>/dev/null); then
    echo unknown
    return 0
  fi
  printf '%s\n' "$busy_table" | awk -v patterns="$busy_patterns" '
    BEGIN { n = split(patterns, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
    $4 == "01" && ($3 in want) { count++ }
    END { print count + 0 }'
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
