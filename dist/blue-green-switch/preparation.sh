# shellcheck shell=dash
# What install and uninstall share: how the user's file is written, put back and proven. Parameters besides those of
# the other parts: old_sum (SHA-256 of the file that was changed), first_share, login, login_group, verify_seconds, reason,
# fresh (1: a proxy that decided in another way was there before). The new file is $files/site. The proxy's own part
# defines `prepare_steps`, `put_config`, `put_command`, `undo_prepare`, `proven`, `forget_proxy`, `check_command` and
# `reload_command`.

backups=/var/backups/deploy-actions
# What becomes of the steps that need root: they are `taken`, or `told`: printed for an administrator.
root_steps=taken

# Words as a person would type them.
shown() {
  shown_line=
  for shown_word; do
    case $shown_word in
      '' | *[!A-Za-z0-9_./:@%+=,-]*) shown_word="'$(printf '%s' "$shown_word" | sed "s/'/'\\\\''/g")'" ;;
    esac
    shown_line="$shown_line${shown_line:+ }$shown_word"
  done
  printf '%s' "$shown_line"
}

# One step that needs root: it is done, or told to an administrator.
step() {
  if [ "$root_steps" = told ]; then printf '%s; ' "$(shown "$@")"; else need_root "$@"; fi
}

# need_root COMMAND…: as root, or the end with what an administrator can do.
need_root() {
  as_root "$@" 2>"$run/root.err" && return 0
  need_code=$?
  if [ "$need_code" = 77 ]; then
    leave_by_hand
    fail refused root-needed "$1 needs root, and $login may not use sudo without a password" "$(by_hand)"
  fi
  fail refused command-refused "$* failed: $(reason <"$run/root.err")"
}

# What an administrator would run instead, where we may not be root. The file as it was is kept, and is put back where
# the proxy would not load the new one.
by_hand() {
  root_steps=told
  hand_kept=$backups/$project-${config_file##*/}.$(date -u +%Y%m%dT%H%M%SZ)
  hand_check=$(check_command)
  hand_reload=$(reload_command)
  hand="$(told_steps)$(shown install -d -m 0700 "$backups"); $(shown cp -p "$config_file" "$hand_kept"); $(put_command "$path/.deploy/$project.site")"
  if [ -n "$hand_check" ]; then
    hand="$hand; if $hand_check; then $hand_reload; else $(put_command "$hand_kept"); fi"
  fi
  echo "An administrator can run, on the server: $hand. Then run this action again."
}

# What an administrator is told to copy.
leave_by_hand() { cp "$files/site" ".deploy/$project.site"; }

# Whether the login user's group holds nobody else, so that what is the group's is the user's own.
group_own=no

# Writes the file in place: its owner, mode and inode stay, so that a link or a single-file mount still leads to it.
put_in_place() {
  # shellcheck disable=SC2016 # the inner shell expands it
  if [ -w "$config_file" ]; then
    cat "$1" >"$config_file"
  else as_root sh -c 'cat >"$1"' sh "$config_file" <"$1"; fi
}

# The file as it was, where this run has read it, and the proxy goes by it.
restore_config() {
  [ -f "$run/before" ] || return 0
  put_config "$run/before" && traffic_reload >/dev/null 2>&1
  undo_prepare
}

# The folder of the flags or of the map.
prepare_folder() {
  if [ "$root_steps" = told ]; then
    [ -w "$folder" ] || step install -d -m 0755 -o "$login" -g "$login_group" "$folder"
    return 0
  fi
  if [ ! -d "$folder" ]; then
    { mkdir -p "$folder" && chmod 0755 "$folder"; } 2>/dev/null || step install -d -m 0755 -o "$login" -g "$login_group" "$folder"
  fi
  case $(df -PT "$folder" 2>/dev/null | awk 'NR == 2 { print $2 }') in
    tmpfs | ramfs) fail refused folder-not-usable "$folder is in memory, so the colour would be forgotten at the next boot" 'Give a folder on disk.' ;;
  esac
  [ -w "$folder" ] || step chown "$login:$login_group" "$folder"
  install_up=$folder
  while [ "$install_up" != / ]; do
    install_up=${install_up%/*}
    install_up=${install_up:-/}
    # A folder above that others may not enter hides the flags from the proxy's workers.
    case $(ls -ld "$install_up") in d????????[xt]*) ;; *) fail refused flags-unreadable "$install_up may not be entered by others, so $proxy cannot see the flags in $folder" "Choose a folder outside of it, or run: chmod o+x $install_up" ;; esac
  done
  forget_shares
}

# Of a proxy that was there before, with another way to decide: what it went by says nothing any more. The folder holds
# nothing else, and is ours alone.
forget_shares() { [ "$fresh" = 0 ] || rm -f "$folder"/* "$folder"/.[!.]*; }

# Reads the file as it is now, and refuses where it is another one than was looked at.
read_before() {
  { cat "$config_file" 2>/dev/null || as_root cat "$config_file"; } >"$run/before" || fail refused config-unreadable "$config_file cannot be read"
  [ "$(sha256sum <"$run/before" | cut -d ' ' -f 1)" = "$old_sum" ] && return 0
  undo_prepare
  fail refused config-changed "$config_file was changed by somebody else meanwhile" 'Run it again.'
}

# Puts the new file in the place of the old one, which is kept. Sets config_changed.
write_config() {
  config_changed=false
  if cmp -s "$run/before" "$files/site"; then return 0; fi
  # Kept where neither the proxy loads it nor the login user can write it.
  backup=$backups/$project-${config_file##*/}.$(date -u +%Y%m%dT%H%M%SZ)
  if ! { as_root install -d -m 0700 "$backups" && as_root cp -p "$config_file" "$backup"; } 2>/dev/null; then
    backup=$path/.deploy/${config_file##*/}.before
    cp "$run/before" "$backup"
  fi
  say "The file as it was: $backup"
  result backup "$backup"
  journal write:begin
  if ! put_config "$files/site" 2>/dev/null; then
    leave_by_hand
    undo_prepare
    fail refused root-needed "$config_file can be written by root only, and $login may not use sudo without a password" "$(by_hand)"
  fi
  journal write:done
  config_changed=true
}

# The proxy reads what was written, and would load it. Else the file is as it was again.
check_config() {
  if [ -n "$proxy_container" ] && [ "$(in_proxy cat "$config_inside" 2>/dev/null | cksum)" != "$(cksum <"$files/site")" ]; then
    restore_config
    fail refused proxy-config-not-loaded "$(reads_other)"
  fi
  valid_why=$(traffic_valid)
  case $? in
    0 | 77) ;;
    *)
      restore_config
      fail refused proxy-config-invalid "$proxy would not load the changed $config_file, which is as it was again: $valid_why"
      ;;
  esac
}

