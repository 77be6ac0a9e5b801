# shellcheck shell=dash
# Brings the services of a release up in a cluster: for a deployment, for the restore after a failed one, and for a rollback.
# A release's directory holds stack/ (a file for each service; of a stack that was taken over specs/, with its configuration as the
# cluster had it, and referenced, with kind, id and name of what that refers to), objects.list (configs and secrets: kind, name, SHA-256 and file)
# and overlays/ (the networks, for commands that run before the services).
# Parameters: project, base_project, wait_timeout (seconds), remove_orphans (true or false).

# How often the cluster is asked again that was changed by somebody else, or by itself, in the same moment.
cluster_tries_most=10

# bring_up DIRECTORY: changes what differs and only that, in starting order. Sets bad_services on failure.
bring_up() {
  bad_services=
  survey "$scratch/containers" || {
    problem='the cluster does not tell of its services'
    return 1
  }
  note_before
  references_there "$1" || return 1
  make_objects "$1" || return 1
  changed_services=$(not_current "$1" | tr '\n' ' ')
  [ -n "$changed_services" ] || say 'every service is as the release wants it'
  deploy_waves "$1" "$changed_services" || return 1
  [ "$remove_orphans" != true ] || remove_orphans "$1"
}

# deploy_waves DIRECTORY NAMES: those that others need first, and those wait for them.
deploy_waves() {
  up_left=$2
  while [ -n "${up_left# }" ]; do
    up_now=" $(next_wave "$1" "$up_left")"
    up_once=$(one_shots_among "$1" "$up_now")
    up_long=$(without "$up_now" "$up_once")
    [ -z "$up_long" ] || deploy_services "$1" "$up_long" || return 1
    [ -z "$up_once" ] || run_one_shots "$1" "$up_once" || return 1
    # shellcheck disable=SC2086 # names of services have no spaces
    up_left=$(printf '%s\n' $up_left | grep -vxF "$(printf '%s\n' $up_now)" | tr '\n' ' ')
    # The last ones are waited for with all the others.
    [ -z "$up_left" ] || await_gates "$1" "$up_long" || return 1
  done
}

# deploy_services DIRECTORY NAMES
deploy_services() {
  say "gives the cluster$2"
  cluster_tries=0
  rm -f "$scratch"/given-*
  while :; do
    still_leads
    up_before=$(wc -c <"$run/log")
    # shellcheck disable=SC2086 # names of services have no spaces
    run "the cluster to take$2" give_services "$1" $2
    up_code=$?
    [ "$up_code" -ne 0 ] || return 0
    cluster_tries=$((cluster_tries + 1))
    if [ "$cluster_tries" -ge "$cluster_tries_most" ] || ! tail -c "+$((up_before + 1))" "$run/log" | grep -q 'update out of sequence'; then break; fi
    say 'somebody else changed a service in the same moment, so it is asked again'
    nap 1
  done
  bad_services=$2
  not_started "the cluster did not take$2" "$up_before" "$up_code"
  return 1
}

# give_services DIRECTORY NAMES…: what was taken over comes back by its own configuration, which no stack file says.
give_services() {
  up_directory=$1
  shift
  if [ ! -d "$up_directory/specs" ]; then
    engine_stack_deploy "$wait_timeout" "$project" "$up_directory" "$@"
    return
  fi
  for up_name; do
    # One that was given in an earlier try stays as it is.
    [ ! -f "$scratch/given-$up_name" ] || continue
    engine_put_service "$wait_timeout" "$project" "$up_name" "$up_directory/specs/$up_name.json" || return 1
    : >"$scratch/given-$up_name"
  done
}

# references_there DIRECTORY: the networks, configs and secrets that the services of a stack which was taken over have, and that are
# somebody else's.
references_there() {
  [ -s "$1/referenced" ] || return 0
  while read -r up_kind up_id up_name; do
    engine_is_there "$up_kind" "$up_id" && continue
    problem="the $up_kind $up_name, which $(basename "$1") has, is not there any more as it was: it was removed, or made anew"
    return 1
  done <"$1/referenced"
}

