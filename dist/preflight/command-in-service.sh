# shellcheck shell=dash

# command_in_service ENGINE PROJECT SERVICE WORDS…: a word on whether it can be run, and then what the command prints in
# one of the service's containers.
command_in_service() {
  ask_engine_at "$1"
  command_containers=$(docker ps -q --filter "label=com.docker.compose.project=$2" --filter "label=com.docker.compose.service=$3" --filter label=com.docker.compose.oneoff=False </dev/null) || {
    command_code=$?
    echo refused
    exit "$command_code"
  }
  [ -n "$command_containers" ] || {
    echo none
    exit 125
  }
  shift 3
  echo running
  command_container=$(printf '%s\n' "$command_containers" | head -n 1)
  exec docker exec "$command_container" "$@" </dev/null
}
