# shellcheck shell=dash
# Which databases a PostgreSQL has.

# postgres_databases ID: a line for each database that is no template: its bytes and its name.
postgres_databases() {
  postgres_in "$1" "exec psql --no-psqlrc --no-align --tuples-only --field-separator=' ' --command=\"SELECT pg_database_size(oid), datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname\""
}
