# shellcheck shell=dash
# A Redis or Valkey comes back by its own file: it reads that when it starts, unless it keeps an append-only file, which it would
# read instead. So it is first made to write what it holds there, with all writers paused; then the file of the backup takes the
# place of that one in one step, and the server is started anew.

# redis_ask ID WORDS…
# shellcheck disable=SC2016 # the container's own
redis_ask() {
  local id=$1
  shift
  engine_in_time 60 "$id" sh -c "$redis_login"'exec "$client" --no-auth-warning "$@"' sh "$@" 2>"$scratch/said" | tr -d '\r'
}

# redis_setting ID NAME: of its configuration.
redis_setting() {
  redis_ask "$1" CONFIG GET "$2" | sed -n 2p
}

# find_redis_place SERVICE ID: its line of $scratch/places; refused by name where it cannot give way.
find_redis_place() {
  local version
  redis_ask "$2" INFO >"$scratch/answer" || :
  version=$(sed -n 's/^redis_version://p' "$scratch/answer")
  case $version in
    [0-9]*.[0-9]*) ;;
    *) fail refused request-refused "the Redis of $1 does not answer: $(last_said)" 'Where it asks for a password, give that to its container as REDISCLI_AUTH or REDIS_PASSWORD.' ;;
  esac
  case $version in [0-5].* | 6.[01].*) fail refused request-refused "the Redis of $1 is $version, which cannot pause its writers (6.2 can)" 'Bring it back by the commands of the manual.' ;; esac
  grep -q '^role:master' "$scratch/answer" || fail refused request-refused "the Redis of $1 is a replica, and takes its data from another one" 'Bring the data back there.'
  ! grep -q '^cluster_enabled:1' "$scratch/answer" || fail refused request-refused "the Redis of $1 is part of a cluster" 'Bring it back by the commands of the manual.'
  [ "$(redis_setting "$2" appendonly)" = no ] || fail refused request-refused "the Redis of $1 keeps an append-only file (or does not say that it keeps none), which it would read instead of what comes back" \
    'Bring it back by the commands of the manual.'
  redis_folder "$2" || fail refused request-refused "the Redis of $1 does not say where it keeps its file: $(last_said)" 'Bring it back by the commands of the manual.'
  mount_of "$2" "$redis_place/$redis_file"
  [ -n "$mount_line" ] || fail refused request-refused "the file of the Redis of $1 ($redis_place/$redis_file) is in no volume or folder, and would be gone with its container" 'Give the service a volume for it.'
  # shellcheck disable=SC2016 # the container's own
  engine_in "$2" sh -c 'cd "$1" && [ -w . ] && { command -v redis-check-rdb || command -v valkey-check-rdb; } >/dev/null && ls -A' sh "$redis_place" >"$scratch/names" 2>"$scratch/said" ||
    fail refused request-refused "the Redis of $1 has no redis-check-rdb, or nobody may write to $redis_place: $(last_said)" 'Bring it back by the commands of the manual.'
  choose_kept "$redis_file" "$1" <"$scratch/names"
  printf 'redis %s %s - %s %s yes\n' "$1" "$2" "$(beside restore "$redis_file")" "$kept_name" >>"$scratch/places"
}

