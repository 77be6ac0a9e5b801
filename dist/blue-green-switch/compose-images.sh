# shellcheck shell=dash
# Images: those that are there, and those of registries.
# shellcheck disable=SC2086 # lists of references are words

# engine_whole_images IDS…: all that is known of the images of containers, a JSON object each.
engine_whole_images() {
  # shellcheck disable=SC2046 # ids
  docker image inspect --format '{{json .}}' $(docker inspect --format '{{.Image}}' "$@" </dev/null | sort -u) </dev/null 2>/dev/null
}

# engine_has_images REFERENCES-OR-IDS…: all of them are here. engine_image_id REFERENCE.
engine_has_images() { docker image inspect --format . "$@" </dev/null >/dev/null 2>&1; }
engine_image_id() { docker image inspect --format '{{.Id}}' "$1" </dev/null 2>/dev/null; }

# engine_health_checks REFERENCES…: a line for each, in their order: `yes` where the image brings a health check along, else `no`.
engine_health_checks() {
  local said
  said=$(docker image inspect --format '- {{with .Config.Healthcheck}}{{with .Test}}{{index . 0}}{{end}}{{end}}' "$@" </dev/null) || return 1
  printf '%s\n' "$said" | awk '{ print ($2 == "" || $2 == "NONE") ? "no" : "yes" }'
}

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
# _engine_registry LOGIN PID-FILE WORDS…: a command of Docker's that asks a registry.
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
