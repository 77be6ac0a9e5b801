# shellcheck shell=dash
# Which containers there are, and what becomes of each: their identity is asked for here and nowhere else.
# shellcheck disable=SC2086 # lists of ids are words

# engine_ids PROJECT [SERVICE]: of all its containers, also of stopped ones and of commands that ran in one of their own.
engine_ids() {
  docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$1" \
    ${2:+--filter "label=com.docker.compose.service=$2"} </dev/null
}

# engine_states PROJECT SERVICE: the same, each with its state.
engine_states() {
  docker ps --all --no-trunc --format '{{.ID}} {{.State}}' --filter "label=com.docker.compose.project=$1" \
    --filter "label=com.docker.compose.service=$2" </dev/null
}

# engine_running_ids PROJECT: of those that run.
engine_running_ids() {
  docker ps --quiet --filter "label=com.docker.compose.project=$1" </dev/null
}

# engine_stacks: of every container of a stack a line with tabs: id, project, service, whether it was a command's own (True
# or False), our release (- for none), image, and the folder that the stack was brought up in.
engine_stacks() {
  docker ps --all --no-trunc --filter label=com.docker.compose.project \
    --format "$(printf '{{.ID}}\t{{.Label "com.docker.compose.project"}}\t{{.Label "com.docker.compose.service"}}\t{{or (.Label "com.docker.compose.oneoff") "False"}}\t{{or (.Label "deploy-actions.release") (.Label "deploy-actions.hash") "-"}}\t{{.Image}}\t{{.Label "com.docker.compose.project.working_dir"}}')" </dev/null
}

# engine_all: id, state, whether it was a command's own (True, False, or - outside of stacks) and project of every
# container.
engine_all() {
  docker ps -a --no-trunc --format '{{.ID}} {{.State}} {{or (.Label "com.docker.compose.oneoff") "-"}} {{.Label "com.docker.compose.project"}}' </dev/null
}

# engine_published: of every container that runs a line with tabs: name, project, and the ports that it publishes, as Docker
# writes them.
engine_published() {
  docker ps --format "$(printf '{{.Names}}\t{{.Label "com.docker.compose.project"}}\t{{.Ports}}')" </dev/null
}

# engine_table: project, id, service, state, release (- for none) and the engine's words on its state, of every
# container of a stack.
engine_table() {
  docker ps -a --no-trunc --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.project"}} {{.ID}} {{.Label "com.docker.compose.service"}} {{.State}} {{or (.Label "deploy-actions.release") "-"}} {{.Status}}' </dev/null
}

# engine_survey IDS…: a line for each container that is part of a stack; of a task its service with the stack's name before it:
# service id hash image-id status exit-code restarts health oom number started-at name image namespaces
# A container that went meanwhile is left out. A key that is not there only `index` forgives.
engine_survey() {
  docker inspect --type container --format '{{or (index .Config.Labels "com.docker.compose.oneoff") "False"}} {{or (index .Config.Labels "com.docker.compose.service") (index .Config.Labels "com.docker.swarm.service.name") "-"}} {{.ID}} {{or (index .Config.Labels "deploy-actions.hash") "-"}} {{.Image}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.OOMKilled}} {{or (index .Config.Labels "com.docker.compose.container-number") "1"}} {{.State.StartedAt}} {{.Name}} {{.Config.Image}} {{.HostConfig.NetworkMode}},{{.HostConfig.IpcMode}},{{.HostConfig.PidMode}}' "$@" </dev/null 2>/dev/null |
    sed -n 's/^False //p'
}

