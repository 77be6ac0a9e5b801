# shellcheck shell=dash
# A switch is a move and nothing else.

operate() { move_traffic; }
