# shellcheck shell=dash
# What holds a port, a name or an address that a service of the release is to have.

# make_way DIRECTORY NAMES LEFT: what holds something that the services NAMES are to have now, and is to go or is made anew
# itself (LEFT: services that are still to be), is stopped before they start. A name is taken from it too. If the release
# does not become healthy, the one before is brought up as from any other state.
make_way() {
  # Not written by what recorded a release before there was this.
  [ -s "$1/holds" ] || return 0
  awk -v names="$2 " 'index(names, " " $1 " ")' "$1/holds" >"$scratch/wanted"
  [ -s "$scratch/wanted" ] || return 0
  # By the last survey: what is still to be made anew is as it was. A service's own container is not in its way, and often it
  # is the only one.
  way_ids=$({
    awk -v left="$3 " '
      FILENAME == ARGV[1] { if (!($1 in wants)) n++; wants[$1]; next }
      index(left, " " $1 " ") && !(n == 1 && $1 in wants) { print $2 }
    ' "$scratch/wanted" "$scratch/containers"
    [ "$remove_orphans" != true ] || orphans "$1"
  } | awk '{ print $1 }')
  [ -n "$way_ids" ] || return 0
  # shellcheck disable=SC2086 # ids are hexadecimal
  engine_holdings $way_ids >"$scratch/holdings"
  in_the_way >"$scratch/way"
  while read -r way_id way_name way_service way_kind way_what; do
    say "stops ${way_name#/}, which holds the $way_kind $way_what that $way_service is to have"
    engine_stop "$stop_timeout" "$way_id" 2>/dev/null
    # As an interrupted recreate leaves it: see repair_leftovers.
    [ "$way_kind" != name ] || engine_rename "$way_id" "$(printf '%.12s' "$way_id")_${way_name#/}" || return 1
  done <"$scratch/way"
}

# in_the_way: id and name of each container that holds what another service is to have, with that service and what it is.
in_the_way() {
  awk '
    FILENAME == ARGV[1] { n++; service[n] = $1; kind[n] = $2; what[n] = $3; ip[n] = $4; next }
    FILENAME == ARGV[2] { of[$2] = $1; next }
    {
      first = 0
      for (i = 1; i <= n; i++) {
        if (of[$1] == service[i]) continue
        held = kind[i] == "name" && $2 == "/" what[i]
        for (j = 3; j <= NF && !held; j++) {
          if (kind[i] == "address") held = $j == "@" what[i]
          else if (kind[i] == "port" && split($j, port, "|") == 3)
            held = port[2] "/" substr(port[3], index(port[3], "/") + 1) == what[i] && (any(ip[i]) || any(port[1]) || ip[i] == port[1])
        }
        # One that holds a name is more than stopped, whatever else it holds.
        if (held && (!first || kind[i] == "name")) first = i
      }
      if (first) print $1, $2, service[first], kind[first], what[first]
    }
    function any(address) { return address == "" || address == "*" || address == "0.0.0.0" || address == "::" }
  ' "$scratch/wanted" "$scratch/containers" "$scratch/holdings"
}
