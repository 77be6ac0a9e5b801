# shellcheck shell=dash
# What can be seen of the colours: their containers and releases.

# A line per container of a colour: id, service, state, release (- for none), Docker's words on it. One call of
# Docker. Of a plain stack those services count that are routed or run only where the traffic is. False where Docker does
# not answer: then nobody knows what is there.
color_table() {
  table_all=$(all_containers) || return 1
  find_routed || return 1
  of_color "$project" "$1" "$live_only $routed_services" <<TABLE
$table_all
TABLE
}

# The services that visitors reach, into $routed_services. False where they are not known: some shells write a here-document to
# a disk, which may be full.
find_routed() {
  routed_services=
  while read -r _ routed_service _; do
    routed_services="$routed_services$routed_service "
  done <<ROUTES
$routes
ROUTES
}

# The same for all projects, with the project in front; kept for a while where many are asked for and none changes.
all_containers() {
  if [ -n "${kept_containers-}" ]; then
    printf '%s\n' "$kept_containers"
    return 0
  fi
  standing_table
}

color_containers() { color_table "$1" | awk '{ print $1 }'; }

# Lines of the services that run only where the traffic is, or of the others. False as color_table is.
live_only_table() { table_of_services "$1" 1; }
serving_table() { table_of_services "$1" 0; }
table_of_services() {
  table_color=$(color_table "$1") || return 1
  awk -v names=" $live_only " -v wanted="$2" 'NF && (index(names, " " $2 " ") > 0) == wanted' <<TABLE
$table_color
TABLE
}

# table_unwell COLOR: by its containers why a colour could not serve; true when it could not. Services that wait for the traffic do not count;
# a one-shot that ended well is well, but not enough.
table_unwell() {
  unwell_table=$(serving_table "$1") || {
    echo 'its containers could not be listed'
    return 0
  }
  find_routed || {
    echo 'its services could not be listed'
    return 0
  }
  # By a pipe, here and below: where a here-document could not be written, its end would say that all is well.
  printf '%s\n' "$unwell_table" | awk -v routed=" $routed_services" '
    !NF { next }
    { words = $0; sub(/^([^ ]+ ){4}/, "", words) }
    $3 == "running" && words ~ /\(health: starting\)/ { bad($2 " is starting"); next }
    $3 == "running" && words ~ /\(unhealthy\)/ { bad($2 " is unhealthy"); next }
    $3 == "running" { good++; next }
    $3 == "exited" && !index(routed, " " $2 " ") && words ~ /^Exited \(0\)/ { ended = ended " " $2; next }
    { bad($2 " is " $3) }
    function bad(what) { if (why == "") why = what }
    END {
      if (why == "" && !good) why = ended == "" ? "it has no running container" : "it is stopped"
      if (why == "") exit 1
      print why
    }'
}

color_well() { ! color_unwell "$1" >/dev/null; }

# The release in a colour: as its deploy noted, else as the containers say, else (a plain stack) as the records say.
color_release() {
  release_of=
  { read -r release_of <"$path/.deploy/color-$1"; } 2>/dev/null || true
  release_of=$(release_id "$release_of")
  if [ -z "$release_of" ]; then
    # One call of Docker for all that follows.
    release_kept=${kept_containers-}
    kept_containers=$(all_containers)
    release_table=$(color_table "$1")
    release_of=$(printf '%s\n' "$release_table" | awk '$4 != "" && $4 != "-" { print $4; exit }')
    if [ -z "$release_of" ] && [ "$1" = blue ] && [ -n "$release_table" ] && ! all_containers | grep -q "^$project-blue "; then
      release_of=$(plain_release)
    fi
    kept_containers=$release_kept
  fi
  # A label may come with an image.
  release_id "$release_of"
}

# release_id TEXT: the text if it can be the id of a release; nothing else goes into a record or a program.
release_id() {
  case $1 in '' | [!a-z0-9]* | *[!a-z0-9._-]*) return 0 ;; esac
  [ "${#1}" -gt 63 ] || printf '%s\n' "$1"
}

# What is in a colour: its release, or its containers where nothing names one.
color_content() {
  content_of=$(color_release "$1")
  [ -n "$content_of" ] || content_of=$(color_containers "$1" | sort | tr '\n' ,)
  printf '%s\n' "$content_of"
}

# Adds what the colours' releases name as running only where the traffic is.
find_live_only() {
  find_kept=${kept_containers-}
  kept_containers=$(all_containers)
  for find_color in blue green; do
    find_list=$path/releases/$(color_release "$find_color")/live-only
    [ -f "$find_list" ] || continue
    while read -r _ _ _ _ _ _ find_service _; do
      case " $live_only " in *" $find_service "*) ;; *) live_only="$live_only $find_service" ;; esac
    done <"$find_list"
  done
  kept_containers=$find_kept
}
