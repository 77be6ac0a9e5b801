# shellcheck shell=dash
# What PostgreSQL is asked in the container that it runs in.

# What begins each script there: who asks is the image's own user, and a password never stands among the words.
# shellcheck disable=SC2016 # the container's own
postgres_login='PGUSER=${POSTGRES_USER:-postgres}
PGDATABASE=${POSTGRES_DB:-$PGUSER}
PGPASSWORD=${POSTGRES_PASSWORD:-}
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
PGAPPNAME=deploy-actions-backup
PGCONNECT_TIMEOUT=20
export PGUSER PGDATABASE PGPASSWORD PGAPPNAME PGCONNECT_TIMEOUT
'

# postgres_databases ID: a line for each database that is no template: its bytes and its name.
postgres_databases() {
  engine_in "$1" sh -c "${postgres_login}exec psql --no-psqlrc --no-align --tuples-only --field-separator=' ' --command=\"SELECT pg_database_size(oid), datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname\""
}
