# shellcheck shell=dash
# The containers of a project, asked for by whoever watches them outside of any run.

# watched_ids PROJECT: of all its containers, but for those that were made for one command.
watched_ids() {
  docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$1" --filter label=com.docker.compose.oneoff=False
}

# watched_containers PROJECT: the server's time in seconds, and a line of JSON for each container.
watched_containers() {
  watched_found=$(watched_ids "$1") || return
  date +%s
  [ -n "$watched_found" ] || return 0
  # shellcheck disable=SC2086 # ids are hexadecimal
  watched_as com.docker.compose.service $watched_found
}

# watched_as LABEL IDS…: a line of JSON for each container; the label has the name of its service.
watched_as() {
  watched_label=$1
  shift
  docker inspect --type container --format '{"id":{{json .ID}},"name":{{json .Name}},"service":{{json (index .Config.Labels "'"$watched_label"'")}},"task":{{json (index .Config.Labels "com.docker.swarm.task.id")}},"status":{{json .State.Status}},"exitCode":{{.State.ExitCode}},"oomKilled":{{.State.OOMKilled}},"error":{{json .State.Error}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}},"failing":{{if .State.Health}}{{.State.Health.FailingStreak}}{{else}}0{{end}},"retries":{{with .Config.Healthcheck}}{{or .Retries 0}}{{else}}0{{end}},"restarts":{{.RestartCount}},"policy":{{json .HostConfig.RestartPolicy.Name}},"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}}}' "$@" </dev/null
}
