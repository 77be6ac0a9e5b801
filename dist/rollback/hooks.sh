# shellcheck shell=dash
# Commands of the user's that run in containers of the release: before-up, migrate, after-up, migration-state.
# Each is a file that sets `hook_service` and, by `set --`, the words of its command (written by the runner).
# Parameters: project, release, migration_reversible (true or false), gates.

# run_hooks DIRECTORY KIND: all files KIND-<n> in order; before-up and migrate in containers of their own,
# after-up where the engine has them: `run_after_up`.
run_hooks() {
  for hooks_hook in "$1"/hooks/"$2"-*; do
    [ -f "$hooks_hook" ] || continue
    hook_name=$(basename "$hooks_hook")
    case $2 in
      after-up) once "$hook_name" marked "$hook_name" run_after_up "$1" "$hooks_hook" ;;
      # One that an earlier attempt of this deployment has ended is not run again, also where others are left.
      migrate) done_before "$hook_name" || once "$hook_name" marked "$hook_name" run_in_container "$1" "$hooks_hook" ;;
      *) once "$hook_name" marked "$hook_name" run_in_container "$1" "$hooks_hook" ;;
    esac || return 1
    forget_container "$hooks_hook"
  done
}

# run_in_service DIRECTORY HOOK-FILE: in the first running container of the service.
run_in_service() {
  hook_directory=$1
  hook_service=''
  hook_text=''
  # shellcheck disable=SC1090 # written by the runner
  . "$2"
  not_cancelled || return 1
  say "runs in the running $hook_service: $hook_text"
  hook_doubt=
  hook_limits "$hook_name"
  hook_mark=$release-$hook_name
  under_way "a command in the running $hook_service" "$hook_seconds" ''
  run_within "$hook_seconds" "$hook_heeds" end_in_service "$hook_service: $hook_text" \
    engine_exec "$project" "$hook_directory" "$hook_mark" "$hook_service" "$@"
  hook_code=$?
  not_under_way
  [ "$hook_code" -eq 0 ] && [ -z "$host_ended" ] && return 0
  tell_how_it_ended
  return 1
}

end_in_service() {
  say "ends the command in $hook_service"
  engine_end_exec "$project" "$hook_service" "$hook_mark" TERM
  nap 5
  engine_end_exec "$project" "$hook_service" "$hook_mark" KILL
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
  not_cancelled || return 1
  [ -f "$path/.deploy/schema-moved" ] || known_or_not "$(state_hash before)" | write_file "$path/.deploy/schema-moved"
  if ! done_before migrated; then
    journal migration:begin
    if ! run_hooks "$1" migrate; then
      hooks_problem=$problem
      read_migration_state "$1" after || :
      problem=$hooks_problem
      return 1
    fi
    journal migrated:done
    # Whoever asked to stop meanwhile cannot have what was before: the new code is what fits the schema.
    [ "$gates" = true ] || outlast_cancel
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
  for hooks_hook in "$1"/hooks/migration-state-*; do
    [ -f "$hooks_hook" ] || continue
    # First, since what that tells belongs into the log, and what the command prints does not.
    start_hook_dependencies "$1" "$hooks_hook" || return 1
    hook_container=$(container_of "$hooks_hook")
    hook_limits "$(basename "$hooks_hook")"
    # Whether the old code may run is decided by what the state is afterwards, also for a cancelled run.
    [ "$2" = before ] || hook_heeds=no
    hook_doubt=
    engine_remove "$hook_container"
    under_way "the container $hook_container" "$hook_seconds" "$(engine_ends "$hook_container")"
    run_within "$hook_seconds" "$hook_heeds" end_container "the migration state: $hook_text" \
      migration_state_of "$1" "$hooks_hook" "$2"
    hook_code=$?
    not_under_way
    if [ "$hook_code" -ne 0 ] || [ -n "$host_ended" ]; then
      engine_remove "$hook_container"
      details "$scratch/state-error"
      rm -f "$run/migration-state.$2"
      tell_how_it_ended
      problem="migration-state: $problem"
      return 1
    fi
  done
}

start_hook_dependencies() {
  hook_directory=$1
  hook_service=''
  hook_text=''
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
  engine_ask "$project" "$hook_directory" "$hook_container" "$hook_service" "$@" \
    >"$run/migration-state.$state_name" 2>"$scratch/state-error"
}

# schema_allows_old: may the previous release be brought back on the schema as it is? By the ledger's rule.
schema_allows_old() {
  # With several servers the first one migrates for all; the runner handed on what became of the schema.
  if [ "$migration_reversible" != true ] && grep -qs '^migrated' "$run/proceed"; then return 1; fi
  [ -f "$path/.deploy/schema-moved" ] || return 0
  schema_before=$(cat "$path/.deploy/schema-moved")
  [ "$schema_before" != unknown ] || schema_before=
  ! schema_changed true "$migration_reversible" "$schema_before" "$(state_hash after)"
}

# schema_settled: the release that runs fits the schema.
schema_settled() {
  rm -f "$path/.deploy/schema-moved"
}
