# shellcheck shell=dash
# What is asked of data when they are saved, and again where they were loaded. The question lies in the backup as a file,
# SERVICE.NAME.query, and the answer in its manifest.

# json_inside FILE: its text as the inside of a JSON string.
json_inside() {
  sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g' "$1" | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

# answer_of SERVICE NAME: as it was given when the data were saved; a line of $scratch/files is one of the manifest.
answer_of() {
  awk -F '\t' -v service="$1" -v name="$2" '$3 == service && $4 == name && $8 != "" { print $8; exit }' "$scratch/files"
}

# ask_again KIND SERVICE NAME ID DATABASE FOLDER: what was loaded of NAME into DATABASE answers the question of then as it was
# answered then.
ask_again() {
  local query
  [ -f "$6/$2.$3.query" ] || return 0
  query=$(cat "$6/$2.$3.query")
  host_ended=
  case $1 in
    postgres) ask_postgres "$4" "$5" "$query" >"$scratch/answer" 2>"$scratch/said" ;;
    mysql | mariadb) ask_mysql "$4" "$5" "$query" ;;
  esac
  ask_code=$?
  [ -z "$host_ended" ] || ended_early "$ask_code" "verify-query of $2 ($3) was not answered by what was loaded"
  [ "$ask_code" = 0 ] || give_up_unproven "verify-query of $2 ($3) fails on what was loaded: $(last_said)"
  answer_is_the_same "$2" "$3"
}

# answer_is_the_same SERVICE NAME: what is in $scratch/answer is what was answered then.
answer_is_the_same() {
  local before now
  before=$(answer_of "$1" "$2")
  now=$(json_inside "$scratch/answer")
  if [ "$now" != "$before" ]; then
    true >"$scratch/said"
    give_up_unproven "verify-query of $1 ($2) answers $(printf '%.100s' "$now") on what was loaded, and answered $(printf '%.100s' "$before") when it was saved"
  fi
  say "verify-query of $1 ($2) answers on what was loaded as it did then: $(printf '%.200s' "$now")"
}
