# shellcheck shell=dash
# Colours: the project of a colour beside the services that all colours share.
# Parameters: color (blue, green or empty), base_project, shared_services (keep or update).
# A coloured release's directory holds also: shared/ (compose.json, services, images, needs, pulls of the shared
# services), ports, volumes-<n> (words for `docker volume create`), live-only (a table like services).

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

# find_live: what has the traffic. Sets live and canary. False where the record of it cannot be read.
find_live() {
  live=
  canary=
  color_share=$(recorded_share) || return 1
  case $color_share in *-*) canary=$color_share ;; esac
  if [ -n "$color_share" ]; then live=$(live_color "$color_share" ''); else live=$(live_color '' "$(plain_runs)"); fi
}

# prepare_color DIRECTORY: networks, volumes and shared services, and the plain services that are idle gone.
prepare_color() {
  for color_one in blue green; do
    color_own_network=$(color_network "$base_project" "$color_one")
    engine_network "$color_own_network" "$base_project" ||
      {
        problem="the network $color_own_network could not be made"
        return 1
      }
  done
  for color_file in "$1"/volumes-*; do
    [ -f "$color_file" ] || continue
    make_volume "$color_file" || return 1
  done
  share_services "$1/shared" || return 1
  join_shared "$1/shared" || return 1
  { cat "$(existing "$path/.deploy/ports")" "$1/ports" 2>/dev/null; } | sort -u | write_file "$path/.deploy/ports"
  if [ "$color" = blue ]; then
    color_table=$1/services
    color_live_only=$1/live-only
    for color_id in $(plain_containers | cut -d ' ' -f 1); do
      say "removes the plain container $(engine_name "$color_id"), which is idle: blue takes its place"
      engine_stop "$stop_timeout" "$color_id" 2>/dev/null
      engine_remove "$color_id"
    done
  fi
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

# share_services DIRECTORY: the shared services run; `keep` starts what does not and recreates nothing.
share_services() {
  [ -s "$1/services" ] || return 0
  project=$base_project
  color_orphans=$remove_orphans
  # The base project may still hold the plain stack, which is live.
  remove_orphans=false
  if [ "$shared_services" = update ]; then
    bring_up "$1"
  else
    color_all=$(awk '{ printf "%s%s", separator, $7; separator = " " }' "$1/services")
    start_missing "$1" 'the release' "$color_all"
  fi && wait_healthy "$1"
  color_code=$?
  project=$base_project-$color
  remove_orphans=$color_orphans
  return "$color_code"
}

# join_shared DIRECTORY: shared containers are on both colours' networks under their own names. A recreated
# container has lost that, so it is done each time.
join_shared() {
  project=$base_project
  survey "$scratch/shared"
  project=$base_project-$color
  awk 'FILENAME == ARGV[1] { shared[$7] = 1; next } ($1 in shared) && $5 == "running" { print $1, $2 }' \
    "$1/services" "$scratch/shared" >"$scratch/join"
  while read -r color_service color_id; do
    color_on=$(engine_networks "$color_id" | tr '\n' ' ')
    for color_one in blue green; do
      color_own_network=$(color_network "$base_project" "$color_one")
      case " $color_on " in *" $color_own_network "*) continue ;; esac
      engine_join "$color_own_network" "$color_id" "$color_service" ||
        {
          problem="$color_service could not join the network of $color_one"
          return 1
        }
      say "$color_service is on the network of $color_one"
    done
  done <"$scratch/join"
}

# slot_release: the release in the place that this deployment replaces.
slot_release() {
  if [ -z "$color" ]; then
    current_release
    return
  fi
  color_slot=$(cat "$path/.deploy/color-$color" 2>/dev/null)
  [ -z "$color_slot" ] || [ ! -f "$path/releases/$color_slot/services" ] || printf '%s' "$color_slot"
}

fill_slot() {
  if [ -z "$color" ]; then link_current "$1"; else printf '%s\n' "$1" | write_file "$path/.deploy/color-$color"; fi
}

# take_down_color: nothing of a failed colour stays where there was none before.
take_down_color() {
  for color_id in $(project_ids); do
    engine_remove "$color_id"
  done
}
