# shellcheck shell=dash
# The data of a backup come back: all is loaded beside what is there and checked, and only then takes its place; what was
# there is kept. In this order: begin_return, prove_return, read_return, load_return, exchange_return.
# Parameters: backup (an id), min_free_disk. The file `sources` has lines kind, service (- for none), names: of these only;
# empty: all that the backup has.
# A line of $scratch/places is one thing that comes back: kind, service (- for none), container (- for none), name, the name
# that it is loaded under, the one that what is there is kept under, and whether something is there (yes, no).

# begin_return AND KINDS: also after a crash. What a failure leaves is said with AND behind it. Of KINDS something comes back.
begin_return() {
  attempt_kept="the data are as they were$1"
  folder=$path/backups/$backup
  return_kinds=$2
}

# prove_return: it is whole, what it has is known, there is room for it, and what it is to take the place of can give way.
# Changes nothing. Its files are in $scratch/files, its places in $scratch/places.
prove_return() {
  look_at_files
  find_places
}

# look_at_files: what it has, into $scratch/files. Names become words of commands, names of databases and paths: a manifest
# with others than a backup writes is not one of ours.
look_at_files() {
  is_whole "$folder" || fail refused backup-unknown "there is no whole backup $backup in $path/backups" \
    'The action backup with list: true shows which there are.'
  file_rows "$folder/manifest.json" >"$scratch/files"
  if [ "$(grep -c '' "$scratch/files")" != "$(files_of "$folder/manifest.json" | grep -c '')" ] || ! awk -F '\t' '
    function plain(text) { return text ~ /^[A-Za-z0-9_][A-Za-z0-9._-]*$/ }
    function below(text) { return text ~ /^[A-Za-z0-9_.][A-Za-z0-9._-]*(\/[A-Za-z0-9_.][A-Za-z0-9._-]*)*$/ && ("/" text "/") !~ /\/\.\.?\// }
    $2 !~ /^[a-z-]+$/ || $1 !~ /^[A-Za-z0-9_]/ || ($3 != "" && !plain($3)) { exit 1 }
    $2 ~ /^(postgres|mysql|mariadb)/ && !plain($3) { exit 1 }
    $2 ~ /^((postgres|mysql|mariadb)(-query)?|volume)$/ && !plain($4) { exit 1 }
    $2 == "path" && (!below($4) || ($4 "/") ~ /^(backups|\.deploy)\//) { exit 1 }
    $2 == "sqlite" && (substr($4, 1, 1) != "/" || !below(substr($4, 2))) { exit 1 }
    $2 == "redis" && $4 != "" { exit 1 }' "$scratch/files"; then
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

# asked_rows KINDS: of the files in the backup those that are asked for, where their kind is one of these: kind, service (-
# for none) and name.
asked_rows() {
  awk -v kinds=" $1 " '
    FILENAME == ARGV[1] { any = 1; key = $1 " " $2; if (!(key in wanted)) wanted[key] = " "; for (i = 3; i <= NF; i++) wanted[key] = wanted[key] $i " "; next }
    FNR == 1 { FS = "\t"; $0 = $0 }
    !index(kinds, " " $2 " ") { next }
    { service = $3 == "" ? "-" : $3; key = $2 " " service }
    !any || ((key in wanted) && (wanted[key] == " " || index(wanted[key], " " $4 " "))) { print $2, service, ($4 == "" ? "-" : $4) }' "$files/sources" "$scratch/files"
}

# file_of KIND SERVICE NAME: the file that has it.
file_of() {
  awk -F '\t' -v kind="$1" -v service="$2" -v name="$3" '$2 == kind && ($3 == "" ? "-" : $3) == service && ($4 == "" ? "-" : $4) == name { print $1; exit }' "$scratch/files"
}

# title_of KIND SERVICE NAME: as people are told of it.
title_of() {
  case $1 in volume | path) printf 'the %s %s' "$1" "$3" ;; redis) printf 'the Redis of %s' "$2" ;; *) printf '%s of %s' "$3" "$2" ;; esac
}

