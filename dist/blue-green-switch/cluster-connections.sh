# shellcheck shell=dash
# What a colour is reached by in a cluster.

# color_addresses COLOR SERVICE: what connections from a proxy in a container to the colour go to, as the proxy looks its name up;
# false where nobody can see it.
color_addresses() {
  connections_found=$(in_proxy getent ahostsv4 "$2-$1" 2>/dev/null | awk '{ print $1 }' | sort -u)
  [ -n "$connections_found" ] || connections_found=$(in_proxy nslookup "$2-$1" 127.0.0.11 2>/dev/null | tr -d '\r' |
    awk '/^Name:/ { named = 1 } named && /^Address/ && $NF ~ /^[0-9.]+$/ { print $NF }' | sort -u)
  [ -n "$connections_found" ] && printf '%s\n' "$connections_found"
}
