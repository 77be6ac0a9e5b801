# shellcheck shell=dash
# What a command of the user's needs on a server: started where it does not run.

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
    run_locked "$(engine_title) to start$hook_now" engine_start "$project" "$1" missing "" $hook_now
    hook_code=$?
    if [ "$hook_code" -ne 0 ]; then
      bad_services=$hook_now
      not_started "$(engine_title) could not start$hook_now" "$hook_before" "$hook_code"
      return 1
    fi
    await_gates "$1" "$hook_now" || return 1
  done
}
