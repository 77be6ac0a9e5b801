# shellcheck shell=dash
# What nginx says of its configuration.

traffic_valid() {
  if [ -n "$proxy_container" ]; then
    valid_said=$(in_proxy nginx -t 2>&1)
  else
    # nginx makes log files that are not there yet, with our mask.
    valid_said=$(umask 022 && as_root nginx -t 2>&1)
  fi
  case $? in
    0) ;;
    77) return 77 ;;
    *)
      printf '%s\n' "$valid_said" | reason
      return 1
      ;;
  esac
}

traffic_whole() { if [ -n "$proxy_container" ]; then in_proxy nginx -T 2>/dev/null; else (umask 022 && as_root nginx -T 2>/dev/null); fi; }

# Why it may go on as before although it was told otherwise, where nothing else tells.
why_silent() {
  silent_log=$(in_proxy tail -n 20 /var/log/nginx/error.log 2>/dev/null | grep -E 'emerg|bind\(\)|alert' | tail -n 1)
  [ -z "$silent_log" ] || echo "$proxy said: $(printf '%s' "$silent_log" | cut -c 1-300)"
}
