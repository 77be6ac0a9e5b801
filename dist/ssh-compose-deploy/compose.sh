# shellcheck shell=dash
# Containers by Docker and Compose: the only file that calls them. Another engine is another file with these functions.
# A PROJECT is a stack, or a colour of one; a DIRECTORY holds a release as it was resolved (compose.json). What changes
# something does not hand the lock down to what the engine starts, but for what Compose starts itself: see run_locked.
# Names of services, ids and references have no spaces, so lists of them are words.
# shellcheck disable=SC2086

# engine_use ADDRESS: another engine than the usual one; empty: the usual one.
engine_use() {
  [ -z "$1" ] || export DOCKER_HOST="$1"
}

# engine_title: as people call it, in sentences.
engine_title() { printf 'Compose'; }

engine_is_installed() {
  command -v docker >/dev/null 2>&1
}

# engine_answers: it does, or there is none to wait for.
engine_answers() {
  ! engine_is_installed || docker version >/dev/null 2>&1
}

# engine_about: the folder of its images, the version that counts, and the path of the program that brings up releases;
# a line each, the last ones empty where there is none.
engine_about() {
  docker info --format '{{.DockerRootDir}}
{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Version}}
{{.Path}}{{end}}{{end}}' </dev/null
}

# engine_complaint: why it cannot be used. Not every version of `docker info` gives the reason.
engine_complaint() {
  docker version --format '{{.Server.Version}}' </dev/null 2>&1
}

engine_image_folder() {
  docker info --format '{{.DockerRootDir}}' </dev/null 2>/dev/null
}

# --- which containers there are: their identity is asked for here and nowhere else ---------------------------

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

# engine_all: id, state, whether it was a command's own (True, False, or - outside of stacks) and project of every container.
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

# engine_survey IDS…: a line for each container that is part of a stack:
# service id hash image-id status exit-code restarts health oom number started-at name image namespaces
# A container that went meanwhile is left out. A key that is not there only `index` forgives.
engine_survey() {
  docker inspect --type container --format '{{or (index .Config.Labels "com.docker.compose.oneoff") "False"}} {{or (index .Config.Labels "com.docker.compose.service") "-"}} {{.ID}} {{or (index .Config.Labels "deploy-actions.hash") "-"}} {{.Image}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.OOMKilled}} {{or (index .Config.Labels "com.docker.compose.container-number") "1"}} {{.State.StartedAt}} {{.Name}} {{.Config.Image}} {{.HostConfig.NetworkMode}},{{.HostConfig.IpcMode}},{{.HostConfig.PidMode}}' "$@" </dev/null 2>/dev/null |
    sed -n 's/^False //p'
}

# engine_observe IDS…: what the runner decides by, a JSON object each; see ObservedContainer in packages/compose.
engine_observe() {
  docker inspect --type container --format '{"id":{{json .ID}},"name":{{json .Name}},"project":{{json (or (index .Config.Labels "com.docker.compose.project") "")}},"service":{{json (or (index .Config.Labels "com.docker.compose.service") "")}},"once":{{json (or (index .Config.Labels "com.docker.compose.oneoff") "")}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"hash":{{json (or (index .Config.Labels "deploy-actions.hash") "")}},"engineHash":{{json (or (index .Config.Labels "com.docker.compose.config-hash") "")}},"folder":{{json (or (index .Config.Labels "com.docker.compose.project.working_dir") "")}},"status":{{json .State.Status}},"exitCode":{{.State.ExitCode}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}},"startedAt":{{json .State.StartedAt}},"restarts":{{.RestartCount}},"modes":[{{json .HostConfig.NetworkMode}},{{json .HostConfig.IpcMode}},{{json .HostConfig.PidMode}}]}' "$@" </dev/null 2>/dev/null
}

