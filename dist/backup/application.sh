# shellcheck shell=dash
# What this server has of an application: its containers, its volumes and how many tasks there are elsewhere. Of a cluster each
# server has its own part, and only that can be saved here or come back.
# Parameters: project, engine (compose or swarm).

# ids_of_application: of all its containers, also of stopped ones.
ids_of_application() {
  case $engine in
    swarm) engine_task_table "$project" | cut -d ' ' -f 1 ;;
    *) engine_ids "$project" ;;
  esac
}

# states_of_service SERVICE: of its containers in the stack id and state, a line each.
states_of_service() {
  case $engine in
    swarm) engine_task_table "$project" | awk -v service="$1" '$3 == service { print $1, $2 }' ;;
    *) engine_states "$project" "$1" ;;
  esac
}

# members_of_service SERVICE: ids of its containers that run, in the stack or in the colour that is live; nothing for none. With
# Compose the first one alone, since each has the same data.
members_of_service() {
  local id color share
  id=$(_members "$project" "$1" '') || return 1
  if [ -z "$id" ]; then
    share=$(recorded_share) || return 0
    [ -n "$share" ] || return 0
    color=$(live_color "$share" '')
    id=$(_members "$project-$color" "$1" "-$color") || return 1
  fi
  [ -z "$id" ] || printf '%s\n' "$id"
}
# STACK SERVICE TAIL: in a colour of a cluster the service's name ends with that.
_members() {
  local lines
  if [ "$engine" = swarm ]; then
    lines=$(engine_task_table "$1") || return 1
    printf '%s\n' "$lines" | awk -v service="$2$3" '$3 == service && $2 ~ /^(running|paused|restarting)$/ { print $1 }'
  else
    engine_member "$1" "$2"
  fi
}

# container_of_service SERVICE: the id of its container; empty for none.
container_of_service() {
  local id
  id=$(members_of_service "$1") || return 1
  printf '%s' "$id" | head -n 1 | tr -d '\n'
}

# volume_of NAME: the full name of a volume that the compose file calls so; nothing where there is none. In a cluster no label
# has what the file calls it: it is the stack's, or has that very name.
volume_of() {
  local names each
  if [ "$engine" != swarm ]; then
    engine_volume_of "$project" "$1"
    return
  fi
  names=$(engine_task_volumes "$project") || return 1
  for each in "${project}_$1" "$1"; do
    if printf '%s\n' "$names" | grep -Fqx -e "$each"; then
      printf '%s\n' "$each"
      return 0
    fi
  done
}

# volumes_of_application: what the compose file calls them, a line each; in a cluster the names of those that are here.
volumes_of_application() {
  case $engine in
    swarm) engine_task_volumes "$project" | sort -u ;;
    *) engine_volumes_of "$project" ;;
  esac
}

# services_of_application: of each container the service, the image, the image's id and the state, for a manifest.
services_of_application() {
  local ids
  ids=$(ids_of_application) || return 1
  # shellcheck disable=SC2086 # ids
  engine_survey $ids | awk -v head="${project}_" -v engine="$engine" '
    engine == "swarm" && index($1, head) == 1 { $1 = substr($1, length(head) + 1) }
    { print $1, $13, $4, $5 }'
}
