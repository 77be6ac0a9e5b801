# shellcheck shell=dash
# Which backups may go, and which a release still needs.

# old_backups ID KEEP SECONDS: of the lines on stdin the ids that may go, now that ID is whole: older than so many seconds,
# and not among the newest KEEP, nor the newest that was proven, nor named by a release that is kept, nor the newest of one.
old_backups() {
  local limit
  limit=$(date -u -d "@$(($(date +%s) - $3))" +%Y-%m-%dT%H:%M:%SZ) || return 1
  awk -v own="$1" -v keep="$2" -v limit="$limit" -v kept="$(kept_releases)" -v named="$(named_backups)" '
    BEGIN { n = split(kept, names, " "); for (i = 1; i <= n; i++) is_kept[names[i]] = 1
      n = split(named, names, " "); for (i = 1; i <= n; i++) is_named[names[i]] = 1 }
    {
      needed = $2 == own || NR <= keep || ($2 in is_named)
      if ($3 != "none" && !proven++) needed = 1
      if (($5 in is_kept) && !told[$5]++) needed = 1
      if (!needed && $1 < limit) print $2
    }'
}

# kept_releases: the releases that could be gone back to, as words.
kept_releases() {
  local each
  for each in "$path"/releases/*/release.json; do
    [ ! -f "$each" ] || basename "${each%/release.json}"
  done | tr '\n' ' '
}

# named_backups: the backups that the records of releases name, as words.
named_backups() {
  local each
  for each in "$path"/releases/*/release.json; do
    [ ! -f "$each" ] || sed -n 's/.*},"backup":"\([a-z0-9._-]*\)"}$/\1/p' "$each"
  done | tr '\n' ' '
}
