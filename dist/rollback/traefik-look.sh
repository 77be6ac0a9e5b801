# shellcheck shell=dash
# Where Traefik's share stands: in the last line of our file in the folder that it watches (watched; empty: none).
# Nothing above the site matters to it.

share_traefik() {
  [ -z "$watched" ] || sed -n 's/^# deploy-actions [^ ]* \([a-z0-9-]*\)$/\1/p' "$watched/deploy-actions-$project.yml" 2>/dev/null
}
