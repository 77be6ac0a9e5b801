# shellcheck shell=dash
# A query of the user's that a PostgreSQL is asked.

# A script whose words are the database and the query. That is a statement which the server reads: nothing of it is psql's.
# shellcheck disable=SC2016 # the container's own
postgres_asking='PGCLIENTENCODING=UTF8
export PGCLIENTENCODING
exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$1" --set=query="$2" --file=- '

# ask_postgres ID NAME QUERY
# shellcheck disable=SC2016 # the container's own
ask_postgres() {
  ask_left=$(seconds_left)
  # The statement's own limit comes first.
  postgres_patience=$((ask_left + 60))
  postgres_in "$1" "$postgres_asking"'<<END
SET statement_timeout = '\''${3}s'\'';
SELECT :'\''query'\'' \gexec
END' "$2" "$3" "$ask_left"
  ask_code=$?
  postgres_patience=900
  return "$ask_code"
}
