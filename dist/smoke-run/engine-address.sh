# shellcheck shell=dash

# ask_engine_at ADDRESS: where the engine listens; empty: where it does by itself.
ask_engine_at() {
  [ -z "$1" ] || {
    DOCKER_HOST=$1
    export DOCKER_HOST
  }
}
