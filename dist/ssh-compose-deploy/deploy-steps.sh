# shellcheck shell=dash
# Steps that every server of a deployment takes, also one that only makes ready what others need.
# Parameters: project, base_project, release, gates (true with several servers; first: nobody is waited for once it is known that
# all are ready; false: alone), go_deadline (seconds).

# fetch_release: its images are here, but for those that can only be on the server already.
fetch_release() {
  heed_pulled
  pull_release
  stop_if_cancelled
}

# know_release: what its images are, and what they bring along.
know_release() {
  identify_release
  heed_health_checks "$files/release"
  ! has_shared || heed_health_checks "$files/release/shared"
}

# place_and_keep: the release is in its folder, and its images have tags of ours. Those by which they were kept for it until now
# go.
place_and_keep() {
  keep_images "$release" "$files/release" 9>&- &
  place_release || fail_unwritten "the release could not be written to $path"
  wait
  forget_pulled "$deployment_id"
}

# adopt_stack: the stack that runs, where one is taken over, becomes a release, which can be brought back. No line of the history
# tells of it: nothing was deployed, and the record says when it was found.
adopt_stack() {
  [ -d "$files/release-adopted" ] || return 0
  deploy_adopted=$path/releases/adopted
  rm -rf "$deploy_adopted"
  if ! { cp -R "$files/release-adopted" "$deploy_adopted" && note_images_here "$deploy_adopted" && cp "$deploy_adopted/images" "$deploy_adopted/digests" &&
    write_release_json "$deploy_adopted" '' '' && true >"$deploy_adopted/deployed" && link_current adopted; }; then
    fail_unwritten "the running stack could not be recorded in $path"
  fi
  keep_images adopted "$deploy_adopted"
  if [ -z "$color" ]; then
    previous=adopted
    printf '%s' "$previous" >"$run/previous"
    result previous "$previous"
  fi
  say 'the running stack is recorded as the release adopted'
}

# note_images_here DIRECTORY: of a release whose images nobody has noted, those that this server has: in a cluster each node has
# those of its own tasks.
note_images_here() {
  [ ! -f "$1/images" ] || return 0
  while read -r _deploy_step _deploy_kind _deploy_gate _deploy_replicas _deploy_hash deploy_image deploy_service; do
    ! deploy_id=$(engine_image_id "$deploy_image") || printf '%s %s %s\n' "$deploy_service" "$deploy_id" "$deploy_image"
  done <"$1/services" >"$1/images"
}

# heed_health_checks DIRECTORY: whether the image of a service brings a health check along is known by now, and with it how a
# cluster replaces its tasks.
heed_health_checks() {
  deploy_folder=$1
  set --
  for deploy_proven in "$deploy_folder"/proven/*.json; do
    [ -f "$deploy_proven" ] || return 0
    deploy_service=$(basename "$deploy_proven" .json)
    set -- "$@" "$(awk -v name="$deploy_service" '$7 == name { print $6 }' "$deploy_folder/services")"
  done
  engine_health_checks "$@" >"$run/health-checks" || fail remote docker-failed 'the images could not be asked for their health checks'
  for deploy_proven in "$deploy_folder"/proven/*.json; do
    read -r deploy_checked || fail remote docker-failed 'the images were not all asked for their health checks'
    [ "$deploy_checked" = yes ] || continue
    deploy_service=$(basename "$deploy_proven" .json)
    cp "$deploy_proven" "$deploy_folder/stack/$deploy_service.json" || fail_unwritten "the release could not be written to $path"
    say "the image of $deploy_service has a health check, so a new task is proven before an old one ends"
  done <"$run/health-checks"
}

# claim_project: from now on the project is this folder's, for every user of the engine. Two applications of one name would
# take over each other's volumes as soon as one of them has no container. The look before this has refused what it saw;
# here nobody can come between. A claim of which nothing is left is void.
claim_project() {
  [ ! -f "$files/project-noted" ] || return 0
  deploy_holder=$(engine_claim "$base_project" "$path") || fail remote docker-failed "the project $base_project could not be noted as that of $path"
  [ "$deploy_holder" != "$path" ] || return 0
  deploy_left=$(left_of_project) || fail remote docker-failed 'docker volume ls failed'
  if [ -z "$deploy_left" ] && engine_unclaim "$base_project"; then
    deploy_holder=$(engine_claim "$base_project" "$path")
    [ "$deploy_holder" != "$path" ] || return 0
  fi
  stop refused project-elsewhere "the project $base_project belongs to the application in $deploy_holder, and this is $path" \
    'Give each application a name of its own with project, or another name: in its compose file.'
}

forget_tags() {
  [ -s "$files/release/images" ] || return 0
  set --
  while read -r deploy_service _deploy_id _deploy_image; do
    set -- "$@" "$(image_tag "$release" "$deploy_service")"
  done <"$files/release/images"
  engine_untag "$@"
}

# With several servers there are two gates. Before the first nothing has changed: the runner opens it by a file,
# which says what the migrations on the first server did. The second is the host program's own `await_go`.
pass_first_gate() {
  [ "$gates" != false ] || return 0
  phase ready
  await_word "$go_deadline" 'the other servers'
}

# stop_if_cancelled: ends the operation, as long as nothing has been changed.
stop_if_cancelled() {
  cancelled || return 0
  [ "$gates" = false ] || stop_without_go
  stop lost cancelled 'the run was cancelled before anything was changed' 'Run it again.'
}

stop_without_go() {
  result stopped true
  forget_tags
  stop refused stopped-with-others 'nothing was changed here, because another server failed or the runner was lost'
}

# What the release's images are, also when it fails.
tell_digests() {
  [ ! -f "$files/release/digests" ] || result_file digests "$files/release/digests"
}
