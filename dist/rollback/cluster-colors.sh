# shellcheck shell=dash
# The tasks of the colours in a cluster, of which only a manager sees all. Parameter: place (manager or node).

standing_table() {
  [ "$place" != manager ] || engine_stack_table "$project"
}

# color_unwell COLOR: prints why it could not serve; true when it could not. Where tasks cannot be seen the colour is judged by
# what the proxy here gets from it: 503 may be that of a proxy which has not looked at it yet.
color_unwell() {
  if [ "$place" = manager ]; then
    table_unwell "$1"
    return
  fi
  colors_tries=0
  while :; do
    colors_status=$(ask "$1" 1 | cut -d ' ' -f 1)
    case $colors_status in [1-4]??) return 1 ;; esac
    colors_tries=$((colors_tries + 1))
    if [ "$colors_status" != 503 ] || [ "$colors_tries" -ge 10 ]; then break; fi
    sleep 1 9>&-
  done
  echo "its services answer ${colors_status:-nothing} through $proxy here"
}

# resume_color COLOR: the cluster starts what should run. stop_color COLOR: its services go; only a manager is told to.
resume_color() { :; }
stop_color() {
  colors_ids=$(color_containers "$1")
  [ -n "$colors_ids" ] || return 0
  # shellcheck disable=SC2086 # ids
  engine_retire $colors_ids || say "not every service of $1 could be removed"
}
