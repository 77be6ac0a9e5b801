# shellcheck shell=dash

# require_place: the cluster can be changed from this server.
require_place() {
  require_node manager fail
  references_there "$directory" || fail refused release-gone "$problem; nothing was changed" 'Choose another release: list: true shows them.'
}

# stop KIND CODE MESSAGE [REMEDY]: ends the rollback before anything was changed, which no history tells.
stop() { fail "$@"; }
