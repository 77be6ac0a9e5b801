# shellcheck shell=dash
# Which containers of a service its callers are led to. A name leads to every container that has it, ready or not, and no
# engine takes it from one without cutting the connections that it has. So for the time of a change there is a network
# more (a way), which its callers are on, and those of its containers that are to be asked: what a caller links to
# there counts before all names that it finds elsewhere. Where others are to be asked there is a new way, whose name sorts
# before that of the older one and so counts first; on the older one what is under way goes on. A way that none of the
# service's containers is on is nobody's any more: names are looked up as without it.
# Names of services, networks and ids have no spaces, so lists of them are words.

# ways SERVICE NETWORK: those that stand for a network of the file, the one that counts first.
ways() {
  engine_project_networks "$project" | awk -v head="zz_${project}_roll." -v tail=".$1.$2" '
    index($0, head) == 1 && substr($0, length(head) + 7) == tail' | sort
}

# networks_of ID: a line for each network that it is on by the file: the network, and its service's names there.
networks_of() {
  way_own=$(engine_name "$1") || return 1
  engine_networks "$1" | awk -v own="${way_own#/}" -v id="$1" -v head="zz_${project}_" '
    index($1, head) == 1 { next }
    {
      line = $1
      # What only this container is called is nothing that others could go on with.
      for (i = 2; i <= NF; i++) if ($i != own && index(id, $i) != 1 && !seen[$1, $i]++) line = line " " $i
      if (line != $1) print line
    }'
}

# led_to SERVICE NETWORK: ids of the service's running containers that callers are led to; nothing where there is no way.
# One that none of them is on yet leads nowhere: the one before counts.
led_to() {
  for way_candidate in $(ways "$1" "$2"); do
    way_led=$(engine_on "$way_candidate") || return 1
    way_led=$(printf '%s\n' "$way_led" | own_of "$1")
    [ -n "$way_led" ] || continue
    printf '%s\n' "$way_led"
    return 0
  done
}

# own_of SERVICE, callers_of SERVICE: of lines of id, project and service (on stdin) those of the service, or all others.
own_of() { awk -v project="$project" -v service="$1" '$2 == project && $3 == service { print $1 }' | sort; }
callers_of() { awk -v project="$project" -v service="$1" '$2 != project || $3 != service { print $1 }' | sort; }

# lead_to SERVICE IDS: from now on callers are led to these of its containers and to no others.
# shellcheck disable=SC2086 # lists of words
lead_to() {
  way_service=$1
  way_ids=$(printf '%s\n' $2 | sort)
  networks_of "${2%% *}" >"$scratch/ways" || return 1
  while read -r way_network way_names; do
    lead_on || return 1
  done <"$scratch/ways"
}

# lead_on: on $way_network, where the service has $way_names.
# shellcheck disable=SC2086 # lists of words
lead_on() {
  way_callers=$(engine_on "$way_network") || return 1
  way_callers=$(printf '%s\n' "$way_callers" | callers_of "$way_service")
  [ -n "$way_callers" ] || return 0
  way_newest=$(ways "$way_service" "$way_network" | head -n 1)
  way_there=
  [ -z "$way_newest" ] || way_there=$(engine_members "$way_newest") || return 1
  if [ -z "$way_newest" ] || [ "$(led_to "$way_service" "$way_network")" != "$way_ids" ]; then
    way_number=${way_newest#"zz_${project}_roll."}
    way_number=${way_number%%.*}
    way_newest=$(printf 'zz_%s_roll.%06d.%s.%s' "$project" "$((${way_number:-1000000} - 1))" "$way_service" "$way_network")
    way_there=
    engine_network "$way_newest" "$project" || {
      problem="the network $way_newest, by which callers of $way_service are led, could not be made"
      return 1
    }
  fi
  # The callers come first. The engine gives a name's new address out before it has put the network's interface into the
  # container that joins: a caller that asked then would connect to an address that it has no way to yet.
  way_links=
  for way_name in $way_names; do way_links="$way_links $way_service-rolling:$way_name"; done
  for way_id in $way_callers; do
    if way_has "$way_id" || engine_join_linked "$way_newest" "$way_id" $way_links; then continue; fi
    # One that has ended meanwhile asks for nothing.
    if engine_on "$way_network" | grep -q "^$way_id "; then
      problem="a caller of $way_service could not be led by the network $way_newest"
      return 1
    fi
  done
  for way_id in $way_ids; do
    way_has "$way_id" || engine_join "$way_newest" "$way_id" "$way_service-rolling" || return 1
  done
}

way_has() {
  case "
$way_there
" in *"
$1
"*) ;; *) return 1 ;; esac
}

# tidy_ways: ways that none of the service's containers is on are removed; and containers that came otherwise, such as by
# another number of replicas, are found like the others.
tidy_ways() {
  way_any=
  for way_table in "$path"/releases/*/rolling; do [ ! -f "$way_table" ] || way_any=yes; done
  [ -n "$way_any" ] || return 0
  way_all=$(engine_project_networks "$project") || return 1
  printf '%s\n' "$way_all" | sed -n "s/^zz_${project}_roll\.[0-9]\{6\}\.//p" | sort -u >"$scratch/way-groups"
  survey "$scratch/containers" || return 1
  while read -r way_group; do
    tidy_group || return 1
  done <"$scratch/way-groups"
}

# tidy_group: the ways of $way_group, which is service and network with a dot between.
tidy_group() {
  way_service=$(awk -v group="$way_group" 'index(group, $1 ".") == 1 && length($1) > length(best) { best = $1 } END { print best }' "$scratch/containers")
  way_first=yes
  printf '%s\n' "$way_all" | awk -v head="zz_${project}_roll." -v tail=".$way_group" 'index($0, head) == 1 && substr($0, length(head) + 7) == tail' |
    sort >"$scratch/way-list"
  while read -r way_one; do
    way_there=$(engine_members "$way_one") || return 1
    way_left=
    for way_id in ${way_service:+$(ids_of "$way_service")}; do
      if way_has "$way_id"; then way_left=yes; fi
    done
    if [ -z "$way_left" ]; then
      for way_id in $way_there; do engine_leave "$way_one" "$way_id" || return 1; done
      engine_remove_network "$way_one" || return 1
    elif [ -n "$way_first" ]; then
      way_network=${way_group#"$way_service."}
      for way_id in $(engine_on "$way_network" | own_of "$way_service"); do
        way_has "$way_id" || engine_join "$way_one" "$way_id" "$way_service-rolling" || return 1
      done
      way_first=
    fi
  done <"$scratch/way-list"
}
