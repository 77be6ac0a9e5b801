# shellcheck shell=dash

# list_node ENGINE STACK: this server as a node: its name in the cluster behind `node`, its time, and a line of JSON for each
# container that it has, or had, for the tasks of a stack.
list_node() {
  ask_engine_at "$1"
  node_name=$(docker info --format '{{.Name}}' </dev/null) || exit
  printf 'node %s\n' "$node_name"
  date +%s
  node_found=$(docker ps --all --quiet --no-trunc --filter "label=com.docker.stack.namespace=$2" </dev/null) || exit
  [ -n "$node_found" ] || return 0
  # shellcheck disable=SC2086 # ids are hexadecimal
  watched_as com.docker.swarm.service.name $node_found
}
