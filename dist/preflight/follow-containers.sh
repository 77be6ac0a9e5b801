# shellcheck shell=dash

# follow_containers ENGINE PROJECT SECONDS: `looked` and the engine's time, its containers, `listed`, and then an event a
# line in the engine's own words, until the time is over or stdin ends. Who stops a container says so up to ten minutes
# before it ends, its stop_grace_period: the engine is asked for what it remembers of that time. `date` knows whole
# seconds only on some servers, so the engine tells what time it is.
follow_containers() {
  ask_engine_at "$1"
  follow_now=$(date +%s)
  follow_looked=$(docker info --format '{{.SystemTime}}') || exit
  # Some versions answer nothing, and well, where they may not ask the engine; this one does not.
  [ -n "$follow_looked" ] || docker version >/dev/null || exit
  echo "looked $follow_looked"
  watched_containers "$2" || exit
  echo listed
  (
    trap 'kill "$follow_events" 2>/dev/null; exit' TERM
    docker events --since "$((follow_now - 600))" --until "$((follow_now + $3))" --filter type=container --filter "label=com.docker.compose.project=$2" --format '{{json .}}' </dev/null &
    follow_events=$!
    wait "$follow_events"
    # An engine that stops or is restarted ends them: who listens must not take that for silence.
    echo ended
  ) &
  follow_listener=$!
  # Ends when the other side closes this program's stdin, or the connection is gone.
  cat >/dev/null
  kill "$follow_listener" 2>/dev/null
}
