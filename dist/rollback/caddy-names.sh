# shellcheck shell=dash
# What tells how a Caddy in a container looks names up: its version and what it goes by.

# names_caddy CONTAINER: lines of `version WORDS`, `adapted JSON`, `running JSON` where its admin endpoint tells it, and
# `unknown WHY` where it cannot be known; behind a line `file PATH` the file that it was started with.
names_caddy() {
  names_process=
  for names_one in $(engine_processes "$1" | awk 'NR > 1 { print $1 }'); do
    if grep -qxF caddy "/proc/$names_one/comm" 2>/dev/null; then names_process=${names_process:-$names_one}; fi
  done
  if [ -z "$names_process" ]; then
    echo 'unknown its process is not seen from the login'
    return 0
  fi
  printf 'version %s\n' "$(engine_in "$1" caddy version 2>/dev/null | head -n 1)"
  caddy_of "$1" "$names_process" "$staging_fields/caddy-words"
  if caddy_goes_by_file && caddy_adapts; then
    printf 'adapted %s\n' "$(printf '%s' "$caddy_adapted" | tr '\n' ' ')"
    if caddy_has_admin >/dev/null && caddy_answers >/dev/null; then
      printf 'running %s\n' "$(printf '%s' "$caddy_running" | tr '\n' ' ')"
    fi
    printf 'file %s\n' "$caddy_config"
    engine_in "$1" cat "$caddy_config" 2>/dev/null
  fi
}
