# shellcheck shell=dash
# Which databases a PostgreSQL has.

# postgres_databases ID: a line for each database that is no template: its bytes and its name.
postgres_databases() {
  postgres_in "$1" "exec psql --no-psqlrc --no-align --tuples-only --field-separator=' ' --command=\"SELECT pg_database_size(oid), datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname\""
}

# maintenance_is_empty ID: the database `postgres`, which every server is made with for its tools, holds nothing of anybody's:
# what a user makes has a number from 16384 on (FirstNormalObjectId). Where it cannot be asked, it is not taken for empty.
maintenance_is_empty() {
  # shellcheck disable=SC2016 # the container's own
  [ "$(postgres_in "$1" 'exec psql --no-psqlrc --no-align --tuples-only --dbname=postgres --command="SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384) + (SELECT count(*) FROM pg_proc WHERE oid >= 16384) + (SELECT count(*) FROM pg_type WHERE oid >= 16384) + (SELECT count(*) FROM pg_namespace WHERE oid >= 16384) + (SELECT count(*) FROM pg_extension WHERE oid >= 16384) + (SELECT count(*) FROM pg_largeobject_metadata) + (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_foreign_data_wrapper) + (SELECT count(*) FROM pg_default_acl) + (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()) + (SELECT count(*) FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL)"' 2>/dev/null)" = 0 ]
}

# without_maintenance ID: of lines of bytes and name on stdin all but that of `postgres`, where it is empty and not the only one.
without_maintenance() {
  local all
  all=$(cat)
  if printf '%s\n' "$all" | grep -q ' postgres$' && [ "$(printf '%s\n' "$all" | grep -c ' ')" -gt 1 ] && maintenance_is_empty "$1"; then
    printf '%s\n' "$all" | grep -v ' postgres$'
  else
    printf '%s\n' "$all"
  fi
}
