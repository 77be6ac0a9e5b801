# shellcheck shell=dash

# read_logs ENGINE PROJECT MARK SINCE BYTES LAST: MARK and the server's time; and where SINCE is given each container's
# log of the time in between, at most so many bytes, between two lines with MARK, which only the asking side can have
# written. LAST (any text): the log has no end yet.
read_logs() {
  ask_engine_at "$1"
  logs_now=$(date +%s)
  echo "$3 now $logs_now"
  [ -n "$4" ] || return 0
  logs_found=$(watched_ids "$2") || return
  if [ -n "$6" ]; then logs_until=; else logs_until=$logs_now; fi
  for logs_id in $logs_found; do
    logs_about=$(docker inspect --type container --format '{{.Name}} {{index .Config.Labels "com.docker.compose.service"}}' "$logs_id") || continue
    echo "$3 log $logs_id $logs_about"
    log_stretch "$3" "$5" --since "$4" ${logs_until:+--until "$logs_until"} "$logs_id"
  done
}
