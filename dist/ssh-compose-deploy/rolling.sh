# shellcheck shell=dash
# Replaces the containers of a service one at a time, so that no request is lost: a new one beside the old ones, proven
# healthy, then callers are led to it, then one of the old ones has its time to end what it does, and goes. Each step looks
# at what is there, so after a crash it begins again. A release's `rolling` has the services that may be replaced so: lines
# of service, seconds for which its callers keep an address that they have looked up, and seconds for what is under way.
# Names of services and ids have no spaces, so lists of them are words.

# The release whose place another one takes: what it says of a service holds for the way back to one that says nothing.
rolled_by=

# rolling_line DIRECTORY SERVICE: its line, for a release in that directory.
rolling_line() {
  awk -v name="$2" '$1 == name { print; exit }' "$(existing "$1/rolling")" "$(existing "$rolled_by/rolling")"
}

# rolled_now DIRECTORY NAMES: those of the services that are replaced one container at a time. One that nothing runs of has
# nobody to wait for.
rolled_now() {
  for roll_name in $2; do
    [ -n "$(rolling_line "$1" "$roll_name")" ] || continue
    awk -v name="$roll_name" '$1 == name && $5 == "running" { found = 1 } END { exit !found }' "$scratch/containers" || continue
    printf ' %s' "$roll_name"
  done
}

