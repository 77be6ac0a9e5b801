# shellcheck shell=dash
# What the engine on the server is, and whether it will do.

engine_asked=

# ask_aside NAME COMMAND…: runs it beside what follows, since each call of docker takes a while to start; see `answered`.
ask_aside() {
  require_question=$1
  shift
  rm -f "$scratch/$require_question.well"
  {
    if "$@" >"$scratch/$require_question.answer" 2>"$scratch/$require_question.error"; then : >"$scratch/$require_question.well"; fi
  } </dev/null 9>&- &
}

# answered NAME: true if the command ended well; its words are in $scratch/NAME.answer. After `wait`.
answered() {
  [ -f "$scratch/$1.well" ]
}

# One call tells about the engine and the plugin; require_compose reads the answer.
ask_engine() {
  engine_asked=yes
  if ! engine_is_installed; then
    fail refused docker-missing 'Docker is not installed on the server' 'Install Docker Engine and its Compose plugin.'
  fi
  ask_aside engine engine_about
}

# Prints nothing; ends the operation unless Docker and Compose can be used. Minimum: $1.$2.
require_compose() {
  [ -n "$engine_asked" ] || ask_engine
  wait
  if ! answered engine; then
    require_error=$(engine_complaint)
    case $require_error in
      *'permission denied'*)
        fail refused docker-not-allowed "the user $(id -un) may not use Docker" "Let an administrator run: usermod -aG docker $(id -un)"
        ;;
    esac
    printf '%s\n' "$require_error" >"$scratch/engine.error"
    details "$scratch/engine.error"
    fail refused docker-unreachable 'the Docker engine does not answer' 'Check that it runs, and docker-host for a rootless one.'
  fi
  require_plain=$(sed -n 's/^v//; 2p' "$scratch/engine.answer")
  if [ -z "$require_plain" ]; then
    fail refused compose-missing 'Docker Compose v2 is not installed on the server' 'Install the plugin: docker-compose-plugin, or docker-compose in Debian.'
  fi
  sed -n 3p "$scratch/engine.answer" >"$files/compose-plugin"
  require_major=${require_plain%%.*}
  require_minor=${require_plain#*.}
  require_minor=${require_minor%%.*}
  case $require_major$require_minor in *[!0-9]* | '') require_major=0 require_minor=0 ;; esac
  if [ "$require_major" -lt "$1" ] || { [ "$require_major" -eq "$1" ] && [ "$require_minor" -lt "$2" ]; }; then
    fail refused compose-too-old "Docker Compose $require_plain on the server is older than $1.$2" 'Update the Compose plugin.'
  fi
}
