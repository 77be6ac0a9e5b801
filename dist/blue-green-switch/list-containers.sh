# shellcheck shell=dash

# list_containers ENGINE PROJECT: its containers as they are now.
list_containers() {
  watch_engine "$1"
  watched_containers "$2"
}
