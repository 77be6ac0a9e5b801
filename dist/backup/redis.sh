# shellcheck shell=dash
# Redis and Valkey are saved as a fresh RDB file, which the server sends as it would to a replica: nothing that lies on its
# disk is copied.

# find_redis SERVICE ID: it answers, and how much it holds.
find_redis() {
  # shellcheck disable=SC2016 # the container's own
  engine_in "$2" sh -c "$redis_login"'exec "$client" --no-auth-warning INFO memory' >"$scratch/answer" 2>"$scratch/said" || :
  if ! grep -q '^used_memory:[0-9]' "$scratch/answer"; then
    cat "$scratch/answer" >>"$scratch/said"
    details "$scratch/said"
    fail refused request-refused "the Redis of $1 does not answer: $(last_said)" \
      'Where it asks for a password, give that to its container as REDISCLI_AUTH or REDIS_PASSWORD.'
  fi
  tr -d '\r' <"$scratch/answer" | sed -n 's/^used_memory:/ /p' | awk '{ print $1 " redis" }' >>"$scratch/sizes"
  # shellcheck disable=SC2016 # the container's own
  [ "$verify" = none ] || engine_in "$2" sh -c 'command -v redis-check-rdb || command -v valkey-check-rdb' >/dev/null 2>&1 ||
    fail refused request-refused "the image of $1 has no redis-check-rdb, so that what is saved of it could not be read back" 'Save it in a step of its own with verify: none.'
}

# save_redis SERVICE ID
save_redis() {
  local version length file=$1.rdb
  # shellcheck disable=SC2016 # the container's own
  version=$(engine_in "$2" sh -c "$redis_login"'exec "$client" --version' 2>/dev/null | plain_line)
  save_begin redis "$1" '' "$file" "$version"
  # shellcheck disable=SC2016 # the container's own
  stream_out "$1 to be saved" "$saving/$file" "$2" "$redis_login"'exec "$client" --no-auth-warning --rdb -'
  ended_early $? "$1 could not be saved"
  grep -q 'Transfer finished with success' "$scratch/said" || give_up "$1 was not sent to its end: $(last_said)"
  # To a file of its own the tool would cut off the mark that ends the stream.
  length=$(sed -n 's/.*finished with success after \([0-9]*\) bytes.*/\1/p' "$scratch/said")
  [ -z "$length" ] || truncate -s "$length" "$saving/$file" || give_up "$file could not be cut to its length"
  case $(head -c 6 "$saving/$file") in REDIS* | VALKEY) ;; *) give_up "what was saved of $1 is no RDB file" ;; esac
  save_end
}

# read_redis FILE ID: to its checksum.
read_redis() {
  # shellcheck disable=SC2016 # the container's own
  stream_in "redis-check-rdb to read $1" "$saving/$1" "$2" 'check=$(command -v redis-check-rdb || command -v valkey-check-rdb) && cat | "$check" /dev/stdin'
  read_code=$?
  [ "$read_code" = 0 ] || cp "$scratch/answer" "$scratch/said"
  [ "$read_code" != 0 ] || grep -q 'Checksum OK' "$scratch/answer" || {
    echo 'it has no checksum that is right' >"$scratch/said"
    return 1
  }
  return "$read_code"
}
