# shellcheck shell=dash
# What Caddy says of its configuration. Parameter: config_inside.

# The file that it was started with, as it sees it: the site may stand in one that this imports.
caddy_file() {
  if [ -n "$proxy_container" ]; then
    caddy_pids=$(engine_processes "$proxy_container" | awk 'NR > 1 { print $1 }')
  else caddy_pids=$(host_processes caddy | cut -d ' ' -f 2); fi
  for caddy_pid in $caddy_pids; do
    caddy_main=$(tr '\0' '\n' 2>/dev/null <"/proc/$caddy_pid/cmdline" | awk 'before ~ /^--?config$/ { print; exit } sub(/^--?config=/, "") { print; exit } { before = $0 }')
    case $caddy_main in /*) ;; *) continue ;; esac
    printf '%s\n' "$caddy_main"
    return 0
  done
  printf '%s\n' "$config_inside"
}

traffic_valid() {
  valid_said=$(in_proxy caddy adapt --config "$(caddy_file)" 2>&1 >/dev/null) || {
    printf '%s\n' "$valid_said" | reason
    return 1
  }
}

traffic_whole() { in_proxy cat "$config_inside"; }

# Why it may go on as before although it was told otherwise, where nothing else tells.
why_silent() { :; }
