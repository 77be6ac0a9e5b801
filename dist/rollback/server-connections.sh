# shellcheck shell=dash
# What a colour is reached by on a server by itself.

# color_addresses COLOR SERVICE: what connections from a proxy in a container to the colour go to; false where nobody can see it.
color_addresses() {
  for connections_id in $(color_containers "$1"); do engine_addresses "$connections_id"; done
}
