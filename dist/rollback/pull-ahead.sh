# shellcheck shell=dash
# Pulls the images of a release ahead of its deployment, and keeps them for it. Nothing that runs is touched, no release is
# placed, and the history has no line of it.

operate() {
  begin_work
  stop_if_cancelled
  phase preflight
  check_disk "$files/release"
  phase pull
  pull_release
  stop_if_cancelled
  identify_release
  keep_pulled || fail_unwritten "what was pulled could not be noted in $path/.deploy/pulled"
  pull_ahead_bytes=$(free_for_images)
  say "the images are here for the deployment $deployment_id${pull_ahead_bytes:+; $(megabytes "$pull_ahead_bytes") are left on their disk}"
  result_file digests "$scratch/digests"
}

# keep_pulled: the record first, so that whatever has a tag of ours can be found again and forgotten.
keep_pulled() {
  for pull_ahead_list in images digests; do
    cat "$files/release/$pull_ahead_list" "$(existing "$files/release/shared/$pull_ahead_list")" >"$scratch/$pull_ahead_list"
  done
  pull_ahead_record=$path/.deploy/pulled/$deployment_id
  # Of an earlier time of the same deployment there may be others.
  mkdir -p "$path/.deploy/pulled" && cat "$(existing "$pull_ahead_record")" "$scratch/images" | sort -u >"$scratch/pulled" &&
    write_file "$pull_ahead_record" <"$scratch/pulled" || return 1
  keep_images "$(pulled_name "$deployment_id")" "$scratch"
}

# stop_if_cancelled: what has been pulled until then stays on the disk, and is found the next time.
stop_if_cancelled() {
  cancelled || return 0
  stop lost cancelled 'the run was cancelled before all images were pulled; nothing else was changed' 'Run it again.'
}

stop() {
  fail "$@"
}