# engine_observe IDS…: what the runner decides by, a JSON object each; see ObservedContainer in packages/compose.
engine_observe() {
  docker inspect --type container --format '{"id":{{json .ID}},"name":{{json .Name}},"project":{{json (or (index .Config.Labels "com.docker.compose.project") "")}},"service":{{json (or (index .Config.Labels "com.docker.compose.service") "")}},"once":{{json (or (index .Config.Labels "com.docker.compose.oneoff") "")}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"hash":{{json (or (index .Config.Labels "deploy-actions.hash") "")}},"engineHash":{{json (or (index .Config.Labels "com.docker.compose.config-hash") "")}},"folder":{{json (or (index .Config.Labels "com.docker.compose.project.working_dir") "")}},"status":{{json .State.Status}},"exitCode":{{.State.ExitCode}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}},"startedAt":{{json .State.StartedAt}},"restarts":{{.RestartCount}},"modes":[{{json .HostConfig.NetworkMode}},{{json .HostConfig.IpcMode}},{{json .HostConfig.PidMode}}]}' "$@" </dev/null 2>/dev/null
}

# engine_programs IDS…: id, name, image, project or stack of a cluster (- for none), the words of its program, `ports` and those that are
# published; a line each. engine_look IDS…: the same, and below each line what is looked at before traffic moves, as a JSON
# object; see LookContainer in packages/traffic.
engine_programs() { docker inspect --format "$engine_program" "$@" </dev/null; }
engine_look() {
  docker inspect --format "$engine_program
"'{"id":{{json .ID}},"name":{{json .Name}},"project":{{json (or (index .Config.Labels "com.docker.compose.project") "")}},"service":{{json (or (index .Config.Labels "com.docker.compose.service") "")}},"number":{{json (or (index .Config.Labels "com.docker.compose.container-number") "")}},"release":{{json (or (index .Config.Labels "deploy-actions.release") "")}},"liveOnly":{{json (or (index .Config.Labels "deploy-actions.live-only") "")}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"started":{{json .State.StartedAt}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"ports":{{json .NetworkSettings.Ports}},"bindings":{{json .HostConfig.PortBindings}},"networks":{{json .NetworkSettings.Networks}}}' "$@" </dev/null
}
# Words may have lines of their own.
# shellcheck disable=SC2016 # the template's own variables
engine_program='{{.ID}} {{.Name}} {{.Config.Image}} {{or (index .Config.Labels "com.docker.compose.project") (index .Config.Labels "com.docker.stack.namespace") "-"}} {{join (split .Path "\n") " "}} {{join (split (join .Args " ") "\n") " "}} ports {{range $port, $to := .NetworkSettings.Ports}}{{if $to}}{{$port}} {{end}}{{end}}'

# engine_surroundings ID NAME: its mounts, networks and ports as JSON, under the name.
engine_surroundings() {
  docker inspect --format "{\"name\":\"$2\",\"id\":{{json .ID}},\"mounts\":{{json .Mounts}},\"networks\":{{json .NetworkSettings.Networks}},\"ports\":{{json .NetworkSettings.Ports}}}" "$1" </dev/null
}

# engine_mounts ID: what of the host is mounted into it, a line each: the path in the container, and the host's.
engine_mounts() {
  docker inspect --format '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Destination .Source}}{{end}}{{end}}' "$1" </dev/null
}

# engine_whole IDS…: all that is known of containers, a JSON object each.
engine_whole() {
  docker inspect --type container --format '{{json .}}' "$@" </dev/null 2>/dev/null
}

# engine_holdings IDS…: id, name, ports that are published (address|port|port of the container/protocol) and @addresses.
# By the names of the engine's JSON: `HostIp` is none of those that its own program has, as `ID` is, and one template goes
# by the ones or by the others.
engine_holdings() {
  docker inspect --type container --format '{{.Id}} {{.Name}}{{range $port, $to := .NetworkSettings.Ports}}{{range $to}} {{.HostIp}}|{{.HostPort}}|{{$port}}{{end}}{{end}}{{range .NetworkSettings.Networks}} @{{.IPAddress}}{{end}}' "$@" </dev/null 2>/dev/null
}

