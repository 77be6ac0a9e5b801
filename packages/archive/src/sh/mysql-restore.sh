# shellcheck shell=dash
# A backup of MySQL or MariaDB comes back: each database into a new one beside that which is there. They cannot give a database
# another name. So all tables of both change places in one RENAME TABLE, which the server does whole or not at all, and what a
# database has besides (views, triggers, routines) is taken out before that and made again after it, while nobody but root may
# write. What fails after that statement has it done backwards. Events would run in the database beside: who has some is
# refused. With the tables goes a mark, which tells after a crash on which side of that statement one is.

# A table of no other use.
mysql_mark=deploy_actions_restore

# mysql_ask ID STATEMENT: its rows.
# shellcheck disable=SC2016 # the container's own
mysql_ask() {
  mysql_in "$1" 'ask "$1"' "$2"
}

# find_mysql_place KIND SERVICE ID NAME: its line of $scratch/places. Refused by name where it cannot give way.
find_mysql_place() {
  local is_there=no found
  mysql_ask "$3" 'SELECT schema_name FROM information_schema.schemata' >"$scratch/names" 2>"$scratch/said" || give_up "the database of $2 does not answer: $(last_said)"
  choose_kept "$4" "$4 of $2" <"$scratch/names"
  is_mysql_root "$3" || fail refused request-refused "the container of $2 has no password of root, who alone may exchange a database" \
    'Give it MYSQL_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD (or …_FILE), or bring it back by the commands of the manual.'
  case $(mysql_ask "$3" 'SELECT @@GLOBAL.read_only' 2>"$scratch/said") in
    0 | OFF) ;;
    *) fail refused request-refused "the database of $2 does not say that it may be written to: it is read only, or a replica: $(last_said)" 'Bring it back where it is written to.' ;;
  esac
  if grep -Fqx -e "$4" "$scratch/names"; then is_there=yes; fi
  found=$(mysql_ask "$3" "SELECT event_name FROM information_schema.events WHERE event_schema = '$4'" 2>"$scratch/said") || give_up "$2 does not name the events of $4: $(last_said)"
  [ -z "$found" ] || fail refused request-refused "$4 of $2 has events, which would run twice while it is exchanged: $(echo "$found" | tr '\n' ' ')" \
    'Drop them (SHOW CREATE EVENT keeps their text), and make them again afterwards; or bring it back by the commands of the manual.'
  found=$(mysql_ask "$3" "SELECT DISTINCT CONCAT(constraint_schema, '.', table_name) FROM information_schema.referential_constraints WHERE unique_constraint_schema = '$4' AND constraint_schema <> '$4'" 2>"$scratch/said") ||
    give_up "$2 does not name the foreign keys to $4: $(last_said)"
  [ -z "$found" ] || fail refused request-refused "tables of other databases have foreign keys to $4 of $2, and would keep to the data from before: $(echo "$found" | tr '\n' ' ')" \
    'Drop those keys and make them again afterwards, or bring it back by the commands of the manual.'
  printf '%s %s %s %s %s %s %s\n' "$1" "$2" "$3" "$4" "$(beside restore "$4")" "$kept_name" "$is_there" >>"$scratch/places"
}

