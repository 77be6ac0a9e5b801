# shellcheck shell=dash
# What the prelude, the parameters and the other parts define is not seen here; names of services have no spaces.
# shellcheck disable=SC2154,SC2034,SC2013,SC2086
# Commands of the user's that run in containers of the release: before-up, migrate, after-up, migration-state.
# Each is a file that sets `hook_service` and, by `set --`, the words of its command (written by the runner).
# Parameters: project, release, migration_reversible (true or false).

# run_hooks DIRECTORY KIND: all files KIND-<n> in order; before-up and migrate in containers of their own,
# after-up in the running ones.
run_hooks() {
  for _hook in "$1"/hooks/"$2"-*; do
    [ -f "$_hook" ] || continue
    hook_name=$(basename "$_hook")
    case $2 in
      after-up) once "$hook_name" run_in_service "$1" "$_hook" ;;
      # One that an earlier attempt of this deployment has ended is not run again, also where others are left.
      migrate) done_before "$hook_name" || once "$hook_name" run_in_container "$1" "$_hook" ;;
      *) once "$hook_name" run_in_container "$1" "$_hook" ;;
    esac || return 1
  done
}

has_hooks() {
  for _hook in "$1"/hooks/"$2"-*; do
    [ ! -f "$_hook" ] || return 0
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
  # shellcheck disable=SC1090 # written by the runner
  . "$hook_file"
  start_dependencies "$hook_directory" "$hook_service" || return 1
  if ! engine_is_there "$hook_container"; then
    say "runs in $hook_service: $hook_text"
    run_locked "the container $hook_container to start" engine_run "$project" "$hook_directory" \
      "$hook_container" "$hook_service" "$@" >"$scratch/hook-id"
    _code=$?
    if [ "$_code" -ne 0 ]; then
      engine_remove "$hook_container"
      problem="the command of $hook_service could not be started (exit code $_code)"
      return 1
    fi
  else
    say "waits for $hook_container, which is there already"
  fi
  run "$hook_container" engine_follow "$hook_container"
  _code=$(engine_result "$hook_container" 2>/dev/null)
  engine_log "$hook_container" >"$run/$(basename "$hook_file").log" 2>&1
  engine_remove "$hook_container"
  [ "$_code" = 0 ] && return 0
  tail -n 50 "$run/$(basename "$hook_file").log" >"$scratch/hook-tail"
  details "$scratch/hook-tail"
  problem="the command of $hook_service failed with exit code ${_code:-unknown}: $hook_text"
  return 1
}

# run_in_service DIRECTORY HOOK-FILE: in the first running container of the service.
run_in_service() {
  hook_directory=$1
  # shellcheck disable=SC1090 # written by the runner
  . "$2"
  say "runs in the running $hook_service: $hook_text"
  run "$hook_service: $hook_text" engine_exec "$project" "$hook_directory" "$hook_service" "$@"
  _code=$?
  [ "$_code" -eq 0 ] && return 0
  problem="the command of $hook_service failed with exit code $_code: $hook_text"
  return 1
}

# start_dependencies DIRECTORY SERVICE: what it needs is started and waited for, nothing is recreated.
start_dependencies() {
  _needs=$(awk -v name="$2" '$1 == name { sub(/^[^ ]* */, ""); print }' "$1/needs")
  [ -n "$_needs" ] || return 0
  start_missing "$1" "$2" "$_needs" || return 1
  wait_healthy "$1" " $_needs" || return 1
}

