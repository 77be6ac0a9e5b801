# shellcheck shell=dash
# Looks at everything that a switch, an installation or a rollback must know, and changes nothing.
# Parameters: project, folder (of the flags, where none was prepared yet), share_names, docker_host, site_config (may be empty), wants_config (1: reads the proxy's configuration).
# Fields: see parseLook.

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else return 77; fi
}

look_at_docker() {
  { engine_all >"$staging_fields/all" && look_containers >"$staging_fields/containers"; } 2>"$staging_fields/error"
}

look_containers() {
  look_ids=$(for look_project in "$project" "$project-blue" "$project-green"; do
    awk -v project="$look_project" '$3 == "False" && $4 == project { print $1 }' "$staging_fields/all"
  done)
  [ -n "$look_ids" ] || return 0
  # shellcheck disable=SC2086
  engine_look $look_ids
}

# Proxies that run: "host KIND" or "container KIND ID NAME".
look_proxies() {
  look_running=$(awk '$2 !~ /^(created|exited|dead|removing)$/ { print $1 }' "$staging_fields/all")
  for look_comm in /proc/[0-9]*/comm; do
    read -r look_name <"$look_comm" 2>/dev/null || continue
    case " $proxy_kinds " in *" $look_name "*) ;; *) continue ;; esac
    if [ -n "$look_running" ] && printf '%s\n' "$look_running" | grep -qFf - "${look_comm%comm}cgroup" 2>/dev/null; then continue; fi
    echo "host $look_name"
  done 2>/dev/null | sort -u
  [ -n "$look_running" ] || return 0
  # shellcheck disable=SC2086
  engine_programs $look_running |
    awk -v project="$project" -v kinds="$proxy_kinds" '
      BEGIN { known = split(kinds, kind, " ") }
      $4 == project "-blue" || $4 == project "-green" { next }
      {
        line = $0; sub(/.* ports /, "", line)
        for (i = 3; i <= NF; i++) for (k = 1; k <= known; k++) {
          if ((i == 3 && $i ~ "(^|/)" kind[k] "(:|@|$)") || (i > 4 && $i ~ "(^|/)" kind[k] "$")) { print "container", kind[k], $1, substr($2, 2); next }
        }
      }'
}

# Without root: what `nginx -T` would print, of the files that everybody may read.
look_nginx() {
  [ -r "$1" ] || return 0
  printf '# configuration file %s:\n' "$1"
  cat "$1"
  echo
  # shellcheck disable=SC2086 # a pattern for several files
  sed -n 's/^[[:space:]]*include[[:space:]]\{1,\}\([^;#]*\);.*/\1/p' "$1" | while read -r look_include; do
    case $look_include in /*) ;; *) look_include=/etc/nginx/$look_include ;; esac
    for look_file in $look_include; do
      if grep -qxF "$look_file" "$staging_fields/read" 2>/dev/null; then continue; fi
      printf '%s\n' "$look_file" >>"$staging_fields/read"
      look_nginx "$look_file"
    done
  done
}

# What install has noted of the site under a name that stands there once, as a text.
look_noted() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" .deploy/proxy.json 2>/dev/null; }

# Runs without a result, a line each: state (interrupted where nobody lives) and folder.
look_unfinished() {
  for look_run in "$path"/.deploy/runs/*/*; do
    if [ ! -d "$look_run" ] || [ -e "$look_run/result" ]; then continue; fi
    # One without a process is being started just now, or never was.
    [ -f "$look_run/pid" ] || continue
    if _run_lives "$look_run"; then echo "running $look_run"; else echo "interrupted $look_run"; fi
  done
}

inspect() {
  engine_use "$docker_host"
  cd "$path" || fail refused path-not-usable "$path is not a folder"
  # What is gathered here is only on its way into the answer.
  staging_fields=$files/look
  mkdir -p "$staging_fields"
  require_installed
  if ! look_at_docker; then
    require_answer fail
    # A container may go between the two questions, as in a deployment that is under way.
    { sleep 1 && look_at_docker; } || { sleep 1 && look_at_docker; } || fail_for_engine "$(cat "$staging_fields/error")"
  fi
  result_file containers "$staging_fields/containers"
  result unfinished "$(look_unfinished)"
  look_proxies >"$staging_fields/proxies"
  result_file proxies "$staging_fields/proxies"
  if [ -f .deploy/traffic.json ]; then result_file traffic .deploy/traffic.json; fi
  for look_color in blue green; do
    result "slot_$look_color" "$(cat ".deploy/color-$look_color" 2>/dev/null)"
  done
  if [ -f .deploy/ports ]; then result_file ports .deploy/ports; fi
  if [ -f .deploy/proxy.json ]; then result_file proxy .deploy/proxy.json; fi
  if [ -f .deploy/confirm ]; then result_file confirm .deploy/confirm; fi
  if [ -f .deploy/history.jsonl ]; then
    tail -n 200 .deploy/history.jsonl >"$staging_fields/history"
    result_file history "$staging_fields/history"
  fi
  for look_release in releases/*/release.json; do
    [ -f "$look_release" ] || continue
    tr -d '\n' <"$look_release"
    echo
  done >"$staging_fields/releases"
  result_file releases "$staging_fields/releases"
  result current "$(readlink current 2>/dev/null)"
  result user "$(id -un)"
  result group "$(id -gn)"
  look_folder=$(look_noted folder)
  : "${look_folder:=$folder}"
  for look_share in "$look_folder"/* "$look_folder"/.new; do
    [ -f "$look_share" ] && printf '%s\n' "${look_share##*/}"
  done >"$staging_fields/folder"
  result_file folder "$staging_fields/folder"
  if [ -d "$look_folder" ]; then
    if [ -w "$look_folder" ]; then result folder_state writable; else result folder_state foreign; fi
  else
    result folder_state absent
  fi
  look_watched=$(look_noted watched)
  # Each way in which a proxy may have been told; which one counts is known from what was prepared.
  result share_flag "$(for look_share in $share_names; do [ ! -f "$look_folder/$look_share" ] || echo "$look_share"; done | head -n 1)"
  result share_map "$(awk -v p="$project" '$1 == p { print $2; exit }' "$look_folder/haproxy.map" 2>/dev/null)"
  result share_file "$(sed -n 's/^# deploy-actions [^ ]* \([a-z0-9-]*\)$/\1/p' "$look_watched/deploy-actions-$project.yml" 2>/dev/null)"
  if [ -n "$site_config" ]; then
    look_real=$(readlink -f "$site_config" 2>/dev/null) || look_real=$site_config
    result config_file "$look_real"
    if as_root cat "$look_real" >"$staging_fields/config" 2>/dev/null || cat "$look_real" >"$staging_fields/config" 2>/dev/null; then
      result_file config "$staging_fields/config"
    fi
  fi
  if [ "$wants_config" = 1 ]; then
    (umask 022 && as_root nginx -T) >"$staging_fields/whole" 2>/dev/null || look_nginx /etc/nginx/nginx.conf >"$staging_fields/whole"
    result_file whole "$staging_fields/whole"
    while read -r look_where _ look_id look_name; do
      [ "$look_where" = container ] || continue
      engine_surroundings "$look_id" "$look_name"
      engine_in "$look_id" nginx -T >"$staging_fields/whole-$look_name" 2>/dev/null && result_file "whole_$look_name" "$staging_fields/whole-$look_name"
    done <"$staging_fields/proxies" >"$staging_fields/mounts"
    result_file mounts "$staging_fields/mounts"
  fi
  rm -rf "$staging_fields"
}
