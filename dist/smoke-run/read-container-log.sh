# shellcheck shell=dash

# read_container_log ENGINE NAME MARK SINCE BYTES LAST SEEN: a line of MARK, `now`, the server's time, the container's id, and the
# logging driver with how large a file and how many files it keeps (- where it does not say). Then as `log_stretch`, with their
# times, the lines that it logged from SINCE on: up to that time, or with LAST (any text) to the end; without SINCE its last ones.
# Then, with SEEN, the time of a line that was read before: MARK, `kept` and whether it still is there (yes, no). A driver drops
# the oldest lines first, so where that one is there, none behind it is missing.
read_container_log() {
  ask_engine_at "$1"
  container_now=$(date +%s)
  container_about=$(docker inspect --type container --format '{{.ID}} {{.HostConfig.LogConfig.Type}} {{or (index .HostConfig.LogConfig.Config "max-size") "-"}} {{or (index .HostConfig.LogConfig.Config "max-file") "-"}}' "$2") || exit
  echo "$3 now $container_now $container_about"
  if [ -z "$4" ]; then
    log_stretch "$3" "$5" --timestamps --tail 200 "$2"
  elif [ -n "$6" ]; then
    log_stretch "$3" "$5" --timestamps --since "$4" "$2"
  else
    log_stretch "$3" "$5" --timestamps --since "$4" --until "$container_now" "$2"
  fi
  [ -n "$7" ] || return 0
  # Two streams of a container may be a little out of order.
  if docker logs --timestamps --since "$7" "$2" </dev/null 2>&1 | head -n 100 | grep -q "^$7 "; then
    echo "$3 kept yes"
  else
    echo "$3 kept no"
  fi
}
