# shellcheck shell=dash

# read_container_log ENGINE NAME MARK SINCE BYTES LAST: MARK, the server's time and the container's id, and as `log_stretch` what
# it logged from SINCE on: up to that time, or with LAST (any text) to the end. Without SINCE its last lines.
read_container_log() {
  ask_engine_at "$1"
  container_now=$(date +%s)
  container_id=$(docker inspect --type container --format '{{.ID}}' "$2") || exit
  echo "$3 now $container_now $container_id"
  if [ -z "$4" ]; then
    log_stretch "$3" "$5" --tail 200 "$2"
  elif [ -n "$6" ]; then
    log_stretch "$3" "$5" --since "$4" "$2"
  else
    log_stretch "$3" "$5" --since "$4" --until "$container_now" "$2"
  fi
}
