# shellcheck shell=dash
# Looks at everything that a switch, an installation or a rollback must know, and changes nothing.
# Parameters: project, folder (of the flags, where none was prepared yet), share_names, docker_host, proxy_kinds (all that
# there are), site_config (may be empty), wants_config (1: reads the proxy's configuration).
# Fields: see parseLook.

# Asks for the project's containers and its colours' ($look_own), and for all others that run, in two calls. What the engine
# tells is in $staging_fields/told, and of the project's in $look_containers; why not, in $staging_fields/error.
look_at_docker() {
  look_own=
  look_running=
  look_all=$(engine_all 2>"$staging_fields/error") || return 1
  set --
  while read -r look_id look_state look_once look_project; do
    case $look_state in created | exited | dead | removing | '') look_state= ;; *) look_running="$look_running $look_id" ;; esac
    case $look_once:$look_project in
      "False:$project" | "False:$project-blue" | "False:$project-green") look_own="$look_own $look_id" ;;
      *) [ -n "$look_state" ] || continue ;;
    esac
    set -- "$@" "$look_id"
  done <<ALL || return 1
$look_all
ALL
  if [ $# = 0 ]; then true >"$staging_fields/told"; else engine_look "$@" >"$staging_fields/told" 2>"$staging_fields/error"; fi
  # One of the others may have gone meanwhile, and nothing needs it; of the project's none may be missing.
  look_containers=$(awk -v own="$look_own" '
    BEGIN { left = split(own, ids); for (i = 1; i <= left; i++) is_own[ids[i]] = 1 }
    /^[{]/ { if (id in is_own) { print; left-- }; next }
    { id = $1 }
    END { exit (left > 0) }' "$staging_fields/told")
}

# tells_swarm FILE: a record of a release says that a cluster has it.
tells_swarm() {
  while IFS= read -r look_line || [ -n "$look_line" ]; do
    case $look_line in *'"engine":"swarm"'*) return 0 ;; esac
  done <"$1"
  return 1
}

# look_at_cluster: where a release that is in a colour, or serves, is a cluster's: this server as a node of it, where the proxies
# find the services of the colours, and, on a manager, what of the project runs.
look_at_cluster() {
  set -- current
  for look_slot in .deploy/color-blue .deploy/color-green; do
    look_one=
    { read -r look_one <"$look_slot"; } 2>/dev/null || true
    [ -z "$look_one" ] || set -- "$@" "releases/$look_one"
  done
  look_in=
  for look_one; do
    { [ -f "$look_one/release.json" ] && tells_swarm "$look_one/release.json"; } || continue
    look_in=yes
    [ ! -f "$look_one/meets" ] || cat "$look_one/meets"
  done >"$staging_fields/meets"
  [ -n "$look_in" ] || return 0
  result_file meets "$staging_fields/meets"
  engine_node >"$staging_fields/node" 2>"$staging_fields/error" || fail_for_engine "$(cat "$staging_fields/error")"
  result_file node "$staging_fields/node"
  read -r look_state look_manages _ <"$staging_fields/node"
  [ "$look_state $look_manages" = 'active true' ] || return 0
  result address "$(engine_node_address)"
  engine_stack_table "$project" >"$staging_fields/stacks" 2>"$staging_fields/error" || fail_for_engine "$(cat "$staging_fields/error")"
  result_file stacks "$staging_fields/stacks"
}

# Proxies that run: "host KIND" or "container KIND ID NAME". Those of a colour are the application's own.
look_proxies() {
  {
    found_on_host "$proxy_kinds" "$look_running"
    found_by_programs <"$staging_fields/told"
  } | awk -v project="$project" -v running="$look_running" '
    BEGIN { n = split(running, ids); for (i = 1; i <= n; i++) runs[ids[i]] = 1 }
    NF == 2 { place = "host " $1 }
    NF > 2 { place = $2 in runs && $4 != project "-blue" && $4 != project "-green" ? "container " $1 " " $2 " " $3 : "" }
    place != "" && !told[place]++ { print place }'
}

# look_noted NAME: what install has noted of the site under a name that stands there once, as a text, into $look_value;
# $look_notes has it all.
look_noted() {
  look_value=
  case $look_notes in
    *"\"$1\":\""*)
      look_value=${look_notes##*"\"$1\":\""}
      look_value=${look_value%%\"*}
      ;;
  esac
}

# Runs without a result, a line each: state (interrupted where nobody lives), folder, and after a tab the address of the
# workflow run that began it.
look_unfinished() {
  for look_run in "$path"/.deploy/runs/*/*; do
    if [ ! -d "$look_run" ] || [ -e "$look_run/result" ]; then continue; fi
    # One without a process is being started just now, or never was.
    [ -f "$look_run/pid" ] || continue
    look_url=''
    { read -r look_url <"$look_run/url"; } 2>/dev/null || true
    look_state=interrupted
    if _run_lives "$look_run"; then look_state=running; fi
    printf '%s %s\t%s\n' "$look_state" "$look_run" "$look_url"
  done
}

# What the records say of the traffic, of the releases and of what is in each colour.
look_at_records() {
  if [ -f .deploy/traffic.json ]; then result_text traffic .deploy/traffic.json; fi
  for look_color in blue green; do
    look_slot=''
    { read -r look_slot <".deploy/color-$look_color"; } 2>/dev/null || true
    result "slot_$look_color" "$look_slot"
  done
  if [ -f .deploy/ports ]; then result_text ports .deploy/ports; fi
  if [ -f .deploy/proxy.json ]; then result_text proxy .deploy/proxy.json; fi
  if [ -f .deploy/confirm ]; then result_text confirm .deploy/confirm; fi
  if [ -f .deploy/history.jsonl ]; then result history "$(tail -n 200 .deploy/history.jsonl)"; fi
  # A line each, also where one was cut short.
  set -- releases/*/release.json
  [ ! -e "$1" ] || result releases "$(grep -h '' "$@")"
  result current "$(readlink current 2>/dev/null)"
}

# Where each proxy may have been told of a share; which one counts is known from what was prepared.
look_at_shares() {
  look_notes=
  { read -r look_notes <.deploy/proxy.json; } 2>/dev/null || true
  look_noted folder
  folder=${look_value:-$folder}
  look_noted watched
  # shellcheck disable=SC2034 # the part of a proxy reads it
  watched=$look_value
  if [ -d "$folder" ]; then
    if [ -w "$folder" ]; then result folder_state writable; else result folder_state foreign; fi
  else
    result folder_state absent
  fi
  for look_kind in $proxy_kinds; do
    of_proxy share "$look_kind" >"$staging_fields/share"
    # Of several lines the first one.
    read -r look_share <"$staging_fields/share" || look_share=
    result "share_$look_kind" "$look_share"
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

# What an installation needs besides: who makes it, the whole configuration of every proxy, and what those in containers see
# of the server.
look_for_installation() {
  [ "$wants_config" = 1 ] || return 0
  result user "$(id -un)"
  result group "$(id -gn)"
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
  # What is gathered here is only on its way into the answer; it goes with the look.
  staging_fields=$files
  require_installed
  if ! look_at_docker; then
    require_answer fail
    # A container may go between the two questions, as in a deployment that is under way.
    { sleep 1 && look_at_docker; } || { sleep 1 && look_at_docker; } || fail_for_engine "$(cat "$staging_fields/error")"
  fi
  result containers "$look_containers"
  look_at_cluster
  look_unfinished >"$staging_fields/unfinished"
  result_text unfinished "$staging_fields/unfinished"
  look_proxies >"$staging_fields/proxies"
  result_text proxies "$staging_fields/proxies"
  look_at_records
  look_at_shares
  look_at_site
  look_for_installation
}
