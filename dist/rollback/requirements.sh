# shellcheck shell=dash
# What the engine on the server is, and whether it will do.

engine_asked=

# ask_aside NAME COMMAND…: runs it beside what follows, since each call of the engine takes a while to start; see
# `answered`.
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

# One call tells about the engine and the plugin; require_engine reads the answer.
ask_engine() {
  engine_asked=yes
  require_installed
  ask_aside engine engine_about
}

# require_answered NAME: ends the operation if what was asked aside was not answered; nothing is concluded from no answer.
require_answered() {
  answered "$1" || fail_for_engine "$(cat "$scratch/$1.error")"
}

# The oldest Compose that will do.
require_least=2.26

# require_engine: ends the operation unless the engine can be used.
require_engine() {
  [ -n "$engine_asked" ] || ask_engine
  wait
  # Some versions answer with exit code 0 and nothing of the engine's where they may not ask it.
  if ! answered engine || [ -z "$(sed -n 1p "$scratch/engine.answer")" ]; then
    require_answer fail
    fail_for_engine "$(cat "$scratch/engine.error")"
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
  if [ "$require_major" -lt "${require_least%.*}" ] || { [ "$require_major" -eq "${require_least%.*}" ] && [ "$require_minor" -lt "${require_least#*.}" ]; }; then
    fail refused compose-too-old "Docker Compose $require_plain on the server is older than $require_least" 'Update the Compose plugin.'
  fi
}
