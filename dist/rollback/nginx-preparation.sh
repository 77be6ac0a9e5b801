# shellcheck shell=dash
# What install and uninstall do for nginx.

# What a person would run to test and to reload it.
check_command() { if [ -n "$proxy_container" ]; then echo "docker exec $proxy_container nginx -t"; else echo 'nginx -t'; fi; }
reload_command() { if [ -n "$proxy_container" ]; then echo "docker exec $proxy_container nginx -s reload"; else echo 'nginx -s reload'; fi; }

# The newest worker's number and start: it changes when a reload has taken effect.
traffic_generation() {
  # shellcheck disable=SC2009 # pgrep is not everywhere, and busybox ps has no -C
  if [ -n "$proxy_container" ]; then engine_processes "$proxy_container"; else ps ax -o pid,args 2>/dev/null || ps -o pid,args; fi |
    awk '/nginx: worker process$/ { print $1 }' | sort -n | tr '\n' ' '
}

traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -s reload 2>&1; else as_root nginx -s reload 2>&1; fi
}
