# shellcheck shell=dash
# A backup that is not here any more comes out of the repository. Only files that its manifest names are taken, each by its
# name, and each must be what the manifest says: no link, no mode and no name of the snapshot's own is taken over.

# fetch_backup: where it is not whole here.
fetch_backup() {
  local snapshot room told
  if [ -z "$repository" ] || is_whole "$folder"; then return 0; fi
  phase fetch
  find_repository
  sent_backups "$scratch/sent-all" || fail refused repository-refused "the repository could not be asked for its backups: $(restic_said)" \
    'Run it again.'
  awk -v id="$backup" '$2 == id' "$scratch/sent-all" | sort -t ' ' -k 8,8r -k 1,1r >"$scratch/sent-one"
  [ -s "$scratch/sent-one" ] || fail refused backup-unknown "there is no whole backup $backup in $path/backups, nor in the repository" \
    'The action backup with list: true shows which there are.'
  read -r _ _ _ told _ snapshot _ mine <"$scratch/sent-one"
  if [ "$mine" != own ] && [ "$(cut -d ' ' -f 7 "$scratch/sent-one" | sort -u | wc -l)" != 1 ]; then
    fail refused request-refused "several servers have sent a backup $backup, and none of them is this one: $(cut -d ' ' -f 7 "$scratch/sent-one" | sort -u | tr '\n' ' ')" \
      "Bring the folder to $path/backups by hand: restic restore SNAPSHOT:/$backup --target $path/backups/$backup"
  fi
  room=$(room_left)
  [ "$((room - told))" -ge "$min_free_disk" ] || fail refused disk-full \
    "the backup takes $told bytes, and of the $room that are free where $path is $min_free_disk must stay free" \
    'Free some space there, or lower min-free-disk.'
  claim_backups
  saving=$path/backups/.new-$backup
  mkdir "$saving" || fail_unwritten "$saving could not be made"
  fetch_file "$snapshot" manifest.json 10000000
  [ "$(head -n 1 "$saving/manifest.json" | cut -d '"' -f 4)" = "$backup" ] || not_fetched 'its manifest is that of another backup'
  files_of "$saving/manifest.json" >"$scratch/fetching"
  [ "$(awk '{ sum += $1 } END { printf "%.0f", sum }' "$scratch/fetching")" = "$told" ] || not_fetched 'its manifest names files of another size'
  while read -r size sum name <&6; do
    case $name in '' | .* | manifest.json) not_fetched "its manifest names a file $name" ;; esac
    fetch_file "$snapshot" "$name" "$size"
    [ "$(sha256sum <"$saving/$name")" = "$sum  -" ] || not_fetched "$name is not what its manifest says"
  done 6<"$scratch/fetching"
  [ ! -e "$folder" ] || mv -T "$folder" "$folder.damaged" || not_fetched "what is at $folder is not whole, and could not be put aside as $backup.damaged"
  sync -f "$saving" 2>/dev/null || sync
  mv -T "$saving" "$folder" || not_fetched 'the folder could not be given its name'
  if ! is_whole "$folder"; then
    rm -rf "${path:?}/backups/$backup"
    not_fetched 'its manifest is not one that fits its files'
  fi
  say "fetched the backup $backup out of the repository"
}

# fetch_file SNAPSHOT NAME BYTES: no more than that is written, whatever the repository gives.
fetch_file() {
  run_within "$(seconds_left)" yes end_restic "$2 to be fetched" _fetch_to "$saving/$2" "$3" dump -- "$1" "/$backup/$2"
  case $?${host_ended} in
    0) ;;
    *late) not_fetched "$2 did not come within $stream_seconds s (timeout)" ;;
    *cancelled) not_fetched 'the run was cancelled' ;;
    *) not_fetched "$2 did not come: $(restic_said)" ;;
  esac
}
_fetch_to() {
  local file=$1 most=$2 code
  shift 2
  rm -f "$scratch/plain"
  mkfifo "$scratch/plain" || return 1
  head -c "$((most + 1))" <"$scratch/plain" >"$file" &
  (restic_to "$scratch/plain" "$@")
  code=$?
  wait $! || return 1
  return "$code"
}

# not_fetched WHY: ends the run; nothing was changed.
not_fetched() {
  rm -rf "$path/backups/.new-$backup"
  fail remote backup-failed "the backup $backup could not be fetched out of the repository: $1; $attempt_kept" \
    'Choose another one (list: true), or look at the repository: restic check.'
}
