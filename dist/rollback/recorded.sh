# shellcheck shell=dash
# What every rollback to a recorded release needs: images that are here, and the data as that release knows them. These the
# user's commands take back (down-migrate, restore-backup), or a backup.
# Parameters beside those of the other parts: base_project.

# Commands of the user's, in containers of the release that is being left ($left_release): it knows how to undo its own
# changes.
rollback_hooks() {
  rollback_release=$release
  release=$failed_release
  for rollback_hook in "$files"/hooks/"$1"-*; do
    [ -f "$rollback_hook" ] || continue
    rollback_name=$(basename "$rollback_hook")
    once "$rollback_name" marked "$rollback_name" run_in_container "$path/releases/${left_release:-$rollback_release}" "$rollback_hook" || {
      release=$rollback_release
      return 1
    }
    forget_container "$rollback_hook"
  done
  release=$rollback_release
}

# changes_data: whether the data are to be taken back here.
changes_data() {
  [ -n "$backup" ] || has_hooks "$files" down-migrate || has_hooks "$files" restore-backup
}

# data_taken_back: a word where they are.
data_taken_back() {
  ! changes_data || echo yes
}

# prove_data LEFT: the backup is whole and can take its place. LEFT is what a failure leaves, beside the data.
prove_data() {
  # Databases are services that colours share.
  # shellcheck disable=SC2034 # what is called reads it
  local project=$base_project
  [ -n "$backup" ] || return 0
  begin_return "; $1" 'postgres mysql mariadb redis'
  data_are_begun || prove_return
}

# data_are_begun: a run that was cut off goes on from there.
data_are_begun() {
  journalled database:begin
}

# take_data_back LEFT RECORD PROJECT: everything else is proven by then. RECORD is told `failed` where commands failed: what
# they did until then counts. They run in PROJECT, in containers of the release that is left.
take_data_back() {
  changes_data || return 0
  phase database
  if ! data_are_begun; then
    if cancelled; then
      end_lead
      fail lost cancelled 'the run was cancelled before anything was changed' 'Run it again.'
    fi
    journal database:begin
  fi
  if ! commands_of "$3"; then
    "$2" failed
    fail unhealthy hook-failed "$problem; $1" "$remedy"
  fi
  [ -z "$backup" ] || once bring-back bring_back
}

# commands_of PROJECT: in the order in which they undo one another.
commands_of() {
  # shellcheck disable=SC2034 # what is called reads it
  local project=$1
  rollback_hooks down-migrate && rollback_hooks restore-backup
}

# bring_back: the backup; a run that was cut off in the exchange goes on there.
bring_back() {
  # shellcheck disable=SC2034 # what is called reads it
  local project=$base_project
  open_streams "$migrate_timeout" migrate-timeout
  if ! journalled exchange:begin; then
    read_return
    load_return
  fi
  exchange_return
  close_streams
}

# data_text ELSEWHERE: what has become of the data, behind the sentence about a release that did not come back. Another
# server may have taken back the data of all.
data_text() {
  local kept
  if [ -n "$1" ]; then
    printf '. The data were taken back on %s before' "$1"
  elif [ -n "$backup" ]; then
    kept=$(replaced_places)
    printf '. The data are those of the backup %s since%s' "$backup" "${kept:+; those from before are kept as $kept}"
  elif changes_data; then
    printf '. What the commands did to the data stays'
  fi
}

# data_remedy OTHERWISE ELSEWHERE: what to do then.
data_remedy() {
  local again='Mend that and run the same rollback again'
  if [ -n "$2" ]; then
    :
  elif [ -n "$backup" ]; then
    again="$again: the data of the backup come anew"
  elif changes_data; then
    again='Mend that and roll back again, with allow-past-migration: true in the place of the commands, which have run'
  else
    printf '%s' "$1"
    return
  fi
  printf '%s. Or deploy the version that runs now again: its migrations run then.' "$again"
}
