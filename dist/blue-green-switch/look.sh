# shellcheck shell=dash
# Looks at everything that a switch, an installation or a rollback must know, and changes nothing.
# Parameters: project, folder (of the flags, where none was prepared yet), share_names, docker_host, proxy_kinds (all that
# there are), site_config (may be empty), wants_config (1: reads the proxy's configuration).
# Fields: see parseLook.

# All containers, and more of those of the project; why not, in $staging_fields/error.
look_at_docker() {
  { engine_all >"$staging_fields/all" && look_containers >"$staging_fields/containers"; } 2>"$staging_fields/error"
}

# The project's and its colours', a JSON object each.
look_containers() {
  look_ids=$(for look_project in "$project" "$project-blue" "$project-green"; do
    awk -v project="$look_project" '$3 == "False" && $4 == project { print $1 }' "$staging_fields/all"
  done)
  [ -n "$look_ids" ] || return 0
  # shellcheck disable=SC2086
  engine_look $look_ids
}

# Proxies that run: "host KIND" or "container KIND ID NAME". Those of a colour are the application's own.
look_proxies() {
  look_running=$(awk '$2 !~ /^(created|exited|dead|removing)$/ { print $1 }' "$staging_fields/all")
  found_on_host "$proxy_kinds" "$look_running" | awk '{ print "host " $1 }' | sort -u
  found_in_containers "$look_running" |
    awk -v project="$project" '$4 != project "-blue" && $4 != project "-green" { print "container", $1, $2, $3 }'
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

# What the records say of the traffic, of the releases and of what is in each colour.
look_at_records() {
  if [ -f .deploy/traffic.json ]; then result_file traffic .deploy/traffic.json; fi
  for look_color in blue green; do
    look_slot=''
    { read -r look_slot <".deploy/color-$look_color"; } 2>/dev/null || true
    result "slot_$look_color" "$look_slot"
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
}

look_newline='
'

# Where each proxy may have been told of a share; which one counts is known from what was prepared.
look_at_shares() {
  look_folder=$(look_noted folder)
  folder=${look_folder:-$folder}
  # shellcheck disable=SC2034 # the part of a proxy reads it
  watched=$(look_noted watched)
  if [ -d "$folder" ]; then
    if [ -w "$folder" ]; then result folder_state writable; else result folder_state foreign; fi
  else
    result folder_state absent
  fi
  for look_kind in $proxy_kinds; do
    # Of several lines the first one, without a process for it: a rollback waits for this look.
    look_share=$(of_proxy share "$look_kind")
    result "share_$look_kind" "${look_share%%"$look_newline"*}"
  done
}

# The file of the site, if it is given.
look_at_site() {
  [ -n "$site_config" ] || return 0
  look_real=$(readlink -f "$site_config" 2>/dev/null) || look_real=$site_config
  result config_file "$look_real"
  if as_root cat "$look_real" >"$staging_fields/config" 2>/dev/null || cat "$look_real" >"$staging_fields/config" 2>/dev/null; then
    result_file config "$staging_fields/config"
  fi
}

# The whole configuration of every proxy, and what those in containers see of the server.
look_at_configurations() {
  [ "$wants_config" = 1 ] || return 0
  each_proxy whole >"$staging_fields/whole"
  result_file whole "$staging_fields/whole"
  while read -r look_where look_kind look_id look_name; do
    [ "$look_where" = container ] || continue
    engine_surroundings "$look_id" "$look_name"
    of_proxy whole "$look_kind" "$look_id" >"$staging_fields/whole-$look_name"
    [ ! -s "$staging_fields/whole-$look_name" ] || result_file "whole_$look_name" "$staging_fields/whole-$look_name"
  done <"$staging_fields/proxies" >"$staging_fields/mounts"
  result_file mounts "$staging_fields/mounts"
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
  look_at_records
  result user "$(id -un)"
  result group "$(id -gn)"
  look_at_shares
  look_at_site
  look_at_configurations
  rm -rf "$staging_fields"
}
