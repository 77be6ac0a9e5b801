# shellcheck shell=dash
# The finished folder of a backup goes into the repository, and is read back there. What is here is whole, whatever becomes
# of that.

# _sum_of WORDS…: the SHA-256 of what restic prints, into $scratch/sum. Each exit code counts, which a pipe would hide.
_sum_of() {
  local code
  rm -f "$scratch/plain"
  mkfifo "$scratch/plain" || return 1
  sha256sum <"$scratch/plain" >"$scratch/sum" &
  (restic_to "$scratch/plain" "$@")
  code=$?
  wait $! || return 1
  return "$code"
}

# send_backup: it counts there once it is read back, as far as verify says.
send_backup() {
  local snapshot
  [ -n "$repository" ] || return 0
  phase send
  journal send:begin
  read -r created_then _ verified_then bytes_then release_then <<END
$(whole_backups | awk -v id="$backup" '$2 == id')
END
  case $release_then in -) release_then= ;; esac
  host_ended=
  run_within "$(seconds_left)" yes end_restic 'the backup to be sent' restic_to "$scratch/sent" backup --quiet --json --host "$(uname -n)" \
    --tag "deploy-actions,project:$project,backup:$backup,created:$created_then,verified:$verified_then,bytes:$bytes_then,release:$release_then" \
    -- "$backup" || not_sent 'it could not be sent'
  snapshot=$(sed -n 's/^{"message_type":"summary".*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' "$scratch/sent" | tail -n 1)
  if [ -z "$snapshot" ]; then
    echo 'it names no snapshot' >"$scratch/said"
    not_sent 'restic did not say what it has made of it'
  fi
  say "sent $backup as snapshot $snapshot"
  if [ "$verify" != none ]; then read_sent "$snapshot"; fi
  journal send:end
  result snapshot "$snapshot"
}

# read_sent SNAPSHOT: every file comes back out of the repository as it went in.
read_sent() {
  local name sum
  # The manifest too, without which the others are no backup.
  {
    files_of "$path/backups/$backup/manifest.json" | awk '{ print $3, $2 }'
    printf 'manifest.json %s\n' "$(sha256sum <"$path/backups/$backup/manifest.json" | cut -d ' ' -f 1)"
  } >"$scratch/read"
  while read -r name sum <&6; do
    run_within "$(seconds_left)" yes end_restic "$name to be read back out of the repository" _sum_of dump -- "$1" "/$backup/$name" ||
      not_sent "$name could not be read back out of the repository"
    [ "$(cat "$scratch/sum")" = "$sum  -" ] || {
      echo 'its SHA-256 is another one' >"$scratch/said"
      not_sent "$name comes back out of the repository as something else"
    }
  done 6<"$scratch/read"
}

# not_sent WHAT: ends the run. What of it may be in the repository counts for nothing, and goes.
not_sent() {
  local why
  [ ! -s "$scratch/said" ] || details "$scratch/said"
  case $host_ended in
    late) why="$1 within $stream_seconds s (timeout)" ;;
    cancelled) why="$1, since the run was cancelled" ;;
    *) why="$1: $(restic_said)" ;;
  esac
  forget_half
  fail remote backup-not-sent "the backup $backup is whole in $path/backups, and is not in the repository: $why" \
    'What is in the repository is as it was. Where restic names a lock of somebody who is gone, take it off by hand: restic unlock.'
}

# forget_half: what was sent of this backup from here, and not read back.
forget_half() {
  local half
  sent_backups "$scratch/half" || return 0
  half=$(awk -v id="$backup" '$2 == id && $8 == "own" { print $6 }' "$scratch/half")
  # shellcheck disable=SC2086 # ids
  [ -z "$half" ] || restic_soon /dev/null forget $half ||
    warn "what is in the repository of $backup was not proven, and could not be removed: $(restic_said)"
}

# take_sent_away: by the same rule as here, of what this folder has sent and nothing else. The space is free once somebody
# prunes the repository.
take_sent_away() {
  local old last now gone='' each
  [ -n "$repository" ] || return 0
  sent_backups "$scratch/sent-all" || {
    warn "the repository could not be asked for old backups: $(restic_said)"
    return 0
  }
  awk '$8 == "own" && !told[$2]++ { print $1, $2, $3, $4, $5 }' "$scratch/sent-all" >"$scratch/sent-own"
  last=$(awk -v own="$backup" '$2 != own { print $4; exit }' "$scratch/sent-own")
  now=$(awk -v own="$backup" '$2 == own { print $4; exit }' "$scratch/sent-own")
  if [ -n "$last" ] && [ "$((${now:-0} * 2))" -lt "$last" ]; then
    warn "this backup has ${now:-0} bytes and the last one in the repository $last: no old one is removed there"
    return 0
  fi
  for each in $(old_backups "$backup" "$keep_last" "$retention" <"$scratch/sent-own"); do
    old=$(awk -v id="$each" '$2 == id && $8 == "own" { print $6 }' "$scratch/sent-all")
    # shellcheck disable=SC2086 # ids
    if restic_soon /dev/null forget $old; then
      say "removed the backup $each from the repository"
      gone="$gone $each"
    else
      warn "the old backup $each could not be removed from the repository: $(restic_said)"
      # The others would wait for the same lock.
      break
    fi
  done
  result forgotten "${gone# }"
}
