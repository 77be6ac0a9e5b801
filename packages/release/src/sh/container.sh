# shellcheck shell=dash
# Commands of the user's in containers of a release.

has_hooks() {
  for hook_hook in "$1"/hooks/"$2"-*; do
    [ ! -f "$hook_hook" ] || return 0
  done
  return 1
}

# container_of HOOK-FILE: the name of the container that a hook runs in.
container_of() {
  printf '%s-%s-%s' "$project" "$(basename "$1")" "$release" | sed 's/-migrate-01-/-migrate-/'
}

# run_in_container DIRECTORY HOOK-FILE: in a named, detached container of its own, waited for, its log kept. A
# rerun attaches to the name. Without dependencies: `compose run` would recreate a changed database.
run_in_container() {
  # Sourcing the hook replaces $1, $2, …
  hook_directory=$1
  hook_file=$2
  hook_container=$(container_of "$hook_file")
  hook_service=''
  hook_text=''
  # shellcheck disable=SC1090 # written by the runner, sets both and the words of the command
  . "$hook_file"
  start_dependencies "$hook_directory" "$hook_service" || return 1
  if ! engine_is_there "$hook_container"; then
    say "runs in $hook_service: $hook_text"
    run_locked "the container $hook_container to start" engine_run "$project" "$hook_directory" \
      "$hook_container" "$hook_service" "$@" >"$scratch/hook-id"
    hook_code=$?
    if [ "$hook_code" -ne 0 ]; then
      engine_remove "$hook_container"
      problem="the command of $hook_service could not be started (exit code $hook_code)"
      return 1
    fi
  else
    say "waits for $hook_container, which is there already"
  fi
  run "$hook_container" engine_follow "$hook_container"
  hook_code=$(engine_result "$hook_container" 2>/dev/null)
  engine_log "$hook_container" >"$run/$(basename "$hook_file").log" 2>&1
  engine_remove "$hook_container"
  [ "$hook_code" = 0 ] && return 0
  tail -n 50 "$run/$(basename "$hook_file").log" >"$scratch/hook-tail"
  details "$scratch/hook-tail"
  problem="the command of $hook_service failed with exit code ${hook_code:-unknown}: $hook_text"
  return 1
}

# start_dependencies DIRECTORY SERVICE: what it needs is started and waited for, nothing is recreated.
start_dependencies() {
  hook_needs=$(awk -v name="$2" '$1 == name { sub(/^[^ ]* */, ""); print }' "$1/needs")
  [ -n "$hook_needs" ] || return 0
  start_missing "$1" "$2" "$hook_needs" || return 1
  wait_healthy "$1" " $hook_needs" || return 1
}

# start_missing DIRECTORY FOR NAMES: starts those of the services that do not run, in order; recreates nothing.
start_missing() {
  survey "$scratch/containers" || return 1
  hook_missing=
  for hook_need in $3; do
    hook_missing_one=$(awk -v name="$hook_need" '
      FILENAME == ARGV[1] { if ($7 == name) { kind = $2; replicas = $4 }; next }
      $1 == name && (kind == "long" ? $5 == "running" : $5 == "exited" && $6 == 0) { good++ }
      END { if (good < replicas) print name }
    ' "$1/services" "$scratch/containers")
    hook_missing="$hook_missing${hook_missing_one:+ $hook_missing_one}"
  done
  changed_services=
  while [ -n "${hook_missing# }" ]; do
    hook_now=" $(next_wave "$1" "$hook_missing")"
    # shellcheck disable=SC2086 # names of services have no spaces
    hook_missing=$(printf '%s\n' $hook_missing | grep -vxF "$(printf '%s\n' $hook_now)" | tr '\n' ' ')
    say "starts what $2 needs:$hook_now"
    hook_before=$(wc -c <"$run/log")
    # shellcheck disable=SC2086 # service names have no spaces
    run_locked "Compose to start$hook_now" engine_start "$project" "$1" missing "" $hook_now
    hook_code=$?
    if [ "$hook_code" -ne 0 ]; then
      bad_services=$hook_now
      problem="Compose could not start$hook_now (exit code $hook_code)$(docker_reason "$hook_before")"
      return 1
    fi
    await_gates "$1" "$hook_now" || return 1
  done
}
