# shellcheck shell=dash
# A query of the user's that a MySQL or MariaDB is asked.

# Whose words are the database and statements; without these they are read from stdin, each as it comes.
# shellcheck disable=SC2016 # the container's own
mysql_asking='exec "$client" --user="$user" --connect-timeout=20 --batch --skip-column-names --unbuffered --skip-reconnect --default-character-set=utf8mb4 ${2:+--execute="$2"} "$1"'

# mysql_limit SECONDS: statements by which none takes longer, of which MySQL reads the first and MariaDB the second.
mysql_limit() {
  printf '/*!50708 SET SESSION max_execution_time = %s000 */; /*M!100101 SET SESSION max_statement_time = %s */;\n' "$1" "$1"
}

# mysql_question QUERY: as statements. It is one that the server reads, whatever characters it has: nothing of it is the
# client's.
mysql_question() {
  printf "SET @question = CONVERT(X'%s' USING utf8mb4); PREPARE question FROM @question; EXECUTE question;\n" "$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n')"
}

# ask_mysql ID NAME QUERY: its answer is in $scratch/answer.
ask_mysql() {
  stream_out "verify-query of $2" "$scratch/answer" "$1" "$mysql_login$mysql_asking" "$2" "$(mysql_limit "$(seconds_left)")$(mysql_question "$3")"
}
