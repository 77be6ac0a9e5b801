# shellcheck shell=dash
# What is known of a process by its number, and how a command is run where it runs.

# words_of PROCESS: the words that it was started with, one a line.
words_of() { tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline"; }

# within CONTAINER WORDS…: a command in the container; on the host where there is none.
within() {
  within_container=$1
  shift
  if [ -n "$within_container" ]; then engine_in "$within_container" "$@"; else "$@" </dev/null; fi
}
