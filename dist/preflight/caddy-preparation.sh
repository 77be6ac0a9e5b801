# shellcheck shell=dash

# What a person would run to test and to reload it.
check_command() { echo "$(shown_in_proxy caddy adapt --config "$(caddy_file)") >/dev/null"; }
reload_command() { shown_in_proxy caddy reload --force --config "$(caddy_file)"; }
shown_in_proxy() { if [ -n "$proxy_container" ]; then shown docker exec "$proxy_container" "$@"; else shown "$@"; fi; }