# roll_service DIRECTORY SERVICE. Sets bad_services and problem on failure; then what served before still does.
roll_service() {
  roll_directory=$1
  roll_name=$2
  roll_line=$(rolling_line "$1" "$2")
  roll_drain=${roll_line##* }
  roll_keep=${roll_line#* }
  roll_keep=${roll_keep%% *}
  roll_replicas=$(awk -v name="$2" '$7 == name { print $4 }' "$1/services")
  bad_services=
  problem=
  until roll_is_done; do
    roll_step || {
      [ -n "$bad_services" ] || bad_services=" $roll_name"
      problem=${problem:-"$roll_name could not be replaced one container at a time"}
      return 1
    }
  done
}

# roll_is_done: looks, and sets $roll_good (containers as the release wants them) and $roll_old (others).
# shellcheck disable=SC2086 # lists of words
roll_is_done() {
  survey "$scratch/containers" || return 1
  current_ids "$roll_directory" >"$scratch/current"
  roll_good=$(awk -v name="$roll_name" '$1 == name { printf "%s ", $2 }' "$scratch/current")
  roll_old=$(awk -v name="$roll_name" '
    FILENAME == ARGV[1] { good[$2]; next }
    $1 == name && !($2 in good) { printf "%s ", $2 }
  ' "$scratch/current" "$scratch/containers")
  [ -z "$roll_old" ] && [ "$(count_of $roll_good)" = "$roll_replicas" ]
}

count_of() { printf '%s' "$#"; }

# roll_step: one container more, or one less.
# shellcheck disable=SC2086 # lists of words
roll_step() {
  # What does not run serves nobody, and its name and number are free for others.
  for roll_id in $roll_old; do
    roll_state=$(awk -v id="$roll_id" '$2 == id { print $5 }' "$scratch/containers")
    case $roll_state in running | restarting | paused) continue ;; esac
    engine_remove "$roll_id"
    return 0
  done
  if [ "$(count_of $roll_good)" -lt "$roll_replicas" ]; then
    roll_more || return 1
    return 0
  fi
  roll_prove "$roll_good" || return 1
  # The last of the good ones where there are more than wanted.
  roll_leaving=${roll_old%% *}
  [ -n "$roll_leaving" ] || roll_leaving=$(printf '%s\n' $roll_good | tail -n 1)
  roll_less "$roll_leaving"
}

# roll_more: starts one beside those that are there. Callers are not led to it before it is proven.
# shellcheck disable=SC2086 # lists of words
roll_more() {
  # With as many new ones as the release wants there is never more than one container beside the old ones.
  if [ -n "$roll_old" ] && [ -n "$roll_good" ] && [ "$(count_of $roll_good $roll_old)" -gt "$roll_replicas" ]; then
    roll_prove "$roll_good" || return 1
    roll_less "${roll_old%% *}"
    return
  fi
  roll_now=$(roll_asked) || return 1
  [ -z "$roll_now" ] || lead_to "$roll_name" "$roll_now" || return 1
  say "starts one more container of $roll_name beside $(count_of $roll_good $roll_old)"
  roll_before=$(wc -c <"$run/log")
  run_locked "$(engine_title) to start $roll_name" engine_add "$project" "$roll_directory" "$roll_name" "$(($(count_of $roll_good $roll_old) + 1))"
  roll_code=$?
  if [ "$roll_code" -ne 0 ]; then
    not_started "$(engine_title) could not start one more container of $roll_name" "$roll_before" "$roll_code"
    return 1
  fi
  roll_known="$roll_good$roll_old"
  roll_is_done || :
  # Also where it has ended at once.
  roll_prove "$(without " $(ids_of "$roll_name" | tr '\n' ' ')" " $roll_known")"
}

# roll_asked: ids of the containers that callers are led to; without a way all that run.
roll_asked() {
  roll_any=$(printf '%s %s' "$roll_old" "$roll_good" | awk '{ print $1 }')
  networks_of "$roll_any" >"$scratch/roll-networks" || return 1
  true >"$scratch/roll-asked"
  while read -r roll_network _roll_names; do
    led_to "$roll_name" "$roll_network" >>"$scratch/roll-asked" || return 1
  done <"$scratch/roll-networks"
  if [ -s "$scratch/roll-asked" ]; then
    sort -u "$scratch/roll-asked" | tr '\n' ' '
  else
    awk -v name="$roll_name" '$1 == name && $5 == "running" { printf "%s ", $2 }' "$scratch/containers"
  fi
}

# roll_prove IDS: true once they are healthy.
roll_prove() {
  if [ -z "$rolled_by" ]; then
    for roll_id in $1; do
      awk -v id="$roll_id" '$2 == id && $8 == "none" { found = 1 } END { exit !found }' "$scratch/containers" || continue
      problem="$roll_name has no health check, so nothing proves its new container before it is asked"
      remedy='Give it a healthcheck, in the compose file or in its image.'
      return 1
    done
  fi
  up_only=" $1 "
  wait_healthy "$roll_directory" " $roll_name"
  roll_code=$?
  up_only=
  return "$roll_code"
}

# roll_less ID: nobody is led to it any more; it ends what it does, stops and goes.
roll_less() {
  roll_title=$(engine_name "$1")
  roll_title=${roll_title#/}
  roll_rest=$(without " $roll_good$roll_old" " $1")
  [ -z "$roll_rest" ] || lead_to "$roll_name" "${roll_rest# }" || return 1
  say "nobody is led to $roll_title any more"
  drain_container "$1" || return 1
  engine_stop "$stop_timeout" "$1" 2>/dev/null
  engine_remove "$1"
  tidy_ways || warn "not every network of $roll_name could be looked after"
}

# drain_container ID: waits for what is under way there, at most $roll_drain s. False where the run is cancelled, or where
# something goes on opening connections to it: that would lose them.
drain_container() {
  roll_pid=$(engine_pid "$1") || return 1
  roll_seen=yes
  true >"$scratch/roll-open"
  true >"$scratch/roll-fresh"
  nap "$roll_keep"
  open_connections "$1" >"$scratch/roll-open" || roll_seen=
  if [ -z "$roll_seen" ]; then
    say "what $roll_title still does cannot be seen; it has $roll_drain s for that"
    wait_until "$roll_drain" "$roll_title" false || :
  else
    wait_until "$roll_drain" "what is under way in $roll_title" drained_container "$1" || :
  fi
  if cancelled; then
    problem='the run was cancelled'
    result stopped true
    return 1
  fi
  _clock
  roll_who=$(awk -v since="$((host_now - 200))" '$1 > since { print $2 }' "$scratch/roll-fresh" | sort -u | tr '\n' ' ')
  if [ -n "$roll_who" ]; then
    problem="$roll_title is still asked, $roll_drain s after its callers were led elsewhere, from ${roll_who% }: stopped now it would lose requests"
    remedy="Let what runs there look names up anew (or name what it asks for by its service), or recreate the service: rolling-fallback: recreate and deploy.update_config.order: stop-first in the compose file."
    return 1
  fi
  roll_count=$(grep -c '^01' "$scratch/roll-open")
  [ "$roll_count" = 0 ] || say "$roll_count connections were still open when $roll_title was stopped, $roll_drain s later"
}

# drained_container ID: nothing is open there. Notes when connections are seen that were not there before, and from where.
drained_container() {
  mv -f "$scratch/roll-open" "$scratch/roll-before"
  open_connections "$1" >"$scratch/roll-open" || return 1
  _clock
  awk -v now="$host_now" 'FILENAME == ARGV[1] { seen[$2]; next } !($2 in seen) { print now, $3 }' \
    "$scratch/roll-before" "$scratch/roll-open" >>"$scratch/roll-fresh"
  ! grep -q '^01' "$scratch/roll-open"
}

# open_connections ID: of what others have opened to its ports: state (01: open, 06: just ended), the other end as the
# kernel writes it, and the address there. What the container asks itself, as a health check does, is none.
open_connections() {
  engine_connections "$1" "$roll_pid" >"$scratch/roll-table" || return 1
  awk '
    function byte(pair) { return 16 * (index("0123456789ABCDEF", substr(pair, 1, 1)) - 1) + index("0123456789ABCDEF", substr(pair, 2, 1)) - 1 }
    { n = split($2, here, ":") }
    n != 2 { next }
    $4 == "0A" { listens[here[2]]; next }
    $4 == "01" || $4 == "06" { count++; port[count] = here[2]; own[count] = here[1]; other[count] = $3; state[count] = $4 }
    END {
      for (i = 1; i <= count; i++) {
        split(other[i], there, ":")
        if (!(port[i] in listens) || there[1] == own[i]) continue
        v4 = substr(there[1], length(there[1]) - 7)
        print state[i], other[i], byte(substr(v4, 7, 2)) "." byte(substr(v4, 5, 2)) "." byte(substr(v4, 3, 2)) "." byte(substr(v4, 1, 2))
      }
    }
  ' "$scratch/roll-table"
}
