# shellcheck shell=dash
# Saves the data of an application: all into a folder beside its end place, read back, described by a manifest, and then
# renamed, which is the moment of truth. What ends before leaves nothing that counts.
# Parameters: project, docker_host, backup (its id), verify, retention (seconds), keep_last, min_free_disk (bytes), timeout,
# pause (services). The file `sources` has lines: kind, service (- for none), names; `queries` lines with tabs: service,
# name (- for the usual one), query; `commands` file and command; `recipients` those whom it is encrypted for.

operate() {
  begin_backup
  phase preflight
  claim_backups
  end_trials
  [ -z "$repository" ] || find_repository
  find_sources
  look_for_room
  phase save
  journal save:begin
  mkdir "$saving" || fail_unwritten "$saving could not be made"
  created=$(utc_now)
  while read -r kind service id names <&5; do
    # shellcheck disable=SC2086 # names have no spaces
    case $kind in
      postgres) save_postgres "$service" "$id" $names ;;
      mysql | mariadb) save_mysql "$kind" "$service" "$id" $names ;;
      redis) save_redis "$service" "$id" ;;
      sqlite) save_sqlite "$service" "$id" $names ;;
      command) save_command "$service" "$id" "$names" ;;
    esac
  done 5<"$scratch/found"
  save_still
  if [ "$verify" != none ]; then
    phase read-back
    read_back
  fi
  if [ "$verify" = restore ]; then
    phase load
    load_apart
  fi
  if [ -s "$files/recipients" ]; then
    phase encrypt
    encrypt_all
  fi
  phase keep
  keep_backup
  send_backup
  take_sent_away
}

# save_still: what is copied as files, while those who write to them stand still.
save_still() {
  grep -q '^\(volume\|path\) ' "$scratch/found" || return 0
  hold_still
  while read -r kind _ _ names <&5; do
    case $kind in
      volume) save_volume "$names" ;;
      path) save_path "$names" ;;
    esac
  done 5<"$scratch/found"
  go_on
}

# begin_backup: also after a crash.
begin_backup() {
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  saving=$path/backups/.new-$backup
  attempt_kept='nothing of this backup is kept'
  begin_look
}

# find_sources: the sources with the id of their container, into $scratch/found; all are there, or nothing begins.
find_sources() {
  ! grep -q '^\(mysql\|mariadb\|volume\|path\) ' "$files/sources" || command -v gzip >/dev/null ||
    fail refused tool-missing 'the server has no gzip' 'Install it there.'
  : >"$scratch/found"
  : >"$scratch/sizes"
  cp "$files/queries" "$scratch/queries" || fail_unwritten "$scratch/queries could not be written"
  open_streams "$timeout" timeout
  find_age
  find_pausing
  while read -r kind service names <&5; do
    id=-
    if [ "$service" != - ]; then
      id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
      [ -n "$id" ] || fail refused service-not-running "no container of $service runs in $project, so its data cannot be asked for" \
        'Start it, or correct the name in the input.'
    fi
    case $kind in
      postgres) find_postgres "$service" "$id" "$names" ;;
      mysql | mariadb) find_mysql "$service" "$id" "$names" ;;
      redis) find_redis "$service" "$id" ;;
      sqlite) find_sqlite "$service" "$id" "$names" ;;
      volume) find_volume "$names" ;;
      path)
        if [ ! -e "$path/$names" ]; then fail input input-wrong "there is no $names in $path" 'Correct the input paths.'; fi
        # Of a link the link would be saved, and nothing of what it leads to.
        if [ -L "$path/$names" ]; then fail input input-wrong "$names in $path is a link" 'Name what it leads to, or keep that in a volume and name it in the input volumes.'; fi
        du -sk -- "$path/$names" 2>/dev/null | awk '{ print $1 * 1024 " path" }' >>"$scratch/sizes"
        ;;
    esac
    printf '%s %s %s %s\n' "$kind" "$service" "$id" "$names" >>"$scratch/found"
  done 5<"$files/sources"
  while IFS="$tab" read -r service name _; do
    awk -v service="$service" -v name="$name" '$2 == service { for (i = 4; i <= NF; i++) if ($i == name) found = 1 } END { exit !found }' "$scratch/found" ||
      fail input input-wrong "verify-query asks $name of $service, which is not among what is saved" 'Name a database that the input databases names.'
  done <"$scratch/queries"
}

# find_postgres SERVICE ID NAMES: the databases, into $names: those that are named, or all.
find_postgres() {
  postgres_databases "$2" >"$scratch/databases" 2>"$scratch/said" || {
    details "$scratch/said"
    fail remote backup-failed "the PostgreSQL of $1 does not answer: $(last_said)" 'Look whether it is well: docker logs.'
  }
  if [ -z "$3" ]; then
    without_maintenance "$2" <"$scratch/databases" >"$scratch/answer"
    mv "$scratch/answer" "$scratch/databases"
  fi
  choose_databases "$1" "$3"
  if grep -q "^$1$tab-$tab" "$scratch/queries"; then
    # shellcheck disable=SC2016 # the container's own
    name=$(postgres_in "$2" 'printf %s "$PGDATABASE"') || fail_for_engine "$1 could not be asked for its database"
    sed -i "s/^$1$tab-$tab/$1$tab$name$tab/" "$scratch/queries"
  fi
}