# engine_look IDS…: what is looked at before traffic moves, a JSON object each; see LookContainer in packages/traffic.
engine_look() {
  docker inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"project":{{json (or (index .Config.Labels "com.docker.compose.project") "")}},"service":{{json (or (index .Config.Labels "com.docker.compose.service") "")}},"number":{{json (or (index .Config.Labels "com.docker.compose.container-number") "")}},"release":{{json (or (index .Config.Labels "deploy-actions.release") "")}},"liveOnly":{{json (or (index .Config.Labels "deploy-actions.live-only") "")}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"started":{{json .State.StartedAt}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"ports":{{json .NetworkSettings.Ports}},"bindings":{{json .HostConfig.PortBindings}},"networks":{{json .NetworkSettings.Networks}}}' "$@" </dev/null
}

# engine_programs IDS…: id, name, image, project (- for none), the words of its program, `ports` and those that are published.
engine_programs() {
  docker inspect --format '{{.ID}} {{.Name}} {{.Config.Image}} {{or (index .Config.Labels "com.docker.compose.project") "-"}} {{.Path}} {{join .Args " "}} ports {{range $port, $to := .NetworkSettings.Ports}}{{if $to}}{{$port}} {{end}}{{end}}' "$@" </dev/null
}

# engine_surroundings ID NAME: its mounts, networks and ports as JSON, under the name.
engine_surroundings() {
  docker inspect --format "{\"name\":\"$2\",\"id\":{{json .ID}},\"mounts\":{{json .Mounts}},\"networks\":{{json .NetworkSettings.Networks}},\"ports\":{{json .NetworkSettings.Ports}}}" "$1" </dev/null
}

# engine_mounts ID: what of the host is mounted into it, a line each: the path in the container, and the host's.
engine_mounts() {
  docker inspect --format '{{range .Mounts}}{{if eq .Type "bind"}}{{println .Destination .Source}}{{end}}{{end}}' "$1" </dev/null
}

# engine_whole IDS…: all that is known of containers, a JSON object each; engine_whole_images: of their images.
engine_whole() {
  docker inspect --type container --format '{{json .}}' "$@" </dev/null 2>/dev/null
}
engine_whole_images() {
  # shellcheck disable=SC2046 # ids
  docker image inspect --format '{{json .}}' $(docker inspect --format '{{.Image}}' "$@" </dev/null | sort -u) </dev/null 2>/dev/null
}

# engine_holdings IDS…: id, name, ports that are published (address|port|port of the container/protocol) and @addresses.
# By the names of the engine's JSON: `HostIp` is none of those that its own program has, as `ID` is, and one template goes by
# the ones or by the others.
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

# engine_is_there NAME: also where it has ended.
engine_is_there() {
  docker container inspect "$1" </dev/null >/dev/null 2>&1
}

# engine_is_kept NAME: it is there, and nobody is just taking it away.
engine_is_kept() {
  case $(docker container inspect --format '{{.State.Status}}' "$1" </dev/null 2>/dev/null) in
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

# --- a release ---------------------------------------------------------------------------------------------------

# _engine_compose PROJECT DIRECTORY WORDS…: no env file, since everything is resolved. Where the plugin was seen, it is
# run by itself, which spares two starts of programs each time.
_engine_compose() {
  engine_project=$1
  engine_file=$2/compose.json
  shift 2
  set -- --project-name "$engine_project" --project-directory "$path" --env-file /dev/null --file "$engine_file" "$@"
  engine_plugin=$(cat "$files/compose-plugin" 2>/dev/null)
  if [ -x "$engine_plugin" ]; then "$engine_plugin" "$@"; else docker compose "$@"; fi
}

# engine_start PROJECT DIRECTORY HOW SECONDS SERVICES…: makes and starts the containers of these services and no others.
# HOW: `changed` makes anew what differs, `anew` all of them, `missing` nothing that is there. SECONDS: to stop what is
# replaced; empty: as the release says. Without what they need, since with that it would run one-shots again.
engine_start() {
  engine_project=$1
  engine_directory=$2
  case $3 in anew) engine_how=--force-recreate ;; missing) engine_how=--no-recreate ;; *) engine_how= ;; esac
  engine_seconds=$4
  shift 4
  _engine_compose "$engine_project" "$engine_directory" up --detach --no-deps --no-build --pull never --no-color --quiet-pull \
    ${engine_seconds:+--timeout "$engine_seconds"} ${engine_how:+"$engine_how"} "$@"
}

# engine_add PROJECT DIRECTORY SERVICE COUNT: one more container of the service beside those that it has, which stay as they
# are; COUNT: with the new one.
engine_add() {
  _engine_compose "$1" "$2" up --detach --no-deps --no-build --pull never --no-color --quiet-pull --no-recreate --scale "$3=$4" "$3"
}

# engine_restart PROJECT DIRECTORY SECONDS SERVICES…
engine_restart() {
  engine_project=$1
  engine_directory=$2
  engine_seconds=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" restart --no-deps ${engine_seconds:+--timeout "$engine_seconds"} "$@"
}