# load_mysql KIND SERVICE ID NAME NEW: by the client of the container, which ends at the first error.
load_mysql() {
  local file tables charset
  file=$folder/$(file_of "$1" "$2" "$4")
  gzip -dc "$file" | tail -n 3 | grep -q '^-- Dump completed' || give_up_unproven "the backup of $2 ($4) has no end"
  if gzip -dc "$file" | grep -q '^/\*!50106 DROP EVENT IF EXISTS'; then
    clear_away
    fail refused request-refused "the backup of $2 ($4) has events, which would run while it is loaded; $attempt_kept" 'Bring it back by the commands of the manual.'
  fi
  drop_mysql "$3" "$5" || give_up "$5 of $2 could not be dropped: $(last_said)"
  charset=$(mysql_ask "$3" "SELECT CONCAT('CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name) FROM information_schema.schemata WHERE schema_name = '$4'" 2>"$scratch/said")
  mysql_ask "$3" "CREATE DATABASE \`$5\` $charset" 2>"$scratch/said" || give_up "$5 of $2 could not be made: $(last_said)"
  # shellcheck disable=SC2016 # the container's own
  stream_in_zipped "$2 ($4) to be loaded" "$file" "$3" "$mysql_login"'exec "$client" --user="$user" "$1"' "$5"
  ended_early $? "$2 ($4) could not be loaded"
  tables=$(mysql_ask "$3" "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$5' AND table_type NOT IN ('VIEW', 'SEQUENCE')" 2>"$scratch/said")
  [ "$tables" = "$(gzip -dc "$file" | grep -c '^-- Table structure for table ')" ] ||
    give_up_unproven "what was loaded of $2 ($4) has ${tables:-no} tables, which are not as many as were saved"
  ask_again "$1" "$2" "$4" "$3" "$5" "$folder"
  mysql_code "$2 ($4)" "$3" "$5" "$scratch/$2.$4.new.sql"
  ended_early $? "what $2 ($4) has beside its tables could not be read"
  mysql_ask "$3" "CREATE TABLE \`$5\`.$mysql_mark (none INT)" 2>"$scratch/said" || give_up "$5 of $2 could not be marked: $(last_said)"
  say "$2 ($4) is loaded: $tables tables"
}

# mysql_code WHAT ID NAME FILE: statements that make what the database has beside its tables, into the file.
# shellcheck disable=SC2016 # the container's own
mysql_code() {
  stream_out "what $1 has beside its tables" "$4" "$2" "$mysql_login"'case $("$dump" --version) in *MariaDB*) more= ;; *) more=--set-gtid-purged=OFF ;; esac
saved() { "$dump" --user="$user" --no-data --no-tablespaces --skip-comments --default-character-set=utf8mb4 $more "$@"; }
saved --no-create-info --triggers --add-drop-trigger --routines "$1" || exit 1
views=$(ask "SELECT table_name FROM information_schema.views WHERE table_schema = '\''$1'\''") || exit 1
[ -z "$views" ] || {
  set -f
  IFS="
"
  saved --skip-triggers "$1" $views
}' "$3"
}

# drop_mysql ID NAME: where it is there.
drop_mysql() {
  mysql_ask "$1" "DROP DATABASE IF EXISTS \`$2\`" >/dev/null 2>"$scratch/said"
}

# mysql_rows ID STATEMENT…: each is one whose rows are statements themselves.
mysql_rows() {
  local id=$1 each
  shift
  for each; do mysql_ask "$id" "$each" 2>"$scratch/said" || return 1; done
}

# mysql_taken_out NAME AS: of a database what it has beside its tables, as it is called in the database AS.
mysql_taken_out() {
  printf "SELECT CONCAT('DROP TRIGGER IF EXISTS \`%s\`.\`', REPLACE(trigger_name, '\`', '\`\`'), '\`;') FROM information_schema.triggers WHERE trigger_schema = '%s' UNION ALL SELECT CONCAT('DROP VIEW IF EXISTS \`%s\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`;') FROM information_schema.views WHERE table_schema = '%s' UNION ALL SELECT CONCAT('DROP ', routine_type, ' IF EXISTS \`%s\`.\`', REPLACE(routine_name, '\`', '\`\`'), '\`;') FROM information_schema.routines WHERE routine_schema = '%s'" "$2" "$1" "$2" "$1" "$2" "$1"
}

# mysql_moves FROM TO NAME: of each table that the database NAME has a pair of names, as RENAME TABLE takes them.
mysql_moves() {
  printf "SELECT CONCAT('\`%s\`.\`', REPLACE(table_name, '\`', '\`\`'), '\` TO \`%s\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`') FROM information_schema.tables WHERE table_schema = '%s' AND table_type <> 'VIEW'" "$1" "$2" "$3"
}

# mysql_rename FILE: its pairs in one statement.
mysql_rename() {
  printf 'RENAME TABLE '
  paste -s -d , "$1"
  printf ';\n'
}

