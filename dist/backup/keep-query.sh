# shellcheck shell=dash
# The question of verify-query is asked while the data are saved, and kept with them.

save_answer=''

# query_of SERVICE NAME: the query; nothing where there is none. A line of $scratch/queries has these with tabs between.
query_of() {
  awk -F '\t' -v service="$1" -v name="$2" '$1 == service && $2 == name { print $3; exit }' "$scratch/queries"
}

# take_answer WHAT: of $scratch/answer, into $save_answer.
take_answer() {
  [ -n "$(tr -d ' \t\n' <"$scratch/answer")" ] || give_up "$1 answered nothing, which proves nothing"
  [ "$(($(wc -c <"$scratch/answer")))" -le 2000 ] || give_up "$1 answered more than 2000 bytes: ask for counts or sums"
  ! tr -d '\t' <"$scratch/answer" | grep -q '[[:cntrl:]]' || give_up "$1 answered what is no text"
  save_answer=$(json_inside "$scratch/answer")
}

# keep_query KIND SERVICE NAME QUERY: beside what was saved.
keep_query() {
  save_answer=
  printf '%s\n' "$4" >"$saving/$2.$3.query" || give_up "$2.$3.query could not be written"
  keep_file "$2.$3.query" "$1-query" "$2" "$3" verify-query
}