# start_missing DIRECTORY FOR NAMES: starts those of the services that do not run, in order; recreates nothing.
start_missing() {
  survey "$scratch/containers" || return 1
  _missing=
  for _need in $3; do
    _missing_one=$(awk -v name="$_need" '
      FILENAME == ARGV[1] { if ($7 == name) { kind = $2; replicas = $4 }; next }
      $1 == name && (kind == "long" ? $5 == "running" : $5 == "exited" && $6 == 0) { good++ }
      END { if (good < replicas) print name }
    ' "$1/services" "$scratch/containers")
    _missing="$_missing${_missing_one:+ $_missing_one}"
  done
  changed_services=
  while [ -n "${_missing# }" ]; do
    _now=" $(next_wave "$1" "$_missing")"
    _missing=$(printf '%s\n' $_missing | grep -vxF "$(printf '%s\n' $_now)" | tr '\n' ' ')
    say "starts what $2 needs:$_now"
    _before=$(wc -c <"$run/log")
    # shellcheck disable=SC2086 # service names have no spaces
    run_locked "Compose to start$_now" engine_start "$project" "$1" missing "" $_now
    _code=$?
    if [ "$_code" -ne 0 ]; then
      bad_services=$_now
      problem="Compose could not start$_now (exit code $_code)$(docker_reason "$_before")"
      return 1
    fi
    await_gates "$1" "$_now" || return 1
  done
}

# migrate DIRECTORY: the migrations, each once. While they may have moved the schema away from what the previous
# release knows, .deploy/schema-moved is there, across attempts and deployments: it holds the hash of the state
# that the previous release had, or `unknown` without migration-state.
migrate() {
  has_hooks "$1" migrate || return 0
  if ! journalled migration:before; then
    read_migration_state "$1" before || return 1
    journal migration:before
  fi
  [ -f "$path/.deploy/schema-moved" ] || known_or_not "$(state_hash before)" | write_file "$path/.deploy/schema-moved"
  if ! done_before migrated; then
    journal migration:begin
    if ! run_hooks "$1" migrate; then
      _problem=$problem
      read_migration_state "$1" after || :
      problem=$_problem
      return 1
    fi
    journal migrated:done
  else
    say 'the migrations have been run by an earlier attempt of this deployment'
  fi
  read_migration_state "$1" after || return 1
  if schema_allows_old; then echo same; else echo migrated; fi >"$run/schema"
}

known_or_not() {
  printf '%s\n' "${1:-unknown}"
}

# read_migration_state DIRECTORY before|after: the output of the user's command, compared later, never shown.
read_migration_state() {
  for _hook in "$1"/hooks/migration-state-*; do
    [ -f "$_hook" ] || continue
    # First, since what that tells belongs into the log, and what the command prints does not.
    start_hook_dependencies "$1" "$_hook" || return 1
    if ! run "the migration state: $hook_text" migration_state_of "$1" "$_hook" "$2"; then
      details "$scratch/state-error"
      rm -f "$run/migration-state.$2"
      problem="the command of migration-state failed: $hook_text"
      return 1
    fi
  done
}

start_hook_dependencies() {
  hook_directory=$1
  # shellcheck disable=SC1090 # written by the runner
  . "$2"
  start_dependencies "$hook_directory" "$hook_service"
}

# migration_state_of DIRECTORY HOOK-FILE before|after: what the command prints goes into a file, not into the log.
migration_state_of() {
  hook_directory=$1
  state_name=$3
  # shellcheck disable=SC1090 # written by the runner
  . "$2"
  engine_ask "$project" "$hook_directory" "$hook_service" "$@" \
    >"$run/migration-state.$state_name" 2>"$scratch/state-error"
}

# schema_allows_old: the one rule for restore and rollback: may the previous release run on the schema as it is?
schema_allows_old() {
  [ "$migration_reversible" != true ] || return 0
  # With several servers the first one migrates for all; the runner handed on what became of the schema.
  ! grep -qs '^migrated' "$run/proceed" || return 1
  [ -f "$path/.deploy/schema-moved" ] || return 0
  [ "$(cat "$path/.deploy/schema-moved")" = "$(known_or_not "$(state_hash after)")" ] &&
    [ -f "$run/migration-state.after" ]
}

# schema_settled: the release that runs fits the schema.
schema_settled() {
  rm -f "$path/.deploy/schema-moved"
}