# find_places: what is wanted is in the backup, has a place here, and room; into $scratch/places.
find_places() {
  local left kind service name names id
  true >"$scratch/places"
  asked_rows "$return_kinds" >"$scratch/wanted"
  while read -r kind service names <&5; do
    grep -q "^$kind $service " "$scratch/wanted" || [ -n "$names" ] || fail input input-wrong "the backup $backup has nothing of the $kind of $service" "It has: $(all_it_has)"
    for name in $names; do
      grep -Fqx -e "$kind $service $name" "$scratch/wanted" || fail input input-wrong "the backup $backup does not have $(title_of "$kind" "$service" "$name") ($kind)" "It has: $(all_it_has)"
    done
  done 5<"$files/sources"
  if grep -q '^[^	]*\.age	' "$scratch/files"; then
    fail refused request-refused "the backup $backup is encrypted, and the server has no key to it" \
      'Decrypt its files where the key is (age --decrypt --identity KEY), and bring them back by the commands of the manual.'
  fi
  left=$(awk -F '\t' -v kinds=" $return_kinds " '!index(kinds, " " $2 " ") && $2 !~ /-(query|globals)$/ { printf "%s%s", (n++ ? ", " : ""), $1 }' "$scratch/files")
  case " $return_kinds " in
    *' sqlite '*) ;;
    *)
      ! grep -q '^[^	]*	sqlite	' "$scratch/files" || fail refused request-refused "the backup $backup has a database of SQLite, which comes back only while its service stands still" \
        'Bring it back by the action backup (restore), and roll back with allow-past-migration: true in the place of the backup.'
      ;;
  esac
  [ -s "$scratch/wanted" ] || fail input input-wrong "the backup $backup has nothing that comes back by this" "It has: $(all_it_has)"
  if [ -n "$left" ] && [ ! -s "$files/sources" ]; then warn "the backup has more, which does not come back by this: $left"; fi
  while read -r kind service name <&5; do
    id=-
    case $kind in
      volume | path) find_file_place "$kind" "$name" ;;
      sqlite) find_sqlite_place "$service" "$name" ;;
      *)
        id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
        [ -n "$id" ] || fail refused service-not-running "no container of $service runs in $project, so its data cannot come back" \
          'Start it, and run it again.'
        case $kind in
          postgres) find_postgres_place "$service" "$id" "$name" ;;
          mysql | mariadb) find_mysql_place "$kind" "$service" "$id" "$name" ;;
          redis) find_redis_place "$service" "$id" ;;
        esac
        ;;
    esac
  done 5<"$scratch/wanted"
  look_for_room_there
}

# all_it_has: what the backup has, in words.
all_it_has() {
  awk -F '\t' '$2 !~ /-(query|globals)$/ { printf "%s%s%s (%s)", (n++ ? ", " : ""), ($3 == "" ? "" : $3 " "), $4, $2 }' "$scratch/files"
}

# look_for_room_there: on the disk of the engine. A dump is compressed: what is loaded takes about five times as much. Files are
# measured one by one, before each is unpacked.
look_for_room_there() {
  local need
  need=$(awk -F '\t' '$2 ~ /^(postgres|mysql|mariadb)$/ { sum += $5 * 5 } $2 ~ /^(redis|sqlite)$/ { sum += $5 } END { printf "%.0f", sum }' "$scratch/files")
  # shellcheck disable=SC2046 # two figures
  set -- $(stat -f -c '%a %S' "$(engine_image_folder)" 2>/dev/null)
  if [ $# = 2 ] && [ "$(($1 * $2 - need))" -lt "$min_free_disk" ]; then
    fail refused disk-full "to load the backup takes about $need bytes beside what is there, and of the $(($1 * $2)) that are free on the disk of $(engine_title) $min_free_disk must stay free" \
      'Free some space there, or lower min-free-disk.'
  fi
}

# load_return: all beside what is there; the streams are open.
load_return() {
  local kind service id name new
  journal load:begin
  while read -r kind service id name new _ <&5; do
    say "loading $(title_of "$kind" "$service" "$name") into $new"
    case $kind in
      volume | path) load_files "$kind" "$id" "$name" "$new" ;;
      postgres) load_postgres "$service" "$id" "$name" "$new" ;;
      mysql | mariadb) load_mysql "$kind" "$service" "$id" "$name" "$new" ;;
      sqlite) load_sqlite "$service" "$id" "$name" "$new" ;;
      redis) load_redis "$service" "$id" "$new" ;;
    esac
  done 5<"$scratch/places"
  if cancelled; then
    host_ended=cancelled
    ended_early 1 "the restore of $backup was not finished"
  fi
}

# exchange_return: what was loaded takes its place. From here it is brought to its end; where a run was cut off in it, those
# that have been exchanged are.
exchange_return() {
  local kind service id name new old is_there again='' said
  if journalled exchange:begin; then
    again=yes
    settle_places
  else
    journal exchange:begin
  fi
  outlast_cancel
  while read -r kind service id name new old is_there <&5; do
    if [ -n "$again" ] && exchanged "$kind" "$service" "$id" "$name" "$new" "$old" "$is_there"; then continue; fi
    exchange "$kind" "$service" "$id" "$name" "$new" "$old" "$is_there" || {
      [ ! -s "$scratch/said" ] || details "$scratch/said"
      said=$(last_said)
      tidy_places
      record_return_end failed
      fail remote exchange-failed "$(title_of "$kind" "$service" "$name") could not be replaced: $said; $(exchanged_text)" \
        'Look who keeps it busy (of a database: a prepared transaction, a replication slot), and run it again.'
    }
    say "$(title_of "$kind" "$service" "$name") is that of the backup $backup"
  done 5<"$scratch/places"
  tell_return
}

