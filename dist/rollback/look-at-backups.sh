# shellcheck shell=dash
# Which backups there are, and what the next one would save; changes nothing.
# Parameters: project, docker_host, plan (1: asks the services too), retention, keep_last. The file `sources` as for a
# backup.

inspect() {
  for each in "$path"/backups/*; do
    [ -d "$each" ] || continue
    if is_whole "$each"; then cat "$each/manifest.json" >>whole; elif [ -f "$each/manifest.json" ]; then echo "${each##*/}" >>broken; fi
  done
  : >>whole
  : >>broken
  result_file whole whole
  result_file broken broken
  [ -n "$plan" ] || return 0
  begin_look
  : >planned
  while read -r kind service names <&5; do
    case $kind in volume | path)
      echo "would save the $kind $names" >>planned
      continue
      ;;
    esac
    id=$(container_of_service "$service") || fail_for_engine 'the containers could not be listed'
    if [ -z "$id" ]; then
      echo "$service is not running" >>planned
      continue
    fi
    case $kind in
      postgres)
        postgres_databases "$id" >databases 2>said
        if [ -z "$names" ]; then
          without_maintenance "$id" <databases >all
          mv all databases
        fi
        awk -v service="$service" -v names=" $names " '{ size = $1; sub(/^[^ ]* /, ""); if (names ~ /^ *$/ || index(names, " " $0 " ")) print service, $0, size }' databases >>planned
        ;;
      *) echo "would save the $kind of $service${names:+: $names}" >>planned ;;
    esac
  done 5<sources
  result_file planned planned
  whole_backups | old_backups '' "$((keep_last - 1))" "$retention" >old
  result_file old old
  result room "$(room_left)"
}
