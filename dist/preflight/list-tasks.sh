# shellcheck shell=dash

# list_tasks ENGINE STACK FOLDER: what this server, a manager, tells of a stack: its time in seconds behind `now`, and behind
# `node`, `service` and `task` the lines of `engine_nodes`, `engine_stack_services` and `engine_stack_tasks`. Behind `wanted` the services of
# the release that serves by the records in FOLDER, where it is of this stack; without its hash what somebody else deployed and counts
# as such. FOLDER: empty, nothing is known of one.
list_tasks() {
  ask_engine_at "$1"
  # First: a server that is no manager says so, and of an unknown stack there is nothing to tell.
  tasks_nodes=$(engine_nodes) || exit
  tasks_services=$(engine_stack_services "$2") || exit
  tasks_all=$(engine_stack_tasks "$2") || exit
  printf 'now %s\n' "$(date +%s)"
  tasks_behind node "$tasks_nodes"
  tasks_behind service "$tasks_services"
  tasks_behind task "$tasks_all"
  if [ -n "$3" ] && grep -qF "\"project\":\"$2\"" "$3/current/release.json" 2>/dev/null; then
    tasks_adopted=$3/.deploy/adopted
    [ -f "$tasks_adopted" ] || tasks_adopted=/dev/null
    tasks_sums=$(service_sums "$2" "$tasks_services") || exit
    tasks_counted=$(printf '%s\n' "$tasks_sums" | counted_services "$tasks_adopted" "$3/current/services")
    tasks_behind wanted "$(awk -v counted=" $tasks_counted" 'index(counted, " " $7 " ") { $5 = "-" } { print }' "$3/current/services")"
  fi
}

# tasks_behind WORD LINES
tasks_behind() {
  [ -z "$2" ] || printf '%s\n' "$2" | sed "s/^/$1 /"
}
