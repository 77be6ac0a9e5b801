# shellcheck shell=dash
# What the prelude, the parameters and the other parts define is not seen here; names of services have no spaces.
# shellcheck disable=SC2154,SC2034,SC2013,SC2086
# Room for the images and the images themselves, before anything changes.
# Parameters: pull (always, missing or never), pull_timeout (seconds), registry (host of registry_config), min_free_disk
# (bytes), gates.
# Secret: registry_config, the text of a Docker config.json with the login, or empty.
# A release's directory holds pulls: the references, one per line.

# check_disk DIRECTORY: free space where Docker keeps images, against what is to be pulled.
check_disk() {
  # The look before this has asked already.
  _root=$(cat "$files/docker-root" 2>/dev/null) || _root=$(engine_image_folder) ||
    stop refused docker-unreachable 'the Docker engine does not answer any more' 'Check that it runs, then deploy again.'
  # The folder may be closed to us; df looks at its file system all the same where the parents are open.
  _free=$(df -Pk "${_root:-/var/lib/docker}" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  if [ -z "$_free" ]; then
    warn "the free disk space of ${_root:-Docker} cannot be seen by $(id -un), so it was not checked"
    return 0
  fi
  _need=0
  # Asking the registry for sizes costs time; with plenty of room there is no need to.
  if [ "$_free" -lt 21474836480 ] && [ "$pull" != never ]; then
    open_login
    run 'the sizes of the images' manifest_sizes "$1"
    close_login
    _need=$(awk '{ total += $1 } END { printf "%.0f", total }' "$scratch/sizes" 2>/dev/null)
  fi
  # Registries tell compressed sizes; unpacked, with the packed copy beside it, is about three times that.
  _wanted=$(awk -v need="${_need:-0}" -v least="$min_free_disk" 'BEGIN { printf "%.0f", need * 3 + least }')
  if [ "$_free" -lt "$_wanted" ]; then
    stop refused disk-full "the disk of the server has $(megabytes "$_free") free at $_root, and this release needs $(megabytes "$_wanted") (images $(megabytes "$_need") compressed, min-free-disk $(megabytes "$min_free_disk"))" \
      'Free some space (docker system df shows what takes it), or lower min-free-disk.'
  fi
  say "disk: $(megabytes "$_free") free at $_root, $(megabytes "$_wanted") needed"
}

megabytes() {
  awk -v bytes="$1" 'BEGIN { printf "%.0f MB", bytes / 1000000 }'
}

# Writes the compressed size of each image that is not here to $scratch/sizes; none that the registry does not tell.
manifest_sizes() {
  : >"$scratch/sizes"
  _asked=0
  _asking=
  while read -r _image; do
    ! engine_has_image "$_image" || continue
    _asked=$((_asked + 1))
    manifest_size "$_image" "$_asked" >>"$scratch/sizes" &
    _asking="$_asking $!"
  done <"$1/pulls"
  wait_in_time 60 "$_asking"
}

# manifest_size IMAGE NUMBER
manifest_size() {
  engine_manifest "$1" "$(login_for "$1")" "$scratch/docker-pid.$2" | sed 's/[,{]/\
/g' | awk '
    # Of an index only the first platform counts: they are about equally large.
    /"Ref":/ { if (++manifests > 1) exit }
    /"size":/ { gsub(/[^0-9]/, ""); total += $0 }
    END { print total + 0 }
  '
}

# pull_images DIRECTORY: everything before anything changes; then images (service, id, reference) is written.
pull_images() {
  : >"$scratch/to-pull"
  while read -r _image; do
    case $pull:$_image in
      never:*) ;;
      # A digest names the content: what is here is the same.
      missing:* | always:*@sha256:*) engine_has_image "$_image" || printf '%s\n' "$_image" >>"$scratch/to-pull" ;;
      *) printf '%s\n' "$_image" >>"$scratch/to-pull" ;;
    esac
  done <"$1/pulls"
  if [ -s "$scratch/to-pull" ]; then
    open_login
    run "$(wc -l <"$scratch/to-pull" | tr -d ' ') images from the registry" pull_together
    close_login
    pull_failure
  fi
  # One call for all; the order of the answers is that of the references.
  cat "$1/services" "$(existing "$1/live-only")" | awk '{ print $7, $6 }' >"$scratch/service-images"
  # shellcheck disable=SC2046 # references have no spaces
  if ! engine_digests $(awk '{ print $2 }' "$scratch/service-images") \
    >"$scratch/image-ids" 2>"$scratch/image-errors"; then
    details "$scratch/image-errors"
    stop remote images-missing "images are not on the server: $(sed -n 's/.*o such image: *//p' "$scratch/image-errors" | tr '\n' ' ')" \
      'With pull: never they must have been pulled before.'
  fi
  awk 'FILENAME == ARGV[1] { id[FNR] = $1; next } { print $1, id[FNR], $2 }' \
    "$scratch/image-ids" "$scratch/service-images" >"$1/images"
  # For people and records: what each tag meant, service by service.
  awk 'FILENAME == ARGV[1] { sub(/^[^ ]* */, ""); digests[FNR] = $0; next } { print $1, digests[FNR] }' \
    "$scratch/image-ids" "$scratch/service-images" >"$1/digests"
}

