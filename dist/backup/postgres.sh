# shellcheck shell=dash
# PostgreSQL is saved and read back by the tools of the container that it runs in: so client and server are of one version.

# save_postgres SERVICE ID NAMES…: each database, and what belongs to none of them (roles).
save_postgres() {
  local service=$1 id=$2 name version query compress=''
  shift 2
  version=$(dump_version "$id")
  case $version in *'/no-server-is-here'*) compress=--compress=zstd ;; esac
  version=$(printf '%s\n' "$version" | plain_line)
  for name; do
    snapshot=
    save_answer=
    query=$(query_of "$service" "$name")
    [ -z "$query" ] || ask_in_snapshot "$service" "$id" "$name" "$query"
    # shellcheck disable=SC2016 # the container's own
    save_stream postgres "$service" "$name" "$service.$name.pgdump" "$version${compress:+, zstd}" "$id" \
      "${postgres_login}"'exec pg_dump --format=custom --lock-wait-timeout=60000 ${2:+--snapshot="$2"} ${3:+"$3"} --dbname="$1"' "$name" "$snapshot" "$compress"
    close_session
    [ "$(head -c 5 "$saving/$service.$name.pgdump")" = PGDMP ] || give_up "what pg_dump wrote of $name is no dump"
    [ -z "$query" ] || keep_query postgres "$service" "$name" "$query"
  done
  save_answer=
  save_stream postgres-globals "$service" '' "$service.globals.sql" "$version" "$id" \
    "${postgres_login}exec pg_dumpall --globals-only"
  tail -n 10 "$saving/$service.globals.sql" | grep -q 'PostgreSQL database cluster dump complete' ||
    give_up "what pg_dumpall wrote of $service has no end"
}

# dump_version ID: the version of pg_dump, and then what it says to be asked for zstd: for about the same size that takes a
# fraction of the time that gzip takes. One that does not know it (before 16, or as it was built) says so before it looks for
# a server, and that one is where none is.
dump_version() {
  engine_in_time 60 "$1" sh -c 'pg_dump --version
pg_dump --format=custom --compress=zstd --host=/no-server-is-here --dbname=none 2>&1' 2>/dev/null
}

# ask_in_snapshot SERVICE ID NAME QUERY: the answer is in $save_answer. The session stays, since the snapshot that it was
# given in, for the dump, ends with it.
ask_in_snapshot() {
  open_session "$2" "$postgres_login$postgres_asking" "$3" "$4"
  tell_session <<END
SET statement_timeout = '$(seconds_left)s';
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT 'snapshot ' || pg_export_snapshot();
SELECT :'query' \\gexec
\\echo
\\echo end of the answer
END
  if ! session_says 'end of the answer'; then
    close_session
    waited_in_vain "verify-query of $1 ($3) was not answered"
  fi
  snapshot=$(sed -n '1s/^snapshot //p' "$scratch/session.out")
  # The line that ends an answer is ours; what it may have had as an end of its own stays.
  sed '1d; $d' "$scratch/session.out" | sed '$d' >"$scratch/answer"
  take_answer "verify-query of $1 ($3)"
}

# read_postgres FILE ID: every byte, by pg_restore: a list of the contents passes on half a dump.
read_postgres() {
  stream_in "pg_restore to read $1" "$saving/$1" "$2" 'exec pg_restore --file=/dev/null'
}