# redis_folder ID: where it keeps its file: $redis_place and $redis_file.
redis_folder() {
  redis_place=$(redis_setting "$1" dir)
  redis_file=$(redis_setting "$1" dbfilename)
  case $redis_file in '' | *[!A-Za-z0-9._-]* | [.-]*) return 1 ;; esac
  case $redis_place in /*[!A-Za-z0-9._/-]* | / | [!/]* | '') return 1 ;; esac
}

# load_redis SERVICE ID NEW: beside its own file, read to its checksum there.
load_redis() {
  local file
  file=$folder/$(file_of redis "$1" -)
  redis_folder "$2" || give_up "the Redis of $1 does not say where it keeps its file: $(last_said)"
  # Readable for whoever runs the server: the folder's owner.
  # shellcheck disable=SC2016 # the container's own
  stream_in "the file of $1 to be written" "$file" "$2" 'cd "$1" && rm -f -- "$2" && umask 077 && cat >"$2" && chown "$(stat -c %u:%g .)" "$2" && sync && check=$(command -v redis-check-rdb || command -v valkey-check-rdb) && exec "$check" "$2"' "$redis_place" "$3"
  ended_early $? "the file of $1 could not be written"
  grep -q 'Checksum OK' "$scratch/answer" || give_up_unproven "the file that was written for $1 has no checksum that is right"
}

# exchange_redis SERVICE ID NEW OLD
exchange_redis() {
  redis_folder "$2" || return 1
  redis_setting "$2" save >"$scratch/$1.save"
  redis_ask "$2" INFO server | sed -n 's/^run_id://p' >"$scratch/$1.started"
  # shellcheck disable=SC2016 # the container's own
  engine_in_time 300 "$2" sh -c "$redis_login$redis_exchange" sh "$redis_place" "$redis_file" "$3" "$4" >/dev/null 2>"$scratch/said" || return 1
  start_redis_anew "$1" "$2" "$4"
}

# Words: folder, file, new and old. Whoever holds the data saves them (once another saving is at its end), and writers wait from
# before that; when the server ends it must not save once more. Where it fails its settings are as they were.
# shellcheck disable=SC2016 # the container's own
redis_exchange='trap "" HUP TERM
ask() { "$client" --no-auth-warning "$@" | tr -d "\r"; }
cd "$1" || exit 1
before=$(ask CONFIG GET save | sed -n 2p)
back() { ask CONFIG SET save "$before"; ask CLIENT UNPAUSE; echo "$5" >&2; exit 1; }
[ "$(ask CLIENT PAUSE 120000 WRITE)" = OK ] || back "$@" "its writers could not be paused"
[ "$(ask CONFIG SET save "")" = OK ] || back "$@" "it could not be kept from saving"
tries=0
until said=$(ask SAVE); [ "$said" = OK ]; do
  tries=$((tries + 1))
  case $said in *"in progress"*) [ "$tries" -lt 60 ] && sleep 1 ;; *) false ;; esac || back "$@" "what it holds could not be saved: $said"
done
[ -s "$2" ] || back "$@" "what it holds was not saved where it says"
ln -- "$2" "$4" || back "$@" "its file could not be kept"
mv -f -- "$3" "$2" && sync || { rm -f -- "$4"; back "$@" "its file could not be exchanged"; }'

# start_redis_anew SERVICE ID OLD: it reads the file that is there now. Where it does not, it gets its own one again.
start_redis_anew() {
  if _restart_redis "$2"; then
    say "the one from before is $redis_place/$3 in $1. Back by hand: stop it with its saving off (CONFIG SET save ''), put that file in the place of $redis_file, and start it"
    return 0
  fi
  engine_last_words "$2" >"$scratch/said"
  engine_stop '' "$2"
  # shellcheck disable=SC2016 # the other shell's own
  open_entry redis "$2" "$redis_place/$redis_file" && at_entry 'mv -f -- "$1" "$2"' "$3" "$redis_file"
  close_entry
  engine_resume "$2" || warn "$1 could not be started again"
  return 1
}
_restart_redis() {
  engine_stop '' "$1" 2>"$scratch/said" && engine_resume "$1" 2>"$scratch/said" &&
    wait_until 120 'Redis to have read its file' _redis_has_read "$1"
}
_redis_has_read() {
  redis_ask "$1" INFO persistence | grep -q '^loading:0'
}

# redis_state ID NEW OLD: which of the new file, its own and the old one are there, as words.
redis_state() {
  redis_folder "$1" || return 1
  # shellcheck disable=SC2016 # the container's own
  engine_in "$1" sh -c 'cd "$1" && shift && for each; do [ ! -e "$each" ] || printf "%s " "$each"; done' sh "$redis_place" "$2" "$3" 2>"$scratch/said"
}

# redis_is_exchanged ID NEW OLD
redis_is_exchanged() {
  [ "$(redis_state "$1" "$2" "$3")" = "$3 " ]
}

# drop_redis ID WHICH: where it is there.
# shellcheck disable=SC2016 # the container's own
drop_redis() {
  redis_folder "$1" && engine_in "$1" sh -c 'rm -f -- "$1/$2"' sh "$redis_place" "$2" 2>"$scratch/said"
}

# let_redis_go SERVICE ID: a line of $scratch/gone for each that restores of this backup have replaced.
let_redis_go() {
  local old
  redis_folder "$2" || fail remote backup-failed "the Redis of $1 does not say where it keeps its file: $(last_said)" 'Look whether it is well: docker logs.'
  for old in $(kept_names "$redis_file"); do
    # shellcheck disable=SC2016 # the container's own
    engine_in "$2" sh -c '[ -e "$1/$2" ]' sh "$redis_place" "$old" 2>/dev/null || continue
    drop_redis "$2" "$old" || fail remote backup-failed "$old of $1 could not be removed: $(last_said)" 'Remove it by hand.'
    say "removed $old of $1"
    echo "$1/$old" >>"$scratch/gone"
  done
}

# settle_redis SERVICE ID NEW OLD: one that was cut off before it was started anew is, and one that was stopped is started.
settle_redis() {
  [ "$(engine_pid "$2")" != 0 ] || engine_resume "$2" || warn "$1 could not be started again"
  wait_until 120 "the Redis of $1" _redis_has_read "$2" || :
  # Its settings are of memory alone: one that was not started since has its saving off.
  [ "$(redis_ask "$2" INFO server | sed -n 's/^run_id://p')" = "$(cat "$scratch/$1.started" 2>/dev/null)" ] || return 0
  if [ "$(redis_state "$2" "$3" "$4")" = "$4 " ]; then
    start_redis_anew "$1" "$2" "$4" || warn "$1 did not read the file of the backup"
  elif [ -f "$scratch/$1.save" ]; then
    redis_ask "$2" CONFIG SET save "$(cat "$scratch/$1.save")" >/dev/null
    redis_ask "$2" CLIENT UNPAUSE >/dev/null
  fi
}