# choose_databases SERVICE NAMES: of those in $scratch/databases (lines of bytes and name) the ones that are named, or all,
# into $names.
choose_databases() {
  names=
  for name in ${2:-$(awk '{ sub(/^[^ ]* /, ""); gsub(/ /, "?"); print }' "$scratch/databases")}; do
    case $name in
      *[!A-Za-z0-9._-]* | [.-]*) fail refused request-refused "the database $name of $1 has a name that is no file name" 'Name the other ones in the input databases, and save this one by the input commands.' ;;
    esac
    grep -q " $name\$" "$scratch/databases" || fail input input-wrong "there is no database $name in $1" "It has: $(cut -d ' ' -f 2- "$scratch/databases" | tr '\n' ' ')"
    grep " $name\$" "$scratch/databases" >>"$scratch/sizes"
    names="$names $name"
  done
  # Every server has one: who names none was not heard, and a backup without databases would count as whole.
  [ -n "$names" ] || fail remote backup-failed "$1 names no database of its own" 'Look whether it is well: docker logs.'
}

# look_for_room: as much as the last backup and a fifth, or half of what the databases take.
look_for_room() {
  whole_backups >"$scratch/before"
  last_bytes=$(awk 'NR == 1 { print $4 }' "$scratch/before")
  if [ -n "$last_bytes" ]; then need=$((last_bytes + last_bytes / 5)); else need=$(awk '{ sum += $1 } END { printf "%.0f", sum / 2 }' "$scratch/sizes"); fi
  # For a while a file is there twice, plain and encrypted.
  [ ! -s "$files/recipients" ] || need=$((need * 2))
  room=$(room_left)
  [ "$((room - need))" -ge "$min_free_disk" ] || fail refused disk-full \
    "the backup takes about $need bytes, and of the $room that are free where $path is $min_free_disk must stay free" \
    "Free some space there, or lower min-free-disk."
  [ "$verify" = restore ] || return 0
  # What is loaded again takes what it takes now, on the disk of the engine.
  need=$(awk '{ sum += $1 } END { printf "%.0f", sum * 1.2 + 100000000 }' "$scratch/sizes")
  # shellcheck disable=SC2046 # two figures
  set -- $(stat -f -c '%a %S' "$(engine_image_folder)" 2>/dev/null)
  if [ $# = 2 ] && [ "$(($1 * $2 - need))" -lt "$min_free_disk" ]; then
    fail refused disk-full "to load the backup takes about $need bytes, and of the $(($1 * $2)) that are free on the disk of $(engine_title) $min_free_disk must stay free" \
      'Free some space there, lower min-free-disk, or set verify: read.'
  fi
}

# save_begin KIND SERVICE SOURCE FILE TOOL, save_end: around what writes the file.
save_begin() {
  save_kind=$1
  save_service=$2
  save_source=$3
  save_file=$4
  save_tool=$5
  case $2 in -) save_what="$1 $3" ;; *) save_what="$2${3:+ ($3)}" ;; esac
  [ ! -e "$saving/$save_file" ] || give_up "two sources would be written to $save_file"
}
save_end() {
  [ -s "$saving/$save_file" ] || give_up "what was saved of $save_what is empty"
  keep_file "$save_file" "$save_kind" "$save_service" "$save_source" "$save_tool"
  say "saved $save_what: $(($(wc -c <"$saving/$save_file"))) bytes"
}

# save_stream KIND SERVICE SOURCE FILE TOOL ID SCRIPT WORDS…
save_stream() {
  save_begin "$1" "$2" "$3" "$4" "$5"
  shift 5
  stream_out "$save_what to be saved" "$saving/$save_file" "$@"
  save_code=$?
  ended_early "$save_code" "$save_what could not be saved"
  [ -z "$stream_zip" ] || refuse_empty_zip
  save_end
}

# refuse_empty_zip: what compresses nothing writes something.
refuse_empty_zip() {
  [ -n "$(gzip -dc "$saving/$save_file" | head -c 1 | tr '\0' x)" ] || give_up "what was saved of $save_what is empty"
}

# keep_file FILE KIND SERVICE SOURCE TOOL: it is on the disk, and in the manifest; with it what was asked ($save_answer).
keep_file() {
  keep_on_disk "$saving/$1"
  save_sum=$(sha256sum <"$saving/$1") || give_up "$1 could not be read back"
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$(($(wc -c <"$saving/$1")))" "${save_sum%% *}" "$5" "$save_answer" >>"$scratch/files"
}

# plain_line: the first line of stdin, of characters that need no escaping.
plain_line() {
  head -n 1 | tr -cd 'A-Za-z0-9 ().,+~:_/-'
}

