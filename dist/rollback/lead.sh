# shellcheck shell=dash
# One manager of a cluster changes a project at a time, and another one can go on where it dies: by notes that all managers have.
# `lead-N` says who changes the project, the highest number last; `begin-COMMAND` and `done-COMMAND` what of the user's has run.
# Parameters: project, base_project, deployment_id, operation.

# The number of this manager's own note; empty where it has none.
lead_number=
# How often the notes are asked for, a second apart: a cluster that elects its leader, or takes a manager back, tells nothing.
lead_tries_most=20

# read_leads: the notes, in $scratch/leads; and of the last manager's $lead_last (0 for none), $lead_of and $lead_holder. What it
# does is told with the deployment, ID/OPERATION: a rollback has the id of the deployment before it in the same workflow run, and
# commands of its own.
read_leads() {
  [ -s "$scratch/node" ] || engine_node >"$scratch/node" || return 1
  read -r _lead_state _lead_manages lead_self _lead_name <"$scratch/node"
  engine_leads "$base_project" >"$scratch/leads" || return 1
  lead_last=0
  lead_of=
  lead_holder=
  while read -r lead_what lead_does lead_node; do
    case $lead_what in lead-*) ;; *) continue ;; esac
    [ "${lead_what#lead-}" -gt "$lead_last" ] || continue
    lead_last=${lead_what#lead-}
    lead_of=$lead_does
    lead_holder=$lead_node
  done <"$scratch/leads"
}

# await_leads: read_leads, where the cluster answers in time.
await_leads() {
  lead_tries=1
  until read_leads; do
    [ "$lead_tries" -lt "$lead_tries_most" ] || return 1
    lead_tries=$((lead_tries + 1))
    nap 1
  done
}

# is_own_lead: by the notes that were read last this manager leads, and for this.
is_own_lead() { [ "$lead_holder" = "$lead_self" ] && [ "$lead_of" = "$deployment_id/$operation" ]; }

# forget_leads NOTES
forget_leads() {
  # shellcheck disable=SC2086 # notes have no spaces
  [ -z "$1" ] || engine_forget_leads "$base_project" $1 || :
}

lose_lead() {
  fail lost lead-lost 'another manager has gone on with the services since this one was cut off, so nothing more is done here' \
    'Look at what runs with status: true.'
}

# leads: whether this manager still does. One that stood still may wake up when another one has gone on, and even when that has
# ended and a later one has begun to count anew. 1: it does not, 2: nobody knows.
leads() {
  [ -n "$lead_number" ] || return 0
  await_leads || return 2
  [ "$lead_last" = "$lead_number" ] && is_own_lead
}

# still_leads: before each change. One that cannot know changes nothing.
still_leads() {
  leads
  case $? in
    0) ;;
    1) lose_lead ;;
    *)
      fail remote docker-failed 'the cluster does not tell any more who changes the project, so nothing more is done here' \
        'Look at its managers (docker node ls), then run it again: what was begun is made whole.'
      ;;
  esac
}

# marked COMMAND WORDS…: runs them, and all managers know that it has begun, and that it has gone well.
marked() {
  local lead_command=$1
  shift
  still_leads
  note_command "begin-$lead_command" || {
    problem="the cluster could not be told that $lead_command begins, so it was not begun"
    return 1
  }
  "$@" || return
  # Where this fails, a manager that goes on takes the command for one that was under way.
  note_command "done-$lead_command" || :
}

# note_command NOTE: it is there.
note_command() {
  [ -n "$lead_number" ] || return 0
  engine_note_lead "$base_project" "$1" "$deployment_id/$operation" "$lead_self" 2>/dev/null || { read_leads && grep -q "^$1 $deployment_id/$operation " "$scratch/leads"; }
}

# end_lead: what was done has ended, and its notes with it; not where another manager has it.
end_lead() {
  journalled lead:taking && read_leads && is_own_lead || return 0
  forget_leads "$(awk '{ print $1 }' "$scratch/leads")"
  lead_number=
}
