# shellcheck shell=dash
# What Caddy goes by, as its admin endpoint tells, and what it would go by after a reload.

# loaded_caddy CONTAINER PROCESS: a step that cannot go on has said why.
loaded_caddy() {
  caddy_of "$1" "$2" "$loaded_folder/caddy.$2"
  if caddy_goes_by_file && caddy_is_readable && caddy_adapts && caddy_has_admin && caddy_answers; then caddy_tells; fi
}

caddy_tells() {
  printf 'running %s\n' "$(printf '%s' "$caddy_running" | tr '\n' ' ')"
  printf 'adapted %s\n' "$(printf '%s' "$caddy_adapted" | tr '\n' ' ')"
  [ -z "$caddy_container" ] || tell_mounted "$caddy_container" "$caddy_config"
}

# caddy_is_readable: the login reads of the file what Caddy reads of it.
caddy_is_readable() {
  [ -z "$caddy_container" ] || return 0
  if [ ! -r "$caddy_config" ]; then
    echo "unknown the login may not read $caddy_config"
    return 1
  fi
  # Its own environment is nobody else's to read.
  # shellcheck disable=SC2046 # patterns of files
  if grep -qsF '{$' "$caddy_config" $(cd "${caddy_config%/*}" && sed -n 's/^[[:space:]]*import[[:space:]]\{1,\}\([^[:space:]]*\).*/\1/p' "$caddy_config" | sed "s|^[^/]|${caddy_config%/*}/&|"); then
    echo "unknown $caddy_config takes values of Caddy's own environment ({\$NAME})"
    return 1
  fi
}
