# shellcheck shell=dash
# What the prelude, the parameters and the other parts define is not seen here; names of services have no spaces.
# shellcheck disable=SC2154,SC2034,SC2013,SC2086
# Colours: the project of a colour beside the services that all colours share.
# Parameters: color (blue, green or empty), base_project, shared_services (keep or update).
# A coloured release's directory holds also: shared/ (compose.json, services, images, needs, pulls of the shared
# services), ports, volumes-<n> (words for `docker volume create`), live-only (a table like services).

# plain_containers: id and state of each container of the base project whose service is one that changes.
plain_containers() {
  for _name in $(awk '{ print $7 }' "$color_table") $(awk '{ print $7 }' "$(existing "$color_live_only")"); do
    engine_states "$base_project" "$_name"
  done
}

# plain_runs: prints something if the plain stack is up.
plain_runs() {
  plain_containers | while read -r _id _state; do
    ! is_up "$_state" || echo yes
  done
}

# find_live: what has the traffic. Sets live and canary. False where the record of it cannot be read.
find_live() {
  live=
  canary=
  _share=$(recorded_share) || return 1
  case $_share in *-*) canary=$_share ;; esac
  if [ -n "$_share" ]; then live=$(live_color "$_share" ''); else live=$(live_color '' "$(plain_runs)"); fi
}

# check_color: under the lock; the live colour is never deployed over, and ports never change.
check_color() {
  color_table=$files/release/services
  color_live_only=$files/release/live-only
  find_live || stop refused record-unreadable 'which colour is live is not known: .deploy/traffic.json cannot be read' \
    'Run blue-green-switch with to: the colour that has the traffic: it writes the record anew.'
  [ -z "$canary" ] || stop refused canary-on "a canary is on ($canary): traffic goes to both colours" \
    'Finish it with blue-green-switch first: to: blue or to: green.'
  [ "$live" != "$color" ] || stop refused color-is-live "$color is live" 'Deploy the other colour: color: auto chooses it.'
  # Its containers are what an unconfirmed switch returns to.
  _until=0
  [ ! -f "$path/.deploy/confirm" ] || read -r _ _until _ <"$path/.deploy/confirm"
  # Some time after its end a timer has acted, or nothing ever will.
  [ "$(date +%s)" -ge "$((_until + 300))" ] || stop refused confirmation-pending "the switch to $live waits to be confirmed: without that the traffic goes back to what is in $color" \
    'Confirm it with blue-green-switch (to: confirm), roll back, or wait until its time is over.'
  _changed=$(awk '
    { key = $1 " " $2 " " $3 " " $4 }
    FILENAME == ARGV[1] { port[key] = $5; next }
    (key in port) && port[key] != $5 { print $2; exit }
  ' "$(existing "$path/.deploy/ports")" "$files/release/ports")
  [ -z "$_changed" ] || stop busy ports-taken "another deployment allocated the ports of $_changed meanwhile" 'Run it again.'
  _later=$(engine_running_ids "$base_project" |
    while read -r _id; do engine_networks "$_id"; done | awk -v ours="$(color_network "$base_project" '')" '$0 > ours && index($0, ours) != 1' | sort -u | head -n 1)
  [ -z "$_later" ] || stop refused network-order "a shared service is on the network $_later, whose name sorts after $(color_network "$base_project" "$color"): joining that would move its default gateway and drop connections" \
    'Give that network a name that sorts earlier.'
}

# prepare_color DIRECTORY: networks, volumes and shared services, and the plain services that are idle gone.
prepare_color() {
  for _one in blue green; do
    _network=$(color_network "$base_project" "$_one")
    engine_network "$_network" "$base_project" ||
      {
        problem="the network $_network could not be made"
        return 1
      }
  done
  for _file in "$1"/volumes-*; do
    [ -f "$_file" ] || continue
    make_volume "$_file" || return 1
  done
  share_services "$1/shared" || return 1
  join_shared "$1/shared" || return 1
  { cat "$(existing "$path/.deploy/ports")" "$1/ports" 2>/dev/null; } | sort -u | write_file "$path/.deploy/ports"
  if [ "$color" = blue ]; then
    color_table=$1/services
    color_live_only=$1/live-only
    for _id in $(plain_containers | cut -d ' ' -f 1); do
      say "removes the plain container $(engine_name "$_id"), which is idle: blue takes its place"
      engine_stop "$stop_timeout" "$_id" 2>/dev/null
      engine_remove "$_id"
    done
  fi
}

# make_volume FILE: its words are those of `docker volume create`, the last one is the name.
make_volume() {
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
  _orphans=$remove_orphans
  # The base project may still hold the plain stack, which is live.
  remove_orphans=false
  if [ "$shared_services" = update ]; then
    bring_up "$1"
  else
    _all=$(awk '{ printf "%s%s", separator, $7; separator = " " }' "$1/services")
    start_missing "$1" 'the release' "$_all"
  fi && wait_healthy "$1"
  _code=$?
  project=$base_project-$color
  remove_orphans=$_orphans
  return "$_code"
}

# join_shared DIRECTORY: shared containers are on both colours' networks under their own names. A recreated
# container has lost that, so it is done each time.
join_shared() {
  project=$base_project
  survey "$scratch/shared"
  project=$base_project-$color
  awk 'FILENAME == ARGV[1] { shared[$7] = 1; next } ($1 in shared) && $5 == "running" { print $1, $2 }' \
    "$1/services" "$scratch/shared" >"$scratch/join"
  while read -r _service _id; do
    _on=$(engine_networks "$_id" | tr '\n' ' ')
    for _one in blue green; do
      _network=$(color_network "$base_project" "$_one")
      case " $_on " in *" $_network "*) continue ;; esac
      engine_join "$_network" "$_id" "$_service" ||
        {
          problem="$_service could not join the network of $_one"
          return 1
        }
      say "$_service is on the network of $_one"
    done
  done <"$scratch/join"
}

# slot_release: the release in the place that this deployment replaces.
slot_release() {
  if [ -z "$color" ]; then
    current_release
    return
  fi
  _slot=$(cat "$path/.deploy/color-$color" 2>/dev/null)
  [ -z "$_slot" ] || [ ! -f "$path/releases/$_slot/services" ] || printf '%s' "$_slot"
}

fill_slot() {
  if [ -z "$color" ]; then link_current "$1"; else printf '%s\n' "$1" | write_file "$path/.deploy/color-$color"; fi
}

# take_down_color: nothing of a failed colour stays where there was none before.
take_down_color() {
  for _id in $(project_ids); do
    engine_remove "$_id"
  done
}
