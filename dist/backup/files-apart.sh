# shellcheck shell=dash
# What is saved as files: the output of commands of the user's, volumes, and paths of the application's folder.

# save_command SERVICE ID FILE: a command that makes a session of its own is ended with all that it has started.
save_command() {
  local command
  command=$(awk -F '\t' -v file="$3" '$1 == file { print $2; exit }' "$files/commands")
  # shellcheck disable=SC2016 # the container's own
  save_stream command "$1" '' "$3" command "$2" 'command -v setsid >/dev/null 2>&1 && exec setsid sh -c "$1"
exec sh -c "$1"' "$command"
}

# find_volume NAME: its full name is in $volume_name, and a container that has it in $volume_user.
find_volume() {
  local each
  volume_name=$(volume_of "$1") || fail_for_engine 'the volumes could not be listed'
  [ -n "$volume_name" ] || fail input input-wrong "there is no volume $1 of $project" "It has: $(volumes_of_application | tr '\n' ' ')"
  volume_user=
  for each in $(engine_volume_users "$volume_name"); do
    volume_user=${volume_user:-$each}
    set -- "$1" "$(engine_mount "$each" "$volume_name")" "$each"
    case $2 in
      */postgresql* | */mysql* | */mariadb* | */mongo* | /data/db)
        ! is_running "$each" || is_paused_by_us "$each" ||
          fail refused request-refused "the volume $1 holds a database that runs ($2): a copy of its files would be torn" \
            'Name the database in the input databases, or its service in the input pause.'
        ;;
    esac
  done
  [ -n "$volume_user" ] || fail refused request-refused "no container has the volume $1, and so there is no image whose tar could read it" \
    'Bring up the service that uses it.'
}

# is_running ID: a container that does not run has no first process.
is_running() {
  [ "$(engine_pid "$1")" != 0 ]
}

# is_paused_by_us ID: its service is one of those that are to be paused.
is_paused_by_us() {
  grep -qx -e "$1" "$scratch/pausing"
}

# save_volume NAME: read by the tar of the image that uses it, in a container apart, with owners, modes and the root entry.
save_volume() {
  find_volume "$1"
  begin_helper "$1" "$volume_user" --volume "$volume_name:/volume:ro" ||
    give_up "the image of a service with the volume $1 cannot read it, since it has no sh, tar, timeout and sleep of its own: $(last_said)"
  stream_zip=yes
  # shellcheck disable=SC2016 # the container's own
  save_stream volume - "$1" "volume.$1.tar.gz" tar "$trial" 'case $(tar --version 2>/dev/null) in *GNU*) more="--numeric-owner --xattrs --acls --sparse --one-file-system" ;; esac
exec tar -C /volume ${more-} -cf - .'
  stream_zip=
  end_trials
}

# save_path NAME: below the application's folder, as the login user can read it.
save_path() {
  save_begin path - "$1" "path.$(printf '%s' "$1" | tr / _).tar.gz" tar
  stream_zip=yes
  stream_local "$1 to be saved" "$saving/$save_file" tar -C "$path" --numeric-owner -cf - -- "$1"
  save_code=$?
  stream_zip=
  ended_early "$save_code" "$1 could not be saved"
  save_end
}

# read_tar FILE: every entry, and the two blocks of zeros that end it: without them it could have been cut between two
# files.
read_tar() {
  gzip -t "$saving/$1" 2>"$scratch/said" || return 1
  gzip -dc "$saving/$1" | tar -tf - >/dev/null 2>"$scratch/said" || return 1
  [ "$(gzip -dc "$saving/$1" | tail -c 1024 | tr -d '\0' | wc -c)" -eq 0 ] || {
    echo 'it has no end' >"$scratch/said"
    return 1
  }
}

# read_command FILE: what it is nobody knows, but for a compressed one.
read_command() {
  case $1 in *.gz) gzip -t "$saving/$1" 2>"$scratch/said" ;; esac
}

# --- services that stand still meanwhile -----------------------------------------------------------------------

# find_pausing: ids of the containers, into $scratch/pausing; all are there, or nothing begins.
find_pausing() {
  : >"$scratch/pausing"
  for each in $pause; do
    id=$(container_of_service "$each") || fail_for_engine 'the containers could not be listed'
    [ -n "$id" ] || fail refused service-not-running "no container of $each runs in $project, so it cannot be paused" 'Correct the input pause.'
    states_of_service "$each" | sed -n 's/ running$//p' >>"$scratch/pausing"
    grep -qx -e "$id" "$scratch/pausing" || echo "$id" >>"$scratch/pausing"
  done
}

# hold_still: they are frozen, and go on also when this program is killed.
hold_still() {
  [ -s "$scratch/pausing" ] || return 0
  journal pause
  # shellcheck disable=SC2016 # the inner shell's own
  (
    exec 9>&- 7>&- 8>&-
    trap '' HUP TERM
    while kill -0 $$ 2>/dev/null && [ ! -e "$scratch/going-on" ]; do nap 0.5; done
    go_on
  ) </dev/null >/dev/null 2>&1 &
  while read -r each <&6; do
    engine_pause "$each" 2>"$scratch/said" || {
      go_on
      give_up "a container could not be paused: $(last_said)"
    }
  done 6<"$scratch/pausing"
}

# go_on: those that were held still work again.
go_on() {
  [ -s "$scratch/pausing" ] || return 0
  while read -r each <&6; do engine_unpause "$each"; done 6<"$scratch/pausing"
  true >"$scratch/going-on"
}
