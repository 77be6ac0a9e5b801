# shellcheck shell=dash
# What a deployment is on a server's own containers, in place or as a colour: the steps that deploy.sh leaves to the engine.

# check_place: nothing of somebody else's is in the way.
check_place() {
  if [ -n "$color" ]; then check_color; else check_stack_is_ours; fi
}

put_in_place() {
  place_and_keep
  [ -n "$(current_release)" ] || adopt_stack
}

# prepare_place DIRECTORY: what is there before the release's own containers. start_release DIRECTORY: these.
prepare_place() {
  [ -n "$color" ] || return 0
  phase shared
  surveyed=
  prepare_color "$1"
}
start_release() {
  [ -z "$color" ] || clear_plain "$1"
  bring_up "$1"
}

# take_down_new: ends a deployment to a colour that nothing can be restored in.
take_down_new() {
  if [ -z "$color" ]; then return 0; fi
  if [ -n "$previous" ] && schema_allows_old; then return 0; fi
  take_down_color
  result changed false
  record_deployment failed true
  fail unhealthy release-unhealthy "$cause. $color was taken down again; traffic was not touched" "${cause_remedy:-Mend the cause and deploy again.}"
}

# remove_only_new RELEASE: containers of the services in $scratch/only-new, which the release does not have.
remove_only_new() {
  survey "$scratch/containers"
  while read -r deploy_name; do
    for deploy_id in $(ids_of "$deploy_name"); do
      say "removes $deploy_name, which $1 does not have"
      engine_remove "$deploy_id"
    done
  done <"$scratch/only-new"
}

# left_of_project: what there is of the project that this folder is to have.
left_of_project() {
  engine_ids "$base_project" && engine_left "$base_project"
}

# Containers of this project that we did not start are somebody's running site: the user must say so.
check_stack_is_ours() {
  [ -z "$previous" ] || return 0
  [ "$adopt" != true ] || return 0
  survey_or_stop
  awk '$3 == "-" { print substr($12, 2) }' "$scratch/containers" | LC_ALL=C sort >"$scratch/foreign"
  [ -s "$scratch/foreign" ] || return 0
  stop refused foreign-containers "the project $project has containers that this action did not start: $(awk '{ printf "%s%s", separator, $0; separator = ", " }' "$scratch/foreign")" \
    'Set adopt: true once to take the running stack over as it is, or give another project.'
}

# run_after_up DIRECTORY HOOK-FILE: where the service runs.
run_after_up() { run_in_service "$@"; }

# await_left_one_shots: none is begun here by itself.
await_left_one_shots() { :; }

# recover_place: nobody else may have gone on with what was cut off here.
recover_place() { :; }

# tidy_up: what no kept release needs.
tidy_up() { retain; }