# exchange KIND SERVICE ID NAME NEW OLD THERE: whether it went well; where it did not, all is as it was.
exchange() {
  case $1 in
    volume | path) exchange_files "$1" "$3" "$4" "$5" "$6" "$7" ;;
    postgres) exchange_postgres "$3" "$4" "$5" "$6" "$7" ;;
    mysql | mariadb) exchange_mysql "$@" ;;
    sqlite) exchange_sqlite "$2" "$3" "$4" "$5" "$6" "$7" ;;
    redis) exchange_redis "$2" "$3" "$5" "$6" ;;
  esac
}

# tell_return: the line of the history and the result.
tell_return() {
  local kept
  kept=$(replaced_places)
  record_return_end succeeded
  result backup "$backup"
  result folder "$folder"
  result restored "$(awk '{ printf "%s%s/%s", (NR > 1 ? " " : ""), ($2 == "-" ? $1 : $2), ($4 == "-" ? $1 : $4) }' "$scratch/places")"
  result replaced "$kept"
  say "the data of the backup $backup came back${kept:+; those from before are kept as $kept}"
}

# replaced_places: under which names what was there is kept, as words; of files where they are on the server.
replaced_places() {
  local kind service name old is_there
  while read -r kind service _ name _ old is_there <&6; do
    [ "$is_there" = yes ] || continue
    case $kind in
      volume | path)
        entry_of "$kind" "$name"
        printf '%s/%s\n' "$entry_parent" "$old"
        ;;
      sqlite)
        entry_of "$kind" "$name"
        printf '%s:%s/%s\n' "$service" "$entry_parent" "$old"
        ;;
      *) printf '%s/%s\n' "$service" "$old" ;;
    esac
  done 6<"$scratch/places" | paste -s -d ' ' -
}

# exchanged KIND SERVICE ID NAME NEW OLD THERE: whether it has happened.
exchanged() {
  case $1 in
    volume | path | sqlite) files_are_exchanged "$1" "$3" "$4" "$5" "$6" "$7" ;;
    postgres) postgres_is_exchanged "$3" "$4" "$5" "$6" "$7" ;;
    mysql | mariadb) mysql_is_exchanged "$3" "$4" "$5" "$6" "$7" ;;
    redis) redis_is_exchanged "$3" "$5" "$6" ;;
  esac
}

# is_half_exchanged KIND ID NAME NEW OLD THERE: only a MySQL or MariaDB can be, whose tables could be brought neither to the end
# nor back.
is_half_exchanged() {
  case $1 in
    mysql | mariadb) [ "$(mysql_state "$2" "$3" "$4" "$5" "$6")" = moved ] ;;
    *) return 1 ;;
  esac
}

# settle_places: what was cut off between two steps comes to its end.
settle_places() {
  local kind service id name new old is_there
  while read -r kind service id name new old is_there <&6; do
    case $kind in
      volume | path | sqlite) settle_files "$kind" "$id" "$name" "$new" "$old" "$is_there" ;;
      mysql | mariadb) settle_mysql "$service" "$id" "$name" "$new" "$old" "$is_there" ;;
      redis) settle_redis "$service" "$id" "$new" "$old" ;;
    esac
  done 6<"$scratch/places"
}

# exchanged_ones: which have been, as words with a comma behind each.
exchanged_ones() {
  local kind service id name new old is_there
  journalled exchange:begin || return 0
  while read -r kind service id name new old is_there <&6; do
    if exchanged "$kind" "$service" "$id" "$name" "$new" "$old" "$is_there"; then
      printf ' %s,' "$(title_of "$kind" "$service" "$name")"
    elif is_half_exchanged "$kind" "$id" "$name" "$new" "$old" "$is_there"; then
      printf ' the tables of %s (without its views, triggers and routines, which could not be made),' "$(title_of "$kind" "$service" "$name")"
    fi
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
  local kind service id name new old is_there
  [ -f "$scratch/places" ] || return 0
  while read -r kind service id name new old is_there <&6; do
    exchanged "$kind" "$service" "$id" "$name" "$new" "$old" "$is_there" && continue
    case $kind in
      volume | path | sqlite) drop_files "$kind" "$id" "$name" "$new" || warn "$new of $(title_of "$kind" "$service" "$name") could not be removed: $(last_said)" ;;
      postgres)
        [ "$is_there" = no ] || open_postgres "$id" "$name" || warn "$name of $service could not be opened again: $(last_said)"
        drop_postgres "$id" "$new" || warn "$new of $service could not be dropped: $(last_said)"
        ;;
      redis) drop_redis "$id" "$new" || warn "$new of $service could not be removed: $(last_said)" ;;
      mysql | mariadb) drop_mysql "$id" "$new" || warn "$new of $service could not be dropped: $(last_said)" ;;
    esac
  done 6<"$scratch/places"
}

# clear_away: what an attempt that failed has begun is taken back, as `attempt.sh` wants it.
clear_away() {
  tidy_places
  record_return_end failed
}
