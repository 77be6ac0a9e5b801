# shellcheck shell=dash

# Brings a recorded release up in the idle colour, by the code that a deploy uses; no traffic is moved. Parameters: those
# of a deploy with colours (project is the colour's), and source (the recorded release), release (the same, or the id
# that it has in this colour: then $files/release holds what differs), failed_release, failed_project (the one that it
# runs in), actor, run_url, reason.
operate() {
  begin_work
  stood_by=$release
  phase preflight
  recorded=$path/releases/$source
  [ -f "$recorded/services" ] || fail refused release-gone "the release $source is not on the server any more" 'See list: true for those that are.'
  color_table=$recorded/services
  color_live_only=$recorded/live-only
  find_live || fail refused record-unreadable 'which colour is live is not known: .deploy/traffic.json cannot be read' \
    'Run blue-green-switch with to: the colour that has the traffic: it writes the record anew.'
  [ -z "$canary" ] || fail refused canary-on "a canary is on ($canary): traffic goes to both colours" 'End it with blue-green-switch first.'
  [ "$live" != "$color" ] || fail refused color-is-live "$color has the traffic by now" 'Run it again.'
  require_engine
  directory=$recorded
  release=$source
  prove_images
  release=$stood_by
  directory=$path/releases/$release
  if [ ! -f "$run/previous" ]; then slot_release >"$run/previous"; fi
  previous=$(cat "$run/previous")
  left_release=$failed_release
  prove_data 'no traffic was moved'
  take_data_back 'no traffic was moved' record_end "$failed_project"
  place_recorded || fail_unwritten "the release could not be written to $path$(data_text '')"
  phase up
  journalled up:begin || journal up:begin
  # What is in the colour meanwhile is no release that traffic could go to.
  rm -f "$path/.deploy/color-$color"
  if stand_by "$release"; then
    true >"$directory/deployed"
    journal committed
    record_end succeeded
    say "$release stands by in $color"
    return 0
  fi
  back_to_previous
}

# back_to_previous: the release did not become healthy, so the colour holds again what stood by in it, or nothing. Fails.
back_to_previous() {
  gather_evidence "$bad_services"
  cause=$problem
  outlast_cancel
  phase restore
  if [ -n "$previous" ] && [ "$previous" != "$release" ] && stand_by "$previous"; then left="$previous stands by in $color as before"; else
    take_down_color
    left="$color was taken down"
  fi
  record_end failed
  fail unhealthy release-unhealthy "$release did not become healthy in $color: $cause. $left; traffic was not touched$(data_text '')" \
    "$(data_remedy 'Choose another release with to.' '')"
}

# stand_by RELEASE: healthy in its colour, whatever was there before.
stand_by() {
  restore_references "$path/releases/$1" "$1" || {
    problem='an image of the release could not be given its name again'
    return 1
  }
  prepare_color "$path/releases/$1" && clear_plain "$path/releases/$1" && bring_up "$path/releases/$1" && wait_healthy "$path/releases/$1" && fill_slot "$1"
}

# The record of the release in this colour: the same, but for what the colour makes different.
place_recorded() {
  [ "$release" != "$source" ] || return 0
  if [ ! -d "$directory" ]; then
    rm -rf "$path/releases/.$release"
    cp -R "$recorded" "$path/releases/.$release" && rm -f "$path/releases/.$release/deployed" &&
      cp "$files"/release/* "$path/releases/.$release/" && write_release "$path/releases/.$release" "$failed_release" false true '' '' '' &&
      mv -T "$path/releases/.$release" "$directory" || return 1
  fi
  keep_images "$release" "$directory"
}

record_end() {
  record_stand_by "$release" "$color" "$1" "$reason" "$((($(date +%s) - begun) * 1000))" "$directory" "$(data_taken_back)"
  true >"$run/recorded"
}

# After a crash: what was begun goes on to its end. No traffic was moved.
recover() {
  if journalled committed; then
    begin_work
    directory=$path/releases/$release
    [ -f "$run/recorded" ] || record_end succeeded
    return 0
  fi
  if ! journalled up:begin && ! data_are_begun; then
    fail lost interrupted 'the rollback was cut off before it changed anything' 'Run it again.'
  fi
  operate
}