pull_together() {
  _pull=0
  _pullers=
  while read -r _image; do
    _pull=$((_pull + 1))
    pull_one "$_image" "$_pull" &
    _pullers="$_pullers $!"
  done <"$scratch/to-pull"
  wait_in_time "$pull_timeout" "$_pullers"
}

# pull_one IMAGE NUMBER
pull_one() {
  if engine_pull "$1" "$(login_for "$1")" "$scratch/docker-pid.$2" >"$scratch/pull.$2" 2>&1; then
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
  rm -f "$scratch/ended"
  end_in_time "$1" &
  _watcher=$!
  wait $2
  kill -KILL "$_watcher" 2>/dev/null
  wait "$_watcher" 2>/dev/null
}

end_in_time() {
  trap - TERM EXIT
  _left=$1
  until [ "$_left" -le 0 ] || cancelled; do
    sleep 1
    kill -0 $$ 2>/dev/null || exit 0
    _left=$((_left - 1))
  done
  if cancelled; then echo cancelled; else echo late; fi >"$scratch/ended"
  # A second question may follow one that was ended.
  while :; do
    for _pid_file in "$scratch"/docker-pid.*; do
      [ ! -f "$_pid_file" ] || kill "$(cat "$_pid_file")" 2>/dev/null
    done
    sleep 0.2 2>/dev/null || sleep 1
    kill -0 $$ 2>/dev/null || exit 0
  done
}

# Ends the operation if it was cancelled, as long as nothing has been changed.
stop_if_cancelled() {
  cancelled || return 0
  [ "$gates" != true ] || stop_without_go
  stop lost cancelled 'the run was cancelled before anything was changed' 'Run it again.'
}

pull_failure() {
  case $(cat "$scratch/ended" 2>/dev/null) in
    cancelled) stop_if_cancelled ;;
    late)
      stop remote pull-failed "not pulled within $pull_timeout s: $(cat "$scratch"/pull-failed.* | tr '\n' ' ')" \
        'Look at the way to the registry, or raise pull-timeout. Nothing was changed.'
      ;;
  esac
  for _failed in "$scratch"/pull-failed.*; do
    [ -f "$_failed" ] || return 0
    _log=$scratch/pull.${_failed##*.}
    details "$_log"
    _image=$(cat "$_failed")
    case $(cat "$_log") in
      *'no space left'*)
        stop refused disk-full "the disk of the server is full: $_image could not be pulled; nothing was changed" 'Free some space: docker system df shows what takes it.'
        ;;
      *unauthorized* | *denied* | *'authentication required'*)
        stop refused registry-refused "the registry refused $_image" 'Give registry, registry-username and registry-password with the right to read it.'
        ;;
      *'not found'* | *'manifest unknown'*)
        stop input image-unknown "the registry has no $_image" 'Check that it was pushed, under this name.'
        ;;
    esac
    stop remote pull-failed "$_image could not be pulled: $(tail -n 1 "$_log" | cut -c 1-300)"
  done
}

# login_for IMAGE: the folder of the login, if the image is of its registry.
login_for() {
  case ${1%%/*} in
    "$registry") _own=yes ;;
    *.* | *:* | localhost) _own= ;;
    *) if [ "$registry" = docker.io ]; then _own=yes; else _own=; fi ;;
  esac
  if [ -n "$_own" ] && [ -n "$login_folder" ]; then printf '%s' "$login_folder"; fi
}

# The login lies in a folder of its own, in memory where there is some, for as long as images are pulled. The
# user's plugins and contexts are linked in, since the folder hides them.
login_folder=
open_login() {
  [ -n "$registry_config" ] || return 0
  sweep_logins
  if [ -d /dev/shm ] && [ -w /dev/shm ]; then _memory=/dev/shm; else _memory=$run; fi
  login_folder=$(mktemp -d "$_memory/deploy-actions.$(id -u).$$.XXXXXX") || stop remote write-failed 'no folder for the login could be made'
  _home_config=${DOCKER_CONFIG:-$HOME/.docker}
  for _part in cli-plugins contexts; do
    [ ! -d "$_home_config/$_part" ] || ln -s "$_home_config/$_part" "$login_folder/$_part"
  done
  printf '%s' "$registry_config" >"$login_folder/config.json"
}

close_login() {
  [ -z "$login_folder" ] || rm -rf "$login_folder"
  login_folder=
}

# What a killed run left behind.
sweep_logins() {
  for _left in "/dev/shm/deploy-actions.$(id -u)".*; do
    if [ ! -d "$_left" ] || [ -L "$_left" ] || [ ! -O "$_left" ]; then continue; fi
    _owner=${_left#"/dev/shm/deploy-actions.$(id -u)."}
    kill -0 "${_owner%%.*}" 2>/dev/null || rm -rf "$_left"
  done
}
