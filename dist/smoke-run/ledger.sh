# shellcheck shell=dash
# The only writer of history.jsonl, traffic.json, release.json, a backup's manifest.json and the link current. What is
# written is what the schemas of packages/ledger say. actor, run_url and reason come as the inside of a JSON string
# (`jsonText`); ids, shares and colours need no escaping.
# Parameters: deployment_id, actor, run_url.

utc_now() {
  date -u +%Y-%m-%dT%H:%M:%SZ
}

# --- history.jsonl ----------------------------------------------------------------------------------------

# Each of these appends a line, for one kind of operation.

# record_deploy RELEASE COLOR OUTCOME BAD MILLISECONDS IMAGES DIGESTS [FREE]: the files have lines of a service and its
# image's id, or the references by digest that its image has. FREE: bytes that were left on the disk of the images.
record_deploy() {
  append_history deploy "$1" "$2" "$3" "$4" '' "\"duration_ms\":$5,\"digests\":{$(told_digests "$6" "$7")}${8:+,\"free_bytes\":$8}"
}

# record_move OPERATION RELEASE FROM TO OUTCOME REASON: of the traffic, from share to share; also where it stayed.
record_move() {
  append_history "$1" "$2" "$(share_color "$4")" "$5" false "$6" "\"from\":\"$3\",\"to\":\"$4\""
}

# record_return RELEASE PREVIOUS OUTCOME REASON MILLISECONDS DATA: a release came back in place of another one. DATA: not
# empty where the data were taken back for it.
record_return() {
  append_history rollback "$1" '' "$3" false "$4" "\"previous\":\"$2\",\"duration_ms\":$5${6:+,\"data_taken_back\":true}"
}

# record_stand_by RELEASE COLOR OUTCOME REASON MILLISECONDS DIRECTORY DATA: a release was brought up in the idle colour.
record_stand_by() {
  append_history redeploy "$1" "$2" "$3" false "$4" "\"duration_ms\":$5,\"digests\":{$(told_digests "$6/images" "$6/digests")}${7:+,\"data_taken_back\":true}"
}

# mark_release RELEASE rolled-back|taken-back: a rollback leaves a release that is not to be chosen again by itself; a
# rollback that is undone takes the mark off.
mark_release() {
  append_history rollback "$1" '' "$2" "$(if [ "$2" = rolled-back ]; then echo true; else echo false; fi)" '' ''
}

# record_backup BACKUP OUTCOME VERIFIED BYTES MILLISECONDS: it is about no release, or its success would take a mark off.
record_backup() {
  append_history backup '' '' "$2" false '' "\"backup\":\"$1\",\"verified\":\"$3\",\"bytes\":$4,\"duration_ms\":$5"
}

# record_restore BACKUP OUTCOME MILLISECONDS SAVED: of the data, about no release. SAVED: when those that took the place of
# others were saved; empty where none did.
record_restore() {
  append_history restore '' '' "$2" false '' "\"backup\":\"$1\",\"duration_ms\":$3${4:+,\"data_saved\":\"$4\"}"
}

# append_history OPERATION RELEASE COLOR OUTCOME BAD REASON MORE
append_history() {
  # What a power cut left of a line must not take this one along.
  if [ -s "$path/.deploy/history.jsonl" ] && [ -n "$(tail -c 1 "$path/.deploy/history.jsonl")" ]; then
    echo >>"$path/.deploy/history.jsonl"
  fi
  printf '{"operation":"%s","deployment_id":"%s","release":"%s",%s"color":"%s","actor":"%s","run_url":"%s","reason":"%s",%s"outcome":"%s","bad":%s,"at":"%s"}\n' \
    "$1" "$deployment_id" "$2" "$(release_facts "$2")" "$3" "$actor" "$run_url" "$6" "${7:+$7,}" "$4" "$5" "$(utc_now)" \
    >>"$path/.deploy/history.jsonl" || warn "the history could not be written ($path/.deploy/history.jsonl): it does not have that $1${2:+ of $2}, with the outcome $4"
  keep_on_disk "$path/.deploy/history.jsonl"
}

