# shellcheck shell=dash

# container_evidence ENGINE ID: its health log in JSON on a line (null: it has no health check), and the end of its log.
container_evidence() {
  ask_engine_at "$1"
  docker inspect --type container --format '{{if .State.Health}}{{json .State.Health.Log}}{{else}}null{{end}}' "$2" || exit
  docker logs --tail 50 "$2" 2>&1
}
