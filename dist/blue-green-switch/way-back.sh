# shellcheck shell=dash
# Whether there is a way back.

# What would be returned to is what was left: a deploy may have replaced it meanwhile.
can_return() { [ "$(color_release "$(share_color "$from")")" = "$from_release" ]; }
