# shellcheck shell=dash
# What all proxies share. Parameters: proxy, proxy_container (empty on the host), folder, share_names.

in_proxy() {
  if [ -n "$proxy_container" ]; then engine_in "$proxy_container" "$@"; else "$@" </dev/null; fi
}

# Runs a command as root, or answers 77 where that is not allowed.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else return 77; fi
}

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

flag_apply() {
  flag_old=$(flag_observe) || flag_old=
  [ "$flag_old" != "$1" ] || return 0
  if [ -z "$flag_old" ]; then
    : >"$folder/.new" && mv -f "$folder/.new" "$folder/$1"
  else
    mv -f "$folder/$flag_old" "$folder/$1"
  fi
}

# Status 1, with the reason, when the proxy's configuration would not load; 77 when we may not ask.
reason() { tail -n 3 | tr '\n' ' ' | cut -c 1-600; }
