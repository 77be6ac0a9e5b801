# shellcheck shell=dash
# A database of SQLite is a file in a container. SQLite's own backup copies it while others write; a plain copy would be
# torn.

# find_sqlite SERVICE ID PATHS: they are there, and so is who can copy them.
find_sqlite() {
  local each
  engine_in "$2" sh -c 'command -v sqlite3' >/dev/null 2>&1 ||
    fail refused request-refused "there is no sqlite3 in the image of $1, which could copy a database that is in use" \
      'Add sqlite3 to the image, or save the file by volumes, with pause naming the service.'
  for each in $3; do
    # shellcheck disable=SC2016 # the container's own
    engine_in "$2" sh -c '[ -f "$1" ]' sh "$each" 2>/dev/null || fail input input-wrong "there is no file $each in $1" 'Correct its path in the input databases.'
    # shellcheck disable=SC2016 # the container's own
    printf '%s sqlite\n' "$(($(engine_in "$2" sh -c 'wc -c <"$1"' sh "$each")))" >>"$scratch/sizes"
  done
}

# save_sqlite SERVICE ID PATHS…
save_sqlite() {
  local service=$1 id=$2 each version
  shift 2
  version=$(engine_in "$id" sqlite3 --version 2>/dev/null | plain_line)
  for each; do
    # shellcheck disable=SC2016 # the container's own
    save_stream sqlite "$service" "$each" "$service.${each##*/}" "sqlite3 $version" "$id" 'copy=$(mktemp) && trap '\''rm -f "$copy"'\'' EXIT &&
  sqlite3 -bail -cmd ".timeout 30000" "$1" ".backup \"$copy\"" && cat "$copy"' "$each"
  done
}

# read_sqlite FILE ID: SQLite looks at all of it.
read_sqlite() {
  # shellcheck disable=SC2016 # the container's own
  stream_in "sqlite3 to read $1" "$saving/$1" "$2" 'copy=$(mktemp) && trap '\''rm -f "$copy"'\'' EXIT && cat >"$copy" && sqlite3 -bail "$copy" "PRAGMA integrity_check"'
  read_code=$?
  if [ "$read_code" = 0 ] && [ "$(cat "$scratch/answer")" != ok ]; then
    cp "$scratch/answer" "$scratch/said"
    return 1
  fi
  return "$read_code"
}
