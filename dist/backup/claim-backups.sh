# shellcheck shell=dash
# The folder of the backups is made ready for whoever writes there.

# claim_backups: `backups` is ours, and what an earlier run left there unfinished goes: nobody else writes while we have
# the lock.
claim_backups() {
  local each
  mkdir -p "$path/backups" || fail_unwritten "$path/backups could not be made"
  if [ -n "$(find "$path/backups" -prune \( ! -type d -o ! -user "$(id -u)" \))" ]; then
    fail refused path-not-usable "$path/backups is no folder of the login user's own" "Give it to the login user: sudo chown $(id -un) $path/backups"
  fi
  for each in "$path"/backups/.new-*; do
    [ ! -d "$each" ] || rm -rf "$each"
  done
}
