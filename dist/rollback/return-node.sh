# shellcheck shell=dash

# A server of a cluster that gets tasks, while a manager brings a recorded release back: its images must be here, and what
# serves by the manager's word is what is kept as current. Parameters: release, docker_host, go_seconds, reason, actor, run_url.

operate() {
  begin_work
  directory=$path/releases/$release
  result to "$release"
  phase preflight
  require_node node fail
  [ -f "$directory/images" ] || fail refused release-gone "the release $release is not on this node any more: nothing was changed" 'Deploy that version again: then each node pulls it.'
  prove_images
  phase ready
  # An empty word: nobody knows how the manager ended.
  if ! await_word "$go_seconds" 'the manager' || ! grep -q . "$run/proceed"; then
    result stopped true
    fail lost no-go 'no word of the manager came, and nothing was changed here' 'Run it again.'
  fi
  phase finish
  return_previous=$(current_release)
  result from "$return_previous"
  link_current "$release" || fail_unwritten 'the link current could not be changed'
  record_return "$release" "$return_previous" succeeded "$reason" "$((($(date +%s) - begun) * 1000))" ''
}

# recover: nothing of what runs was changed here.
recover() {
  fail lost interrupted 'this server was interrupted while a manager brought a release back' 'Run it again.'
}
