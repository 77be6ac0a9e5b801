# shellcheck shell=dash
# What is installed is looked for in the file itself.

whole_traefik() { :; }