# make_overlays DIRECTORY: the networks of the stack, for containers that are no tasks.
make_overlays() {
  for cluster_network in "$1"/overlays/*; do
    [ -f "$cluster_network" ] || continue
    make_overlay "$cluster_network" || return 1
  done
}

# make_overlay FILE: a network by the words in a file.
make_overlay() {
  overlay_name=''
  # shellcheck disable=SC1090 # written by the runner
  . "$1"
  engine_overlay "$overlay_name" "$project" "$@" || {
    # shellcheck disable=SC2034 # who tells of the failure goes by it
    problem="the network $overlay_name could not be made"
    return 1
  }
}

# make_objects DIRECTORY: the configs and secrets that are not there yet. Their names hold their content's hash, so what has
# the name is the same; what they are made of stays with the release, for the way back.
make_objects() {
  [ -s "$1/objects.list" ] || return 0
  { engine_objects config "$base_project" && engine_objects secret "$base_project"; } >"$scratch/objects" || {
    problem='the cluster does not tell of its configs and secrets'
    return 1
  }
  mkdir -p "$1/objects" || return 1
  while read -r cluster_kind cluster_name cluster_sha cluster_file; do
    cluster_kept=$1/objects/$cluster_name
    cluster_there=
    if grep -qxF "$cluster_name" "$scratch/objects"; then cluster_there=yes; fi
    if [ ! -f "$cluster_kept" ] && ! keep_object "$1"; then
      # On another manager than the one that made it the file may not be.
      [ -n "$cluster_there" ] || return 1
    fi
    [ -z "$cluster_there" ] || continue
    engine_make_object "$cluster_kind" "$base_project" "$cluster_name" "$cluster_kept" || {
      problem="the $cluster_kind $cluster_name could not be made"
      return 1
    }
    say "made the $cluster_kind $cluster_name"
  done <"$1/objects.list"
}

# keep_object DIRECTORY: a file that one is made of, as long as it is what the look before has seen.
keep_object() {
  case $cluster_file in /*) ;; *) cluster_file=$1/$cluster_file ;; esac
  if cp "$cluster_file" "$cluster_kept.new" && [ "$(sha256sum <"$cluster_kept.new" | cut -d ' ' -f 1)" = "$cluster_sha" ]; then
    mv -f "$cluster_kept.new" "$cluster_kept"
    return 0
  fi
  rm -f "$cluster_kept.new"
  problem="what the $cluster_kind $cluster_name is made of has changed meanwhile, or cannot be read"
  remedy='Deploy again.'
  return 1
}

# remove_orphans DIRECTORY: services that the release does not have.
remove_orphans() {
  still_leads
  orphans "$1" >"$scratch/orphans"
  while read -r up_name; do
    say "removes $up_name: it is not part of the release"
    engine_remove_services "$project" "$up_name"
  done <"$scratch/orphans"
}

# remove_only_new RELEASE: the services in $scratch/only-new, which the release does not have.
remove_only_new() {
  still_leads
  survey "$scratch/containers"
  while read -r up_name; do
    awk -v name="$up_name" '$2 == name { found = 1 } END { exit !found }' "$scratch/services" || continue
    say "removes $up_name, which $1 does not have"
    engine_remove_services "$project" "$up_name"
  done <"$scratch/only-new"
}

# start_dependencies DIRECTORY SERVICE: what it needs and is not in the cluster is brought there and waited for; nothing is
# changed.
start_dependencies() {
  hook_needs=$(awk -v name="$2" '$1 == name { sub(/^[^ ]* */, ""); print }' "$1/needs")
  [ -n "$hook_needs" ] || return 0
  survey "$scratch/containers" && make_objects "$1" || return 1
  hook_missing=
  hook_ends=" $(one_shots_left "$1" | tr '\n' ' ')"
  for hook_need in $hook_needs; do
    if [ -n "$(one_shots_among "$1" " $hook_need")" ]; then
      case $hook_ends in *" $hook_need "*) hook_missing="$hook_missing $hook_need" ;; esac
      continue
    fi
    awk -v name="$hook_need" '$2 == name { found = 1 } END { exit !found }' "$scratch/services" || hook_missing="$hook_missing $hook_need"
  done
  changed_services="${hook_missing# } "
  deploy_waves "$1" "$hook_missing" && wait_healthy "$1" " $hook_needs"
}
