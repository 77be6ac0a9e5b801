# shellcheck shell=dash
# What every program of the traffic begins with.

# look_at_tools: the engine is the right one, and what runs only where the traffic is is known.
look_at_tools() {
  # Left by a run that was cut off: without it a canary is not logged.
  [ ! -e "$folder/watch" ] || rm -f "$folder/watch"
  engine_use "$docker_host"
  find_live_only
}