# Sets reload_code: 0, or 77 where only an administrator could, and perhaps has.
reload_config() {
  generation=$(traffic_generation)
  reload_said=$(traffic_reload)
  reload_code=$?
  if [ "$reload_code" = 77 ] && [ "$config_changed" = false ]; then
    # shellcheck disable=SC2034 # an installation goes by it
    generation=
    say "$login cannot reload $proxy, so its answers must show that an administrator has."
  elif [ "$reload_code" != 0 ]; then
    restore_config
    [ "$reload_code" != 77 ] || fail refused root-needed "$proxy can be reloaded by root only, and $login may not use sudo without a password" "$(by_hand)"
    fail refused proxy-not-reloaded "$proxy could not be reloaded, so $config_file is as it was again: $(printf '%s' "$reload_said" | reason)"
  fi
}

# Where a run was cut off after it had begun to write.
put_back_whole() {
  undo_prepare
  if journalled write:begin && [ -f "$run/before" ] && ! cmp -s "$config_file" "$run/before"; then
    put_config "$run/before" || warn "$config_file could not be put back to what it was: $run/before"
    traffic_reload >/dev/null 2>&1 || warn "$proxy could not be reloaded with $config_file as it was"
  fi
}

# A folder's content is ours, what it stands in is root's.
remove_or_tell() {
  [ -e "$1" ] || return 0
  if ! rm -rf "$1" 2>/dev/null; then
    # As root nothing but what is empty, or one file.
    if [ -d "$1" ]; then as_root rmdir "$1"; else as_root rm -f "$1"; fi 2>/dev/null
  fi
  # shellcheck disable=SC2034 # a removal tells it
  [ ! -e "$1" ] || remains="$remains $(shown "$1")"
}
