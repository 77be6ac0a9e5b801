# shellcheck shell=dash
# Colours in a cluster: the stack of a colour beside the one of the services that all colours share.
# Parameters: color, base_project, shared_services (keep or update).
# A coloured release's directory holds also shared/ (the same files of the shared services' stack, where there is one; its
# overlays are the networks of the file that the colour is on).

# plain_services: names of the services of the base project that the colour has as well.
plain_services() {
  engine_stack_services "$base_project" >"$scratch/plain" || return 1
  awk -v tail="-$color" '
    FILENAME == ARGV[1] { sub(tail "$", "", $7); changes[$7]; next }
    $2 in changes { print $2 }
  ' "$files/release/services" "$scratch/plain"
}

# plain_runs: prints something if the plain stack is up.
plain_runs() { plain_services; }

# prepare_color DIRECTORY: the networks and the shared services; nothing that serves, or stands by, is touched.
prepare_color() {
  project=$base_project
  make_overlays "$1/shared" && share_services "$1"
  color_code=$?
  project=$base_project-$color
  # What was noted of before is of the shared services.
  rm -f "$scratch/tasks" "$scratch/tasks.before" "$scratch/services.before"
  return "$color_code"
}

# share_services DIRECTORY: the shared services of a release run; `keep` brings what is not there and changes nothing.
share_services() {
  [ -s "$1/shared/services" ] || return 0
  if [ "$shared_services" = update ]; then
    color_orphans=$remove_orphans
    # The base project may still hold the plain stack, which is live.
    remove_orphans=false
    bring_up "$1/shared"
    color_code=$?
    remove_orphans=$color_orphans
    [ "$color_code" = 0 ] && wait_healthy "$1/shared"
    return
  fi
  survey "$scratch/containers" && make_objects "$1/shared" || return 1
  changed_services=$(awk 'FILENAME == ARGV[1] { there[$2]; next } !($7 in there) { printf "%s ", $7 }' "$scratch/services" "$1/shared/services")
  deploy_waves "$1/shared" "$changed_services" && wait_healthy "$1/shared"
}

# clear_plain: the plain services, which are idle, go before blue comes.
clear_plain() {
  [ "$color" = blue ] || return 0
  color_plain=$(plain_services | tr '\n' ' ')
  [ -n "$color_plain" ] || return 0
  still_leads
  say "removes the plain services ${color_plain% }, which are idle: blue takes their place"
  # shellcheck disable=SC2086 # names of services have no spaces
  engine_remove_services "$base_project" $color_plain
}
