# shellcheck shell=dash
# How traffic moves by a flag.

traffic_apply() { flag_apply "$1"; }
# It looks for the flag at every request.
traffic_taken() { :; }
