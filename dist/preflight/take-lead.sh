# shellcheck shell=dash
# How a manager comes to be the one that changes a project; see lead.sh.
# Parameters: project, base_project, deployment_id, operation.

# take_lead: from now on this manager changes the project. Another one that is at work is left alone; where it is down, this one
# goes on, and knows what of the user's has run there. Where that cannot be it ends by `stop`, which is each program's own.
take_lead() {
  { await_leads && engine_nodes >"$scratch/nodes"; } || stop remote docker-failed 'the cluster does not tell who changes the project'
  if is_own_lead; then
    lead_number=$lead_last
    journalled lead:taken || journal lead:taken
    return 0
  fi
  if journalled lead:taken; then lose_lead; fi
  if [ -n "$lead_holder" ] && [ "$lead_holder" != "$lead_self" ]; then
    lead_name=$(awk -v id="$lead_holder" '$1 == id { print $2 }' "$scratch/nodes")
    ! awk -v id="$lead_holder" '$1 == id && $3 != "Down" { found = 1 } END { exit !found }' "$scratch/nodes" ||
      stop busy cluster-led "the manager $lead_name changes the services of $project (deployment ${lead_of%/*}), and is not down" \
        "It finishes or gives back by itself. If its program was cut off, name $lead_name in host as well: then that is done first."
    say "${lead_name:-the manager before} is down, in the middle of the deployment ${lead_of%/*}: this manager goes on"
    [ "$lead_of" != "$deployment_id/$operation" ] || heed_begun
  fi
  # Whoever recovers this run takes the note away, also where it was cut off before the next line.
  journal lead:taking
  lead_number=$((lead_last + 1))
  engine_note_lead "$base_project" "lead-$lead_number" "$deployment_id/$operation" "$lead_self" 2>/dev/null ||
    stop busy cluster-led "another manager has begun to change the services of $project in this moment" 'Run it again when that has ended.'
  journal lead:taken
  # What others have left, who will not go on.
  forget_leads "$(awk -v own="$deployment_id/$operation" '$2 != own || $1 ~ /^lead-/ { print $1 }' "$scratch/leads")"
}

# heed_begun: what the manager that went down has run is not run again. What was under way there has ended nobody knows how.
heed_begun() {
  # shellcheck disable=SC2013 # notes have no spaces
  for lead_command in $(awk -v own="$deployment_id/$operation" '$2 == own && sub(/^begin-/, "", $1) { print $1 }' "$scratch/leads"); do
    grep -q "^done-$lead_command " "$scratch/leads" ||
      stop refused command-cut-off "$lead_command was under way on ${lead_name:-the manager before} when that went down, and nobody knows whether it has ended. Nothing was changed by this manager" \
        'Look at what it was to do. Start a new workflow run: there it runs again.'
    say "$lead_command has run on ${lead_name:-the manager before}, and does not run again"
    journal "$lead_command:done"
    # What the schema was before, only that manager knew.
    case $lead_command in migrate-*) [ -f "$path/.deploy/schema-moved" ] || echo unknown | write_file "$path/.deploy/schema-moved" ;; esac
  done
}
