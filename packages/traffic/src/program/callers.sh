# shellcheck shell=dash
# Looks at who can ask a service by its name: what runs on its networks, and how the proxies among that look names up.
# Parameters: project, networks (one a line), docker_host, proxy_kinds. Fields: see `readCallers`.

inspect() {
  engine_use "$docker_host"
  callers_folder=$files/callers
  mkdir -p "$callers_folder"
  : >"$callers_folder/kinds"
  : >"$callers_folder/there"
  while read -r callers_network; do
    [ -n "$callers_network" ] || continue
    printf '%s %s\n' "$callers_network" "$(engine_network_kind "$callers_network")" >>"$callers_folder/kinds"
    engine_on "$callers_network" >"$callers_folder/on" 2>"$callers_folder/error" || fail_for_engine "$(cat "$callers_folder/error")"
    awk -v network="$callers_network" '{ print network, $0 }' "$callers_folder/on" >>"$callers_folder/there"
  done <<NETWORKS
$networks
NETWORKS
  result_file kinds "$callers_folder/kinds"
  result_file there "$callers_folder/there"
  found_in_containers "$(cut -d ' ' -f 2 "$callers_folder/there" | sort -u)" |
    awk '{ print "container", $1, $2, $3 }' >"$callers_folder/proxies"
  result_file proxies "$callers_folder/proxies"
  while read -r _ callers_kind callers_id callers_name; do
    of_proxy whole "$callers_kind" "$callers_id" >"$callers_folder/whole" </dev/null
    result_file "whole_$callers_name" "$callers_folder/whole"
  done <"$callers_folder/proxies"
  rm -rf "$callers_folder"
}
