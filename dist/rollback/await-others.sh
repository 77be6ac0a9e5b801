# shellcheck shell=dash
# Several servers that go on together. Parameters: hosts (how many; more than one waits for go), go_seconds.

# Among several servers all go, or none does.
await_others() {
  [ "$hosts" -gt 1 ] || return 0
  await_go "$go_seconds" && return 0
  # This server is not the reason.
  result stopped true
  fail lost no-go 'no word to go came in time: nothing was changed' 'Run it again.'
}
