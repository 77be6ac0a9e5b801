# shellcheck shell=dash
# What has the traffic. The engine's own part says by `plain_runs` whether the plain stack is up.

# find_live: what has the traffic. Sets live and canary. False where the record of it cannot be read.
find_live() {
  live=
  canary=
  live_share=$(recorded_share) || return 1
  case $live_share in *-*) canary=$live_share ;; esac
  if [ -n "$live_share" ]; then live=$(live_color "$live_share" ''); else live=$(live_color '' "$(plain_runs)"); fi
}
