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

# _lock_says KEY: a value of the lock that $scratch/lock tells of, a key a line; what has another form is none.
_lock_says() {
  sed -n "s/^ *\"$1\": *\"\{0,1\}\([A-Za-z0-9._-]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$scratch/lock" | head -n 1
}

# free_own_locks: what a restic of this server left when it was killed keeps others from removing anything, and some of them
# from sending. `restic unlock` takes away what nobody holds, and has a rule for that which is laxer than this one: it takes
# whoever does not answer a SIGHUP for gone, which would be a process of another user, and sends it to any program that has
# the number by now. So it is run where each lock is of this server and this user, and no process has its number.
free_own_locks() {
  local id pid count
  count=0
  restic_soon "$scratch/locks" list locks --no-lock || return 0
  while read -r id <&5; do
    case $id in '' | *[!0-9a-f]*) return 0 ;; esac
    restic_soon "$scratch/lock" cat lock "$id" --no-lock || return 0
    pid=$(_lock_says pid)
    case $pid in '' | *[!0-9]*) return 0 ;; esac
    [ "$(_lock_says hostname)" = "$(uname -n)" ] && [ "$(_lock_says username)" = "$(id -un)" ] && [ ! -e "/proc/$pid" ] || return 0
    count=$((count + 1))
  done 5<"$scratch/locks"
  [ "$count" -gt 0 ] || return 0
  if restic_soon /dev/null unlock; then
    say "took a lock off the repository (restic unlock): the restic of this server that held it is gone"
  else
    warn "a lock of a restic that is gone could not be taken off the repository: $(restic_said)"
  fi
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
  free_own_locks
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
    'What is in the repository is as it was. Where restic names a lock of somebody else who is gone, take it off by hand: restic unlock.'
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
