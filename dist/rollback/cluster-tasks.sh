# shellcheck shell=dash
# The services of a project in a cluster, and their tasks.
# Parameters: project.

# survey FILE: a line for each task that should run, as for a container on a server:
# service id hash image-id status exit-code restarts health oom number started-at name image namespaces
# A task runs only once its healthcheck has passed. All that the cluster says is in $scratch/services and $scratch/tasks; as it
# was before anything was changed, in $scratch/services.before and $scratch/tasks.before.
survey() {
  engine_stack_services "$project" >"$scratch/services.new" || return 1
  engine_stack_tasks "$project" >"$scratch/tasks.new" || return 1
  service_sums "$project" "$(cat "$scratch/services.new")" >"$scratch/sums" || return 1
  remember_ends
  mv -f "$scratch/services.new" "$scratch/services"
  mv -f "$scratch/tasks.new" "$scratch/tasks"
  [ -f "$scratch/tasks.before" ] || note_before
  should_run <"$scratch/tasks" | awk '{
    print $1, $2, $3, "-", $5, ($6 == "-" ? 0 : $6), 0, ($5 == "running" ? "none" : "starting"), "false", $7, $8, "/" $1 "." $7 "@" $9, $10, "-"
  }' >"$1.new"
  mv -f "$1.new" "$1"
}

# remember_ends: a cluster keeps five tasks of one place (task-history-limit), the one that runs among them; what has ended since the
# first survey stands there all the same, before the others.
remember_ends() {
  [ -f "$scratch/tasks" ] || return 0
  awk 'FILENAME == ARGV[1] { now[$2]; next } !($2 in now) && $5 ~ /^(failed|rejected|complete)$/' \
    "$scratch/tasks.new" "$scratch/tasks" >"$scratch/tasks.all"
  cat "$scratch/tasks.new" >>"$scratch/tasks.all"
  mv -f "$scratch/tasks.all" "$scratch/tasks.new"
}

# should_run: of lines of tasks, those that should run, or that are next to.
should_run() {
  awk '$4 == "running" || $4 == "ready"'
}

# note_before: what there is now counts as from before.
note_before() {
  cp "$scratch/services" "$scratch/services.before"
  cp "$scratch/tasks" "$scratch/tasks.before"
}

# as_found DIRECTORY: names of the release's services that bear no hash of ours and count as the release has them, by the last
# survey.
as_found() {
  [ ! -s "$scratch/sums" ] || counted_services "$(existing "$path/.deploy/adopted")" "$1/services" <"$scratch/sums"
}

# not_current DIRECTORY: names of the release's services that are not as it wants them, by the last survey. Tasks that do not
# run are the cluster's own affair, and make none of them differ; an update that stands still does not end by itself.
not_current() {
  one_shots_left "$1"
  awk -v found=" $(as_found "$1")" '
    FILENAME == ARGV[1] { hash[$2] = $7; image[$2] = $8; mode[$2] = $3; count[$2] = $4; state[$2] = $5; next }
    $2 == "once" { next }
    {
      if ((hash[$7] != $5 || image[$7] != $6) && !index(found, " " $7 " ")) print $7
      else if (mode[$7] == "replicated" && count[$7] != $4) print $7
      else if (state[$7] == "paused" || state[$7] == "rollback_paused") print $7
    }
  ' "$scratch/services" "$1/services"
}

# orphans DIRECTORY: the services that the release does not have, by the last survey.
orphans() {
  awk '
    FILENAME == ARGV[1] { known[$7]; next }
    FILENAME == ARGV[2] { known[$1]; next }
    !($2 in known) { print $2 }
  ' "$1/services" "$(existing "$1/dormant")" "$scratch/services"
}

# judge_health: writes $scratch/health: `ok|wait|bad SERVICE reason` for each service that is waited for.
judge_health() {
  survey "$scratch/containers" || return 1
  weigh_tasks >"$scratch/health"
}

