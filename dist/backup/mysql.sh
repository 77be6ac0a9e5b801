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
  mysql_in "$2" "ask \"SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND engine IN ('MyISAM', 'Aria', 'CSV', 'ARCHIVE') AND table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')\"" \
    >"$scratch/answer" 2>"$scratch/said" || {
    details "$scratch/said"
    fail remote backup-failed "the database of $1 does not say which tables know no transactions: $(last_said)" 'Look whether it is well: docker logs.'
  }
  [ ! -s "$scratch/answer" ] || warn "tables of $1 know no transactions, so what is saved of them may be of several moments: $(tr '\n' ' ' <"$scratch/answer" | cut -c 1-300)"
}

# save_mysql KIND SERVICE ID NAMES…
save_mysql() {
  local kind=$1 service=$2 id=$3 name version
  shift 3
  # shellcheck disable=SC2016 # the container's own
  version=$(mysql_in "$id" 'exec "$dump" --version' 2>/dev/null | plain_line)
  for name; do
    stream_zip=yes
    # shellcheck disable=SC2016 # the container's own
    save_stream "$kind" "$service" "$name" "$service.$name.sql.gz" "$version" "$id" "$mysql_login"'case $("$dump" --version) in *MariaDB*) ;; *) more=--set-gtid-purged=OFF ;; esac
exec "$dump" --user="$user" --single-transaction --quick --routines --events --triggers --no-tablespaces --hex-blob --default-character-set=utf8mb4 ${more:+"$more"} "$1"' "$name"
    stream_zip=
  done
}

# read_mysql FILE: to the sum of its bytes, and to the line that ends it.
read_mysql() {
  gzip -t "$saving/$1" 2>"$scratch/said" || return 1
  gzip -dc "$saving/$1" | tail -n 3 | grep -q '^-- Dump completed' || {
    echo 'it has no end' >"$scratch/said"
    return 1
  }
}
