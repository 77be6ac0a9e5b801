# shellcheck shell=dash
# A cluster of servers by Docker's Swarm mode: the nodes, and the services of a stack. A STACK is a project in the cluster; a
# DIRECTORY holds a release with a file for each of its services (stack/SERVICE.json). Only a manager can be asked about
# more than itself. Names of services and ids have no spaces, so lists of them are words.

# engine_node: of this server its state (inactive, pending, active, locked, error), whether it is a manager (true or false), its
# id in the cluster (- for none) and its name.
engine_node() {
  docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{or .Swarm.NodeID "-"}} {{.Name}}' </dev/null
}

# engine_node_address: where the other nodes of the cluster find this one.
engine_node_address() {
  docker info --format '{{.Swarm.NodeAddr}}' </dev/null
}

# engine_nodes: a line for each node: id, name, state (Ready or Down), whether it gets tasks (Active, Pause, Drain), and what
# kind of manager it is (- for none).
engine_nodes() {
  docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}} {{.Availability}} {{or .ManagerStatus "-"}}' </dev/null
}

# _engine_service_ids STACK
_engine_service_ids() {
  docker service ls --quiet --filter "label=com.docker.stack.namespace=$1" </dev/null
}

# engine_stack_services STACK: a line for each service: id, name as the compose file has it, mode (replicated, global or job),
# replicas (0 where that says nothing), state of its last update (- for none) and when that began (-), our hash (-), image,
# and the engine's words on the update.
# shellcheck disable=SC2086 # ids
engine_stack_services() {
  engine_service_ids=$(_engine_service_ids "$1") || return 1
  [ -n "$engine_service_ids" ] || return 0
  docker service inspect --format '{{.ID}} {{.Spec.Name}} {{if .Spec.Mode.Global}}global 0{{else if .Spec.Mode.Replicated}}replicated {{.Spec.Mode.Replicated.Replicas}}{{else}}job 0{{end}} {{with .UpdateStatus}}{{or .State "-"}} {{json .StartedAt}}{{else}}- -{{end}} {{or (index .Spec.Labels "deploy-actions.hash") "-"}} {{.Spec.TaskTemplate.ContainerSpec.Image}} {{with .UpdateStatus}}{{.Message}}{{end}}' \
    $engine_service_ids </dev/null | awk -v head="$1_" '{ if (index($2, head) == 1) $2 = substr($2, length(head) + 1); gsub(/"/, "", $6); print }'
}

