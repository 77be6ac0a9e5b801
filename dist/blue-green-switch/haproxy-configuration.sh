# shellcheck shell=dash
# What HAProxy says of its configuration. Parameter: config_inside.

# The files that it was started with, as words of a command: -f may be given several times.
haproxy_files() {
  if [ -n "$proxy_container" ]; then
    haproxy_pids=$(engine_processes "$proxy_container" | awk 'NR > 1 { print $1 }')
  else haproxy_pids=$(host_processes haproxy | cut -d ' ' -f 2); fi
  for haproxy_pid in $haproxy_pids; do
    haproxy_words=$(tr '\0' '\n' 2>/dev/null <"/proc/$haproxy_pid/cmdline" | awk 'before == "-f" && /^\/[A-Za-z0-9_.\/@+-]+$/ { printf "-f %s ", $0 } { before = $0 }')
    # One that was not started with the site's file is another one.
    case " $haproxy_words" in *" $config_inside "*) printf '%s\n' "$haproxy_words" && return 0 ;; esac
  done
  printf '%s\n' "-f $config_inside"
}

traffic_valid() {
  # shellcheck disable=SC2046 # haproxy_files checks the words
  if [ -n "$proxy_container" ]; then
    valid_said=$(in_proxy haproxy -c $(haproxy_files) 2>&1)
  else valid_said=$(as_root haproxy -c $(haproxy_files) 2>&1); fi
  case $? in
    0) ;;
    77) return 77 ;;
    *)
      printf '%s\n' "$valid_said" | grep -v NOTICE | reason
      return 1
      ;;
  esac
}

traffic_whole() { :; }

# Why it may go on as before although it was told otherwise, where nothing else tells.
why_silent() { :; }
