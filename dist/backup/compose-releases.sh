# shellcheck shell=dash
# A release by Compose: what its file comes to, its containers made and started, and commands in them.
# shellcheck disable=SC2086 # lists of services are words

# _engine_compose PROJECT DIRECTORY WORDS…: no env file, since everything is resolved. Where the plugin was seen, it is
# run by itself, which spares two starts of programs each time.
_engine_compose() {
  engine_project=$1
  engine_file=$2/compose.json
  shift 2
  set -- --project-name "$engine_project" --project-directory "$path" --env-file /dev/null --file "$engine_file" "$@"
  engine_plugin=''
  { read -r engine_plugin <"$files/compose-plugin"; } 2>/dev/null || true
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
  engine_own_name=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" run --detach --no-deps -T --name "$engine_own_name" "$@"
}

# engine_follow NAME: its output, to its end. engine_result NAME: waits and prints the exit code. engine_log NAME.
engine_follow() { docker logs --follow "$1" </dev/null; }
engine_result() { docker wait "$1" </dev/null; }
engine_log() { docker logs "$1" </dev/null; }

# engine_ask PROJECT DIRECTORY NAME SERVICE WORDS…: a command whose output is wanted, in a container that goes with it.
engine_ask() {
  engine_project=$1
  engine_directory=$2
  engine_own_name=$3
  shift 3
  _engine_compose "$engine_project" "$engine_directory" run --rm --no-deps -T --name "$engine_own_name" "$@"
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
