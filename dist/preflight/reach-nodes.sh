# shellcheck shell=dash

# reach_nodes COUNT PATHS… ADDRESSES…: `missing PATH` for each of the COUNT paths that is not here; and of each address, host:port,
# `open`, `closed`, or `unknown` where this server has no program that can ask.
reach_nodes() {
  reach_left=$1
  shift
  while [ "$reach_left" -gt 0 ]; do
    [ -e "$1" ] || printf 'missing %s\n' "$1"
    reach_left=$((reach_left - 1))
    shift
  done
  for reach_address; do
    printf '%s %s\n' "$(reach_one "${reach_address%:*}" "${reach_address##*:}")" "$reach_address" &
  done
  wait
}

# reach_one HOST PORT: over TCP, within three seconds.
reach_one() {
  if command -v bash >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # its own words
    if timeout 3 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1; then echo open; else echo closed; fi
  elif command -v nc >/dev/null 2>&1; then
    if timeout 3 nc -w 3 "$1" "$2" </dev/null >/dev/null 2>&1; then echo open; else echo closed; fi
  else
    echo unknown
  fi
}
