# shellcheck shell=dash
# A backup of PostgreSQL is proven by loading it: into a PostgreSQL of its own.

# try_postgres SERVICE ID: all that was saved of it is loaded into a PostgreSQL of its own, and asked what was asked before.
try_postgres() {
  local service=$1 name
  # shellcheck disable=SC2016 # the container's own
  engine_in "$2" sh -c 'printf "POSTGRES_USER=%s\nPOSTGRES_DB=%s\n" "${POSTGRES_USER:-postgres}" "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"' \
    >"$scratch/answer" 2>"$scratch/said" || give_up "$service could not be asked who its user is: $(last_said)"
  echo "POSTGRES_PASSWORD=$(head -c 16 /dev/urandom | sha256sum | cut -c 1-32)" >>"$scratch/answer"
  begin_trial "$service" "$2" <"$scratch/answer"
  # Not by its socket: there the image's own preparations answer, before it starts anew.
  await_trial pg_isready --quiet --host=127.0.0.1
  try_postgres_roles "$service"
  awk -F '\t' -v service="$service" '$2 == "postgres" && $3 == service { print $4 }' "$scratch/files" >"$scratch/names"
  while read -r name <&6; do
    say "loading $service ($name) into a database of its own"
    stream_in "$service ($name) to be loaded" "$saving/$service.$name.pgdump" "$trial" \
      "${postgres_login}exec pg_restore --clean --if-exists --create --exit-on-error --no-tablespaces --dbname=template1"
    try_code=$?
    [ -z "$host_ended" ] || ended_early "$try_code" "$service ($name) could not be loaded"
    [ "$try_code" = 0 ] || give_up_unproven "the backup of $service ($name) cannot be loaded: $(last_said)"
    ask_again postgres "$service" "$name" "$trial" "$name" "$saving"
  done 6<"$scratch/names"
  end_trials
}

# try_postgres_roles SERVICE: roles that are there already are the image's own. Tablespaces are places of the old server.
try_postgres_roles() {
  local problem
  grep -v ' TABLESPACE ' "$saving/$1.globals.sql" >"$scratch/globals"
  stream_in "the roles of $1 to be loaded" "$scratch/globals" "$trial" \
    "${postgres_login}exec psql --no-psqlrc --quiet --set=VERBOSITY=sqlstate --dbname=template1"
  ended_early $? "the roles of $1 could not be loaded"
  problem=$(grep 'ERROR: ' "$scratch/said" | grep -v -e 42710 -e 'already exists' | head -n 1)
  [ -z "$problem" ] || give_up_unproven "the roles of $1 cannot be loaded: $problem"
}
