# shellcheck shell=dash

traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  valid_said=$(in_proxy caddy adapt --config "$config_inside" 2>&1 >/dev/null) || {
    printf '%s\n' "$valid_said" | reason
    return 1
  }
}
traffic_whole() { in_proxy cat "$config_inside"; }
traffic_generation() { :; }
traffic_reload() {
  if [ -n "$proxy_container" ]; then
    in_proxy caddy reload --force --config "$config_inside" 2>&1
  else
    # Its admin endpoint asks nobody on the server who he is, unless it was told to.
    caddy reload --force --config "$config_inside" 2>&1 || as_root caddy reload --force --config "$config_inside" 2>&1
  fi
}
