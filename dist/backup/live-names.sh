# shellcheck shell=dash
# Networks of the colours. For each network of the file that services of a colour are on, a colour has one of its own; what
# is shared is on those of both, since both need it. So a shared service could mean either colour when it asks for a
# service of one. What it asks for leads to the live one by a network more (a live network), which only the live
# colour's services and the shared ones are on: what it links to there counts before all names that it finds elsewhere.
# When the live colour changes there is a new such network, whose name sorts before the old one and so counts first; the
# old one stays until what was under way on it has ended.

# network_members DIRECTORY: of a release of a colour, lines of network, `internal` or `open`, `own` or `shared`, service
# and the names that it has there.
network_members() {
  if [ -f "$1/networks" ]; then
    cat "$1/networks"
    return 0
  fi
  # Recorded when a colour had one network for all.
  for names_table in services live-only shared/services; do
    [ ! -f "$1/$names_table" ] || awk -v side="$(case $names_table in shared/*) echo shared ;; *) echo own ;; esac)" \
      '{ print "default open", side, $7, $7 }' "$1/$names_table"
  done
}

# live_networks PROJECT NETWORK: those that stand for a network of the file, the one that counts first.
live_networks() {
  engine_project_networks "$1" | awk -v head="zz_$1_live." -v tail=".$2" '
    index($0, head) == 1 && substr($0, length(head) + 7) == tail' | sort
}

# follow_live PROJECT COLOR DIRECTORY: what shared services ask for leads to the colour, by the members of the release in
# the directory. False where it does not.
follow_live() {
  names_all=$(engine_table) || return 1
  while read -r names_network names_kind; do
    [ -z "$names_network" ] || follow_on "$1" "$2" "$3" || return 1
  done <<NETWORKS
$(network_members "$3" | awk '
    { kind[$1] = $2; sides[$1] = sides[$1] $3 }
    END { for (one in kind) if (sides[one] ~ /own/ && sides[one] ~ /shared/) print one, kind[one] }' | sort)
NETWORKS
}

# follow_on PROJECT COLOR DIRECTORY: on $names_network, which is $names_kind.
follow_on() {
  names_members=$(network_members "$3" | awk -v network="$names_network" '$1 == network')
  names_own=$(printf '%s\n' "$names_members" | awk '$3 == "own" { printf "%s ", $4 }')
  names_live=$(printf '%s\n' "$names_all" | of_color "$1" "$2" "$names_own" |
    awk -v own=" $names_own" '$3 == "running" && index(own, " " $2 " ") { print $1, $2 }')
  # Nothing there that anybody could be led to.
  [ -n "$names_live" ] || return 0
  names_newest=$(live_networks "$1" "$names_network" | head -n 1)
  names_there=
  [ -z "$names_newest" ] || names_there=$(engine_members "$names_newest") || return 1
  if ! printf '%s\n' "$names_live" | cut -d ' ' -f 1 | grep -qxF "${names_there:--}"; then
    names_number=${names_newest#"zz_$1_live."}
    names_number=${names_number%%.*}
    names_newest=$(printf 'zz_%s_live.%06d.%s' "$1" "$((${names_number:-1000000} - 1))" "$names_network")
    names_there=
    names_internal=
    [ "$names_kind" != internal ] || names_internal=--internal
    engine_network "$names_newest" "$1" ${names_internal:+"$names_internal"} || return 1
  fi
  while read -r names_id names_service; do
    names_has "$names_id" || engine_join "$names_newest" "$names_id" "$names_service-live" || return 1
  done <<LIVE
$names_live
LIVE
  names_links=$(printf '%s\n' "$names_members" | awk '$3 == "own" { for (i = 5; i <= NF; i++) print $4 "-live:" $i }')
  while read -r names_id names_service; do
    if [ -z "$names_id" ] || names_has "$names_id"; then continue; fi
    # shellcheck disable=SC2086 # names of services have no spaces
    engine_join_linked "$names_newest" "$names_id" $names_links || return 1
    say "what $names_service asks for leads to the live colour"
  done <<SHARED
$(printf '%s\n' "$names_all" | awk -v project="$1" -v shared=" $(printf '%s\n' "$names_members" | awk '$3 == "shared" { printf "%s ", $4 }')" '
    $1 == project && $4 == "running" && index(shared, " " $3 " ") { print $2, $3 }')
SHARED
  # Of networks that lead to nowhere else the order is not certain, so there is only one.
  [ "$names_kind" != internal ] || forget_before "$1" "$names_network" "$names_newest"
}

# names_has ID: the container is on the newest live network.
names_has() {
  case "
$names_there
" in *"
$1
"*) ;; *) return 1 ;; esac
}

# forget_names PROJECT: what leads to a colour that is not live any more.
forget_names() {
  for names_network in $(engine_project_networks "$1" | sed -n "s/^zz_$1_live\.[0-9]\{6\}\.//p" | sort -u); do
    forget_before "$1" "$names_network" "$(live_networks "$1" "$names_network" | head -n 1)"
  done
}

# forget_before PROJECT NETWORK NAME: all but that one. A container that is stopped could not start again without them, so
# it leaves them too. Where the engine did not say which one it is (empty), none goes.
forget_before() {
  [ -n "$3" ] || return 0
  for names_old in $(live_networks "$1" "$2" | grep -vxF "$3"); do
    for names_id in $(engine_members "$names_old"); do
      engine_leave "$names_old" "$names_id" || warn "a container could not leave the network $names_old"
    done
    engine_remove_network "$names_old" || warn "the network $names_old could not be removed"
  done
}
