# shellcheck shell=dash
# A server of a cluster that gets tasks, while a manager deploys: it pulls the images itself, so that no login of a registry
# is kept in the cluster, and has the files that are mounted. It changes nothing that runs. Parameter beside those of the other
# parts: on_failure (restore or keep).

operate() {
  begin_work
  phase preflight
  previous=$(slot_release)
  result previous "$previous"
  require_node node stop
  check_disk "$files/release"
  claim_project
  phase pull
  begin_placing
  fetch_release
  know_release
  place_and_keep
  case $(current_release) in '' | adopted) adopt_stack ;; esac
  # The release that serves, and the one before it by the manager's record: what the look before this deployment saw there may
  # be old by now. No word: nobody knows how the manager ended, and whoever finishes what it began needs what is here.
  node_serves=
  node_before=
  if pass_first_gate; then read -r node_serves node_before <"$run/proceed" || :; fi
  if [ -n "$node_serves" ]; then
    follow_manager "$node_before"
    previous=$(slot_release)
    follow "$node_serves"
    return 0
  fi
  tell_digests
  if [ ! -f "$run/proceed" ] && cancelled; then
    show_own
    # What was left in the cluster as it is needs it on.
    [ "$on_failure" = keep ] || forget_release "$release"
    result stopped true
    stop refused stopped-with-others 'nothing was changed here, because another server failed'
  fi
  # The manager ends by itself what it has begun.
  result stopped true
  stop lost no-go "no word of the manager came: what $release needs is here, and whether it serves the next deployment tells" \
    'Look at the first server with status: true, or run it again.'
}

# follow RELEASE: what serves by the manager's word is what is kept here: the new release, or what it found to be the same.
follow() {
  result changed "$(if [ "$1" = "$release" ]; then echo true; else echo false; fi)"
  if [ "$1" != "$release" ]; then
    result release "$1"
    result_file digests "$files/release/digests"
    record_deployment unchanged
    forget_release "$release"
    return 0
  fi
  phase finish
  directory=$path/releases/$release
  { write_release_json "$directory" "$previous" '' && true >"$directory/deployed" && fill_slot "$release"; } ||
    fail_unwritten "the release could not be recorded in $path"
  record_deployment succeeded
  retain
  result release "$release"
  result_file images "$directory/images"
  result_file digests "$directory/digests"
  say "$release is kept here for the tasks of this node"
}

# follow_manager RELEASE: it serves since the last time; an earlier run may have heard no end.
follow_manager() {
  if [ -z "$1" ] || [ ! -f "$path/releases/$1/images" ] || [ "$(slot_release)" = "$1" ]; then return 0; fi
  true >"$path/releases/$1/deployed"
  [ -f "$path/releases/$1/release.json" ] || write_release_json "$path/releases/$1" "$(slot_release)" ''
  fill_slot "$1"
}

# show_own: the evidence of the release's tasks on this server that have ended.
show_own() {
  true >"$scratch/evidence"
  while read -r _node_step _node_kind _node_gate _node_replicas node_hash _node_image node_service; do
    tell_ended_tasks "$node_service" "$node_hash" >>"$scratch/evidence" 2>&1
  done <"$files/release/services"
  [ ! -s "$scratch/evidence" ] || details "$scratch/evidence"
}

# recover: nothing of what runs was changed here.
recover() {
  begin_work
  [ ! -f "$files/release/images" ] || say "what was fetched for $release stays here"
  record_deployment interrupted
  fail lost interrupted 'this server was interrupted while it made ready what its tasks need' 'Deploy again.'
}

# left_of_project: what there is of the project on this server.
left_of_project() { engine_left "$base_project"; }

# end_lead: it never begins to.
end_lead() { :; }
