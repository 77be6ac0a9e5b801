# shellcheck shell=dash
# Looks at who can ask a service by its name: what runs on its networks, and how the proxies among that look names up.
# Parameters: networks (one a line), docker_host, proxy_kinds. Fields: see `readCallers`.

inspect() {
  engine_use "$docker_host"
  staging_fields=$files/callers
  mkdir -p "$staging_fields"
  : >"$staging_fields/kinds"
  : >"$staging_fields/there"
  while read -r callers_network; do
    [ -n "$callers_network" ] || continue
    printf '%s %s\n' "$callers_network" "$(engine_network_kind "$callers_network")" >>"$staging_fields/kinds"
    engine_on "$callers_network" >"$staging_fields/on" 2>"$staging_fields/error" || fail_for_engine "$(cat "$staging_fields/error")"
    awk -v network="$callers_network" '{ print network, $0 }' "$staging_fields/on" >>"$staging_fields/there"
  done <<NETWORKS
$networks
NETWORKS
  result_file kinds "$staging_fields/kinds"
  result_file there "$staging_fields/there"
  found_in_containers "$(cut -d ' ' -f 2 "$staging_fields/there" | sort -u)" |
    awk '{ print "container", $1, $2, $3 }' >"$staging_fields/proxies"
  result_file proxies "$staging_fields/proxies"
  while read -r _ callers_kind callers_id callers_name; do
    of_proxy names "$callers_kind" "$callers_id" >"$staging_fields/names" </dev/null
    result_file "names_$callers_name" "$staging_fields/names"
  done <"$staging_fields/proxies"
  rm -rf "$staging_fields"
}
