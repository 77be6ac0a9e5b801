# shellcheck shell=dash

# One command to the runtime socket; the answer on stdout.
haproxy_say() {
  [ -n "$socket" ] || return 1
  if command -v perl >/dev/null 2>&1 && perl -MIO::Socket::UNIX -e 1 2>/dev/null; then
    perl -MIO::Socket::UNIX -e 'alarm 5; my $s = IO::Socket::UNIX->new($ARGV[0]) or exit 1; print $s "$ARGV[1]\n"; $s->flush; print while <$s>' "$socket" "$1"
  elif command -v socat >/dev/null 2>&1; then
    printf '%s\n' "$1" | socat -t 5 - "UNIX-CONNECT:$socket"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b"\n")
while True:
    b = s.recv(65536)
    if not b: break
    sys.stdout.write(b.decode())' "$socket" "$1"
  elif command -v nc >/dev/null 2>&1 && nc -h 2>&1 | grep -q -e '-U'; then
    printf '%s\n' "$1" | nc -U -w 5 "$socket"
  else
    return 1
  fi
}
haproxy_reload() {
  if [ -n "$proxy_container" ]; then
    # Without a master the signal would end it, and the container with it.
    haproxy_words=$(tr '\0' ' ' 2>/dev/null <"/proc/$(engine_pid "$proxy_container")/cmdline")
    if [ -n "$haproxy_words" ] && ! printf '%s\n' "$haproxy_words" | grep -qE ' -Ws?( |$)' && ! grep -qsE '^[[:space:]]*master-worker' "$config_file"; then
      echo "HAProxy in $proxy_container runs without a master process, so that it cannot be reloaded: add -W to its command and recreate the container"
      return 1
    fi
    engine_signal "$proxy_container" USR2
  elif command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
    as_root systemctl reload haproxy
  else
    haproxy_pid=$(cat "/run/haproxy.pid" 2>/dev/null) || return 1
    as_root kill -USR2 "$haproxy_pid"
  fi
}
traffic_observe() {
  haproxy_seen=$(haproxy_say "show map $folder/haproxy.map" 2>/dev/null | awk -v p="$project" '$2 == p { print $3 }')
  [ -n "$haproxy_seen" ] || haproxy_seen=$(share_haproxy)
  [ -n "$haproxy_seen" ] && printf '%s\n' "$haproxy_seen"
}
traffic_apply() {
  # The file first: a restart at any moment reads either the old or the new share.
  printf '%s %s\n' "$project" "$1" >"$folder/.haproxy.map" || return 1
  mv -f "$folder/.haproxy.map" "$folder/haproxy.map" || return 1
  chmod 0644 "$folder/haproxy.map"
  if [ -z "$socket" ]; then
    haproxy_said="no socket of $proxy_container is reached from the server"
  else
    haproxy_said=$(haproxy_say "set map $folder/haproxy.map $project $1" 2>&1) || haproxy_said="unreachable ${haproxy_said}"
  fi
  case $haproxy_said in
    *[![:space:]]*)
      warn "HAProxy's runtime socket did not take the change ($(printf '%s' "$haproxy_said" | reason)): it is reloaded instead, which closes idle connections of clients"
      # shellcheck disable=SC2034 # a switch tells by what it moved
      traffic_mechanism=reload
      haproxy_reload
      ;;
  esac
}
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
# The files that it was started with, as words of a command: -f may be given several times.
haproxy_files() {
  if [ -n "$proxy_container" ]; then
    haproxy_pids=$(engine_processes "$proxy_container" | awk 'NR > 1 { print $1 }')
  else haproxy_pids=$(grep -lx haproxy /proc/[0-9]*/comm 2>/dev/null | cut -d / -f 3); fi
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
traffic_generation() { haproxy_say 'show info' 2>/dev/null | awk '/^Pid:/ { print $2 }'; }
traffic_reload() { haproxy_reload; }
# Why it may go on as before although it was told otherwise, where nothing else tells.
why_silent() { :; }
