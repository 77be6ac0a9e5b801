# shellcheck shell=dash
# Where nginx's share stands.

share_nginx() { flag_observe; }