# exchange_mysql KIND SERVICE ID NAME NEW OLD THERE: what has begun in the container comes to its end also without us, or is
# taken back there.
# shellcheck disable=SC2016 # the quotes of names
exchange_mysql() {
  local code=$scratch/$2.$4 kept=$6
  [ "$7" = yes ] || kept=$4
  true >"$code.old.sql"
  [ "$7" = no ] || mysql_code "$2 ($4) of now" "$3" "$4" "$code.old.sql" || return 1
  {
    [ "$7" = no ] || mysql_rows "$3" "$(mysql_moves "$4" "$6" "$4")" || return 1
    mysql_rows "$3" "$(mysql_moves "$5" "$4" "$5")" | sed "s/ TO \`$4\`\\.\`$mysql_mark\`\$/ TO \`$kept\`.\`$mysql_mark\`/" || return 1
  } >"$code.moves"
  grep -q "TO \`$kept\`.\`$mysql_mark\`\$" "$code.moves" || {
    echo "$5 has lost its mark" >"$scratch/said"
    return 1
  }
  {
    mysql_rows "$3" "$(mysql_moves "$4" "$5" "$5")" | sed "s/^\`$4\`\\.\`$mysql_mark\` TO /\`$kept\`.\`$mysql_mark\` TO /" || return 1
    [ "$7" = no ] || mysql_rows "$3" "$(mysql_moves "$6" "$4" "$4")" || return 1
  } >"$code.back"
  {
    printf 'SET SESSION lock_wait_timeout = 30;\n'
    mysql_rows "$3" "$(mysql_taken_out "$5" "$5")" "$(mysql_taken_out "$4" "$4")" || return 1
    mysql_rows "$3" "SELECT CONCAT('CREATE DATABASE \`$kept\` CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name, ';') FROM information_schema.schemata WHERE schema_name = '$5'" || return 1
    mysql_rename "$code.moves"
  } >"$code.begin.sql"
  {
    printf 'USE `%s`;\n' "$4"
    cat "$code.new.sql"
    [ "$7" = no ] || { printf 'USE `%s`;\n' "$6" && cat "$code.old.sql"; }
    printf 'DROP DATABASE IF EXISTS `%s`;\nDROP TABLE IF EXISTS `%s`.`%s`;\n' "$5" "$kept" "$mysql_mark"
  } >"$code.end.sql"
  {
    printf 'SET SESSION lock_wait_timeout = 30;\n'
    mysql_rows "$3" "$(mysql_taken_out "$5" "$4")" || return 1
    [ "$7" = no ] || mysql_rows "$3" "$(mysql_taken_out "$4" "$6")" || return 1
    mysql_rename "$code.back"
  } >"$code.undo.sql"
  {
    printf -- '-- deploy-actions: begin\n'
    cat "$code.begin.sql"
    printf -- '-- deploy-actions: end\n'
    cat "$code.end.sql"
    printf -- '-- deploy-actions: undo\n'
    cat "$code.undo.sql"
    printf -- '-- deploy-actions: back\n'
    [ "$7" = no ] || { printf 'USE `%s`;\n' "$4" && cat "$code.old.sql"; }
    printf -- '-- deploy-actions: whole\n'
  } >"$code.exchange.sql"
  # shellcheck disable=SC2016 # the container's own
  stream_in "$4 of $2 to be exchanged" "$code.exchange.sql" "$3" "$mysql_login$mysql_exchange" "$4" "$5" "$mysql_mark" "$kept"
}

# Whose words are the database, the one beside it, the mark, and the one that is made for what was there. Who is connected to it
# is sent away, since an open transaction would hold its tables. What views, triggers and routines need are the tables, so they
# can only be made after the exchange: where that fails, the tables are exchanged back.
# shellcheck disable=SC2016 # the container's own
mysql_exchange='folder=$(mktemp -d) || exit 1
trap '\''rm -rf "$folder"'\'' EXIT
trap "" HUP TERM
cat >"$folder/all"
[ "$(tail -n 1 "$folder/all")" = "-- deploy-actions: whole" ] || { echo "the statements did not arrive whole" >&2; exit 1; }
do_part() {
  sed -n "/^-- deploy-actions: $1\$/,/^-- deploy-actions: /p" "$folder/all" >"$folder/part"
  shift
  "$client" --user="$user" "$@" <"$folder/part" >/dev/null
}
has() { [ "$(ask "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '\''$1'\'' AND table_name = '\''$2'\''")" = 1 ]; }
ask "SET SESSION lock_wait_timeout = 30; SET GLOBAL read_only = ON" || exit 1
for each in $(ask "SELECT id FROM information_schema.processlist WHERE db = '\''$1'\'' AND id <> CONNECTION_ID()"); do ask "KILL $each" 2>/dev/null; done
do_part begin 2>"$folder/said" && do_part end 2>"$folder/said"
code=$?
if [ "$code" != 0 ]; then
  ! has "$4" "$3" || do_part undo
  if has "$2" "$3"; then
    do_part back --force
    [ "$(ask "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '\''$4'\''")" != 0 ] || ask "DROP DATABASE IF EXISTS \`$4\`"
  fi
