# shellcheck shell=dash
# PostgreSQL is saved and read back by the tools of the container that it runs in: so client and server are of one version.

# save_postgres SERVICE ID NAMES…: each database, and what belongs to none of them (roles).
save_postgres() {
  local service=$1 id=$2 name version
  shift 2
  version=$(engine_in "$id" pg_dump --version 2>/dev/null | plain_line)
  for name; do
    # shellcheck disable=SC2016 # the container's own
    save_stream postgres "$service" "$name" "$service.$name.pgdump" "$version" "$id" \
      "${postgres_login}"'exec pg_dump --format=custom --lock-wait-timeout=60000 --dbname="$1"' "$name"
    [ "$(head -c 5 "$saving/$service.$name.pgdump")" = PGDMP ] || give_up "what pg_dump wrote of $name is no dump"
  done
  save_stream postgres-globals "$service" '' "$service.globals.sql" "$version" "$id" \
    "${postgres_login}exec pg_dumpall --globals-only"
  tail -n 10 "$saving/$service.globals.sql" | grep -q 'PostgreSQL database cluster dump complete' ||
    give_up "what pg_dumpall wrote of $service has no end"
}

# read_postgres FILE ID: every byte, by pg_restore: a list of the contents passes on half a dump.
read_postgres() {
  stream_in "pg_restore to read $1" "$saving/$1" "$2" 'exec pg_restore --file=/dev/null'
}
