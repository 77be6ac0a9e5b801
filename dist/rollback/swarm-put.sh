# shellcheck shell=dash
# A service is given its whole configuration, which no command of the engine's client takes.

# engine_put_service SECONDS STACK SERVICE FILE: makes the service, or changes it, to what a file has of its configuration. Says
# the engine's words where it is refused.
engine_put_service() {
  engine_where=$(docker service inspect --format '{{.ID}}/update?version={{.Version.Index}}' "$2_$3" </dev/null 2>/dev/null) || engine_where=create
  _engine_post "$1" "/services/$engine_where" "$4"
}

# _engine_post SECONDS PATH FILE: asks the engine by its API, through its own client. The way to it stays open until the answer is
# there, since an engine that reads the end takes the asker for gone.
_engine_post() {
  engine_way=$scratch/engine-way
  rm -f "$engine_way"
  mkfifo -m 0600 "$engine_way" && exec 8<>"$engine_way" || return 1
  timeout "$1" docker system dial-stdio <"$engine_way" >"$scratch/engine-said" 8>&- 9>&- &
  engine_dial=$!
  {
    printf 'POST %s HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' \
      "$2" "$(($(wc -c <"$3")))"
    cat "$3"
  } >&8 8>&- 9>&- &
  engine_writer=$!
  wait "$engine_dial" || :
  # What was not read by now never will be.
  kill "$engine_writer" 2>/dev/null || :
  exec 8>&-
  rm -f "$engine_way"
  ! head -n 1 "$scratch/engine-said" | grep -q '^HTTP/1\.1 20[01] ' || return 0
  sed -n 's/^{"message":"\(.*\)"}.*/Error response from daemon: \1/p' "$scratch/engine-said" | grep . ||
    printf 'the engine did not answer: %s\n' "$(head -n 1 "$scratch/engine-said" | tr -d '\r')"
  return 1
}
