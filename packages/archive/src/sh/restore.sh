# shellcheck shell=dash
# Brings the data of a backup back: all is loaded beside what is there and checked, and only then takes its place; what was
# there is kept until a person confirms (step: confirm).
# Parameters: project, docker_host, backup (an id, or latest), step (restore, confirm), timeout, min_free_disk. The file
# `sources` has lines kind, service, names: of these only; empty: all that the backup has.

operate() {
  begin_restore
  phase preflight
  look_at_backup
  open_streams "$timeout"
  if [ "$step" = confirm ]; then
    let_replaced_go
    return 0
  fi
  find_places
  phase load
  journal load:begin
  while read -r service id name new _ <&5; do
    say "loading $name of $service into $new"
    load_postgres "$service" "$id" "$name" "$new"
  done 5<"$scratch/places"
  if cancelled; then
    host_ended=cancelled
    ended_early 1 "the restore of $backup was not finished"
  fi
  phase exchange
  journal exchange:begin
  # From here it is brought to its end.
  outlast_cancel
  exchange_all
  tell_restore
}

# begin_restore: also after a crash. Which backup is the latest is found once, and not anew.
begin_restore() {
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  attempt_kept='the data are as they were'
  begin_look
  if [ "$backup" = latest ]; then
    [ -f "$scratch/latest" ] || whole_backups | awk 'NR == 1 { print $2 }' >"$scratch/latest"
    backup=$(cat "$scratch/latest")
    [ -n "$backup" ] || fail refused backup-unknown "there is no whole backup in $path/backups" 'Take one with the action backup before you change the data.'
  fi
  folder=$path/backups/$backup
}

# look_at_backup: it is whole, every byte is what was written, and what it has is known; its files are in $scratch/files.
look_at_backup() {
  is_whole "$folder" || fail refused backup-unknown "there is no whole backup $backup in $path/backups" \
    'list: true shows which there are.'
  file_rows "$folder/manifest.json" >"$scratch/files"
  [ "$step" = restore ] || return 0
  if grep -q "^[^$tab]*\.age$tab" "$scratch/files"; then
    fail refused request-refused "the backup $backup is encrypted, and the server has no key to it" \
      'Decrypt its files where the key is (age --decrypt --identity KEY), and bring them back by the commands of the manual.'
  fi
  awk -F '\t' '{ print $1, $6 }' "$scratch/files" >"$scratch/read"
  while read -r name sum <&5; do
    [ "$(sha256sum <"$folder/$name")" = "$sum  -" ] ||
      fail unhealthy backup-unreadable "$name of the backup $backup is not what was written to it" 'Choose another backup (list: true), and look at the disk of the server.'
  done 5<"$scratch/read"
}

# wanted_files: of the files in the backup service and name of those that are to come back, a line each.
wanted_files() {
  awk -F '\t' '
    FILENAME == ARGV[1] { n = split($0, words, " "); wanted[words[2]] = " "; for (i = 3; i <= n; i++) wanted[words[2]] = wanted[words[2]] words[i] " "; any = 1; next }
    $2 != "postgres" { next }
    !any || (($3 in wanted) && (wanted[$3] == " " || index(wanted[$3], " " $4 " "))) { print $3, $4 }' "$files/sources" "$scratch/files"
}

