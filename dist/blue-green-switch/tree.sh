# shellcheck shell=dash
# Many files at once: what the server has from an earlier deployment is not sent again.

# The files of list $1 (lines of mode, sha256 and name) into the new folder $2; a `visit` ($3) keeps nothing of them. The
# frame `missing` says which of them are not here, by their lines in the list (`all`, or numbers); those come as a tar
# archive, which is the rest of stdin. .deploy/sent has what an earlier list brought. It is nothing that counts: each file
# of it is looked at anew.
_receive_tree() {
  command -v tar >/dev/null || _refuse refused tool-missing 'the server has no tar, which many files need' 'Install tar there.'
  _take_sent "$2"
  _compare_tree "$1" "$2"
  _with_names "$1.spare" "$2" rm -f
  [ ! -s "$1.spare" ] || (cd "$2" && find . -depth -type d -exec rmdir {} +) 2>/dev/null
  if [ -s "$1.there" ]; then
    _frame_file missing "$1.missing"
  else
    frame missing all
  fi
  mkdir -p "$2"
  [ ! -s "$1.sums" ] || _unpack_missing "$1" "$2"
  # As they arrive, and as they were kept; but what is equal may have been a program before, or be one now.
  find "$2" -type f ! -perm 600 -exec chmod 600 {} +
  _with_names "$1.run" "$2" chmod 700
  if [ -s "$1.sums" ] || [ -s "$1.spare" ]; then
    # The look goes on meanwhile, and its end waits for it.
    sync -f "$2" >/dev/null 2>&1 3>&- &
    host_syncing=$!
    [ "${3-}" = visit ] || _keep_sent "$2" "$1.kept"
  fi
  rm -rf "$1" "$1".*
}

# What an earlier list has brought, into the new folder $1; where there is nothing, no folder is made.
_take_sent() {
  if [ ! -d "$path/.deploy/sent" ] || [ -L "$path/.deploy/sent" ]; then return 0; fi
  # Links, since what was sent is never written to in place; copies where the file system has none.
  cp -Rl "$path/.deploy/sent" "$1" 2>/dev/null || {
    rm -rf "$1"
    cp -R "$path/.deploy/sent" "$1" 2>/dev/null || rm -rf "$1"
  }
}

# What of list $1 is in folder $2: $1.there has sum and name of each file, $1.missing the lines of the list that are not
# there, $1.sums what is to arrive, $1.run those that are programs, and $1.spare what no line of the list names.
_compare_tree() {
  { mkdir -p "$2" && (cd "$2" && find . -type f -exec sha256sum {} +) >"$1.there" && true >"$1.spare" && true >"$1.sums" && true >"$1.run"; } ||
    _refuse_unwritten "$2 cannot be made"
  # A line of sha256sum is the sum, two spaces and ./name.
  if ! awk -v spare="$1.spare" -v sums="$1.sums" -v run="$1.run" '
    there { sum[substr($0, 69)] = substr($0, 1, 64); next }
    {
      name = substr($0, 70)
      if (substr($0, 1, 3) == "700") print name >run
      if (sum[name] == substr($0, 5, 64)) sum[name] = ""
      else { print FNR; print substr($0, 5, 64) "  " name >sums }
    }
    END { for (name in sum) if (sum[name] != "") print name >spare }
  ' there=1 "$1.there" there=0 "$1" >"$1.missing" || [ "$(($(wc -l <"$1.missing")))" != "$(($(wc -l <"$1.sums")))" ]; then
    _refuse_unwritten "what is in $2 could not be compared with what it should be"
  fi
}

# The archive on stdin into folder $2; what it brings is held against the sums of list $1.
_unpack_missing() {
  tar -xomf - -C "$2" || _refuse_unwritten "the files could not be written to $2"
  (cd "$2" && sha256sum -c "$1.sums" >/dev/null 2>&1) ||
    _refuse_unwritten "what arrived in $2 is not what was sent"
}

host_syncing=''

# Until what arrived will last.
_await_sync() {
  [ -z "$host_syncing" ] || wait "$host_syncing" || sync
}

# Runs a command on the names in list $1, from folder $2: LIST FOLDER COMMAND…
_with_names() {
  local list=$1 folder=$2
  shift 2
  [ ! -s "$list" ] || (cd "$folder" && tr '\n' '\0' <"$list" | xargs -0 "$@" --) ||
    _refuse_unwritten "the files in $folder could not be changed"
}

# .deploy/sent becomes as folder $1 is, by way of $2. Two who do it at once leave that of one of them, or none.
_keep_sent() {
  cp -Rl "$1" "$2" 2>/dev/null || {
    rm -rf "$2"
    cp -R "$1" "$2" 2>/dev/null || return 0
  }
  mv -T "$path/.deploy/sent" "$2.old" 2>/dev/null
  mv -T "$2" "$path/.deploy/sent" 2>/dev/null || :
}
