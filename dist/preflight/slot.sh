# shellcheck shell=dash
# The place of a release: a colour, or without one that of the release that serves.
# Parameter: color (blue, green or empty).

# slot_release: the release in the place that this deployment replaces.
slot_release() {
  if [ -z "$color" ]; then
    current_release
    return
  fi
  slot_of=''
  { read -r slot_of <"$path/.deploy/color-$color"; } 2>/dev/null || true
  [ -z "$slot_of" ] || [ ! -f "$path/releases/$slot_of/services" ] || printf '%s' "$slot_of"
}

# fill_slot RELEASE: from now on it is that one.
fill_slot() {
  if [ -z "$color" ]; then link_current "$1"; else printf '%s\n' "$1" | write_file "$path/.deploy/color-$color"; fi
}