# find_places: what is wanted is in the backup, runs here, and has room; into $scratch/places.
find_places() {
  local need left
  : >"$scratch/places"
  wanted_files >"$scratch/wanted"
  [ -s "$scratch/wanted" ] || fail input input-wrong "the backup $backup has nothing of what is asked for" \
    "It has: $(awk -F '\t' '{ printf "%s%s (%s)", (NR > 1 ? ", " : ""), $3, $2 }' "$scratch/files")"
  left=$(awk -F '\t' '$2 !~ /^postgres/ { printf "%s%s", (n++ ? ", " : ""), $1 }' "$scratch/files")
  [ -z "$left" ] || warn "the backup has more, which does not come back by this: $left"
  while read -r _ service names <&5; do
    for name in $names; do
      grep -Fqx -e "$service $name" "$scratch/wanted" || fail input input-wrong "the backup $backup has no database $name of $service" \
        "It has: $(awk -F '\t' -v service="$service" '$2 == "postgres" && $3 == service { printf "%s ", $4 }' "$scratch/files")"
    done
  done 5<"$files/sources"
  while read -r service name <&5; do
    id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
    [ -n "$id" ] || fail refused service-not-running "no container of $service runs in $project, so its data cannot come back" \
      'Start it, and run it again.'
    find_postgres_place "$service" "$id" "$name"
  done 5<"$scratch/wanted"
  # A dump is compressed: what is loaded takes about five times as much.
  need=$(awk -F '\t' '$2 == "postgres" { sum += $5 } END { printf "%.0f", sum * 5 }' "$scratch/files")
  # shellcheck disable=SC2046 # two figures
  set -- $(stat -f -c '%a %S' "$(engine_image_folder)" 2>/dev/null)
  if [ $# = 2 ] && [ "$(($1 * $2 - need))" -lt "$min_free_disk" ]; then
    fail refused disk-full "to load the backup takes about $need bytes beside what is there, and of the $(($1 * $2)) that are free on the disk of $(engine_title) $min_free_disk must stay free" \
      'Free some space there, or lower min-free-disk.'
  fi
}

# exchange_all: one after the other. Fails at the first that does not go, and says which ones have been replaced.
exchange_all() {
  local each_old
  while read -r service id name new old is_there <&5; do
    exchange_postgres "$id" "$name" "$new" "$old" "$is_there" || {
      [ ! -s "$scratch/said" ] || details "$scratch/said"
      each_old=$(last_said)
      tidy_places
      record_restore "$backup" failed "$((($(date +%s) - begun) * 1000))"
      fail remote exchange-failed "$name of $service could not be replaced: $each_old; $(exchanged_text)" \
        'Look who keeps the database busy (a prepared transaction, a replication slot), and run it again.'
    }
    say "$name of $service is that of the backup $backup"
  done 5<"$scratch/places"
}

# exchanged SERVICE ID NAME NEW OLD THERE: whether it has happened.
exchanged() {
  postgres_names "$2" >"$scratch/names" 2>/dev/null || return 1
  grep -Fqx -e "$3" "$scratch/names" && ! grep -Fqx -e "$4" "$scratch/names" &&
    { [ "$6" = no ] || grep -Fqx -e "$5" "$scratch/names"; }
}

# exchanged_text: which have been, in a sentence.
exchanged_text() {
  local done_ones=''
  while read -r service id name new old is_there <&6; do
    if exchanged "$service" "$id" "$name" "$new" "$old" "$is_there"; then done_ones="$done_ones $name of $service,"; fi
  done 6<"$scratch/places"
  if [ -n "$done_ones" ]; then printf 'replaced before it:%s the others are as they were' "$done_ones"; else printf '%s' "$attempt_kept"; fi
}

# tidy_places: what was loaded and has not taken its place goes, and what is there is open.
tidy_places() {
  [ -f "$scratch/places" ] || return 0
  while read -r service id name new old is_there <&6; do
    exchanged "$service" "$id" "$name" "$new" "$old" "$is_there" && continue
    [ "$is_there" = no ] || open_postgres "$id" "$name" || warn "$name of $service could not be opened again: $(last_said)"
    drop_postgres "$id" "$new" || warn "$new of $service could not be dropped: $(last_said)"
  done 6<"$scratch/places"
}

# clear_away: what an attempt that failed has begun is taken back, as `attempt.sh` wants it.
clear_away() {
  tidy_places
  record_restore "$backup" failed "$((($(date +%s) - begun) * 1000))"
}

# tell_restore: the line of the history, and the result.
tell_restore() {
  record_restore "$backup" succeeded "$((($(date +%s) - begun) * 1000))"
  result backup "$backup"
  result folder "$folder"
  result restored "$(awk '{ printf "%s%s/%s", (NR > 1 ? " " : ""), $1, $3 }' "$scratch/places")"
  result replaced "$(awk '$6 == "yes" { printf "%s%s/%s", (n++ ? " " : ""), $1, $5 }' "$scratch/places")"
}

# let_replaced_go: what a restore of this backup has replaced is dropped.
let_replaced_go() {
  local gone=''
  wanted_files >"$scratch/wanted"
  while read -r service name <&5; do
    old=$(beside before "$name")
    id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
    [ -n "$id" ] || fail refused service-not-running "no container of $service runs in $project, so nothing of it can be dropped" 'Start it, and run it again.'
    postgres_names "$id" >"$scratch/names" 2>"$scratch/said" || fail remote backup-failed "the PostgreSQL of $service does not answer: $(last_said)" 'Look whether it is well: docker logs.'
    grep -Fqx -e "$old" "$scratch/names" || continue
    drop_postgres "$id" "$old" || fail remote backup-failed "$old of $service could not be dropped: $(last_said)" 'Look who keeps it busy.'
    say "dropped $old of $service"
    gone="$gone $service/$old"
  done 5<"$scratch/wanted"
  [ -n "$gone" ] || fail refused request-refused "no restore of the backup $backup has left anything that could be dropped" \
    'To bring the backup back give its id as restore as well.'
  result backup "$backup"
  result folder "$folder"
  result dropped "${gone# }"
}

# After a crash. What has begun in the container has come to its end or not; what is there tells.
recover() {
  begin_restore
  if [ "$step" = confirm ]; then
    fail lost interrupted 'the run was cut off while it dropped what a restore had replaced' 'Run it again.'
  fi
  if ! journalled exchange:begin; then
    clear_away
    fail lost interrupted 'the restore was cut off before it replaced anything: the data are as they were' 'Run it again.'
  fi
  tidy_places
  while read -r service id name new old is_there <&5; do
    exchanged "$service" "$id" "$name" "$new" "$old" "$is_there" || {
      record_restore "$backup" failed "$((($(date +%s) - begun) * 1000))"
      fail lost interrupted "the restore was cut off; $(exchanged_text)" 'Run it again.'
    }
  done 5<"$scratch/places"
  tell_restore
}
