# shellcheck shell=dash
# Traefik reads its static configuration when it is started, and watches the rest, unless it was told not to.

loaded_traefik() {
  traefik_container=$1
  traefik_at=$(started_at "$2") || return 0
  words_of "$2" >"$loaded_folder/traefik.$2"
  traefik_file=$(awk 'tolower($0) == "--configfile" { getline; print; exit } sub(/^--[cC]onfig[fF]ile=/, "") { print; exit }' "$loaded_folder/traefik.$2")
  case $traefik_file in
    '')
      for traefik_file in /etc/traefik/traefik.toml /etc/traefik/traefik.yaml /etc/traefik/traefik.yml ''; do
        if [ -z "$traefik_file" ] || within "$traefik_container" test -e "$traefik_file" 2>/dev/null; then break; fi
      done
      ;;
    /*) ;;
    *)
      echo "unknown it was started with a file that has no absolute path: $traefik_file"
      return 0
      ;;
  esac
  echo "loaded $traefik_at"
  traefik_static=
  if [ -z "$traefik_file" ]; then
    echo 'current it was started with words alone'
  else
    tell_files "$traefik_container" "$traefik_file"
    traefik_static=$(within "$traefik_container" cat "$traefik_file" 2>/dev/null) || echo "unknown the login may not read $traefik_file"
  fi
  if { printf '%s\n' "$traefik_static" && cat "$loaded_folder/traefik.$2"; } | grep -qiE 'watch["[:space:]]*[:=][[:space:]"]*false'; then
    echo 'unknown it does not watch its dynamic configuration (watch: false)'
  fi
}