# engine_run PROJECT DIRECTORY NAME SERVICE WORDS…: a command in a container of its own, which goes on by itself.
engine_run() {
  engine_project=$1
  engine_directory=$2
  engine_own_engine_name=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" run --detach --no-deps -T --name "$engine_own_engine_name" "$@"
}

# engine_follow NAME: its output, to its end. engine_result NAME: waits and prints the exit code. engine_log NAME.
engine_follow() { docker logs --follow "$1" </dev/null; }
engine_result() { docker wait "$1" </dev/null; }
engine_log() { docker logs "$1" </dev/null; }

# engine_ask PROJECT DIRECTORY NAME SERVICE WORDS…: a command whose output is wanted, in a container that goes with it.
engine_ask() {
  engine_project=$1
  engine_directory=$2
  engine_own_engine_name=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" run --rm --no-deps -T --name "$engine_own_engine_name" "$@"
}

# engine_exec PROJECT DIRECTORY MARK SERVICE WORDS…: in the first running container of the service. The command and all
# that it starts have the mark in their environment.
engine_exec() {
  engine_project=$1
  engine_directory=$2
  engine_mark=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" exec -T --env "DEPLOY_ACTIONS_HOOK=$engine_mark" "$@"
}

# engine_end_exec PROJECT SERVICE MARK SIGNAL: what such a command has started gets the signal. An engine ends a command
# in a running container by no command of its own; the container's sh and grep do it.
engine_end_exec() {
  engine_mark=$3
  engine_signal=$4
  for engine_id in $(engine_states "$1" "$2" | sed -n 's/ running$//p'); do
    # shellcheck disable=SC2016 # the inner shell's own
    docker exec "$engine_id" sh -c 'for each in /proc/[0-9]*; do
      if grep -qs "DEPLOY_ACTIONS_HOOK=$0" "$each/environ"; then kill -s "$1" "${each#/proc/}"; fi
    done' "$engine_mark" "$engine_signal" </dev/null 2>/dev/null
  done
}

# engine_ends NAME: how a person ends a container by hand, and takes it away.
engine_ends() {
  printf 'docker %srm -f %s' "${DOCKER_HOST:+-H $DOCKER_HOST }" "$1"
}

# engine_entrypoint NAME: the words that a container begins with, before those of its command; one a line.
engine_entrypoint() {
  docker inspect --type container --format '{{range .Config.Entrypoint}}{{println .}}{{end}}' "$1" </dev/null 2>/dev/null | grep .
}

# engine_resolve WORDS…: the configuration of compose files, as JSON. engine_services WORDS…: the names of its services.
# A variable of the process would beat the env file, so there is none; PWD is what a person has who does it by hand.
engine_resolve() { _engine_config "$@" config --format json; }
engine_services() { _engine_config "$@" --profile '*' config --services; }
_engine_config() {
  env -i "PWD=$PWD" "HOME=$HOME" "PATH=$PATH" ${DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} docker compose "$@" </dev/null
}

# engine_hashes PROJECT FOLDER FILE: the engine's own hash of each service, as if it were brought up in that folder. Where a
# service is in the namespaces of another one, the id of that one's container counts.
engine_hashes() {
  cp "$3" "$3.hashed.json" || return 1
  sed -n 's/^ *"\(network_mode\|ipc\|pid\)": "service:\(.*\)",*$/\2/p' "$3" | sort -u | while read -r engine_joined; do
    engine_id=$(engine_ids "$1" "$engine_joined" | head -n 1)
    [ -z "$engine_id" ] || sed "s|^\( *\"[a-z_]*\": \)\"service:$engine_joined\"|\1\"container:$engine_id\"|" "$3.hashed.json" >"$3.next" &&
      mv -f "$3.next" "$3.hashed.json"
  done
  docker compose --project-name "$1" --project-directory "$2" --env-file /dev/null --file "$3.hashed.json" --profile '*' \
    config --hash '*' </dev/null 2>/dev/null
  engine_code=$?
  rm -f "$3.hashed.json" "$3.next"
  return "$engine_code"
}

# engine_copy ID FROM TO: a file out of a container, also of one that has ended.
engine_copy() { docker cp --follow-link "$1:$2" "$3" </dev/null >/dev/null 2>&1; }

# --- containers ------------------------------------------------------------------------------------------------

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

# engine_in ID WORDS…: a command in a container. engine_pid ID: of its first process. engine_processes ID: pid and words
# of each. engine_signal ID SIGNAL. engine_addresses ID: in its networks.
engine_in() { docker exec "$@" </dev/null; }
engine_pid() { docker inspect --format '{{.State.Pid}}' "$1" </dev/null; }
engine_processes() { docker top "$1" -o pid,args </dev/null 2>/dev/null; }
engine_signal() { docker kill -s "$2" "$1" </dev/null >/dev/null; }
engine_addresses() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1" </dev/null; }

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

