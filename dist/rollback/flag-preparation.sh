# shellcheck shell=dash
# What install and uninstall do for a proxy that goes by flags. Parameters: see preparation.sh.

prepare_steps() {
  prepare_folder
  prepare_log
  [ "$root_steps" = told ] || flag_observe >/dev/null || flag_apply "$first_share"
}

# The log of a canary: in root's folder, so that no link can take its place; we may empty it, or it would grow for ever.
prepare_log() {
  [ -n "$canary_log" ] || return 0
  if [ ! -e "$canary_log" ]; then
    step install -d -m 0755 "${canary_log%/*}"
    if [ "$group_own" = yes ]; then step install -m 0664 -g "$login_group" /dev/null "$canary_log"; else step install -m 0644 -o "$login" /dev/null "$canary_log"; fi
  elif [ "$group_own" = no ] && [ -n "$(find "$canary_log" -perm -0020 2>/dev/null)" ]; then
    # Made when the group was thought to be the user's own: others could write what a canary is judged by.
    step chown "$login" "$canary_log"
    step chmod 0644 "$canary_log"
  fi
}

put_config() { put_in_place "$1"; }
put_command() { shown cp "$1" "$config_file"; }
undo_prepare() { :; }
proven() { :; }
forget_proxy() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
