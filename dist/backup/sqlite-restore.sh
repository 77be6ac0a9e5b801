# shellcheck shell=dash
# A database of SQLite comes back as a file beside that which is there, which then takes its name in one step, while its service
# stands still. What SQLite keeps beside a file (`-wal`, `-shm`, `-journal`) belongs to that file alone: it is worked into the old
# one by SQLite itself first, since beside the new one it would spoil that.
# Parameters: project.

# find_sqlite_place SERVICE NAME: its line of $scratch/places; refused by name where it cannot give way.
find_sqlite_place() {
  local id users what is_there=no
  what=$(title_of sqlite "$1" "$2")
  id=$(any_container_of "$1") || fail_for_engine 'the containers could not be listed'
  [ -n "$id" ] || fail refused request-refused "there is no container of $1 in $project, and so no place for its data" 'Make it, and do not start it: docker compose create.'
  mount_of "$id" "$2"
  [ -n "$mount_line" ] || fail refused request-refused "$what is in no volume or folder, and would be gone with its container" 'Give the service a volume for it, or bring it back by the commands of the manual.'
  users=$(users_of sqlite "$2" "$id")
  [ -z "$users" ] || fail refused request-refused "containers work with $what: $users" \
    "Stop them on the server: docker stop $users. Run it again, and start them afterwards: docker start $users."
  open_entry sqlite "$id" "$2" || fail refused request-refused "$what cannot be reached by the image of $1, which needs sh, tar, timeout and sleep of its own: $(last_said)" \
    'Bring it back by the commands of the manual.'
  at_entry 'command -v sqlite3 >/dev/null && [ -w . ] && ls -A' >"$scratch/names" ||
    fail refused request-refused "$what cannot be exchanged: the image of $1 has no sqlite3, or may not write to $entry_parent: $(last_said)" 'Bring it back by the commands of the manual.'
  close_entry
  ! grep -Fqx -e "$entry_name" "$scratch/names" || is_there=yes
  choose_kept "$entry_name" "$what" <"$scratch/names"
  printf 'sqlite %s %s %s %s %s %s\n' "$1" "$id" "$2" "$(beside restore "$entry_name")" "$kept_name" "$is_there" >>"$scratch/places"
}

# any_container_of SERVICE: the id of a container of the stack or of the colour that is live, also of one that does not run.
any_container_of() {
  local share stacks=$project
  share=$(recorded_share) || share=
  [ -z "$share" ] || stacks="$project $project-$(live_color "$share" '')"
  engine_table >"$scratch/all" || return 1
  awk -v stacks=" $stacks " -v service="$1" 'index(stacks, " " $1 " ") && $3 == service { print $2; exit }' "$scratch/all"
}

# load_sqlite SERVICE ID NAME NEW
load_sqlite() {
  local file what
  what=$(title_of sqlite "$1" "$3")
  file=$folder/$(file_of sqlite "$1" "$3")
  open_entry sqlite "$2" "$3" || give_up "$what cannot be reached: $(last_said)"
  # shellcheck disable=SC2016 # the container's own
  stream_in "$what to be written" "$file" "$entry_runs" 'cd "$1" && rm -f -- "$2" && umask 077 && cat >"$2" && wc -c <"$2"' "$entry_folder" "$4"
  ended_early $? "$what could not be written"
  [ "$(($(cat "$scratch/answer")))" = "$(($(wc -c <"$file")))" ] || give_up_unproven "what was written of $what is not as long as what was saved"
  # As the one that is there; else as their folder.
  # shellcheck disable=SC2016 # the container's own
  at_entry '[ "$(sqlite3 -bail "$1" "PRAGMA integrity_check")" = ok ] || { echo "its integrity check fails" >&2; exit 1; }
like=. mode=600
[ ! -e "$2" ] || { like=$2 && mode=$(stat -c %a "$2"); }
chown "$(stat -c %u:%g "$like")" "$1" && chmod "$mode" "$1" && sync' "$4" "$entry_name" || give_up_unproven "what was written of $what does not do: $(last_said)"
  close_entry
}

# let_sqlite_go SERVICE NAME: a line of $scratch/gone for each that restores of this backup have replaced.
let_sqlite_go() {
  local id old
  id=$(any_container_of "$1") || fail_for_engine 'the containers could not be listed'
  [ -n "$id" ] || fail refused request-refused "there is no container of $1 in $project, by which what it had before could be removed" 'Make it: docker compose create.'
  open_entry sqlite "$id" "$2" || fail refused request-refused "$(title_of sqlite "$1" "$2") cannot be reached: $(last_said)" 'Remove what is kept there by hand.'
  at_entry 'ls -A' >"$scratch/names" || fail remote backup-failed "$entry_parent of $1 could not be read: $(last_said)" 'Look at it on the server.'
  for old in $(kept_names "$entry_name"); do
    grep -Fqx -e "$old" "$scratch/names" || continue
    # shellcheck disable=SC2016 # the container's own
    at_entry 'rm -f -- "$1"' "$old" || fail remote backup-failed "$entry_parent/$old of $1 could not be removed: $(last_said)" 'Remove it by hand.'
    echo "$1:$entry_parent/$old" >>"$scratch/gone"
  done
  close_entry
}

# exchange_sqlite SERVICE ID NAME NEW OLD THERE
exchange_sqlite() {
  local users code
  users=$(users_of sqlite "$3" "$2")
  [ -z "$users" ] || {
    echo "containers that work with it were started meanwhile: $users" >"$scratch/said"
    return 1
  }
  open_entry sqlite "$2" "$3" || return 1
  # shellcheck disable=SC2016 # the container's own
  at_entry 'if [ -s "$1-wal" ] || [ -e "$1-journal" ]; then sqlite3 -bail "$1" "PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM sqlite_master" >/dev/null || exit 1; fi
if [ -s "$1-wal" ] || [ -e "$1-journal" ]; then
  echo "what SQLite keeps beside the file that is there ($1-wal, $1-journal) cannot be worked into it: put all of them aside by hand" >&2
  exit 1
fi
rm -f -- "$1-wal" "$1-shm"' "$entry_name" && change_names "$4" "$5" "$6"
  code=$?
  close_entry
  [ "$code" = 0 ] || return "$code"
  [ "$6" = no ] || say "the one from before is $entry_parent/$5 in $1. Back by hand, while its service stands still: mv $entry_parent/$5 $3"
}
