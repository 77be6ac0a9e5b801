# shellcheck shell=dash
# What a Caddy that runs tells of its configuration.

# caddy_of CONTAINER PROCESS FILE: which one the steps below look at; its words go into the file.
caddy_of() {
  caddy_container=$1
  caddy_words=$3
  words_of "$2" >"$caddy_words"
  caddy_config=$(caddy_word config)
  caddy_adapter=$(caddy_word adapter)
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
