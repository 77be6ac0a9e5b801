# shellcheck shell=dash

# list_containers ENGINE PROJECT: its containers as they are now.
list_containers() {
  ask_engine_at "$1"
  watched_containers "$2"
}
