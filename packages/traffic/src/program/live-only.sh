# shellcheck shell=dash
# What runs only where the traffic is: it stops in one colour before it starts in the other.

stop_live_only() { for_live_only "$1" running stop engine_stop 30; }

start_live_only() {
  [ -n "$live_only" ] || return 0
  start_release=$path/releases/$(color_release "$1")
  # A deploy of a colour leaves them unmade: its release says how they are.
  if [ -s "$start_release/live-only" ] && [ -f "$path/.deploy/color-$1" ]; then
    start_names=$(awk '{ print $7 }' "$start_release/live-only" | tr '\n' ' ')
    say "start: ${start_names}in $1"
    # shellcheck disable=SC2086 # names of services have no spaces
    run "$start_names to start in $1" engine_start "$project-$1" "$start_release" changed "" $start_names
  else
    for_live_only "$1" idle start engine_resume
  fi
}

# follow_traffic COLOR: what shared services ask for leads to it. Of a plain stack the release does not say who meets whom;
# then that of the other colour does.
follow_traffic() {
  follow_release=$path/releases/$(color_release "$1")
  [ -f "$follow_release/networks" ] || follow_release=$path/releases/$(color_release "$(other_color "$1")")
  # Deployed when shared services found either colour.
  [ -f "$follow_release/networks" ] || return 0
  follow_live "$project" "$1" "$follow_release" && return 0
  warn "what shared services ask for could not be led to $1: it may still go to $(other_color "$1"); run this again"
  return 1
}

# for_live_only COLOR WHICH WORD COMMAND…: all of them that are running (WHICH; idle: that are not) at once, in one call of the
# engine. WORD says to people what is done. False also where nobody can see which ones there are.
for_live_only() {
  [ -n "$live_only" ] || return 0
  each_color=$1
  each_table=$(live_only_table "$1") || return 1
  each_table=$(printf '%s\n' "$each_table" | awk -v which="$2" 'NF && ($3 == "running") == (which == "running")')
  each_word=$3
  shift 3
  [ -n "$each_table" ] || return 0
  say "$each_word: $(printf '%s\n' "$each_table" | awk '{ print $2 }' | sort -u | tr '\n' ' ')in $each_color"
  # shellcheck disable=SC2046 # ids
  run "what runs only where the traffic is to $each_word in $each_color" "$@" $(printf '%s\n' "$each_table" | awk '{ print $1 }') >/dev/null
}
