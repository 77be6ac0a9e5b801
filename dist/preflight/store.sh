# shellcheck shell=dash
# Where releases lie on the server: releases/<id>, files/<sha256>, the link `current`, the tags of kept images.
# Parameters: project, release, keep_releases.

# begin_placing: what was sent goes into its place while something else is waited for. placed: whether it is there, in the end.
# What no release mounts in the end is nobody's, and goes with the next retention.
store_placing=
begin_placing() {
  (exec 9>&- && place_files && true >"$scratch/placed") &
  store_placing=$!
}
placed() {
  wait_out "$store_placing"
  [ -f "$scratch/placed" ]
}

# place_files: what was sent and is mounted goes to files/<sha256>/…, by content. The list has lines of
# sha256, mode, path in the tree, path in the folder of the files sent; with tabs between. They are copies, and no links of
# what came: .deploy/sent has that for the next time, a container may write to what it mounts, and a program there that
# sees by the count of links when a look has begun could change a file between its check and Compose's reading of it.
place_files() {
  [ -d "$path/files" ] || mkdir "$path/files" || return 1
  # shellcheck disable=SC2013 # hashes
  for store_sha in $(cut -f 1 "$files/release/trees" | sort -u); do
    [ ! -d "$path/files/$store_sha" ] || continue
    rm -rf "$path/files/.$store_sha"
    mkdir -p "$path/files/.$store_sha" || return 1
    # All of a tree has the same way from the folder of the files sent to where the tree begins.
    store_from=$(awk -F '\t' -v sha="$store_sha" '$1 == sha { print substr($4, 1, length($4) - length($3)); exit }' "$files/release/trees")
    awk -F '\t' -v sha="$store_sha" -v run="$scratch/tree.run" '$1 == sha { print $3; if ($2 == "0755") print $3 >run }' "$files/release/trees" >"$scratch/tree"
    # Containers run as other users: what is mounted must be readable to them. The folder above is 0700.
    # The $0 in quotes is the inner shell's.
    # shellcheck disable=SC2016
    place_named "$scratch/tree" "$files/$store_from" sh -c 'exec cp --parents -- "$@" "$0"' "$path/files/.$store_sha" &&
      find "$path/files/.$store_sha" -type d -exec chmod 0755 {} + &&
      find "$path/files/.$store_sha" -type f -exec chmod 0644 {} + || return 1
    if [ -f "$scratch/tree.run" ]; then
      place_named "$scratch/tree.run" "$path/files/.$store_sha" chmod 0755 -- && rm "$scratch/tree.run" || return 1
    fi
    mv -T "$path/files/.$store_sha" "$path/files/$store_sha" || return 1
  done
}

# place_named LIST FOLDER COMMAND…: the command with the names in a list, from a folder.
place_named() {
  store_list=$1
  store_folder=$2
  shift 2
  (cd "$store_folder" && tr '\n' '\0' <"$store_list" | xargs -0 "$@")
}

tab=$(printf '\t')

# place_release: releases/<id> from the files of the run.
place_release() {
  [ -d "$path/releases" ] || mkdir "$path/releases" || return 1
  [ -d "$path/shared" ] || mkdir -m 0755 "$path/shared" || return 1
  placed || return 1
  place_links || return 1
  if [ ! -d "$path/releases/$release" ]; then
    rm -rf "$path/releases/.$release"
    cp -R "$files/release" "$path/releases/.$release" && mv -T "$path/releases/.$release" "$path/releases/$release" || return 1
  fi
  [ ! -f "$files/env.base" ] || cp "$files/env.base" "$path/releases/$release/env"
  cp "$files/release/images" "$files/release/digests" "$path/releases/$release/" || return 1
  [ ! -f "$files/release/adopted" ] || cat "$files/release/adopted" >>"$path/.deploy/adopted"
  drop_sent
}

# drop_sent: what was sent is in its place now, and holds secrets.
drop_sent() {
  rm -rf "${files:?}/project" "$files/env.base"
}

# place_links: on adoption, what the old stack mounts from its own folder is linked into shared/, so that it is the
# same data. The list has the old path and the name in shared/, with a tab between.
place_links() {
  [ -f "$files/release/links" ] || return 0
  while IFS=$tab read -r store_old store_name; do
    if [ -e "$path/shared/$store_name" ] || [ -L "$path/shared/$store_name" ]; then continue; fi
    mkdir -p "$(dirname "$path/shared/$store_name")" && ln -s "$store_old" "$path/shared/$store_name" || return 1
    say "shared/$store_name is $store_old"
  done <"$files/release/links"
}

# forget_release RELEASE: its folder and its images.
forget_release() {
  cp "$path/releases/$1/images" "$scratch/forgotten" 2>/dev/null || true >"$scratch/forgotten"
  rm -rf "${path:?}/releases/${1:?}"
  forget_images "$1"
}

# retain: keeps the newest releases that were deployed, `keep_releases` with the current one and the one before it,
# drops failed ones, files that no kept release mounts, and images that were pulled ahead for a deployment that never came.
retain() {
  store_current=$(current_release)
  # Ids are of a checked character set.
  # shellcheck disable=SC2012
  ls -t "$path/releases" | {
    store_kept=2
    while read -r store_old; do
      case $store_old in "$store_current" | "$previous") continue ;; esac
      # A colour that is up, or warm, is what the switch and rollback go to.
      ! grep -qsx "$store_old" "$path/.deploy/color-blue" "$path/.deploy/color-green" || continue
      if [ -f "$path/releases/$store_old/deployed" ] && [ "$store_kept" -lt "$keep_releases" ]; then
        store_kept=$((store_kept + 1))
        continue
      fi
      say "forgets the release $store_old"
      forget_release "$store_old" </dev/null
    done
  }
  forget_old_pulls
  # What a crash left half placed.
  rm -rf "$path"/files/.[0-9a-f]*
  for store_tree in "$path"/files/*; do
    [ -d "$store_tree" ] || continue
    cat "$path"/releases/*/trees 2>/dev/null | grep -q "^${store_tree##*/}$tab" && continue
    # A service that was kept from an earlier release has its files from there.
    grep -qsF "/files/${store_tree##*/}/" "$path"/releases/*/compose.json "$path"/releases/*/shared/compose.json || rm -rf "$store_tree"
  done
}

# record_deployment OUTCOME [BAD]: how the deploy ended, in a line of the history.
record_deployment() {
  record_deploy "$release" "$color" "$1" "${2:-false}" "$((($(date +%s) - begun) * 1000))" "$files/release/images" "$files/release/digests" \
    "$(free_for_images)"
  end_lead
  true >"$run/recorded"
}

# stop KIND MESSAGE [REMEDY]: ends the operation before anything was changed, with a line of history.
stop() {
  # It must not outlive us, who have the lock.
  [ -z "$store_placing" ] || placed || :
  record_deployment failed
  fail "$@"
}

# write_release_json DIRECTORY PREVIOUS BACKUP: the record of a release that is proven, or was found here.
write_release_json() {
  write_release "$1" "$2" "$(if journalled migration:begin; then echo true; else echo false; fi)" "$migration_reversible" \
    "$(state_hash before)" "$(state_hash after)" "$3"
}

state_hash() {
  [ ! -f "$run/migration-state.$1" ] || sha256sum <"$run/migration-state.$1" | cut -d ' ' -f 1
}
