# shellcheck shell=dash
# What the records say of the traffic, and what a program writes into them.

# The traffic is on a share since now.
record_traffic() {
  fence=$(recorded_fence)
  put_traffic "$1" "$(utc_now)" $((${fence:-0} + 1))
}

# For a run that moved no traffic: timers go by the fence, so that it rises only where the record said something else.
keep_traffic() {
  keep_said="$(recorded_text proxy) $(recorded_text container) $(recorded_text folder) $(recorded_text share) $(recorded_text release)"
  fence=$(recorded_fence)
  if [ -n "$fence" ] && [ "$keep_said" = "$proxy $proxy_container $folder $1 $(color_release "$(share_color "$1")")" ]; then
    put_traffic "$1" "$(recorded_text since)" "$fence"
  else
    record_traffic "$1"
  fi
}

# put_traffic SHARE SINCE FENCE: into the record; `current` leads to what serves.
put_traffic() {
  fence=$3
  put_release=$(color_release "$(share_color "$1")")
  write_traffic "$project" "$proxy" "$proxy_container" "$1" "$2" "$put_release" "$3" "$folder" "$routes_json"
  if [ -n "$put_release" ] && [ -d "$path/releases/$put_release" ]; then link_current "$put_release"; fi
}

# record_switch FROM TO OUTCOME REASON: what became of the traffic, in a line of the history.
record_switch() {
  record_move "$operation" "$(color_release "$(share_color "$2")")" "$1" "$2" "$3" "$4"
}
