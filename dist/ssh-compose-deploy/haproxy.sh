# shellcheck shell=dash
# How traffic moves at HAProxy: by the line of the project in a map. Parameters: config_file, folder, project, socket
# (empty: none is reached).

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

# A reload by its master process or by its service, which keeps what is under way.
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

# The socket has answered, or the reload has taken effect.
traffic_taken() { :; }
