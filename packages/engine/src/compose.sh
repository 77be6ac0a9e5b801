# shellcheck shell=dash
# The engine by Docker and Compose: how it is reached, and whether it will do. No other files than compose*.sh call them,
# so that another engine is other files with these functions. In all of them:
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

# engine_image_folder: where its images lie; nothing where it does not say so.
engine_image_folder() {
  docker info --format '{{.DockerRootDir}}' </dev/null 2>/dev/null
}
