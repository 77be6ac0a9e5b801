# shellcheck shell=dash
# A backup of MySQL or MariaDB is proven by loading it: into a server of its own.

# try_mysql KIND SERVICE ID
try_mysql() {
  local service=$2 name
  printf 'MYSQL_ROOT_PASSWORD=%s\n' "$(head -c 16 /dev/urandom | sha256sum | cut -c 1-32)" >"$scratch/answer"
  begin_trial "$service" "$3" <"$scratch/answer"
  # Not by its socket: there the image's own preparations answer, before it starts anew.
  # shellcheck disable=SC2016 # the container's own
  await_trial sh -c "$mysql_login"'"$client" --user="$user" --protocol=tcp --host=127.0.0.1 --execute="SELECT 1"'
  awk -F '\t' -v kind="$1" -v service="$service" '$2 == kind && $3 == service { print $4 }' "$scratch/files" >"$scratch/names"
  while read -r name <&6; do
    say "loading $service ($name) into a database of its own"
    # shellcheck disable=SC2016 # the container's own
    mysql_in "$trial" 'ask "DROP DATABASE IF EXISTS \`$1\`; CREATE DATABASE \`$1\`"' "$name" 2>"$scratch/said" || give_up_unproven "the backup of $service ($name) cannot be loaded: $(last_said)"
    # shellcheck disable=SC2016 # the container's own
    stream_in_zipped "$service ($name) to be loaded" "$saving/$service.$name.sql.gz" "$trial" "$mysql_login"'exec "$client" --user="$user" "$1"' "$name"
    try_code=$?
    [ -z "$host_ended" ] || ended_early "$try_code" "$service ($name) could not be loaded"
    [ "$try_code" = 0 ] || give_up_unproven "the backup of $service ($name) cannot be loaded: $(last_said)"
    ask_again "$1" "$service" "$name" "$trial" "$name" "$saving"
  done 6<"$scratch/names"
  end_trials
}
