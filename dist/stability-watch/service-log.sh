# shellcheck shell=dash

# service_log ENGINE STACK SERVICE: its last lines, from every node of the cluster.
service_log() {
  ask_engine_at "$1"
  engine_service_log "$2" "$3"
}