# clear_away: what an attempt that failed has begun is taken back, as `attempt.sh` wants it.
clear_away() {
  close_session
  go_on
  end_trials
  rm -rf "$saving"
  record_backup "$backup" failed none 0 "$((($(date +%s) - begun) * 1000))"
}

# read_back: every file once more, by the reader of its kind; and by its sum, so that what is read is what was written.
read_back() {
  # The source last, since it may be empty.
  awk -F '\t' '{ print $1, $2, $3, $6, $4 }' "$scratch/files" >"$scratch/read"
  while read -r file kind service sum source <&6; do
    [ "$(sha256sum <"$saving/$file")" = "$sum  -" ] || give_up_unproven "$file is not what was written to it"
    id=$(awk -v name="$service" '$2 == name { print $3; exit }' "$scratch/found")
    host_ended=
    true >"$scratch/said"
    case $kind in
      postgres) read_postgres "$file" "$id" ;;
      mysql | mariadb) read_mysql "$file" ;;
      redis) read_redis "$file" "$id" ;;
      sqlite) read_sqlite "$file" "$id" ;;
      volume | path) read_tar "$file" ;;
      command) read_command "$file" ;;
    esac
    code=$?
    [ -z "$host_ended" ] || ended_early "$code" "$file could not be read back"
    [ "$code" = 0 ] || give_up_unproven "the backup of $service${source:+ ($source)} cannot be read back: $(last_said)"
  done 6<"$scratch/read"
}

# load_apart: what was saved of each service is loaded into a container of its own.
load_apart() {
  while read -r kind service id _ <&5; do
    case $kind in
      postgres) try_postgres "$service" "$id" ;;
      mysql | mariadb) try_mysql "$kind" "$service" "$id" ;;
    esac
  done 5<"$scratch/found"
}

# keep_backup: the manifest, and then the name by which it counts.
keep_backup() {
  services_of_application >"$scratch/services" || give_up 'the containers could not be listed'
  awk -F '\t' -v OFS='\t' '$3 == "-" { $3 = "" } { print }' "$scratch/files" >"$scratch/manifest"
  write_manifest "$saving" "$backup" "$created" "$project" "$(current_release)" "$verify" "$scratch/services" "$scratch/manifest" ||
    give_up 'the manifest could not be written'
  sync -f "$saving" 2>/dev/null || sync
  journal whole
  mv -T "$saving" "$path/backups/$backup" || give_up 'the folder could not be given its name'
  sync -f "$path/backups" 2>/dev/null || sync
  is_whole "$path/backups/$backup" || fail unhealthy backup-unreadable "the backup $backup is not whole on the disk" 'Look at the disk of the server, and run it again.'
  tell_backup
  take_old_away
}

# tell_backup: the line of the history and the result, once; also after a crash.
tell_backup() {
  bytes=$(
    awk '{ sum += $1 } END { printf "%.0f", sum }' <<END
$(files_of "$path/backups/$backup/manifest.json")
END
  )
  grep -qs "\"backup\":\"$backup\"" "$path/.deploy/history.jsonl" ||
    record_backup "$backup" succeeded "$verify" "$bytes" "$((($(date +%s) - begun) * 1000))"
  result backup "$backup"
  result folder "$path/backups/$backup"
  result bytes "$bytes"
  result verified "$verify"
}

# take_old_away: never the last good one. A backup of under half the size of the last one may be of data that is lost, so
# then all stay.
take_old_away() {
  whole_backups >"$scratch/all"
  last_bytes=$(awk -v own="$backup" '$2 != own { print $4; exit }' "$scratch/all")
  if [ -n "$last_bytes" ] && [ "$((bytes * 2))" -lt "$last_bytes" ]; then
    result shrunk "$last_bytes"
    warn "this backup has $bytes bytes and the last one $last_bytes, more than twice as many: look whether data is missing. No old backup is removed"
    return 0
  fi
  removed=
  for each in $(old_backups "$backup" "$keep_last" "$retention" <"$scratch/all"); do
    # The manifest first: what is half removed is no backup.
    if rm -f "$path/backups/$each/manifest.json" && rm -rf "${path:?}/backups/$each"; then
      say "removed the backup $each"
      removed="$removed $each"
    else
      warn "the old backup $each could not be removed"
    fi
  done
  result removed "${removed# }"
}

# After a crash. The guard in the container has ended what was being saved.
recover() {
  begin_backup
  end_trials
  [ ! -f "$scratch/pausing" ] || go_on
  if [ -d "$path/backups/$backup" ]; then
    tell_backup
    [ -n "$repository" ] && ! journalled send:end || return 0
    forget_half
    fail lost interrupted "the run was cut off: the backup $backup is whole in $path/backups, and was not sent to its end" 'Run it again.'
  fi
  clear_away
  fail lost interrupted 'the backup was cut off: nothing of it is kept' 'Run it again.'
}
