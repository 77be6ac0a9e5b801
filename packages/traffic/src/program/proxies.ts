import { sh } from './sh.ts';

/**
 * What all proxies share. Parameters: `proxy`, `proxy_container` (empty on the host), `folder`, `share_names`.
 */
const SHARED = sh`
in_proxy() {
  if [ -n "$proxy_container" ]; then docker exec "$proxy_container" "$@" </dev/null; else "$@" </dev/null; fi
}

# Runs a command as root, or answers 77 where that is not allowed.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
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
`;

const NGINX = sh`
traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -t 2>&1 | grep -q 'test is successful' || { in_proxy nginx -t 2>&1 | reason; return 1; }
  else
    # nginx makes log files that are not there yet, with our mask.
    valid_said=$(umask 022 && as_root nginx -t 2>&1)
    case $?:$valid_said in
      0:*) ;;
      77:*) return 77 ;;
      *) printf '%s\n' "$valid_said" | reason; return 1 ;;
    esac
  fi
}
traffic_whole() { if [ -n "$proxy_container" ]; then in_proxy nginx -T 2>/dev/null; else (umask 022 && as_root nginx -T 2>/dev/null); fi; }
# The newest worker's number and start: it changes when a reload has taken effect.
traffic_generation() {
  # shellcheck disable=SC2009 # pgrep is not everywhere, and busybox ps has no -C
  if [ -n "$proxy_container" ]; then docker top "$proxy_container" -o pid,args 2>/dev/null; else ps ax -o pid,args 2>/dev/null || ps -o pid,args; fi |
    awk '/nginx: worker process$/ { print $1 }' | sort -n | tr '\n' ' '
}
traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -s reload 2>&1; else as_root nginx -s reload 2>&1; fi
}
`;

const CADDY = sh`
traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  valid_said=$(in_proxy caddy adapt --config "$config_inside" 2>&1 >/dev/null) || {
    printf '%s\n' "$valid_said" | reason
    return 1
  }
}
traffic_whole() { in_proxy cat "$config_inside"; }
traffic_generation() { :; }
traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy caddy reload --force --config "$config_inside" 2>&1
  else
    # Its admin endpoint asks nobody on the server who he is, unless it was told to.
    caddy reload --force --config "$config_inside" 2>&1 || as_root caddy reload --force --config "$config_inside" 2>&1
  fi
}
`;

const HAPROXY = sh`
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
    haproxy_words=$(tr '\0' ' ' 2>/dev/null <"/proc/$(docker inspect --format '{{.State.Pid}}' "$proxy_container" </dev/null)/cmdline")
    if [ -n "$haproxy_words" ] && ! printf '%s\n' "$haproxy_words" | grep -qE ' -Ws?( |$)' && ! grep -qsE '^[[:space:]]*master-worker' "$config_file"; then
      echo "HAProxy in $proxy_name runs without a master process, so that it cannot be reloaded: add -W to its command and recreate the container"
      return 1
    fi
    docker kill -s USR2 "$proxy_container" </dev/null >/dev/null
  elif command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then as_root systemctl reload haproxy
  else
    haproxy_pid=$(cat "\${pid_file:-/run/haproxy.pid}" 2>/dev/null) || return 1
    as_root kill -USR2 "$haproxy_pid"
  fi
}
traffic_observe() {
  haproxy_seen=$(haproxy_say "show map $folder/haproxy.map" 2>/dev/null | awk -v p="$project" '$2 == p { print $3 }')
  [ -n "$haproxy_seen" ] || haproxy_seen=$(awk -v p="$project" '$1 == p { print $2 }' "$folder/haproxy.map" 2>/dev/null)
  [ -n "$haproxy_seen" ] && printf '%s\n' "$haproxy_seen"
}
traffic_apply() {
  # The file first: a restart at any moment reads either the old or the new share.
  printf '%s %s\n' "$project" "$1" >"$folder/.haproxy.map" || return 1
  mv -f "$folder/.haproxy.map" "$folder/haproxy.map" || return 1
  chmod 0644 "$folder/haproxy.map"
  if [ -z "$socket" ]; then
    haproxy_said="no socket of $proxy_name is reached from the server"
  else
    haproxy_said=$(haproxy_say "set map $folder/haproxy.map $project $1" 2>&1) || haproxy_said="unreachable \${haproxy_said}"
  fi
  case $haproxy_said in
    *[![:space:]]*)
      warn "HAProxy's runtime socket did not take the change ($(printf '%s' "$haproxy_said" | reason)): it is reloaded instead, which closes idle connections of clients"
      traffic_mechanism=reload
      haproxy_reload
      ;;
  esac
}
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  if [ -n "$proxy_container" ]; then valid_said=$(in_proxy haproxy -c -f "$config_inside" 2>&1)
  else valid_said=$(as_root haproxy -c -f "$config_inside" 2>&1); fi
  case $? in
    0) ;;
    77) return 77 ;;
    *) printf '%s\n' "$valid_said" | grep -v NOTICE | reason; return 1 ;;
  esac
}
traffic_whole() { :; }
traffic_generation() { haproxy_say 'show info' 2>/dev/null | awk '/^Pid:/ { print $2 }'; }
traffic_reload() { haproxy_reload; }
`;

const TRAEFIK = sh`
# The last line of the file names the share.
traffic_observe() { sed -n 's/^# deploy-actions [^ ]* \([a-z0-9-]*\)$/\1/p' "$watched/deploy-actions-$project.yml" 2>/dev/null | grep .; }
# A file made in the watched directory would be read half written, and be an event of its own, for which the next one
# has to wait. Traefik does not watch what is below; it reads it, but nothing by this name.
traffic_apply() { put_share "$files/shares/$1.yml"; }
put_share() {
  apply_folder=$watched/.deploy-actions-$project
  if [ ! -d "$apply_folder" ]; then mkdir -m 0755 "$apply_folder" || return 1; fi
  cp "$1" "$apply_folder/share" && chmod 0644 "$apply_folder/share" &&
    mv -f "$apply_folder/share" "$watched/deploy-actions-$project.yml"
}
# It takes a change when its throttle allows.
traffic_taken() { [ "$(ask '' 1 | awk '{ print $3 }')" = "$1" ]; }
told_by_header() { traffic_observe; }
# Without a header for visitors only this tells that their router still leads to the colours.
traffic_valid() {
  [ ! -r "$config_file" ] || grep -q "deploy-actions $project begin" "$config_file" || {
    echo "$config_file no longer has the part that was installed: run this action with install: true"
    return 1
  }
}
traffic_whole() { :; }
traffic_generation() { :; }
traffic_reload() { :; }
`;

/** The functions of `Proxy`'s contract, as sh, by kind. A managed proxy is a Caddy. */
export const PROXY_PROGRAMS = {
  nginx: SHARED + NGINX,
  caddy: SHARED + CADDY,
  managed: SHARED + CADDY,
  haproxy: SHARED + HAPROXY,
  traefik: SHARED + TRAEFIK,
} as const;
