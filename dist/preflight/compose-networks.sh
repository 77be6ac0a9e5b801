# shellcheck shell=dash
# Networks and volumes, and the note that a project is a folder's.

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
engine_join() { _engine_connect --alias "$@"; }

# engine_join_linked NETWORK ID LINKS…: the same, and what the container calls ALIAS there is what NAME means (NAME:ALIAS).
# Its links count before any name that it could find on its networks.
engine_join_linked() { _engine_connect --link "$@"; }

# _engine_connect OPTION NETWORK ID WORDS…
_engine_connect() {
  engine_option=$1
  engine_network_name=$2
  engine_id=$3
  shift 3
  # Each word becomes an option, and goes to the end of the words.
  for engine_word; do
    shift
    set -- "$@" "$engine_option" "$engine_word"
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

# engine_volumes, engine_nets: what is there, a JSON object each; see Leftover in packages/release. Docker keeps the
# project of each with it, and no folder: that only containers have.
engine_volumes() {
  docker volume ls --format '{"name":{{json .Name}},"project":{{json (.Label "com.docker.compose.project")}},"folder":{{json (.Label "deploy-actions.folder")}}}' </dev/null
}
engine_nets() {
  docker network ls --format '{"name":{{json .Name}},"project":{{json (.Label "com.docker.compose.project")}}}' </dev/null
}

# engine_claim PROJECT FOLDER: notes that the project is the folder's, where every user of the engine sees it, and prints
# the folder that has it. It is the engine's own step, so of two at once one has it. The note is an empty volume whose name
# no stack can give to one of its own: a project has no dot. engine_unclaim PROJECT: takes the note away.
engine_claim() {
  docker volume create --label "$(engine_label folder "$2")" "$(engine_note "$1")" </dev/null >/dev/null 9>&- || return 1
  docker volume inspect --format '{{index .Labels "deploy-actions.folder"}}' "$(engine_note "$1")" </dev/null
}
engine_unclaim() {
  docker volume rm "$(engine_note "$1")" </dev/null >/dev/null 9>&-
}

# engine_left PROJECT: names of its volumes and networks.
engine_left() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$1" </dev/null &&
    docker network ls --format '{{.Name}}' --filter "label=com.docker.compose.project=$1" </dev/null
}
# engine_note PROJECT: the name of the note.
engine_note() { printf 'deploy-actions.%s' "$1"; }