# engine_volume_of PROJECT NAME: the full name of a volume that the compose file calls so. engine_volumes_of PROJECT: what the
# compose file calls them. engine_volume_users NAME: ids of the containers that have it. engine_mount ID NAME: where.
engine_volume_of() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.volume=$2" </dev/null
}
engine_volumes_of() {
  docker volume ls --format '{{.Label "com.docker.compose.volume"}}' --filter "label=com.docker.compose.project=$1" </dev/null
}
engine_volume_users() { docker ps --all --quiet --no-trunc --filter "volume=$1" </dev/null; }
engine_mount() {
  docker inspect --type container --format '{{range .Mounts}}{{.Name}} {{.Destination}}
{{end}}' "$1" </dev/null | sed -n "s/^$2 //p"
}

# engine_label KIND VALUE: a label of our own, as `engine_make` takes it. The kinds are those of packages/ledger/src/labels.ts; no
# other .sh file has their names.
engine_label() { printf 'deploy-actions.%s=%s' "$1" "$2"; }

# engine_labelled KIND VALUE: ids of all containers with that label. engine_discard ID: with the volumes that nobody named.
engine_labelled() { docker ps --all --quiet --no-trunc --filter "label=$(engine_label "$1" "$2")" </dev/null; }
engine_discard() { docker rm --force --volumes "$1" </dev/null >/dev/null 2>&1 9>&-; }

# engine_keeper NAME KIND: what its label of that kind says of a container, and whether it runs (true or false).
engine_keeper() { docker inspect --format "{{index .Config.Labels \"deploy-actions.$2\"}} {{.State.Running}}" "$1" </dev/null 2>/dev/null; }

# engine_make WORDS…: a container outside of any stack, not started; the words are Docker's.
engine_make() { docker create "$@" </dev/null >/dev/null 9>&-; }
engine_last_words() { docker logs --tail 5 "$1" </dev/null 2>&1; }

# --- networks and volumes ------------------------------------------------------------------------------------------

# engine_networks ID: a line for each of its networks: the name, and the names that the container has there.
engine_networks() {
  # shellcheck disable=SC2016 # the template's own variables
  docker inspect --format '{{range $name, $there := .NetworkSettings.Networks}}{{$name}}{{range $there.Aliases}} {{.}}{{end}}
{{end}}' "$1" </dev/null | grep .
}

# engine_network NAME PROJECT WORDS…: it is there, for the project, outside of every stack; the words make it.
# engine_network_kind NAME: `internal` where it leads to nowhere else, or `open`; nothing where it is not there.
engine_network() {
  engine_network_name=$1
  engine_project=$2
  shift 2
  [ -n "$(engine_network_kind "$engine_network_name")" ] ||
    docker network create --label "$(engine_label project "$engine_project")" "$@" "$engine_network_name" </dev/null >/dev/null 9>&-
}
engine_network_kind() {
  docker network inspect --format '{{if .Internal}}internal{{else}}open{{end}}' "$1" </dev/null 2>/dev/null
}

# engine_project_networks PROJECT: the names of those that were made so.
engine_project_networks() {
  docker network ls --format '{{.Name}}' --filter "label=$(engine_label project "$1")" </dev/null
}

# engine_members NETWORK: ids of the containers that are on it, also of those that do not run.
engine_members() {
  docker ps --all --quiet --no-trunc --filter "network=$1" </dev/null
}

# engine_on NETWORK: id, project and service (- for none) of the containers that run on it.
engine_on() {
  docker ps --no-trunc --format '{{.ID}} {{or (.Label "com.docker.compose.project") "-"}} {{or (.Label "com.docker.compose.service") "-"}}' --filter "network=$1" </dev/null
}

# engine_join NETWORK ID NAMES…: the container is on the network, under these names too.
engine_join() {
  engine_network_name=$1
  engine_id=$2
  shift 2
  # Each name becomes an option, and goes to the end of the words.
  for engine_word; do
    shift
    set -- "$@" --alias "$engine_word"
  done
  docker network connect "$@" "$engine_network_name" "$engine_id" </dev/null 9>&-
}

