# shellcheck shell=dash
# What registries are asked of images: with the login of the user's, and how much room an image takes.
# Parameter: registry (host of registry_config). Secret: registry_config, the text of a Docker config.json with the login, or
# empty.

# login_for IMAGE: the folder of the login, if the image is of its registry.
login_for() {
  case ${1%%/*} in
    "$registry") login_own=yes ;;
    *.* | *:* | localhost) login_own= ;;
    *) if [ "$registry" = docker.io ]; then login_own=yes; else login_own=; fi ;;
  esac
  if [ -n "$login_own" ] && [ -n "$login_folder" ]; then printf '%s' "$login_folder"; fi
}

# The login lies in a folder of its own, in memory where there is some, for as long as images are pulled. The
# user's plugins and contexts are linked in, since the folder hides them.
login_folder=
open_login() {
  [ -n "$registry_config" ] || return 0
  sweep_logins
  if [ -d /dev/shm ] && [ -w /dev/shm ]; then login_memory=/dev/shm; else login_memory=$run; fi
  login_folder=$(mktemp -d "$login_memory/deploy-actions.$(id -u).$$.XXXXXX") || return 1
  login_home_config=${DOCKER_CONFIG:-$HOME/.docker}
  for login_part in cli-plugins contexts; do
    [ ! -d "$login_home_config/$login_part" ] || ln -s "$login_home_config/$login_part" "$login_folder/$login_part"
  done
  # The user's context names the engine that pulls: without it another one would, or none.
  login_context=$(sed -n 's/.*"currentContext": *"\([A-Za-z0-9][A-Za-z0-9_.+-]*\)".*/\1/p' "$login_home_config/config.json" 2>/dev/null | head -n 1)
  printf '%s' "$registry_config" | sed "${login_context:+s/^{/{\"currentContext\":\"$login_context\",/}" >"$login_folder/config.json"
}

close_login() {
  [ -z "$login_folder" ] || rm -rf "$login_folder"
  login_folder=
}

# What a killed run left behind.
sweep_logins() {
  for login_left in "/dev/shm/deploy-actions.$(id -u)".*; do
    if [ ! -d "$login_left" ] || [ -L "$login_left" ] || [ ! -O "$login_left" ]; then continue; fi
    login_owner=${login_left#"/dev/shm/deploy-actions.$(id -u)."}
    kill -0 "${login_owner%%.*}" 2>/dev/null || rm -rf "$login_left"
  done
}

# manifest_size IMAGE NUMBER: its compressed size, 0 where the registry does not tell it; why is on stderr.
manifest_size() {
  engine_manifest "$1" "$(login_for "$1")" "$scratch/pull-pid.$2" | sed 's/[,{]/\
/g' | awk '
    # Of an index only the first platform counts: they are about equally large.
    /"Ref":/ { if (++manifests > 1) exit }
    /"size":/ { gsub(/[^0-9]/, ""); total += $0 }
    END { print total + 0 }
  '
}

# room_wanted NEED LEAST: bytes that must be free for images of this compressed size, so that LEAST is left. Unpacked, with the
# packed copy beside it, an image is about three times as large.
room_wanted() {
  awk -v need="$1" -v least="$2" 'BEGIN { printf "%.0f", need * 3 + least }'
}