# weigh_tasks: a word on each service that is waited for, by the last survey. `weighService` of the engine's package is the same
# for whoever only looks, and a test runs both through one table.
# - as many tasks as should run do, on the wanted configuration, none of another, and for $settle seconds since a change
# - a task that its node has rejected is a failure; so are five that have ended since
# - so is an update newer than what was before, that the cluster has stopped or taken back
# - the cluster must hold what it was given: after a rollback of its own it has the configuration from before
weigh_tasks() {
  awk -v found=" $(as_found "$up_wait_directory")" -v now="$(date -u +%H:%M:%S)" -v settle="$settle" -v names="$up_wait_names " -v changed=" $changed_services " '
    FILENAME == ARGV[1] { began[$2] = $6; next }
    FILENAME == ARGV[2] { before[$2]; next }
    FILENAME == ARGV[3] {
      there[$2]; mode[$2] = $3; count[$2] = $4; state[$2] = $5; since[$2] = $6; held[$2] = $7; image[$2] = $8
      said[$2] = rest(9)
      next
    }
    FILENAME == ARGV[4] {
      # What somebody else deployed bears no hash: then its image tells.
      other = $3 != held[$1] || ($3 == "-" && $10 != image[$1])
      if (($4 == "running" || $4 == "ready") && other) { older[$1]++; next }
      if ($4 == "running" || $4 == "ready") {
        wanted[$1]++
        if ($5 == "running") { good[$1]++; up = age($8); if (!($1 in young) || up < young[$1]) young[$1] = up }
        else waits[$1] = "a task is " $5 where($9) words(rest(11))
        next
      }
      if (($2 in before) || other) next
      if ($5 == "rejected") rejected[$1] = "was rejected" where($9) words(rest(11))
      if ($5 == "failed" || $5 == "complete") { ended[$1]++; last[$1] = where($9) words(rest(11)) ($6 == "-" ? "" : ", exit code " $6) }
      next
    }
    # What runs once has run by now.
    $2 != "once" && (names == " " || index(names, " " $7 " ")) { print judge($7, $5) }
    function seconds(time) { return substr(time, 1, 2) * 3600 + substr(time, 4, 2) * 60 + substr(time, 7, 2) }
    # Modulo a day, and what a node says that is up to five minutes ahead of this one has just begun: both can only prolong a wait.
    function age(time,    up) { up = (seconds(now) - seconds(substr(time, 12)) + 86400) % 86400; return up > 86100 ? 0 : up }
    function rest(from,    i, text) { for (i = from; i <= NF; i++) text = text (i > from ? " " : "") $i; return text }
    function where(node) { return node == "-" ? "" : " on " node }
    function words(text) { return text == "" ? "" : ": " text }
    function judge(name, hash,    newer, need) {
      if (!(name in there)) return "wait " name " is not in the cluster yet"
      newer = since[name] != began[name]
      if (name in rejected) return "bad " name " " rejected[name]
      if (newer && state[name] ~ /^(paused|rollback_.*)$/)
        return "bad " name " did not stand its update (" state[name] ")" words(said[name]) (name in last ? "; last task" last[name] : "")
      if (index(changed, " " name " ") && held[name] != hash && !index(found, " " name " ")) return "bad " name " is not as the release has it: the cluster took it back, or somebody changed it"
      if (ended[name] >= 5) return "bad " name " ends again and again" last[name]
      if (state[name] == "updating") return "wait " name " is being updated" words(waits[name])
      need = mode[name] == "replicated" ? count[name] : wanted[name] + 0
      if (mode[name] == "global" && need == 0) return "wait " name " has no task on any node"
      if (good[name] < need || older[name] || wanted[name] > good[name])
        return "wait " name " runs " good[name] + 0 " of " need " tasks" words(waits[name])
      if (need > 0 && index(changed, " " name " ") && young[name] < settle) return "wait " name " has been up for " young[name] " s only"
      return "ok " name
    }
  ' "$scratch/services.before" "$scratch/tasks.before" "$scratch/services" "$scratch/tasks" "$up_wait_directory/services"
}

settle=4

# gather_evidence NAMES: what the cluster says of the tasks of these services, and their last lines from all nodes. Adds it to
# the failure's details.
gather_evidence() {
  survey "$scratch/containers"
  true >"$scratch/evidence"
  for up_name in $1; do
    # What runs once, and what the cluster was not given, has no tasks.
    ! awk -v name="$up_name" '$2 == name { exit 1 }' "$scratch/services" || continue
    tell_tasks "$up_name" >>"$scratch/evidence"
  done
  [ ! -s "$scratch/evidence" ] || details "$scratch/evidence"
}

# tell_tasks SERVICE
tell_tasks() {
  printf '== %s\n' "$1"
  awk -v name="$1" '$1 == name && ($4 != "shutdown" || $5 != "shutdown") {
      printf "task %s on %s: %s%s", $7, $9, $5, ($6 == "-" || $6 == 0 ? "" : ", exit code " $6)
      for (i = 11; i <= NF; i++) printf "%s%s", (i == 11 ? ": " : " "), $i
      printf "\n"
    }' "$scratch/tasks"
  tell_ended_tasks "$1" "$(awk -v name="$1" '$2 == name { print $7 }' "$scratch/services")"
  printf 'last lines, of all nodes:\n'
  engine_service_log "$project" "$1" | sed 's/^/  /'
}
