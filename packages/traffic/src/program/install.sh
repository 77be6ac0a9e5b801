# shellcheck shell=dash
# Prepares a proxy once. Parameters besides those of OBSERVE: config_file, config_inside, old_sum (sha256 of
# the file that was changed), first_share, error_log, login, login_group, socket_folder (for the socket of
# HAProxy in a container; empty: none), fresh (1: a proxy that decided another way was there before); the new file is
# $files/site. WATCHED_FOLDER goes with it.

# What an administrator would run instead, where we may not be root.
by_hand() {
  hand="install -d -m 0755 -o $login -g $login_group $folder"
  put_site="cp $path/.deploy/$project.site $config_file"
  # HAProxy does not load a configuration whose map is not there.
  [ "$proxy" != haproxy ] || hand="$hand; echo $project $first_share >$folder/haproxy.map"
  [ -z "$canary_log" ] || hand="$hand; install -d -m 0755 ${canary_log%/*}; install -m 0664 -g $login_group /dev/null $canary_log"
  if [ "$proxy" = traefik ]; then
    # The services first, or the router would lead nowhere; and nothing that could be read half written.
    hand="install -m 0644 -o $login $path/.deploy/$project.yml $share_file; chgrp $login_group $watched; chmod g+w,+t $watched"
    put_site="cp -p $config_file $config_file.new; cat $path/.deploy/$project.site >$config_file.new; mv $config_file.new $config_file"
    echo "An administrator can run, on the server: $hand; $put_site. Then run this action again."
    return
  fi
  echo "An administrator can run, on the server: $hand; $put_site; then reload $proxy. Then run this action again."
}

leave_by_hand() {
  cp "$files/site" ".deploy/$project.site"
  [ "$proxy" != traefik ] || cp "$files/shares/$first_share.yml" ".deploy/$project.yml"
}

need_root() {
  as_root "$@" 2>"$run/root.err" && return 0
  need_code=$?
  if [ "$need_code" = 77 ]; then
    leave_by_hand
    fail refused root-needed "$1 needs root, and $login may not use sudo without a password" "$(by_hand)"
  fi
  fail refused command-refused "$* failed: $(reason <"$run/root.err")"
}

# Writes the file in place: its owner, mode and inode stay, so that a link or a single-file mount still leads to it.
put_config() {
  if [ "$proxy" = traefik ]; then
    replace_config "$1"
  elif [ -w "$config_file" ]; then
    cat "$1" >"$config_file"
  else as_root sh -c 'cat >"$1"' sh "$config_file" <"$1"; fi
}

restore_config() {
  [ -f "$run/before" ] || return 0
  put_config "$run/before" && traffic_reload >/dev/null 2>&1
  put_share_back
}

# Of a proxy that was there before, with another way to decide: what it went by says nothing any more.
forget_shares() {
  [ "$fresh" = 1 ] || return 0
  rm -f "$folder/haproxy.map"
  for forget_name in $share_names; do rm -f "$folder/$forget_name"; done
}

