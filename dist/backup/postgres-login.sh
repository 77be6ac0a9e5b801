# shellcheck shell=dash
# How PostgreSQL is asked in the container that it runs in.

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

# How long an answer is waited for, in seconds: a server whose disk is full or gone may never answer. To drop a large database
# takes minutes.
postgres_patience=900

# postgres_in ID SCRIPT WORDS…: the script there, logged in.
postgres_in() {
  local id=$1 script=$2
  shift 2
  engine_in_time "$postgres_patience" "$id" sh -c "$postgres_login$script" sh "$@"
}
