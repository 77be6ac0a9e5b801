# shellcheck shell=dash
# How MySQL and MariaDB are asked in the container that they run in: as root, where its password is in the environment.

# shellcheck disable=SC2016 # the container's own
mysql_login='user=root
MYSQL_PWD=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
file=${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}
[ -z "$file" ] || MYSQL_PWD=$(cat "$file")
if [ -z "$MYSQL_PWD" ] && [ -n "${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}" ]; then
  user=${MARIADB_USER:-${MYSQL_USER:-root}}
  MYSQL_PWD=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}
fi
export MYSQL_PWD
client=$(command -v mariadb || command -v mysql) || { echo "there is neither mariadb nor mysql in the image" >&2; exit 1; }
dump=$(command -v mariadb-dump || command -v mysqldump) || { echo "there is neither mariadb-dump nor mysqldump in the image" >&2; exit 1; }
ask() { "$client" --user="$user" --connect-timeout=20 --batch --skip-column-names --execute="$1"; }
'

# mysql_in ID SCRIPT WORDS…: the script there, logged in. A server whose disk is full waits for room, and answers nothing.
mysql_in() {
  local id=$1 script=$2
  shift 2
  engine_in_time 900 "$id" sh -c "$mysql_login$script" sh "$@"
}

# is_mysql_root ID: whether it is root who is logged in.
# shellcheck disable=SC2016 # the container's own
is_mysql_root() {
  [ "$(mysql_in "$1" 'printf %s "$user"' 2>"$scratch/said")" = root ]
}