# engine_files IDS…: the compose files that they were brought up from, one per line, each once and in their order;
# engine_env_files IDS…: the env files that were named beside them; engine_name ID: its name.
engine_files() { _engine_label com.docker.compose.project.config_files "$@"; }
engine_env_files() { _engine_label com.docker.compose.project.environment_file "$@"; }
_engine_label() {
  engine_label=$1
  shift
  # The longest list first: a service that was started with fewer files has a part of it.
  docker inspect --format "{{index .Config.Labels \"$engine_label\"}}" "$@" </dev/null |
    awk '{ print length($0) "\t" $0 }' | sort -rn | cut -f 2- | tr ',' '\n' | awk '$0 != "" && !seen[$0]++'
}
engine_name() {
  docker inspect --format '{{.Name}}' "$1" </dev/null
}

# engine_state NAME: as the engine says it, such as created, running or exited; nothing where it is not there.
engine_state() {
  docker container inspect --format '{{.State.Status}}' "$1" </dev/null 2>/dev/null
}

# engine_is_kept NAME: it is there, and nobody is just taking it away.
engine_is_kept() {
  case $(engine_state "$1") in
    '' | removing | dead) return 1 ;;
  esac
}

# engine_evidence ID: state, health log and last lines, for people.
engine_evidence() {
  docker inspect --type container --format '== {{.Name}}: {{.State.Status}}, exit code {{.State.ExitCode}}, {{.RestartCount}} restarts{{if .State.OOMKilled}}, killed for want of memory{{end}}{{if .State.Error}}, {{.State.Error}}{{end}}{{if .State.Health}}
health: {{.State.Health.Status}}, {{.State.Health.FailingStreak}} failures in a row{{range .State.Health.Log}}
  {{.Start}} exit code {{.ExitCode}}: {{.Output}}{{end}}{{end}}' "$1" </dev/null | grep .
  printf 'last lines:\n'
  docker logs --tail 50 "$1" </dev/null 2>&1 | cut -c 1-2000 | sed 's/^/  /'
}

# engine_stop SECONDS IDS…: empty: as the container says.
engine_stop() {
  engine_seconds=$1
  shift
  docker stop ${engine_seconds:+--time "$engine_seconds"} "$@" </dev/null >/dev/null 9>&-
}

# engine_resume IDS…: starts what was stopped, as it is. engine_remove IDS…: whatever they do. engine_rename ID NAME.
engine_resume() { docker start "$@" </dev/null >/dev/null 9>&-; }
engine_remove() { docker rm --force "$@" </dev/null >/dev/null 2>&1 9>&-; }
engine_rename() { docker rename "$1" "$2" </dev/null 9>&-; }

# engine_in_time SECONDS ID WORDS…: as `engine_in`, and given up after that time; what was begun there goes on by itself.
engine_in_time() {
  engine_seconds=$1
  shift
  timeout "$engine_seconds" docker exec "$@" </dev/null
}

# engine_in ID WORDS…: a command in a container. engine_pid ID: of its first process. engine_processes ID: pid and words
# of each. engine_signal ID SIGNAL. engine_addresses ID: in its networks.
engine_in() { docker exec "$@" </dev/null; }
engine_pid() { docker inspect --format '{{.State.Pid}}' "$1" </dev/null; }
engine_processes() { docker top "$1" -o pid,args </dev/null 2>/dev/null; }
engine_signal() { docker kill -s "$2" "$1" </dev/null >/dev/null; }
engine_addresses() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1" </dev/null; }

# engine_copy ID FROM TO: a file out of a container, also of one that has ended.
engine_copy() { docker cp --follow-link "$1:$2" "$3" </dev/null >/dev/null 2>&1; }

# engine_connections ID PID: its TCP connections as /proc/net/tcp writes them. PID is that of its first process, where the
# engine is on this machine; a container whose processes cannot be seen is asked itself.
engine_connections() {
  # A kernel without IPv6 has no second table.
  case ${DOCKER_HOST-} in
    '' | unix:*) ! cat "/proc/$2/net/tcp" "/proc/$2/net/tcp6" 2>/dev/null | grep . || return 0 ;;
  esac
  docker exec "$1" cat /proc/net/tcp /proc/net/tcp6 </dev/null 2>/dev/null | grep .
}

