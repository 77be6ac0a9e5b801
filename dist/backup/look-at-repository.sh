# shellcheck shell=dash
# Which backups of an application are in the repository; changes nothing.
# Parameters: retention, keep_last: with these the next backup would remove the ones in `old`.

inspect() {
  scratch=$PWD
  find_repository
  sent_backups sent || fail refused repository-refused "the repository could not be asked for its backups: $(restic_said)" 'Run it again.'
  result_file sent sent
  awk '$8 == "own" && !told[$2]++ { print $1, $2, $3, $4, $5 }' sent | old_backups '' "$((keep_last - 1))" "$retention" >old
  result_file old old
}
