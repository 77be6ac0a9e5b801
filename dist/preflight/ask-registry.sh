# shellcheck shell=dash
# Asks the registries for images that the server has not: whether they are there for us, and how much room they take.
# Parameters: references (one per line), min_free_disk (bytes).

inspect() {
  engine_use "$docker_host"
  scratch=$PWD/asked
  mkdir "$scratch"
  open_login || fail remote write-failed 'no folder for the login could be made'
  each_reference ask_image
  wait
  close_login
  each_reference tell_image
  result wanted "$(room_wanted "$(cat "$scratch"/size.* | awk '{ total += $1 } END { printf "%.0f", total }')" "$min_free_disk")"
}

# each_reference COMMAND: runs it with each of them and its number.
each_reference() {
  registry_number=0
  while read -r registry_reference; do
    [ -n "$registry_reference" ] || continue
    registry_number=$((registry_number + 1))
    "$1" "$registry_reference" "$registry_number" </dev/null
  done <<LIST
$references
LIST
}

ask_image() {
  manifest_size "$1" "$2" >"$scratch/size.$2" 2>"$scratch/said.$2" &
}

tell_image() {
  apart "image_$2" judge_image "$1" "$2"
}

judge_image() {
  registry_size=$(cat "$scratch/size.$2")
  if [ "${registry_size:-0}" -gt 0 ]; then
    result size "$registry_size"
    return 0
  fi
  registry_said=$(cat "$scratch/said.$2")
  if complaint_about "$registry_said" "$1" "$registry"; then
    fail "$complaint_kind" "$complaint_code" "$complaint_message" "$complaint_remedy"
  fi
  fail remote pull-failed "the registry does not tell of $1: $(complaint_last "${registry_said:-it said nothing}")" 'Try it on the server: docker manifest inspect.'
}
