# shellcheck shell=dash
# Room for the images and the images themselves, before anything changes.
# Parameters: pull (always, missing or never), pull_timeout (seconds), registry (host of registry_config), min_free_disk
# (bytes), min_free_inodes (percent).
# Secret: registry_config, the text of a Docker config.json with the login, or empty.
# A release's directory holds pulls: the references, one per line.

# check_disk DIRECTORY: free space where Docker keeps images, against what is to be pulled.
check_disk() {
  pull_root=$(images_root) || require_answer stop
  check_inodes "$path"
  check_inodes "${pull_root:-/var/lib/docker}"
  pull_free=$(free_for_images)
  if [ -z "$pull_free" ]; then
    warn "the free disk space of ${pull_root:-Docker} cannot be seen by $(id -un), so it was not checked"
    return 0
  fi
  pull_need=0
  # Asking the registry for sizes costs time; with plenty of room there is no need to.
  if [ "$pull_free" -lt 21474836480 ] && [ "$pull" != never ]; then
    open_login || stop remote write-failed 'no folder for the login could be made'
    run 'the sizes of the images' manifest_sizes "$1"
    close_login
    pull_need=$(awk '{ total += $1 } END { printf "%.0f", total }' "$scratch/sizes" 2>/dev/null)
  fi
  pull_wanted=$(room_wanted "${pull_need:-0}" "$min_free_disk")
  if [ "$pull_free" -lt "$pull_wanted" ]; then
    stop refused disk-full "the disk of the server has $(megabytes "$pull_free") free at $pull_root, and this release needs $(megabytes "$pull_wanted") (images $(megabytes "$pull_need") compressed, min-free-disk $(megabytes "$min_free_disk"))" \
      'Free some space (docker system df shows what takes it), or lower min-free-disk.'
  fi
  say "disk: $(megabytes "$pull_free") free at $pull_root, $(megabytes "$pull_wanted") needed"
}

# check_inodes FOLDER: every file takes one, and an image has tens of thousands; a file system may have bytes and none left.
check_inodes() {
  # shellcheck disable=SC2046 # two numbers
  set -- "$1" $(stat -f -c '%c %d' "$1" 2>/dev/null)
  # Some file systems make them as they are needed, and tell of none.
  [ "${2:-0}" -gt 0 ] || return 0
  [ "$(($3 * 100))" -lt "$(($2 * min_free_inodes))" ] || return 0
  stop refused disk-full "the disk of the server has $3 of $2 inodes free at $1, less than min-free-inodes: $min_free_inodes%" \
    'Remove what has many small files: docker image prune and docker builder prune, or look with du --inodes; or lower min-free-inodes.'
}

megabytes() {
  awk -v bytes="$1" 'BEGIN { printf "%.0f MB", bytes / 1000000 }'
}

# Writes the compressed size of each image that is not here to $scratch/sizes; none that the registry does not tell.
manifest_sizes() {
  : >"$scratch/sizes"
  pull_asked=0
  pull_asking=
  missing_images <"$1/pulls" >"$scratch/to-measure"
  while read -r pull_image; do
    pull_asked=$((pull_asked + 1))
    manifest_size "$pull_image" "$pull_asked" 2>/dev/null >>"$scratch/sizes" &
    pull_asking="$pull_asking $!"
  done <"$scratch/to-measure"
  wait_in_time 60 "$pull_asking"
}

# pull_images DIRECTORY: everything before anything changes.
pull_images() {
  case $pull in
    never) : ;;
    missing) missing_images <"$1/pulls" ;;
    always)
      # A digest names the content: what is here is the same.
      grep @sha256: "$1/pulls" | missing_images
      awk 'FILENAME == ARGV[1] { ahead[$0]; next } !/@sha256:/ && !($0 in ahead)' "$(existing "$scratch/pulled-ahead")" "$1/pulls"
      ;;
  esac >"$scratch/to-pull"
  if [ -s "$scratch/to-pull" ]; then
    open_login || stop remote write-failed 'no folder for the login could be made'
    run "$(wc -l <"$scratch/to-pull" | tr -d ' ') images from the registry" pull_together
    close_login
    pull_failure
  fi
}

