# shellcheck shell=dash
# The containers of the colours on a server by itself.

standing_table() { engine_table; }

# color_unwell COLOR: prints why it could not serve; true when it could not.
color_unwell() { table_unwell "$1"; }

# resume_color COLOR: starts what was stopped. stop_color COLOR: stops it, and leaves it there.
resume_color() {
  # shellcheck disable=SC2046 # ids
  run "the containers of $1 to start" engine_resume $(serving_table "$1" | awk '$3 != "running" { print $1 }') >/dev/null
}
stop_color() {
  for colors_id in $(color_containers "$1"); do
    engine_stop "" "$colors_id" || say "a container of $1 could not be stopped: $colors_id"
  done
}