# release_facts RELEASE: what its record says of version, environment, ref and commit, as keys and values of JSON with a
# comma behind each. A release that is just being deployed has only the beginning of a record.
release_facts() {
  local file
  [ -n "$1" ] || return 0
  for file in "$path/releases/$1/release.json" "$path/releases/$1/release.head" "${files-}/release/release.head"; do
    if [ ! -f "$file" ] || [ "$(head -c "$((${#1} + 8))" "$file")" != "{\"id\":\"$1\"" ]; then continue; fi
    # Within a string every quote has a backslash before it, so that these are keys.
    sed 's/"services":\[.*//' "$file" | awk '
      {
        n = split("version environment ref sha", keys, " ")
        for (i = 1; i <= n; i++) {
          if (match($0, "\"" keys[i] "\":\"([^\"\\\\]|\\\\.)*\"")) printf "%s,", substr($0, RSTART, RLENGTH)
        }
        exit
      }'
    return 0
  done
}

# told_digests IMAGES DIGESTS: the digest of each service's image, else its id: references and hashes need no escaping.
told_digests() {
  cat "$1" "$2" 2>/dev/null | awk '
    $2 == "" { next }
    !($1 in told) { order[++n] = $1 }
    { told[$1] = $2 }
    END { for (i = 1; i <= n; i++) printf "%s\"%s\":\"%s\"", (i > 1 ? "," : ""), order[i], told[order[i]] }'
}

# keep_on_disk FILE: what was written to it lasts, also through a power cut.
keep_on_disk() {
  dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync
}

# --- traffic.json and current -----------------------------------------------------------------------------

# write_traffic PROJECT PROXY CONTAINER SHARE SINCE RELEASE FENCE FOLDER ROUTES: ROUTES is JSON of the runner's.
write_traffic() {
  local previous
  previous=$(recorded_text release)
  [ "$previous" != "$6" ] || previous=$(recorded_text previous)
  printf '{"project":"%s","proxy":"%s","container":"%s","share":"%s","since":"%s","release":"%s","previous":"%s","fence":%s,"folder":"%s","routes":%s}\n' \
    "$1" "$2" "$3" "$4" "$5" "$6" "$previous" "$7" "$8" "$9" | write_file "$path/.deploy/traffic.json"
}

# link_current RELEASE: in one step, and only where it is another one.
link_current() {
  [ "$(readlink "$path/current" 2>/dev/null)" != "releases/$1" ] || return 0
  rm -f "$path/.deploy/current.new"
  ln -s "releases/$1" "$path/.deploy/current.new" && mv -T "$path/.deploy/current.new" "$path/current"
}

# --- release.json -----------------------------------------------------------------------------------------

# write_release DIRECTORY PREVIOUS RAN REVERSIBLE BEFORE AFTER BACKUP: the runner's part in release.head, which is JSON
# without its last brace, and what is known on the server alone. The four before the last tell of the migrations.
write_release() {
  {
    cat "$1/release.head"
    printf ',"created":"%s","previous":"%s","images":{' "$(utc_now)" "$2"
    awk '{ printf "%s\"%s\":\"%s\"", separator, $1, $2; separator = "," }' "$1/images"
    printf '},"migrations":{"ran":%s,"reversible":%s,"state_before":"%s","state_after":"%s"},"backup":"%s"}\n' "$3" "$4" "$5" "$6" "$7"
  } | write_file "$1/release.json"
}

# --- manifest.json of a backup ----------------------------------------------------------------------------

# write_manifest FOLDER ID CREATED PROJECT RELEASE VERIFIED SERVICES FILES: the last thing that is written into the folder.
# SERVICES has lines of name, image, image id and state; FILES has lines with tabs: name, kind, service, source, bytes,
# SHA-256, tool, and what a query answered as the inside of a JSON string. The other words need no escaping.
write_manifest() {
  {
    printf '{"id":"%s","created":"%s","deployment_id":"%s","project":"%s","release":"%s",%s"actor":"%s","run_url":"%s","verified":"%s",' \
      "$2" "$3" "$deployment_id" "$4" "$5" "$(release_facts "$5")" "$actor" "$run_url" "$6"
    awk -F '\t' '{ bytes += $5 } END { printf "\"bytes\":%.0f,\"services\":[", bytes }' "$8"
    awk '{ printf "%s{\"name\":\"%s\",\"image\":\"%s\",\"image_id\":\"%s\",\"state\":\"%s\"}", separator, $1, $2, $3, $4; separator = "," }' "$7"
    printf '],"files":['
    awk -F '\t' '{
      printf "%s{\"name\":\"%s\",\"kind\":\"%s\",\"service\":\"%s\",\"source\":\"%s\",\"bytes\":%s,\"sha256\":\"%s\",\"tool\":\"%s\",\"answer\":\"%s\"}", separator, $1, $2, $3, $4, $5, $6, $7, $8
      separator = ","
    }' "$8"
    printf ']}\n'
  } | write_file "$1/manifest.json"
}
