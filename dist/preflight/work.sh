# shellcheck shell=dash
# What every operation on a release begins with.

# begin_work: what the parts of this program need before anything else.
# shellcheck disable=SC2034 # not every program has all of them
begin_work() {
  engine_use "$docker_host"
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  problem=
  remedy=
  bad_services=
  changed_services=
  up_wait_names=
}
