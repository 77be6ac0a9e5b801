# shellcheck shell=dash
# Where Caddy's share stands, and what it runs by.

share_caddy() { flag_observe; }

# whole_caddy [CONTAINER]: what its admin API says, of one in a container; nothing above the site matters to one on the host.
whole_caddy() {
  [ -z "${1-}" ] || engine_in "$1" wget -q -O - http://127.0.0.1:2019/config/ 2>/dev/null
}
