# shellcheck shell=dash
# What a node of a cluster knows of its own tasks.
# Parameters: project.

# tell_ended_tasks SERVICE HASH: state, health log and last lines of the service's containers here that have ended.
tell_ended_tasks() {
  for evidence_id in $(engine_ended_tasks "$project" "$1" "$2"); do
    engine_evidence "$evidence_id"
  done
}
