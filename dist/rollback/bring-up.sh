# shellcheck shell=dash
# Brings a release up and proves it healthy: the same code for a deploy, for the restore after a failed one, and
# for a rollback. A release's directory holds compose.json, services (a table), images and perhaps adopted.
# Parameters: project, wait_timeout (seconds), patience (seconds), stop_timeout (seconds or empty), remove_orphans (true
# or false).

# bring_up DIRECTORY: recreates what differs and only that, in starting order. Sets bad_services on failure.
bring_up() {
  bad_services=
  repair_leftovers || return 1
  changed_services=$(not_current "$1" | tr '\n' ' ')
  [ -n "$changed_services" ] || say 'every service is as the release wants it'
  up_left=$changed_services
  while [ -n "${up_left# }" ]; do
    up_now=$(next_wave "$1" "$up_left")
    make_way "$1" " $up_now" " $up_left" || return 1
    up_rolled=$(rolled_now "$1" " $up_now")
    start_services "$1" "$(without " $up_now" "$up_rolled")" || return 1
    for up_name in $up_rolled; do
      roll_service "$1" "$up_name" || return 1
    done
    # shellcheck disable=SC2086 # names of services have no spaces
    up_left=$(printf '%s\n' $up_left | grep -vxF "$(printf '%s\n' $up_now)" | tr '\n' ' ')
    # The last ones are waited for with all the others.
    [ -z "$up_left" ] || await_gates "$1" " $up_now" || return 1
  done
  rejoin "$1" || return 1
  restart_dependents "$1" || return 1
  [ "$remove_orphans" != true ] || remove_orphans "$1"
  tidy_ways || warn 'not every network of an earlier rolling deployment could be looked after'
}

# rejoin DIRECTORY: makes those anew whose namespaces went with a container that was recreated, and those in theirs.
rejoin() {
  [ -s "$1/joins" ] || return 0
  # shellcheck disable=SC2013 # names of services have no spaces
  for _up_round in $(cat "$1/joins"); do
    survey "$scratch/containers" || return 1
    up_lost=$(lost_joins "$1" | awk '!seen[$1]++ { printf " %s", $1 }')
    [ -n "$up_lost" ] || return 0
    changed_services="$changed_services${up_lost# } "
    start_services "$1" "$up_lost" || return 1
  done
}

