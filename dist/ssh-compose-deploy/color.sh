# shellcheck shell=dash
# Colours: the project of a colour beside the services that all colours share.
# Parameters: color (blue, green or empty), base_project, shared_services (keep or update).
# A coloured release's directory holds also: shared/ (compose.json, services, images, needs, pulls of the shared
# services), ports, volumes-<n> (words for `docker volume create`), networks (see network_members), network-<n> (words for
# `docker network create`), live-only (a table like services).

# plain_containers: id and state of each container of the base project whose service is one that changes.
plain_containers() {
  for color_name in $(awk '{ print $7 }' "$color_table") $(awk '{ print $7 }' "$(existing "$color_live_only")"); do
    engine_states "$base_project" "$color_name"
  done
}

# plain_runs: prints something if the plain stack is up.
plain_runs() {
  plain_containers | while read -r color_id color_state; do
    ! is_up "$color_state" || echo yes
  done
}

# prepare_color DIRECTORY: networks, volumes and shared services; nothing that serves, or stands by, is touched.
prepare_color() {
  make_networks "$1" || return 1
  for color_file in "$1"/volumes-*; do
    [ -f "$color_file" ] || continue
    make_volume "$color_file" || return 1
  done
  share_services "$1" || return 1
  { cat "$(existing "$path/.deploy/ports")" "$1/ports" 2>/dev/null; } | sort -u | write_file "$path/.deploy/ports"
}

# clear_plain DIRECTORY: the plain services, which are idle, make room for blue. Only when nothing is between that and blue's
# coming up: a migration that fails before leaves them warm for the way back.
clear_plain() {
  [ "$color" = blue ] || return 0
  color_table=$1/services
  color_live_only=$1/live-only
  for color_id in $(plain_containers | cut -d ' ' -f 1); do
    say "removes the plain container $(engine_name "$color_id"), which is idle: blue takes its place"
    engine_stop "$stop_timeout" "$color_id" 2>/dev/null
    engine_remove "$color_id"
  done
}

# make_networks DIRECTORY: those of both colours, so that a proxy can be on both before the other one is deployed.
make_networks() {
  if [ ! -f "$1/networks" ]; then
    # Recorded when a colour had one network for all.
    for color_one in blue green; do
      engine_network "$(color_network "$base_project" "$color_one")" "$base_project" || {
        problem="the network of $color_one could not be made"
        return 1
      }
    done
  fi
  for color_file in "$1"/network-*; do
    [ -f "$color_file" ] || continue
    make_network "$color_file" || return 1
  done
}

# make_network FILE: its words are those of `docker network create` before the name.
make_network() {
  network_name=''
  # shellcheck disable=SC1090 # written by the runner
  . "$1"
  engine_network "$network_name" "$base_project" "$@" 2>"$scratch/network-error" && return 0
  problem="the network $network_name could not be made: $(tail -n 1 "$scratch/network-error" | sed 's/^Error response from daemon: //' | cut -c 1-300)"
  return 1
}

# make_volume FILE: its words are those of `docker volume create`, the last one is the name.
make_volume() {
  volume_name=''
  # shellcheck disable=SC1090 # written by the runner
  . "$1"
  engine_volume "$volume_name" "$@" && return 0
  problem="the volume $volume_name could not be made"
  return 1
}

# share_services DIRECTORY: the shared services of a release run, where the colours find them and they the live colour;
# `keep` starts what does not run and recreates nothing.
share_services() {
  [ -s "$1/shared/services" ] || return 0
  project=$base_project
  color_orphans=$remove_orphans
  # The base project may still hold the plain stack, which is live.
  remove_orphans=false
  if [ "$shared_services" = update ]; then
    bring_up "$1/shared"
  else
    color_all=$(awk '{ printf "%s%s", separator, $7; separator = " " }' "$1/shared/services")
    start_missing "$1/shared" 'the release' "$color_all"
  fi && join_shared "$1" && wait_healthy "$1/shared"
  color_code=$?
  project=$base_project-$color
  remove_orphans=$color_orphans
  return "$color_code"
}

# join_shared DIRECTORY: shared containers are on the networks of both colours, under the names that they have in the file,
# and find the live colour by its own. A recreated container has lost that, so it is done each time. The live colour
# first: a container that is on a colour's networks must not take the idle one for it.
join_shared() {
  color_table=$1/services
  color_live_only=$1/live-only
  if find_live && [ -n "$live" ] && ! follow_live "$base_project" "$live" "$1"; then
    problem='what shared services ask for could not be led to the live colour'
    return 1
  fi
  survey "$scratch/shared"
  network_members "$1" >"$scratch/members"
  awk 'FILENAME == ARGV[1] { if ($3 == "shared") { n[$4]++; line[$4, n[$4]] = $0 }; next }
    $5 == "running" { for (i = 1; i <= n[$1]; i++) print $2, line[$1, i] }' \
    "$scratch/members" "$scratch/shared" >"$scratch/join"
  while read -r color_id color_key _ _ color_service color_names; do
    engine_networks "$color_id" >"$scratch/on"
    for color_one in blue green; do
      color_own_network=$(color_network "$base_project" "$color_one" "$color_key")
      if color_on=$(grep -F "$color_own_network" "$scratch/on" | grep "^$color_own_network\( \|\$\)"); then
        # Under live traffic nothing is cut for a name that its release does without.
        if [ "$color_one" != "$color" ] || ! lacks_names "$color_on"; then continue; fi
        engine_leave "$color_own_network" "$color_id"
      fi
      # shellcheck disable=SC2086 # names have no spaces
      engine_join "$color_own_network" "$color_id" $color_names ||
        {
          problem="$color_service could not join the network $color_own_network"
          return 1
        }
      say "$color_service is on the network $color_own_network"
    done
  done <"$scratch/join"
}

# lacks_names LINE: one of $color_names is not in the line.
lacks_names() {
  for color_name in $color_names; do
    case "$1 " in *" $color_name "*) ;; *) return 0 ;; esac
  done
  return 1
}

# take_down_color: nothing of a failed colour stays where there was none before.
take_down_color() {
  for color_id in $(project_ids); do
    engine_remove "$color_id"
  done
}
