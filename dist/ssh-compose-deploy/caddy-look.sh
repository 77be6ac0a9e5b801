# shellcheck shell=dash
# Where Caddy's share stands. Nothing above the site matters to it.

share_caddy() { flag_observe; }