# engine_stack_tasks STACK: a line for each task, also of those that have ended: service, id, our hash (-), the state that it
# should have, the one that it has, exit code (-), slot, since when, node (- for none yet), image, and the node's words.
# shellcheck disable=SC2086 # ids
engine_stack_tasks() {
  engine_service_ids=$(_engine_service_ids "$1") || return 1
  [ -n "$engine_service_ids" ] || return 0
  engine_task_ids=$(docker service ps --quiet --no-trunc $engine_service_ids </dev/null) || return 1
  [ -n "$engine_task_ids" ] || return 0
  {
    engine_nodes | sed 's/^/node /'
    docker service inspect --format 'service {{.ID}} {{.Spec.Name}}' $engine_service_ids </dev/null
    # One that went meanwhile makes the call fail, and the others are told all the same.
    docker inspect --type task --format 'task {{.ServiceID}} {{.ID}} {{or (index .Spec.ContainerSpec.Labels "deploy-actions.hash") "-"}} {{.DesiredState}} {{.Status.State}} {{with .Status.ContainerStatus}}{{.ExitCode}}{{else}}-{{end}} {{.Slot}} {{json .Status.Timestamp}} {{or .NodeID "-"}} {{.Spec.ContainerSpec.Image}} {{.Status.Err}}' \
      $engine_task_ids </dev/null 2>/dev/null
  } | awk -v head="$1_" '
    $1 == "node" { node[$2] = $3; next }
    $1 == "service" { name[$2] = substr($3, length(head) + 1); next }
    $1 == "task" && ($2 in name) {
      $2 = name[$2]; gsub(/"/, "", $9); if ($10 in node) $10 = node[$10]
      sub(/^task /, ""); print
    }'
}

# engine_stack_table PROJECT: of the stacks of a project and of its colours a line for each service, as `engine_table` has one
# for each container: stack, id, service as the compose file has it (in a colour its name ends with that), running or
# restarting, - for a release, and how many of its tasks run.
engine_stack_table() {
  for engine_stack in "$1" "$1-blue" "$1-green"; do
    engine_there=$(engine_stack_services "$engine_stack") || return 1
    [ -n "$engine_there" ] || continue
    engine_tasks=$(engine_stack_tasks "$engine_stack") || return 1
    {
      printf '%s\n' "$engine_there" | sed 's/^/service /'
      printf '%s\n' "$engine_tasks" | sed 's/^/task /'
    } | awk -v stack="$engine_stack" -v tail="${engine_stack#"$1"}" '
      $1 == "service" { id[++n] = $2; name[n] = $3; mode[n] = $4; count[n] = $5; hash[$3] = $8; next }
      $1 == "task" && ($5 == "running" || $5 == "ready") && $4 == hash[$2] { should[$2]++; if ($6 == "running") good[$2]++ }
      END {
        for (i = 1; i <= n; i++) {
          need = mode[i] == "replicated" ? count[i] : should[name[i]] + 0
          short = name[i]
          if (tail != "") sub(tail "$", "", short)
          print stack, id[i], short, (need > 0 && good[name[i]] + 0 >= need ? "running" : "restarting"), "-", good[name[i]] + 0 " of " need " tasks run"
        }
      }'
  done
}

# engine_stack_deploy SECONDS STACK DIRECTORY SERVICES…: makes these services as the release has them, or changes them; others
# stay. The login of a registry is not handed on, and nothing is looked up there. Says what it did, not that it went well.
engine_stack_deploy() {
  engine_seconds=$1
  engine_stack=$2
  engine_directory=$3
  shift 3
  for engine_word; do
    shift
    set -- "$@" --compose-file "$engine_directory/stack/$engine_word.json"
  done
  # Later versions wait by themselves unless they are told; older ones do not know the word.
  ! docker stack deploy --help </dev/null | grep -q -- --detach || set -- "$@" --detach=true
  # It puts a variable of its own environment in the place of one that has no value.
  timeout "$engine_seconds" env -i "PWD=$PWD" "HOME=$HOME" "PATH=$PATH" ${DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} \
    docker stack deploy --resolve-image never --prune=false "$@" "$engine_stack" </dev/null 9>&-
}

# engine_remove_services STACK SERVICES…
engine_remove_services() {
  engine_stack=$1
  shift
  for engine_word; do
    shift
    set -- "$@" "${engine_stack}_$engine_word"
  done
  docker service rm "$@" </dev/null >/dev/null 9>&-
}

# engine_retire IDS…: services by their ids.
engine_retire() { docker service rm "$@" </dev/null >/dev/null 9>&-; }

# engine_service_log STACK SERVICE: its last lines from every node; one that does not answer is not waited for.
engine_service_log() {
  timeout 15 docker service logs --tail 30 "$1_$2" </dev/null 2>&1 | cut -c 1-2000
}

# engine_ended_tasks STACK SERVICE HASH: ids of the containers on this server that the service had of that hash, and that have
# ended. A manager cannot ask for those of other nodes.
engine_ended_tasks() {
  docker ps --all --quiet --no-trunc --filter status=exited --filter status=dead --filter status=created \
    --filter "label=com.docker.swarm.service.name=$1_$2" --filter "label=deploy-actions.hash=$3" </dev/null
}

# engine_network_scope NAME: `swarm` where all nodes have it, or `local`; nothing where it is not there.
engine_network_scope() {
  docker network inspect --format '{{.Scope}}' "$1" </dev/null 2>/dev/null
}

# engine_network_attachable NAME: `true` where a container that is no task may join it.
engine_network_attachable() {
  docker network inspect --format '{{.Attachable}}' "$1" </dev/null 2>/dev/null
}

# engine_overlay NAME STACK WORDS…: the network is there, for the stack's services and for containers on a manager; the words
# make it.
engine_overlay() {
  engine_network_name=$1
  engine_stack=$2
  shift 2
  [ -n "$(engine_network_scope "$engine_network_name")" ] ||
    docker network create --label "com.docker.stack.namespace=$engine_stack" --attachable "$@" "$engine_network_name" </dev/null >/dev/null 9>&-
}
