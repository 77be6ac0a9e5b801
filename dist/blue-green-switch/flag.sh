# shellcheck shell=dash
# The share as the name of a file in the folder of the flags. Parameters: folder, share_names.

# The flag that is there. Only one ever is: a switch renames it.
flag_observe() {
  for flag_name in $share_names; do
    if [ -f "$folder/$flag_name" ]; then
      printf '%s\n' "$flag_name"
      return 0
    fi
  done
  return 1
}

# flag_apply SHARE: in one step, so that the proxy sees the old flag or the new one.
flag_apply() {
  flag_old=$(flag_observe) || flag_old=
  [ "$flag_old" != "$1" ] || return 0
  if [ -z "$flag_old" ]; then
    true >"$folder/.new" && mv -f "$folder/.new" "$folder/$1"
  else
    mv -f "$folder/$flag_old" "$folder/$1"
  fi
}
