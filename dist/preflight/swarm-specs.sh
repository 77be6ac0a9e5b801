# shellcheck shell=dash
# The configuration of a service as the cluster itself has it, whoever gave it: what somebody else deployed has no stack file of
# ours, and comes back by that alone. It holds the variables of the service, which may be secrets.

# engine_service_specs STACK: a line for each service: our hash (-), its name as the compose file has it, and the configuration,
# as JSON.
# shellcheck disable=SC2086 # ids
engine_service_specs() {
  engine_service_ids=$(_engine_service_ids "$1") || return 1
  [ -n "$engine_service_ids" ] || return 0
  docker service inspect --format '{{or (index .Spec.Labels "deploy-actions.hash") "-"}} {{.Spec.Name}} {{json .Spec}}' \
    $engine_service_ids </dev/null | sed "s/^\([^ ]*\) $1_/\1 /"
}

# engine_cluster_networks: a line for each network of all nodes: id and name.
engine_cluster_networks() {
  docker network ls --no-trunc --format '{{.ID}} {{.Name}}' --filter scope=swarm </dev/null
}

# engine_is_there KIND ID: the config, secret or network is.
engine_is_there() { docker "$1" inspect --format . "$2" </dev/null >/dev/null 2>&1; }

# engine_task_images STACK: what those that run were made from: a line for each image of a service, with the service, the image's
# id, and the references by digest that this server has of it.
engine_task_images() {
  engine_task_lines=$(docker ps --quiet --no-trunc --filter "label=com.docker.stack.namespace=$1" </dev/null) || return 1
  [ -n "$engine_task_lines" ] || return 0
  # shellcheck disable=SC2086 # ids
  docker inspect --format '{{index .Config.Labels "com.docker.swarm.service.name"}} {{.Image}}' $engine_task_lines </dev/null 2>/dev/null |
    sort -u | awk -v head="$1_" 'index($1, head) == 1 { print substr($1, length(head) + 1), $2 }' |
    while read -r engine_word engine_image; do
      printf '%s %s %s\n' "$engine_word" "$engine_image" \
        "$(docker image inspect --format '{{join .RepoDigests " "}}' "$engine_image" </dev/null 2>/dev/null)"
    done
}
