# shellcheck shell=dash
# Brings the data of a backup back, as bring-back.sh does; what that has replaced is kept until a person confirms.
# Parameters beside those of the other parts: step (restore, confirm), timeout.

operate() {
  begin_restore
  phase preflight
  if [ "$step" = confirm ]; then
    look_at_files
    let_replaced_go
    return 0
  fi
  fetch_backup
  prove_return
  phase load
  read_return
  load_return
  phase exchange
  exchange_return
}

# begin_restore: also after a crash.
begin_restore() {
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  open_streams "$timeout" timeout
  begin_look
  begin_return '' 'postgres mysql mariadb redis sqlite volume path'
}

# let_replaced_go: what restores of this backup have replaced is dropped.
let_replaced_go() {
  local kind service name id
  asked_rows "$return_kinds" >"$scratch/wanted"
  true >"$scratch/gone"
  while read -r kind service name <&5; do
    case $kind in
      volume | path) let_files_go "$kind" "$name" ;;
      sqlite) let_sqlite_go "$service" "$name" ;;
      *)
        id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
        [ -n "$id" ] || fail refused service-not-running "no container of $service runs in $project, so nothing of it can be dropped" 'Start it, and run it again.'
        case $kind in
          postgres) let_postgres_go "$service" "$id" "$name" ;;
          mysql | mariadb) let_mysql_go "$service" "$id" "$name" ;;
          redis) let_redis_go "$service" "$id" ;;
        esac
        ;;
    esac
  done 5<"$scratch/wanted"
  [ -s "$scratch/gone" ] || fail refused request-refused "no restore of the backup $backup has left anything that could be dropped" \
    'To bring the backup back give its id as restore as well.'
  result backup "$backup"
  result folder "$folder"
  result dropped "$(paste -s -d ' ' - <"$scratch/gone")"
}

# After a crash. What has begun in the container has come to its end or not; what is there tells.
recover() {
  begin_restore
  if [ "$step" = confirm ]; then
    fail lost interrupted 'the run was cut off while it dropped what a restore had replaced' 'Run it again.'
  fi
  if ! journalled exchange:begin; then
    clear_away
    fail lost interrupted "the restore was cut off before it replaced anything: $attempt_kept" 'Run it again.'
  fi
  settle_places
  tidy_places
  if ! all_exchanged; then
    record_return_end failed
    fail lost interrupted "the restore was cut off; $(exchanged_text)" 'Run it again.'
  fi
  tell_return
}

# all_exchanged: whether everything that was loaded has taken its place.
all_exchanged() {
  local kind service id name new old is_there
  while read -r kind service id name new old is_there <&5; do
    exchanged "$kind" "$service" "$id" "$name" "$new" "$old" "$is_there" || return 1
  done 5<"$scratch/places"
}
