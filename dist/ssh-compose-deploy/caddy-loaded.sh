# shellcheck shell=dash
# What Caddy goes by, as its admin endpoint tells, and what it would go by after a reload.

# loaded_caddy CONTAINER PROCESS: a step that cannot go on has said why.
loaded_caddy() {
  caddy_container=$1
  caddy_words=$loaded_folder/caddy.$2
  words_of "$2" >"$caddy_words"
  caddy_config=$(caddy_word config)
  caddy_adapter=$(caddy_word adapter)
  if caddy_goes_by_file && caddy_is_readable && caddy_adapts && caddy_has_admin && caddy_answers; then caddy_tells; fi
}

caddy_tells() {
  printf 'running %s\n' "$(printf '%s' "$caddy_running" | tr '\n' ' ')"
  printf 'adapted %s\n' "$(printf '%s' "$caddy_adapted" | tr '\n' ' ')"
  [ -z "$caddy_container" ] || tell_mounted "$caddy_container" "$caddy_config"
}

# caddy_goes_by_file: it was started with the path of a file, which it would read again.
caddy_goes_by_file() {
  if grep -qx -e '--\{0,1\}resume' "$caddy_words"; then
    echo 'unknown it was started with --resume: it goes by what it was told last, not by a file'
    return 1
  fi
  case $caddy_config in
    /*) ;;
    *)
      echo 'unknown it was not started with the absolute path of a file (--config)'
      return 1
      ;;
  esac
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

# caddy_adapts: sets $caddy_adapted, the JSON that the file comes to. On the host the program is the one that the login
# would run, never one that a process names.
caddy_adapts() {
  case $caddy_config:$caddy_adapter in
    *.json:) caddy_adapted=$(within "$caddy_container" cat "$caddy_config" 2>/dev/null | tr '\n' ' ') ;;
    *) caddy_adapted=$(within "$caddy_container" caddy adapt --config "$caddy_config" ${caddy_adapter:+--adapter "$caddy_adapter"} 2>/dev/null) ;;
  esac
  [ -z "$caddy_adapted" ] || return 0
  echo "unknown $caddy_config is not valid, or cannot be read by the login: caddy adapt --config $caddy_config says why"
  return 1
}

# caddy_has_admin: sets $caddy_admin, where Caddy tells what it goes by.
caddy_has_admin() {
  case $caddy_adapted in
    *'"admin":{"disabled":true'*)
      echo 'unknown its admin endpoint is off'
      return 1
      ;;
  esac
  caddy_admin=$(printf '%s\n' "$caddy_adapted" | sed -n 's/.*"admin":{[^{}]*"listen":"\([^"]*\)".*/\1/p')
  case ${caddy_admin:=localhost:2019} in
    *[!a-zA-Z0-9.:-]*)
      echo "unknown its admin endpoint is at $caddy_admin"
      return 1
      ;;
    :* | 0.0.0.0:*) caddy_admin=localhost:${caddy_admin##*:} ;;
  esac
}

# caddy_answers: sets $caddy_running, the JSON that Caddy goes by.
caddy_answers() {
  caddy_running=$(within "$caddy_container" curl -fsS -m 4 "http://$caddy_admin/config/" 2>/dev/null) ||
    caddy_running=$(within "$caddy_container" wget -q -T 4 -O - "http://$caddy_admin/config/" 2>/dev/null)
  [ -z "$caddy_running" ] || return 0
  echo "unknown its admin endpoint at $caddy_admin does not answer curl or wget"
  return 1
}

# caddy_word NAME: what it was given as --NAME.
caddy_word() {
  awk -v name="$1" '$0 == "--" name || $0 == "-" name { getline; print; exit } sub("^--?" name "=", "") { print; exit }' "$caddy_words"
}
