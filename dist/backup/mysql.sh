# shellcheck shell=dash
# MySQL and MariaDB are saved by the tools of the container that they run in, each database in one transaction.

# find_mysql SERVICE ID NAMES: the databases, into $names: those that are named, or all.
find_mysql() {
  mysql_in "$2" "ask \"SELECT COALESCE(SUM(data_length + index_length), 0), schema_name FROM information_schema.schemata LEFT JOIN information_schema.tables ON table_schema = schema_name WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') GROUP BY schema_name ORDER BY schema_name\"" \
    >"$scratch/answer" 2>"$scratch/said" || {
    details "$scratch/said"
    fail remote backup-failed "the database of $1 does not answer: $(last_said)" 'Look whether it is well: docker logs.'
  }
  tr '\t' ' ' <"$scratch/answer" >"$scratch/databases"
  choose_databases "$1" "$3"
  ! grep -q "^$1$tab" "$scratch/queries" || find_asked_mysql "$1" "$2"
  mysql_in "$2" "ask \"SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND engine IN ('MyISAM', 'Aria', 'CSV', 'ARCHIVE') AND table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')\"" \
    >"$scratch/answer" 2>"$scratch/said" || {
    details "$scratch/said"
    fail remote backup-failed "the database of $1 does not say which tables know no transactions: $(last_said)" 'Look whether it is well: docker logs.'
  }
  [ ! -s "$scratch/answer" ] || warn "tables of $1 know no transactions, so what is saved of them may be of several moments: $(tr '\n' ' ' <"$scratch/answer" | cut -c 1-300)"
}

# find_asked_mysql SERVICE ID: the usual database, where a query names none. Only root may keep writers waiting.
find_asked_mysql() {
  is_mysql_root "$2" || fail refused request-refused "the container of $1 has no password of root, without whom no moment is the same for verify-query and for what is saved" \
    'Give it MYSQL_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD (or …_FILE), or leave its query out.'
  grep -q "^$1$tab-$tab" "$scratch/queries" || return 0
  # shellcheck disable=SC2016 # the container's own
  name=$(mysql_in "$2" 'printf %s "${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}"' 2>"$scratch/said") || fail_for_engine "$1 could not be asked for its database"
  [ -n "$name" ] || name=${names# }
  case $name in *[!A-Za-z0-9._-]*) fail input input-wrong "verify-query asks $1, which has several databases and does not say which one is meant:$names" "Write $1/database: query." ;; esac
  sed -i "s/^$1$tab-$tab/$1$tab$name$tab/" "$scratch/queries"
}

# Whose words are the database, and --verbose or nothing.
# shellcheck disable=SC2016 # the container's own
mysql_dumping='case $("$dump" --version) in *MariaDB*) ;; *) more=--set-gtid-purged=OFF ;; esac
exec "$dump" --user="$user" ${2:+"$2"} --single-transaction --quick --routines --events --triggers --no-tablespaces --hex-blob --default-character-set=utf8mb4 ${more:+"$more"} "$1"'

# save_mysql KIND SERVICE ID NAMES…
save_mysql() {
  local kind=$1 service=$2 id=$3 name version query
  shift 3
  # shellcheck disable=SC2016 # the container's own
  version=$(mysql_in "$id" 'exec "$dump" --version' 2>/dev/null | plain_line)
  for name; do
    query=$(query_of "$service" "$name")
    stream_zip=yes
    if [ -z "$query" ]; then
      save_stream "$kind" "$service" "$name" "$service.$name.sql.gz" "$version" "$id" "$mysql_login$mysql_dumping" "$name"
      stream_zip=
      continue
    fi
    save_begin "$kind" "$service" "$name" "$service.$name.sql.gz" "$version"
    hold_mysql "$service" "$id" "$name"
    _let_mysql_go_on &
    hold_pid=$!
    stream_out "$save_what to be saved" "$saving/$save_file" "$id" "$mysql_login$mysql_dumping" "$name" --verbose
    save_code=$?
    stream_zip=
    [ "$save_code" = 0 ] || kill "$hold_pid" 2>/dev/null
    wait "$hold_pid"
    sed -i '/^-- /d' "$scratch/said"
    ended_early "$save_code" "$save_what could not be saved"
    refuse_empty_zip
    ask_held_mysql "$service" "$name" "$query"
    save_end
    keep_query "$kind" "$service" "$name" "$query"
  done
  save_answer=
}

# hold_mysql SERVICE ID NAME: what the query is asked in and what is saved are of one moment: nobody writes from before the
# session's transaction begins until that of the dump has begun. Where nobody is left who lets them go on, the server ends the
# session by itself, and with it the lock. Who waits for the lock makes others wait, so it does not wait long.
hold_mysql() {
  open_session "$2" "$mysql_login$mysql_asking" "$3"
  # The dump's own words are watched for, so none may be there.
  true >"$scratch/said"
  printf '%s\n' 'SET SESSION lock_wait_timeout = 20, wait_timeout = 30;' \
    '/*M!100301 SET SESSION idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0 */;' \
    'FLUSH TABLES WITH READ LOCK;' 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;' "SELECT 'held';" | tell_session
  session_says held && return 0
  close_session
  waited_in_vain "nobody could be kept from writing to $1 for the moment that verify-query ($3) is asked of"
}

# As soon as the dump's transaction has begun, which its first words after that tell (--verbose).
_let_mysql_go_on() {
  local turns=200
  trap - TERM EXIT
  exec 7>&- 9>&-
  until grep -q '^-- \(Setting savepoint\|Retrieving\|Disconnecting\)' "$scratch/said"; do
    turns=$((turns - 1))
    if [ "$turns" = 0 ] || ! kill -0 $$ 2>/dev/null; then
      echo 'UNLOCK TABLES;' | tell_session
      return
    fi
    nap 0.1
  done
  printf '%s\n' 'UNLOCK TABLES;' 'SET SESSION wait_timeout = 86400;' "SELECT 'let go';" | tell_session
}

# ask_held_mysql SERVICE NAME QUERY: in the moment that was held; the answer is in $save_answer.
ask_held_mysql() {
  printf '%s' "$(mysql_limit "$(seconds_left)")$(mysql_question "$3")
SELECT 'end of the answer';
" | tell_session
  if ! session_says 'end of the answer'; then
    close_session
    waited_in_vain "verify-query of $1 ($2) was not answered"
  fi
  close_session
  [ "$(sed -n 2p "$scratch/session.out")" = 'let go' ] || give_up "$save_what did not begin to be saved within 20 s, as long as writers are kept waiting"
  sed '1,2d; $d' "$scratch/session.out" >"$scratch/answer"
  take_answer "verify-query of $1 ($2)"
}

# read_mysql FILE: to the sum of its bytes, and to the line that ends it.
read_mysql() {
  gzip -t "$saving/$1" 2>"$scratch/said" || return 1
  gzip -dc "$saving/$1" | tail -n 3 | grep -q '^-- Dump completed' || {
    echo 'it has no end' >"$scratch/said"
    return 1
  }
}
