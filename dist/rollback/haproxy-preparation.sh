# shellcheck shell=dash
# What install and uninstall do for HAProxy. Parameters: see preparation.sh.

prepare_steps() {
  prepare_folder
  prepare_socket_folder
  # HAProxy does not load a configuration whose map is not there.
  if [ "$root_steps" = told ]; then
    [ -f "$folder/haproxy.map" ] || printf 'echo %s %s >%s; ' "$project" "$first_share" "$folder/haproxy.map"
  elif [ ! -f "$folder/haproxy.map" ]; then
    printf '%s %s\n' "$project" "$first_share" >"$folder/haproxy.map" && chmod 0644 "$folder/haproxy.map"
  fi
}

# In a container HAProxy makes its socket itself, as its own user: the folder lets the login user in, and nobody else,
# because whoever reaches the socket rules the proxy.
prepare_socket_folder() {
  [ -n "$socket_folder" ] || return 0
  socket_pid=$(engine_pid "$proxy_container")
  socket_uid=$(stat -c %u "/proc/$socket_pid" 2>/dev/null) || socket_uid=0
  socket_now=$(stat -c '%U:%G %u %a' "$socket_folder" 2>/dev/null)
  # A folder that somebody made on purpose stays as it is; one that Docker made is root's alone.
  case $socket_now in
    '' | root:root\ *) ;;
    *) [ "$socket_folder" = "$folder.haproxy" ] || return 0 ;;
  esac
  if [ "$group_own" = yes ]; then
    case $socket_now in *":$login_group $socket_uid 2770") return 0 ;; esac
    step install -d -m 2770 -o "$socket_uid" -g "$login_group" "$socket_folder"
    return
  fi
  command -v setfacl >/dev/null 2>&1 ||
    fail refused group-shared "everybody in the group $login_group could take over HAProxy by its runtime socket in $socket_folder" "Give $login a group of its own, or install setfacl (package acl), by which the folder is opened to $login alone."
  step install -d -m 0700 -o "$socket_uid" -g root "$socket_folder"
  step setfacl -m "u:$login:rwx,d:u:$login:rwx" "$socket_folder"
}

put_config() { put_in_place "$1"; }
put_command() { shown cp "$1" "$config_file"; }
undo_prepare() { :; }

proven() {
  if [ -n "$socket" ] && [ -z "$(haproxy_say 'show info' 2>/dev/null)" ]; then
    warn "$login cannot talk to HAProxy by $socket (perl, socat, python3 or nc is needed, and the right to use it): each switch will reload it, which closes idle connections of clients"
  fi
}

forget_proxy() { [ "$socket_folder" != "$folder.haproxy" ] || remove_or_tell "$socket_folder"; }

# What a person would run to test and to reload it.
check_command() {
  if [ -n "$proxy_container" ]; then echo "docker exec $proxy_container haproxy -c $(haproxy_files)"; else echo "haproxy -c $(haproxy_files)"; fi
}
reload_command() {
  if [ -n "$proxy_container" ]; then
    echo "docker kill -s USR2 $proxy_container"
  elif command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
    echo 'systemctl reload haproxy'
  else
    echo "kill -USR2 \$(cat /run/haproxy.pid)"
  fi
}
told_by_header() { share_color "$(traffic_observe)"; }
traffic_generation() { haproxy_say 'show info' 2>/dev/null | awk '/^Pid:/ { print $2 }'; }
traffic_reload() { haproxy_reload; }