prepare_folder() {
  if [ ! -d "$folder" ]; then
    if ! { mkdir -p "$folder" && chmod 0755 "$folder"; } 2>/dev/null; then
      need_root install -d -m 0755 -o "$login" -g "$login_group" "$folder"
    fi
  fi
  case $(df -PT "$folder" 2>/dev/null | awk 'NR == 2 { print $2 }') in
    tmpfs | ramfs) fail refused folder-not-usable "$folder is in memory, so the colour would be forgotten at the next boot" 'Give a folder on disk.' ;;
  esac
  [ -w "$folder" ] || need_root chown "$login:$login_group" "$folder"
  install_up=$folder
  while [ "$install_up" != / ]; do
    install_up=${install_up%/*}
    install_up=${install_up:-/}
    # A folder above that others may not enter hides the flags from the proxy's workers.
    case $(ls -ld "$install_up") in d????????[xt]*) ;; *) fail refused flags-unreadable "$install_up may not be entered by others, so $proxy cannot see the flags in $folder" "Choose a folder outside of it, or run: chmod o+x $install_up" ;; esac
  done
  forget_shares
}

# HAProxy in a container makes its socket itself: as its own user, for the group that the folder hands down.
prepare_socket_folder() {
  socket_pid=$(engine_pid "$proxy_container")
  socket_uid=$(stat -c %u "/proc/$socket_pid" 2>/dev/null) || socket_uid=0
  case $(stat -c '%U:%G %u %a' "$socket_folder" 2>/dev/null) in
    *":$login_group $socket_uid 2770") return 0 ;;
    # A folder that somebody made on purpose stays as it is; one that Docker made is root's alone.
    '' | root:root\ *) ;;
    *) [ "$socket_folder" = "$folder.haproxy" ] || return 0 ;;
  esac
  need_root install -d -m 2770 -o "$socket_uid" -g "$login_group" "$socket_folder"
}

operate() {
  look_at_tools
  phase prepare
  share_file=
  if [ "$proxy" = traefik ]; then prepare_traefik; else prepare_folder; fi
  if [ -n "$canary_log" ] && [ ! -e "$canary_log" ]; then
    # In root's folder, so that no link can take its place; we may empty it, or it would grow for ever.
    need_root install -d -m 0755 "${canary_log%/*}"
    need_root install -m 0664 -g "$login_group" /dev/null "$canary_log"
  fi
  if [ -n "$socket_folder" ]; then prepare_socket_folder; fi
  if [ "$proxy" = haproxy ] && [ ! -f "$folder/haproxy.map" ]; then
    printf '%s %s\n' "$project" "$first_share" >"$folder/haproxy.map" && chmod 0644 "$folder/haproxy.map"
  fi
  if [ "$proxy" != traefik ] && [ "$proxy" != haproxy ] && ! flag_observe >/dev/null; then
    flag_apply "$first_share"
  fi

  phase write
  { cat "$config_file" 2>/dev/null || as_root cat "$config_file"; } >"$run/before" || fail refused config-unreadable "$config_file cannot be read"
  if [ "$(sha256sum <"$run/before" | cut -d ' ' -f 1)" != "$old_sum" ]; then
    put_share_back
    fail refused config-changed "$config_file was changed by somebody else meanwhile" 'Run it again.'
  fi
  backup=/var/backups/deploy-actions/$project-${config_file##*/}.$(date -u +%Y%m%dT%H%M%SZ)
  config_changed=false
  if cmp -s "$run/before" "$files/site"; then
    say "$config_file has all parts already."
  else
    # Kept where neither the proxy loads it nor the login user can write it.
    if as_root install -d -m 0700 /var/backups/deploy-actions 2>/dev/null && as_root cp -p "$config_file" "$backup" 2>/dev/null; then
      :
    else
      backup=$path/.deploy/${config_file##*/}.before
      cp "$run/before" "$backup"
    fi
    say "The file as it was: $backup"
    result backup "$backup"
    journal write:begin
    if ! put_config "$files/site" 2>/dev/null; then
      leave_by_hand
      put_share_back
      fail refused root-needed "$config_file can be written by root only, and $login may not use sudo without a password" "$(by_hand)"
    fi
    journal write:done
    config_changed=true
  fi
  result changed "$config_changed"
  if [ -n "$proxy_container" ]; then
    if [ "$(in_proxy cat "$config_inside" 2>/dev/null | cksum)" != "$(cksum <"$files/site")" ]; then
      restore_config
      fail refused proxy-config-not-loaded "$(lies)"
    fi
  fi
  valid_why=$(traffic_valid)
  case $? in
    0 | 77) ;;
    *)
      restore_config
      fail refused proxy-config-invalid "$proxy would not load the changed $config_file, which is as it was again: $valid_why"
      ;;
  esac
  whole_now=$(traffic_whole)
  if [ -n "$whole_now" ] && ! printf '%s\n' "$whole_now" | grep -q "deploy-actions $project begin"; then
    restore_config
    fail refused proxy-config-not-loaded "$proxy does not include $config_file, which is as it was again" 'Name in site-config the file that it loads.'
  fi

  phase reload
  generation=$(traffic_generation)
  reload_said=$(traffic_reload)
  reload_code=$?
  if [ "$reload_code" = 77 ] && [ "$config_changed" = false ]; then
    generation=
    say "$login cannot reload $proxy, so its answers must show that an administrator has."
  elif [ "$reload_code" != 0 ]; then
    restore_config
    [ "$reload_code" != 77 ] || fail refused root-needed "$proxy can be reloaded by root only, and $login may not use sudo without a password" "$(by_hand)"
    fail refused proxy-not-reloaded "$proxy could not be reloaded, so $config_file is as it was again: $(printf '%s' "$reload_said" | reason)"
  fi
  phase prove
  if ! wait_until "$verify_seconds" "$proxy to answer by the new configuration" answers_steadily "$(told_by_header)" 5; then
    set -- $steady_wrong
    why=$(lies)
    if [ -n "$generation" ] && [ "$(traffic_generation)" = "$generation" ]; then why="its workers are the same as before the reload, which it did not carry out. $why"; fi
    [ "$reload_code" = 0 ] || fail refused proxy-config-not-loaded "$verify_url does not answer by the configuration that is in $config_file (status ${1:-none}, colour ${3:-none}), and $login cannot reload $proxy: $why" "$(by_hand)"
    case ${3:--} in *fallback) why="it cannot read the flags in $folder: every folder above needs mode 0755, and a container needs the folder as a mount." ;; esac
    restore_config
    fail refused proxy-config-not-loaded "$proxy was reloaded, but $verify_url does not answer by the new configuration (status ${1:-none}, colour ${3:-none}), so $config_file is as it was again: $why"
  fi
  if [ "$proxy" = haproxy ] && [ -n "$socket" ] && [ -z "$(haproxy_say 'show info' 2>/dev/null)" ]; then
    warn "$login cannot talk to HAProxy by $socket (perl, socat, python3 or nc is needed, and the right to use it): each switch will reload it, which closes idle connections of clients"
  fi
  write_file .deploy/proxy.json <"$files/proxy.json"
  share=$(traffic_observe)
  result to "$share"
  keep_traffic "$share"
  record_history "$share" "$share" installed "$reason"
  say "$proxy chooses by $folder now: traffic is on $share."
}

recover() {
  share_file=$watched/deploy-actions-$project.yml
  put_share_back
  if journalled write:begin && [ -f "$run/before" ] && ! cmp -s "$config_file" "$files/site"; then
    put_config "$run/before" || warn "$config_file could not be put back to what it was: $run/before"
  fi
  fail lost interrupted 'the installation was cut off' 'Run it again.'
}
