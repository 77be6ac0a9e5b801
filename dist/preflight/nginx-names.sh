# shellcheck shell=dash
# What tells how an nginx in a container looks names up.

# names_nginx CONTAINER: its whole configuration.
names_nginx() { whole_nginx "$1"; }
