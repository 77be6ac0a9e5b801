# shellcheck shell=dash

traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  if [ -n "$proxy_container" ]; then
    in_proxy nginx -t 2>&1 | grep -q 'test is successful' || {
      in_proxy nginx -t 2>&1 | reason
      return 1
    }
  else
    # nginx makes log files that are not there yet, with our mask.
    valid_said=$(umask 022 && as_root nginx -t 2>&1)
    case $?:$valid_said in
      0:*) ;;
      77:*) return 77 ;;
      *)
        printf '%s\n' "$valid_said" | reason
        return 1
        ;;
    esac
  fi
}
traffic_whole() { if [ -n "$proxy_container" ]; then in_proxy nginx -T 2>/dev/null; else (umask 022 && as_root nginx -T 2>/dev/null); fi; }
# The newest worker's number and start: it changes when a reload has taken effect.
traffic_generation() {
  # shellcheck disable=SC2009 # pgrep is not everywhere, and busybox ps has no -C
  if [ -n "$proxy_container" ]; then engine_processes "$proxy_container"; else ps ax -o pid,args 2>/dev/null || ps -o pid,args; fi |
    awk '/nginx: worker process$/ { print $1 }' | sort -n | tr '\n' ' '
}
traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -s reload 2>&1; else as_root nginx -s reload 2>&1; fi
}
# Why it may go on as before although it was told otherwise, where nothing else tells.
why_silent() {
  silent_log=$(in_proxy tail -n 20 /var/log/nginx/error.log 2>/dev/null | grep -E 'emerg|bind\(\)|alert' | tail -n 1)
  [ -z "$silent_log" ] || echo "$proxy said: $(printf '%s' "$silent_log" | cut -c 1-300)"
}