# engine_member PROJECT SERVICE: the id of its first running container that is the stack's own, none of a command's.
engine_member() {
  docker ps --no-trunc --quiet --filter "label=com.docker.compose.project=$1" \
    --filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False </dev/null | sed -n 1p
}

# engine_pipe ID WORDS…: a command in a container, with our stdin as its own. It outlives us: see the guard of
# container-stream.sh.
engine_pipe() { docker exec --interactive "$@"; }

# engine_container_image ID: the id of its image. engine_image_words IMAGE: how many words it is started by, and these, one
# a line.
engine_container_image() { docker inspect --type container --format '{{.Image}}' "$1" </dev/null; }
engine_image_words() {
  docker image inspect --format '{{len .Config.Entrypoint}} {{len .Config.Cmd}}{{range .Config.Entrypoint}}
{{.}}{{end}}{{range .Config.Cmd}}
{{.}}{{end}}' "$1" </dev/null | awk 'NR == 1 { print $1 + $2; next } { print }'
}

# engine_pause ID, engine_unpause ID: its processes stand still, and go on.
engine_pause() { docker pause "$1" </dev/null >/dev/null 9>&-; }
engine_unpause() { docker unpause "$1" </dev/null >/dev/null 2>&1 9>&-; }

# engine_volume_of PROJECT NAME: the full name of a volume that the compose file calls so. engine_volumes_of PROJECT: what
# the compose file calls them. engine_volume_users NAME: ids of the containers that have it. engine_mount ID NAME: where.
engine_volume_of() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.volume=$2" </dev/null
}
engine_volumes_of() {
  docker volume ls --format '{{.Label "com.docker.compose.volume"}}' --filter "label=com.docker.compose.project=$1" </dev/null
}
# engine_volume_place NAME: its driver, the folder that its content is in, and what it was made with (null or {}: nothing).
engine_volume_place() { docker volume inspect --format '{{.Driver}} {{.Mountpoint}} {{json .Options}}' "$1" </dev/null; }
# engine_mount_table ID: of what is mounted into it a line each: type, volume, folder of the server and in it, with | between.
engine_mount_table() {
  docker inspect --type container --format '{{range .Mounts}}{{.Type}}|{{.Name}}|{{.Source}}|{{.Destination}}
{{end}}' "$1" </dev/null
}
engine_volume_users() { docker ps --all --quiet --no-trunc --filter "volume=$1" </dev/null; }
engine_mount() {
  docker inspect --type container --format '{{range .Mounts}}{{.Name}} {{.Destination}}
{{end}}' "$1" </dev/null | sed -n "s/^$2 //p"
}

# engine_label KIND VALUE: a label of our own, as `engine_make` takes it. The kinds are those of
# packages/ledger/src/labels.ts; no other .sh file has their names.
engine_label() { printf 'deploy-actions.%s=%s' "$1" "$2"; }

# engine_labelled KIND VALUE: ids of all containers with that label. engine_discard ID: with the volumes that nobody named.
engine_labelled() { docker ps --all --quiet --no-trunc --filter "label=$(engine_label "$1" "$2")" </dev/null; }
engine_discard() { docker rm --force --volumes "$1" </dev/null >/dev/null 2>&1 9>&-; }

# engine_keeper NAME KIND: what its label of that kind says of a container, and whether it runs (true or false).
engine_keeper() { docker inspect --format "{{index .Config.Labels \"deploy-actions.$2\"}} {{.State.Running}}" "$1" </dev/null 2>/dev/null; }

# engine_make WORDS…: a container outside of any stack, not started; the words are Docker's.
engine_make() { docker create "$@" </dev/null >/dev/null 9>&-; }
engine_last_words() { docker logs --tail 5 "$1" </dev/null 2>&1; }
