# shellcheck shell=dash
# What restic takes long for: to send, and to give back.

# restic_to FILE WORDS…: restic in the folder of the backups, within `run_within`, known by its process to whoever ends it.
restic_to() {
  local file=$1
  shift
  rm -f "$scratch/restic"
  cd "$path/backups" || return 1
  # shellcheck disable=SC2016 # the inner shell's own
  _restic sh -c 'echo $$ >"$1" && shift && exec "$@"' sh "$scratch/restic" restic --retry-lock 2m "$@" >"$file" 2>"$scratch/said"
}
# end_restic: it takes its own lock off the repository.
end_restic() {
  kill -TERM "$(cat "$scratch/restic")" 2>/dev/null
}
