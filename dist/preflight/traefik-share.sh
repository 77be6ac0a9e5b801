# shellcheck shell=dash
# The share that our file says.

traffic_observe() { share_traefik | grep .; }