# engine_join_linked NETWORK ID LINKS…: the same, and what the container calls ALIAS there is what NAME means (NAME:ALIAS).
# Its links count before any name that it could find on its networks.
engine_join_linked() {
  engine_network_name=$1
  engine_id=$2
  shift 2
  for engine_word; do
    shift
    set -- "$@" --link "$engine_word"
  done
  docker network connect "$@" "$engine_network_name" "$engine_id" </dev/null 9>&-
}

# engine_leave NETWORK ID. engine_remove_network NETWORK: nothing is on it any more.
engine_leave() { docker network disconnect "$1" "$2" </dev/null >/dev/null 9>&-; }
engine_remove_network() { docker network rm "$1" </dev/null >/dev/null 9>&-; }

# engine_volume NAME WORDS…: it is there; the words are those that make it, the name among them.
engine_volume() {
  docker volume inspect --format . "$1" </dev/null >/dev/null 2>&1 && return 0
  shift
  docker volume create "$@" </dev/null >/dev/null 9>&-
}

# engine_volumes, engine_nets: what is there, a JSON object each; see Leftover in packages/release. Docker keeps the project of
# each with it, and no folder: that only containers have.
engine_volumes() {
  docker volume ls --format '{"name":{{json .Name}},"project":{{json (.Label "com.docker.compose.project")}},"folder":{{json (.Label "deploy-actions.folder")}}}' </dev/null
}
engine_nets() {
  docker network ls --format '{"name":{{json .Name}},"project":{{json (.Label "com.docker.compose.project")}}}' </dev/null
}

# engine_claim PROJECT FOLDER: notes that the project is the folder's, where every user of the engine sees it, and prints the
# folder that has it. It is the engine's own step, so of two at once one has it. The note is an empty volume whose name
# no stack can give to one of its own: a project has no dot. engine_unclaim PROJECT: takes the note away.
engine_claim() {
  docker volume create --label "$(engine_label folder "$2")" "$(engine_note "$1")" </dev/null >/dev/null 9>&- || return 1
  docker volume inspect --format '{{index .Labels "deploy-actions.folder"}}' "$(engine_note "$1")" </dev/null
}
engine_unclaim() {
  docker volume rm "$(engine_note "$1")" </dev/null >/dev/null 9>&-
}
# engine_note PROJECT: the name of the note.
engine_note() { printf 'deploy-actions.%s' "$1"; }

# engine_left PROJECT: names of its volumes and networks.
engine_left() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$1" </dev/null &&
    docker network ls --format '{{.Name}}' --filter "label=com.docker.compose.project=$1" </dev/null
}

# --- images -----------------------------------------------------------------------------------------------------

# engine_has_image REFERENCE-OR-ID. engine_image_id REFERENCE.
engine_has_image() { docker image inspect --format . "$1" </dev/null >/dev/null 2>&1; }
engine_image_id() { docker image inspect --format '{{.Id}}' "$1" </dev/null 2>/dev/null; }

# engine_digests REFERENCES…: a line for each, in their order: the id, and its references by digest.
engine_digests() { docker image inspect --format '{{.Id}} {{range .RepoDigests}}{{.}} {{end}}' "$@" </dev/null; }

# engine_images: what is on the server, a JSON object each; see LocalImage in packages/compose.
engine_images() { docker image ls --no-trunc --digests --format '{{json .}}' </dev/null; }

# engine_tag IMAGE NAME, engine_untag NAMES…: an image goes with its last name, unless a container uses it.
engine_tag() { docker tag "$1" "$2" </dev/null 9>&-; }
engine_untag() { docker image rm "$@" </dev/null >/dev/null 2>&1 9>&-; }

# engine_pull REFERENCE LOGIN PID-FILE, engine_manifest REFERENCE LOGIN PID-FILE: with the login in that folder, or
# none. As long as it runs its process is in the file, so that it can be ended.
engine_pull() { _engine_registry "$2" "$3" pull --quiet "$1"; }
engine_manifest() {
  _engine_registry "$2" "$3" manifest inspect --verbose "$1" 2>/dev/null ||
    _engine_registry "$2" "$3" manifest inspect --insecure --verbose "$1"
}
_engine_registry() {
  engine_login=$1
  engine_pid_file=$2
  shift 2
  # shellcheck disable=SC2016 # the inner shell's own
  ${engine_login:+env "DOCKER_CONFIG=$engine_login"} sh -c 'echo "$$" >"$0"; exec docker "$@"' "$engine_pid_file" "$@" </dev/null
  engine_code=$?
  rm -f "$engine_pid_file"
  return "$engine_code"
}
