# shellcheck shell=dash
# The containers that tasks of a stack have on this server: their identity is asked for here and nowhere else. Those of other
# nodes no node can be asked for.

# engine_task_table STACK: a line for each, the newest first, also of those that have ended: id, state, and its service as the
# compose file has it.
engine_task_table() {
  engine_task_lines=$(docker ps --all --no-trunc --format '{{.ID}} {{.State}} {{.Label "com.docker.swarm.service.name"}}' \
    --filter "label=com.docker.stack.namespace=$1" </dev/null) || return 1
  printf '%s\n' "$engine_task_lines" | awk -v head="$1_" 'index($3, head) == 1 { print $1, $2, substr($3, length(head) + 1) }'
}

# engine_task_volumes STACK: the volumes that these have, by their names, a line for each time that one has it.
engine_task_volumes() {
  engine_task_lines=$(engine_task_table "$1") || return 1
  for engine_word in $(printf '%s\n' "$engine_task_lines" | cut -d ' ' -f 1); do
    engine_mount_table "$engine_word"
  done | awk -F '|' '$1 == "volume" { print $2 }'
}
