# shellcheck shell=dash

# engine_use ADDRESS: where the engine listens that is asked from now on; empty: where it does by itself.
engine_use() {
  [ -z "$1" ] || {
    DOCKER_HOST=$1
    export DOCKER_HOST
  }
}
