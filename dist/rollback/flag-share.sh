# shellcheck shell=dash
# The share that the flag says.

traffic_observe() { flag_observe; }
