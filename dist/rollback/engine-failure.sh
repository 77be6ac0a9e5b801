# shellcheck shell=dash
# What ends an operation where the engine does not do what it was asked.

# fail_for_engine SAID [HOW]: ends the operation with what the words mean; HOW: by `fail`, or by a program's own way.
fail_for_engine() {
  if complaint_about "$1"; then "${2:-fail}" "$complaint_kind" "$complaint_code" "$complaint_message" "$complaint_remedy"; fi
  "${2:-fail}" remote docker-failed "Docker on the server failed: $(complaint_last "${1:-it gave no reason}")" 'Try it there: docker info.'
}

# require_installed: ends the operation where there is no engine at all.
require_installed() {
  engine_is_installed || fail_for_engine 'docker: not found'
}

# require_answer HOW: ends the operation unless the engine answers. Docker 26 and later answer `docker info --format`
# with an empty line and exit code 0 where they may not ask it; `docker version` does not.
require_answer() {
  complaint_said=$(engine_complaint) || fail_for_engine "$complaint_said" "$1"
}
