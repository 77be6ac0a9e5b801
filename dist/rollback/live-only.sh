# shellcheck shell=dash
# What runs only where the traffic is: it stops in one colour before it starts in the other.

# lead_live_only COLOR: stops it in the other colour and starts it in this one. Where it does not stop it is not started either,
# since it must never run twice.
lead_live_only() {
  stop_live_only "$(other_color "$1")" || {
    warn "what runs only where the traffic is did not stop in $(other_color "$1"), so it was not started in $1: it must not run twice"
    return 1
  }
  start_live_only "$1" || {
    warn "what runs only where the traffic is could not be started in $1"
    return 1
  }
}

# stop_live_only COLOR: false where one may still be up.
stop_live_only() {
  for_live_only "$1" up stop engine_stop 30 && return 0
  # One may have gone by itself meanwhile; what counts is that none is up.
  stop_left=$(live_only_of "$1" up) && [ -z "$stop_left" ]
}

# start_live_only COLOR: after a deploy they are not even made.
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

# live_only_of COLOR WHICH: lines of those that are `up`, or come up by themselves, or of those that are `idle`.
live_only_of() {
  of_table=$(live_only_table "$1") || return 1
  printf '%s\n' "$of_table" | awk -v which="$2" 'NF && ($3 !~ /^(created|exited|dead|removing)$/) == (which == "up")'
}

# for_live_only COLOR WHICH WORD COMMAND…: all of them that are up (WHICH; idle: that are not) at once, in one call of the
# engine. WORD says to people what is done. False also where nobody can see which ones there are.
for_live_only() {
  [ -n "$live_only" ] || return 0
  each_color=$1
  each_table=$(live_only_of "$1" "$2") || return 1
  each_word=$3
  shift 3
  [ -n "$each_table" ] || return 0
  say "$each_word: $(printf '%s\n' "$each_table" | awk '{ print $2 }' | sort -u | tr '\n' ' ')in $each_color"
  # shellcheck disable=SC2046 # ids
  run "what runs only where the traffic is to $each_word in $each_color" "$@" $(printf '%s\n' "$each_table" | awk '{ print $1 }') >/dev/null
}
