# shellcheck shell=dash
# What a deployment is on the services of a cluster: the steps that deploy.sh leaves to the engine. The server is a manager.

# check_place: the cluster can be changed, and nothing of somebody else's is in the way.
check_place() {
  require_node manager stop
  if [ -n "$color" ]; then check_idle; fi
  check_stack_is_ours
  check_networks
}

# check_networks: what has the name of a network of the stack is one of the cluster. One of this server alone, such as Compose
# leaves, would be found out in the middle; and so would one that no plain container may join, where commands and services
# that run once are such.
check_networks() {
  for cluster_network in "$files"/release/overlays/* "$files"/release/shared/overlays/*; do
    [ -f "$cluster_network" ] || continue
    # shellcheck disable=SC1090 # written by the runner
    cluster_network_name=$(. "$cluster_network" && printf '%s' "$overlay_name")
    [ "$(engine_network_scope "$cluster_network_name")" != local ] || stop refused network-differs \
      "the network $cluster_network_name is there, and is of this server alone, as Compose makes one" \
      'Take down what is on it and remove it with docker network rm, or give another project.'
  done
  while read -r cluster_service cluster_network_name; do
    [ "$(engine_network_scope "$cluster_network_name")" = swarm ] || continue
    [ "$(engine_network_attachable "$cluster_network_name")" = true ] ||
      stop refused network-not-attachable "$cluster_service runs as a plain container on the network $cluster_network_name, which takes none: it was made without --attachable" \
        'Make it anew with docker network create --driver overlay --attachable, or put the service on another network.'
  done <"$files/release/joined"
}

# Services of this project that we did not deploy are somebody's running site. What was deployed by another server's record
# could not be restored here, and would be taken for a first deployment that failed.
check_stack_is_ours() {
  if [ -d "$files/release-adopted" ]; then
    check_found
    return
  fi
  if [ -n "$previous" ]; then
    [ -d "$path/releases/$previous/stack" ] || [ -d "$path/releases/$previous/specs" ] ||
      stop refused release-gone "the release $previous that serves cannot be restored from here: it was deployed with another server first in host" \
        'Name that manager first in host.'
    return 0
  fi
  survey_or_stop
  cat "$path"/releases/*/services "$path"/releases/*/shared/services >"$scratch/hashes" 2>/dev/null || true
  # What another manager has given the cluster that went down in the middle of this very deployment.
  ! engine_leads "$base_project" | grep -q "^lead-[0-9]* $deployment_id/$operation " ||
    cat "$files/release/services" "$(existing "$files/release/shared/services")" >>"$scratch/hashes"
  awk 'FILENAME == ARGV[1] { known[$5]; next } $7 != "-" && !($7 in known) { print $2 }' \
    "$scratch/hashes" "$scratch/services" >"$scratch/foreign"
  if [ -s "$scratch/foreign" ]; then
    stop refused project-elsewhere "the stack $project is in the cluster, and nothing is recorded of it in $path here: $(tr '\n' ' ' <"$scratch/foreign")" \
      'Name the manager first in host that it was deployed from, or give another project.'
  fi
  awk '$7 == "-" { print $2 }' "$scratch/services" >"$scratch/foreign"
  [ -s "$scratch/foreign" ] || return 0
  stop refused foreign-containers "the stack $project has services that this action did not deploy: $(tr '\n' ' ' <"$scratch/foreign")" \
    'Set adopt: true once to take the running stack over as it is, or give another project.'
}

# check_found: the stack that is to be taken over is as the look before has seen it. Where another manager went down in the middle
# of this deployment, it has changed it.
check_found() {
  ! engine_leads "$base_project" | grep -q "^lead-[0-9]* $deployment_id " || return 0
  survey_or_stop
  sort "$scratch/sums" >"$scratch/found"
  cmp -s "$scratch/found" "$files/release-adopted/found" ||
    stop refused stack-changed "somebody changed the stack $project between the look at it and its adoption" 'Deploy again.'
}

# put_in_place: the release; and the stack that runs, where one is taken over, which may have been found before by a deployment that
# failed.
put_in_place() {
  place_and_keep
  case $(current_release) in '' | adopted) adopt_stack ;; esac
}
start_release() {
  [ -z "$color" ] || clear_plain
  bring_up "$1"
}

# prepare_place DIRECTORY: no other manager changes the project; and what is there before the release's own services. Where
# commands run before them, the networks are, which the services would make.
prepare_place() {
  take_lead
  if [ -n "$color" ]; then
    phase shared
    prepare_color "$1" || return 1
  fi
  if has_hooks "$1" before-up || has_hooks "$1" migrate; then make_overlays "$1"; fi
}

# recover_place: before anything is gone on with or taken back.
recover_place() {
  ! journalled lead:taken || take_lead
}

# run_after_up DIRECTORY HOOK-FILE: beside the service, whose tasks may be on any node.
run_after_up() { run_in_container "$@"; }

# take_down_new: ends a first deployment that failed. The cluster would try for ever to start what it has, so the services go;
# volumes and networks stay.
take_down_new() {
  if [ -n "$previous" ] && { [ -z "$color" ] || schema_allows_old; }; then return 0; fi
  still_leads
  survey "$scratch/containers"
  deploy_made=$(awk '{ printf "%s ", $2 }' "$scratch/services")
  # shellcheck disable=SC2086 # names of services have no spaces
  [ -z "$deploy_made" ] || engine_remove_services "$project" $deploy_made || warn "not every service could be removed: $deploy_made"
  result changed false
  record_deployment failed true
  [ -z "$color" ] ||
    fail unhealthy release-unhealthy "$cause. $color was taken down again; traffic was not touched" "${cause_remedy:-Mend the cause and deploy again.}"
  fail unhealthy release-unhealthy "$cause. There is no earlier release to restore, so the services were taken away again${deploy_made:+: ${deploy_made% }}; volumes and networks are left" \
    "${cause_remedy:-Mend the cause and deploy again.}"
}

# tidy_up: what no kept release needs.
tidy_up() {
  retain
  if leads; then forget_objects; fi
}

# forget_objects: configs and secrets that no kept release is made with, and no service has or would go back to.
forget_objects() {
  for deploy_stack in "$base_project" "$base_project-blue" "$base_project-green"; do
    engine_objects_in_use "$deploy_stack" || return 0
  done >"$scratch/objects-used"
  for deploy_kind in config secret; do
    engine_objects "$deploy_kind" "$base_project" >"$scratch/objects-there" || return 0
    while read -r deploy_name; do
      ! grep -qxF "$deploy_name" "$scratch/objects-used" || continue
      ! grep -qs "^$deploy_kind $deploy_name " "$path"/releases/*/objects.list "$path"/releases/*/shared/objects.list || continue
      engine_remove_object "$deploy_kind" "$deploy_name" || :
    done <"$scratch/objects-there"
  done
}

# left_of_project: what there is of the project that this folder is to have.
left_of_project() {
  for deploy_stack in "$base_project" "$base_project-blue" "$base_project-green"; do
    engine_stack_services "$deploy_stack" || return 1
  done
  engine_left "$base_project"
}
