# shellcheck shell=dash
# What Caddy goes by, as its admin endpoint tells, and what it would go by after a reload.

loaded_caddy() {
  caddy_container=$1
  caddy_words=$loaded_folder/caddy.$2
  words_of "$2" >"$caddy_words"
  caddy_config=$(caddy_word config)
  caddy_adapter=$(caddy_word adapter)
  if grep -qx -e '--\{0,1\}resume' "$caddy_words"; then
    echo 'unknown it was started with --resume: it goes by what it was told last, not by a file'
    return 0
  fi
  case $caddy_config in
    /*) ;;
    *)
      echo 'unknown it was not started with the absolute path of a file (--config)'
      return 0
      ;;
  esac
  caddy_program=caddy
  if [ -z "$caddy_container" ]; then
    caddy_program=$(sed -n '1{/^\//p;}' "$caddy_words")
    if [ ! -r "$caddy_config" ]; then
      echo "unknown the login may not read $caddy_config"
      return 0
    fi
    # Its own environment is nobody else's to read.
    # shellcheck disable=SC2046 # patterns of files
    if grep -qsF '{$' "$caddy_config" $(cd "${caddy_config%/*}" && sed -n 's/^[[:space:]]*import[[:space:]]\{1,\}\([^[:space:]]*\).*/\1/p' "$caddy_config" | sed "s|^[^/]|${caddy_config%/*}/&|"); then
      echo "unknown $caddy_config takes values of Caddy's own environment ({\$NAME})"
      return 0
    fi
  fi
  case $caddy_config:$caddy_adapter in
    *.json:) caddy_adapted=$(within "$caddy_container" cat "$caddy_config" 2>/dev/null | tr '\n' ' ') ;;
    *) caddy_adapted=$(within "$caddy_container" "${caddy_program:-caddy}" adapt --config "$caddy_config" ${caddy_adapter:+--adapter "$caddy_adapter"} 2>/dev/null) ;;
  esac
  if [ -z "$caddy_adapted" ]; then
    echo "unknown $caddy_config is not valid, or cannot be read by the login: caddy adapt --config $caddy_config says why"
    return 0
  fi
  case $caddy_adapted in
    *'"admin":{"disabled":true'*)
      echo 'unknown its admin endpoint is off'
      return 0
      ;;
  esac
  caddy_admin=$(printf '%s\n' "$caddy_adapted" | sed -n 's/.*"admin":{[^{}]*"listen":"\([^"]*\)".*/\1/p')
  case ${caddy_admin:=localhost:2019} in
    *[!a-zA-Z0-9.:-]*)
      echo "unknown its admin endpoint is at $caddy_admin"
      return 0
      ;;
    :* | 0.0.0.0:*) caddy_admin=localhost:${caddy_admin##*:} ;;
  esac
  caddy_running=$(within "$caddy_container" curl -fsS -m 4 "http://$caddy_admin/config/" 2>/dev/null) ||
    caddy_running=$(within "$caddy_container" wget -q -T 4 -O - "http://$caddy_admin/config/" 2>/dev/null)
  if [ -z "$caddy_running" ]; then
    echo "unknown its admin endpoint at $caddy_admin does not answer curl or wget"
    return 0
  fi
  printf 'running %s\n' "$(printf '%s' "$caddy_running" | tr '\n' ' ')"
  printf 'adapted %s\n' "$(printf '%s' "$caddy_adapted" | tr '\n' ' ')"
  [ -z "$caddy_container" ] || tell_mounted "$caddy_container" "$caddy_config"
}

# caddy_word NAME: what it was given as --NAME.
caddy_word() {
  awk -v name="$1" '$0 == "--" name || $0 == "-" name { getline; print; exit } sub("^--?" name "=", "") { print; exit }' "$caddy_words"
}