# identify_images DIRECTORY: writes what is here now: images (service, id, reference) and digests.
identify_images() {
  # One call for all; the order of the answers is that of the references.
  cat "$1/services" "$(existing "$1/live-only")" | awk '{ print $7, $6 }' >"$scratch/service-images"
  # shellcheck disable=SC2046 # references have no spaces
  if ! engine_digests $(awk '{ print $2 }' "$scratch/service-images") \
    >"$scratch/image-ids" 2>"$scratch/image-errors"; then
    details "$scratch/image-errors"
    stop remote images-missing "images are not on the server: $(sed -n 's/.*o such image: *//p' "$scratch/image-errors" | tr '\n' ' ')" \
      'With pull: never, or pull_policy: never in the compose file, they must be on the server before: docker pull or docker load them there.'
  fi
  awk 'FILENAME == ARGV[1] { id[FNR] = $1; next } { print $1, id[FNR], $2 }' \
    "$scratch/image-ids" "$scratch/service-images" >"$1/images"
  # For people and records: what each tag meant, service by service.
  awk 'FILENAME == ARGV[1] { sub(/^[^ ]* */, ""); digests[FNR] = $0; next } { print $1, digests[FNR] }' \
    "$scratch/image-ids" "$scratch/service-images" >"$1/digests"
}

pull_together() {
  pull_pull=0
  pull_pullers=
  while read -r pull_image; do
    pull_pull=$((pull_pull + 1))
    pull_one "$pull_image" "$pull_pull" &
    pull_pullers="$pull_pullers $!"
  done <"$scratch/to-pull"
  wait_in_time "$pull_timeout" "$pull_pullers"
}

# pull_one IMAGE NUMBER
pull_one() {
  if engine_pull "$1" "$(login_for "$1")" "$scratch/pull-pid.$2" >"$scratch/pull.$2" 2>&1; then
    printf 'pulled %s\n' "$1"
    rm -f "$scratch/pull.$2"
  else
    printf '%s\n' "$1" >"$scratch/pull-failed.$2"
  fi
}

# wait_in_time SECONDS PIDS: Docker waits for a registry for as long as that hangs, with our lock held; so its programs
# are ended when the time is over or the run is cancelled: up to here nothing has been changed. Says which of the two
# in $scratch/ended.
wait_in_time() {
  # Without a number `wait` would wait for the watcher too, which ends with the others alone.
  [ -n "$2" ] || return 0
  rm -f "$scratch/ended"
  end_in_time "$1" &
  pull_watcher=$!
  # shellcheck disable=SC2086 # numbers of processes
  wait $2
  kill -KILL "$pull_watcher" 2>/dev/null
  wait "$pull_watcher" 2>/dev/null
}

end_in_time() {
  trap - TERM EXIT
  pull_left=$1
  until [ "$pull_left" -le 0 ] || cancelled; do
    sleep 1
    kill -0 $$ 2>/dev/null || exit 0
    pull_left=$((pull_left - 1))
  done
  if cancelled; then echo cancelled; else echo late; fi >"$scratch/ended"
  # A second question may follow one that was ended.
  while :; do
    for pull_pid_file in "$scratch"/pull-pid.*; do
      [ ! -f "$pull_pid_file" ] || kill "$(cat "$pull_pid_file")" 2>/dev/null
    done
    sleep 0.2 2>/dev/null || sleep 1
    kill -0 $$ 2>/dev/null || exit 0
  done
}

pull_failure() {
  case $(cat "$scratch/ended" 2>/dev/null) in
    cancelled) stop_if_cancelled ;;
    late)
      stop remote pull-failed "not pulled within $pull_timeout s: $(cat "$scratch"/pull-failed.* | tr '\n' ' ')" \
        'Look at the way to the registry, or raise pull-timeout. Nothing was changed.'
      ;;
  esac
  for pull_failed in "$scratch"/pull-failed.*; do
    [ -f "$pull_failed" ] || return 0
    pull_log=$scratch/pull.${pull_failed##*.}
    details "$pull_log"
    pull_image=$(cat "$pull_failed")
    pull_said=$(cat "$pull_log")
    if complaint_about "$pull_said" "$pull_image" "$registry"; then
      stop "$complaint_kind" "$complaint_code" "$complaint_message; nothing was changed" "$complaint_remedy"
    fi
    stop remote pull-failed "$pull_image could not be pulled: $(complaint_last "$pull_said"); nothing was changed" 'Try it on the server: docker pull.'
  done
}
