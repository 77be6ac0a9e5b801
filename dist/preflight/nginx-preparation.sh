# shellcheck shell=dash

# What a person would run to test and to reload it.
check_command() { if [ -n "$proxy_container" ]; then echo "docker exec $proxy_container nginx -t"; else echo 'nginx -t'; fi; }
reload_command() { if [ -n "$proxy_container" ]; then echo "docker exec $proxy_container nginx -s reload"; else echo 'nginx -s reload'; fi; }