# restart_dependents DIRECTORY: `restart: true` in depends_on asks for that when what is needed was recreated.
restart_dependents() {
  [ -s "$1/restarts" ] || return 0
  up_restarts=$(awk -v changed=" $changed_services " '
    index(changed, " " $1 " ") { next }
    { for (i = 2; i <= NF; i++) if (index(changed, " " $i " ")) { printf " %s", $1; next } }
  ' "$1/restarts")
  [ -n "$up_restarts" ] || return 0
  await_gates "$1" " $changed_services" || return 1
  say "restarts$up_restarts, since what they need was recreated"
  up_before=$(wc -c <"$run/log")
  # shellcheck disable=SC2086 # names of services have no spaces
  run_locked "$(engine_title) to restart$up_restarts" engine_restart "$project" "$1" "$stop_timeout" $up_restarts
  up_code=$?
  [ "$up_code" -eq 0 ] && return 0
  bad_services=$up_restarts
  not_started "$(engine_title) could not restart$up_restarts" "$up_before" "$up_code"
  return 1
}

# start_services DIRECTORY NAMES: `up` without dependencies, since with them it runs one-shots again.
start_services() {
  [ -n "${2# }" ] || return 0
  # Containers that bear the name but cannot be started again would make `up` fail.
  say "starts$2"
  up_before=$(wc -c <"$run/log")
  up_anew=
  if [ -s "$1/joins" ]; then
    survey "$scratch/containers" || return 1
    # To the engine they are as the file wants them.
    up_anew=$(lost_joins "$1" | awk -v names="$2 " '!seen[$1]++ && index(names, " " $1 " ") { printf " %s", $1 }')
  fi
  start_changed "$1" "$(without "$2" "$up_anew")" && start_changed "$1" "$up_anew" anew
  up_code=$?
  [ "$up_code" -eq 0 ] && return 0
  bad_services=$2
  not_started "$(engine_title) could not start$2" "$up_before" "$up_code"
  return 1
}

# start_changed DIRECTORY NAMES [HOW]
start_changed() {
  [ -n "${2# }" ] || return 0
  # shellcheck disable=SC2086 # service names have no spaces
  run_locked "$(engine_title) to start$2" engine_start "$project" "$1" "${3:-changed}" "$stop_timeout" $2
}

# orphans DIRECTORY: id and name of each container of a service that the release in DIRECTORY does not have, by the last
# survey: starting the release's own makes no others. What stands in `dormant` is of a profile that was not asked for.
orphans() {
  awk '
    FILENAME == ARGV[1] { known[$7] = 1; next }
    FILENAME == ARGV[2] { known[$1] = 1; next }
    !($1 in known) { print $2, $12 }
  ' "$1/services" "$(existing "$1/dormant")" "$scratch/containers"
}

remove_orphans() {
  orphans "$1" >"$scratch/orphans"
  while read -r up_id up_name; do
    say "removes ${up_name#/}: its service is not part of the release"
    engine_stop "$stop_timeout" "$up_id" 2>/dev/null
    engine_remove "$up_id"
  done <"$scratch/orphans"
}

# The ids that wait_healthy judges by, with spaces around each; empty: all.
up_only=

# judge_health: writes $scratch/health: `ok|wait|bad SERVICE reason` for each container that is waited for.
judge_health() {
  # Once each service has all of its containers, what becomes of those is the question.
  if [ -n "$up_listed" ]; then survey_again "$scratch/containers" || return 1; else survey "$scratch/containers" || return 1; fi
  # No word on any container would be taken for none that is ill.
  weigh_containers >"$scratch/health" || return 1
  [ ! -f "$scratch/seen.new" ] || mv -f "$scratch/seen.new" "$scratch/seen"
  up_listed=yes
  ! grep -q '^wait [^ ]* has [0-9]* of ' "$scratch/health" || up_listed=
}

# weigh_containers: of the last survey, a word on each container that is waited for. What must be known of a container the
# next time goes to $scratch/seen.new: id, restarts when it was first seen, and since when it has been unhealthy.
# - a healthcheck decides; `unhealthy` is Docker's word after all of its retries, and is final when it lasts $patience
#   seconds more (a slow machine may need one check more than the retries)
# - without one the container must have been up for $settle seconds without a restart
# - five restarts are a loop; an exit is a failure, also with 0; one-shots must exit with 0
# The time that a container is up is taken modulo a day, which awk can do by itself; that can only prolong a wait.
weigh_containers() {
  awk -v now="$(date -u +%H:%M:%S)" -v settle="$settle" -v patience="$patience" -v names="$up_wait_names " -v changed="$changed_services" \
    -v only="$up_only" -v memory="$scratch/seen.new" '
    FILENAME == ARGV[1] { first[$1] = $2; ill[$1] = $3; next }
    FILENAME == ARGV[2] {
      if (only != "" && index(only, " " $2 " ") == 0) next
      count[$1]++
      n = count[$1]; id[$1, n] = $2; status[$1, n] = $5; code[$1, n] = $6; restarts[$1, n] = $7
      health[$1, n] = $8; oom[$1, n] = $9; started[$1, n] = $11
      next
    }
    {
      name = $7; kind = $2; replicas = $4
      if (names != " " && index(names, " " name " ") == 0) next
      if (only != "" && !count[name]) { print "bad", name, "has lost its new container"; next }
      if (only == "" && count[name] < replicas) { print "wait", name, "has " count[name] + 0 " of " replicas " containers"; next }
      for (i = 1; i <= count[name]; i++) print judge(name, kind, i)
    }
    function seconds(time) {
      return substr(time, 1, 2) * 3600 + substr(time, 4, 2) * 60 + substr(time, 7, 2)
    }
    function judge(name, kind, i,    s, fresh, base, up) {
      s = status[name, i]
      fresh = index(" " changed " ", " " name " ") > 0
      base = fresh ? 0 : (id[name, i] in first) ? first[id[name, i]] : restarts[name, i]
      if (health[name, i] != "unhealthy") ill[id[name, i]] = ""
      else if (ill[id[name, i]] == "") ill[id[name, i]] = seconds(now)
      print id[name, i], base, ill[id[name, i]] >memory
      # The engine says so for ever, also of a container that runs on after one of its processes was killed.
      if (oom[name, i] == "true" && s != "running") return "bad " name " was killed for want of memory"
      if (kind == "once") {
        if (s == "exited") return code[name, i] == 0 ? "ok " name : "bad " name " exited with " code[name, i]
        if (s == "dead") return "bad " name " is dead"
        return "wait " name " has not finished"
      }
      if (s == "exited") return "bad " name " exited with " code[name, i]
      if (s == "dead" || s == "removing") return "bad " name " is " s
      if (restarts[name, i] - base >= 5) return "bad " name " restarts again and again, last exit code " code[name, i]
      if (s != "running") return "wait " name " is " s
      if (health[name, i] == "healthy") return "ok " name
      if (health[name, i] == "unhealthy") {
        s = (seconds(now) - ill[id[name, i]] + 86400) % 86400 >= patience ? "bad " : "wait "
        return s name " is unhealthy"
      }
      if (health[name, i] != "none") return "wait " name " is " health[name, i]
      up = (seconds(now) - seconds(substr(started[name, i], 12)) + 86400) % 86400
      if (!fresh || up >= settle) return "ok " name
      return "wait " name " has been up for " up " s only"
    }
  ' "$scratch/seen" "$scratch/containers" "$up_wait_directory/services"
}

settle=4
up_listed=

# gather_evidence NAMES: state, health log and last lines of every container of these services, before anything is
# removed. Also of those that migrate. Adds it to the failure's details.
gather_evidence() {
  survey "$scratch/containers"
  true >"$scratch/evidence"
  for up_name in $1; do
    for up_id in $(ids_of "$up_name"); do
      engine_evidence "$up_id" >>"$scratch/evidence" 2>&1
    done
  done
  [ ! -s "$scratch/evidence" ] || details "$scratch/evidence"
}
