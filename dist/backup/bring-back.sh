# shellcheck shell=dash
# The data of a backup come back: all is loaded beside what is there and checked, and only then takes its place; what was
# there is kept. In this order: begin_return, prove_return, read_return, load_return, exchange_return.
# Parameters: backup (an id), min_free_disk. The file `sources` has lines kind, service, names: of these only; empty: all
# databases that the backup has.

# begin_return AND: also after a crash. What a failure leaves is said with AND behind it.
begin_return() {
  attempt_kept="the data are as they were$1"
  folder=$path/backups/$backup
}

# prove_return: it is whole, what it has is known, there is room for it, and what it is to take the place of runs. Changes
# nothing, and takes no longer for a large one. Its files are in $scratch/files, its places in $scratch/places.
prove_return() {
  look_at_files
  if awk -F '\t' '$2 ~ /^postgres/ && $1 ~ /\.age$/ { found = 1 } END { exit !found }' "$scratch/files"; then
    fail refused request-refused "the backup $backup is encrypted, and the server has no key to it" \
      'Decrypt its files where the key is (age --decrypt --identity KEY), and bring them back by the commands of the manual.'
  fi
  find_places
}

# look_at_files: what it has, into $scratch/files. Names become words of commands and names of databases: a manifest with
# others than a backup writes is not one of ours.
look_at_files() {
  is_whole "$folder" || fail refused backup-unknown "there is no whole backup $backup in $path/backups" \
    'The action backup with list: true shows which there are.'
  file_rows "$folder/manifest.json" >"$scratch/files"
  if [ "$(grep -c '' "$scratch/files")" != "$(files_of "$folder/manifest.json" | grep -c '')" ] || ! awk -F '\t' '
    function plain(text) { return text ~ /^[A-Za-z0-9_][A-Za-z0-9._-]*$/ }
    $2 !~ /^[a-z-]+$/ || $1 !~ /^[A-Za-z0-9_]/ || ($3 != "" && !plain($3)) { exit 1 }
    $2 ~ /^postgres/ && !plain($3) { exit 1 }
    ($2 == "postgres" || $2 == "postgres-query") && !plain($4) { exit 1 }' "$scratch/files"; then
    fail unhealthy backup-unreadable "the manifest of the backup $backup names what no backup has" 'Look who wrote to it, and choose another backup (list: true).'
  fi
}

# read_return: every byte is what was written.
read_return() {
  local name sum
  awk -F '\t' '{ print $1, $6 }' "$scratch/files" >"$scratch/read"
  while read -r name sum <&5; do
    [ "$(sha256sum <"$folder/$name")" = "$sum  -" ] ||
      fail unhealthy backup-unreadable "$name of the backup $backup is not what was written to it; $attempt_kept" 'Choose another backup (list: true), and look at the disk of the server.'
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
  local need left service name names id
  true >"$scratch/places"
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

# load_return: all beside what is there; the streams are open.
load_return() {
  local service id name new
  journal load:begin
  while read -r service id name new _ <&5; do
    say "loading $name of $service into $new"
    load_postgres "$service" "$id" "$name" "$new"
  done 5<"$scratch/places"
  if cancelled; then
    host_ended=cancelled
    ended_early 1 "the restore of $backup was not finished"
  fi
}

# exchange_return: what was loaded takes its place. From here it is brought to its end; where a run was cut off in it, those
# that have been exchanged are.
exchange_return() {
  local service id name new old is_there again='' said
  if journalled exchange:begin; then again=yes; else journal exchange:begin; fi
  outlast_cancel
  while read -r service id name new old is_there <&5; do
    if [ -n "$again" ] && exchanged "$service" "$id" "$name" "$new" "$old" "$is_there"; then continue; fi
    exchange_postgres "$id" "$name" "$new" "$old" "$is_there" || {
      [ ! -s "$scratch/said" ] || details "$scratch/said"
      said=$(last_said)
      tidy_places
      record_return_end failed
      fail remote exchange-failed "$name of $service could not be replaced: $said; $(exchanged_text)" \
        'Look who keeps the database busy (a prepared transaction, a replication slot), and run it again.'
    }
    say "$name of $service is that of the backup $backup"
  done 5<"$scratch/places"
  tell_return
}

# tell_return: the line of the history and the result.
tell_return() {
  local kept
  kept=$(replaced_places)
  record_return_end succeeded
  result backup "$backup"
  result folder "$folder"
  result restored "$(awk '{ printf "%s%s/%s", (NR > 1 ? " " : ""), $1, $3 }' "$scratch/places")"
  result replaced "$kept"
  say "the data of the backup $backup came back${kept:+; those from before are kept as $kept}"
}

# replaced_places: under which names what was there is kept, as words.
replaced_places() {
  awk '$6 == "yes" { printf "%s%s/%s", (n++ ? " " : ""), $1, $5 }' "$scratch/places"
}

# exchanged SERVICE ID NAME NEW OLD THERE: whether it has happened.
exchanged() {
  postgres_names "$2" >"$scratch/names" 2>/dev/null || return 1
  grep -Fqx -e "$3" "$scratch/names" && ! grep -Fqx -e "$4" "$scratch/names" &&
    { [ "$6" = no ] || grep -Fqx -e "$5" "$scratch/names"; }
}

# exchanged_ones: which have been, as words with a comma behind each.
exchanged_ones() {
  local service id name new old is_there
  journalled exchange:begin || return 0
  while read -r service id name new old is_there <&6; do
    if exchanged "$service" "$id" "$name" "$new" "$old" "$is_there"; then printf ' %s of %s,' "$name" "$service"; fi
  done 6<"$scratch/places"
}

# exchanged_text: the same in a sentence.
exchanged_text() {
  local ones
  ones=$(exchanged_ones)
  if [ -n "$ones" ]; then printf 'replaced before it:%s the others are as they were' "$ones"; else printf '%s' "$attempt_kept"; fi
}

# record_return_end OUTCOME: with the moment that the data are of now, where any took the place of others.
record_return_end() {
  local saved
  saved=$(sed -n '1s/^{"id":"[^"]*","created":"\([0-9TZ:-]*\)".*/\1/p' "$folder/manifest.json")
  if [ "$1" != succeeded ] && [ -z "$(exchanged_ones)" ]; then saved=; fi
  record_restore "$backup" "$1" "$((($(date +%s) - begun) * 1000))" "$saved"
}

# tidy_places: what was loaded and has not taken its place goes, and what is there is open.
tidy_places() {
  local service id name new old is_there
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
  record_return_end failed
}