fi
ask "SET GLOBAL read_only = OFF"
cat "$folder/said" >&2
exit "$code"'

# mysql_state ID NAME NEW OLD THERE: loaded (the mark is in the new one), moved (the tables are exchanged, and what belongs to them
# may not be there yet), done, or none of these.
mysql_state() {
  local mark names
  mark=$(mysql_ask "$1" "SELECT table_schema FROM information_schema.tables WHERE table_name = '$mysql_mark' AND table_schema IN ('$2', '$3', '$4')" 2>"$scratch/said") || return 1
  names=$(mysql_ask "$1" "SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('$2', '$3', '$4')" 2>"$scratch/said") || return 1
  case $mark in
    "$3") echo loaded ;;
    "$2" | "$4") echo moved ;;
    *)
      if echo "$names" | grep -Fqx -e "$2" && ! echo "$names" | grep -Fqx -e "$3" && { [ "$5" = no ] || echo "$names" | grep -Fqx -e "$4"; }; then
        echo 'done'
      else
        echo none
      fi
      ;;
  esac
}

# mysql_is_exchanged ID NAME NEW OLD THERE
mysql_is_exchanged() {
  [ "$(mysql_state "$@")" = 'done' ]
}

# settle_mysql SERVICE ID NAME NEW OLD THERE: what a crash of the server or of its container has cut off comes to its end, or is
# taken back.
settle_mysql() {
  local code=$scratch/$1.$3
  wait_until 120 "the exchange of $3 in its container" _mysql_may_be_written "$2" || :
  if [ "$(mysql_state "$2" "$3" "$4" "$5" "$6")" = moved ]; then
    _mysql_statements "$1" "$2" "$code.end.sql" || {
      warn "$3 of $1 could not be brought to its end: $(last_said)"
      _mysql_statements "$1" "$2" "$code.undo.sql" || warn "and not back: $(last_said)"
    }
  fi
  if [ "$(mysql_state "$2" "$3" "$4" "$5" "$6")" = loaded ] && [ -s "$code.old.sql" ]; then
    _mysql_statements "$1" "$2" "$code.old.sql" --force "$3" || warn "$3 of $1 may lack what it had beside its tables: $(last_said)"
  fi
  _mysql_may_be_written "$2" || mysql_ask "$2" 'SET GLOBAL read_only = OFF' 2>"$scratch/said" || warn "$1 is still read only: $(last_said)"
}
# SERVICE ID FILE WORDS…: by the client there, which has these words.
# shellcheck disable=SC2016 # the container's own
_mysql_statements() {
  local service=$1 id=$2 file=$3
  shift 3
  stream_in "statements of $service" "$file" "$id" "$mysql_login"'"$client" --user="$user" "$@" >/dev/null' "$@"
}
_mysql_may_be_written() {
  case $(mysql_ask "$1" 'SELECT @@GLOBAL.read_only' 2>/dev/null) in 0 | OFF) ;; *) return 1 ;; esac
}

# let_mysql_go SERVICE ID NAME: a line of $scratch/gone for each that restores of this backup have replaced.
let_mysql_go() {
  local old
  mysql_ask "$2" 'SELECT schema_name FROM information_schema.schemata' >"$scratch/names" 2>"$scratch/said" || fail remote backup-failed "the database of $1 does not answer: $(last_said)" 'Look whether it is well: docker logs.'
  for old in $(kept_names "$3"); do
    grep -Fqx -e "$old" "$scratch/names" || continue
    drop_mysql "$2" "$old" || fail remote backup-failed "$old of $1 could not be dropped: $(last_said)" 'Look who keeps it busy.'
    say "dropped $old of $1"
    echo "$1/$old" >>"$scratch/gone"
  done
}
