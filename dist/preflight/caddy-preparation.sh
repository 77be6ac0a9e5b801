# shellcheck shell=dash
# What install and uninstall do for Caddy.

# What a person would run to test and to reload it.
check_command() { echo "$(shown_in_proxy caddy adapt --config "$(caddy_file)") >/dev/null"; }
reload_command() { shown_in_proxy caddy reload --force --config "$(caddy_file)"; }
shown_in_proxy() { if [ -n "$proxy_container" ]; then shown docker exec "$proxy_container" "$@"; else shown "$@"; fi; }

# Nothing tells that it has reloaded but its answers.
traffic_generation() { :; }

traffic_reload() {
  if [ -n "$proxy_container" ]; then
    in_proxy caddy reload --force --config "$(caddy_file)" 2>&1
  else
    # Its admin endpoint asks nobody on the server who he is, unless it was told to.
    timeout 120 caddy reload --force --config "$(caddy_file)" 2>&1 || as_root caddy reload --force --config "$(caddy_file)" 2>&1
  fi
}
