# shellcheck shell=dash

# ask_engine_at ADDRESS: as `engine_use`, for who carries nothing else of the engine's. ADDRESS: where it listens; empty: where
# it does by itself.
ask_engine_at() {
  [ -z "$1" ] || {
    DOCKER_HOST=$1
    export DOCKER_HOST
  }
}
