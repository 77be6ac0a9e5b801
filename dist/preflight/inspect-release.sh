# shellcheck shell=dash
# The look of a deployment alone.

inspect() { look_at_release; }
