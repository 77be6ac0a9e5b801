import { sh } from './sh.ts';

/**
 * What can be seen of colours and traffic, as sh functions. Parameters: `project`, `folder`, `header`, `token`,
 * `verify_url`, `verify_connect`, `expect_version`, `routes` (lines: name, service, port, blue addresses, green
 * addresses; addresses joined by commas).
 */
export const OBSERVE = sh`
now_ms() {
  now_nano=$(date +%s%N)
  case $now_nano in *N) echo "$(date +%s)000" ;; *) echo "\${now_nano%??????}" ;; esac
}

other_color() { if [ "$1" = blue ]; then echo green; else echo blue; fi; }
# The colour that has the larger part of a share.
share_color() {
  case $1 in
    *-*) if [ "\${1#*-}" -ge 50 ]; then echo "\${1%-*}"; else other_color "\${1%-*}"; fi ;;
    *) echo "$1" ;;
  esac
}

# Names of the services that a colour holds.
color_services() {
  docker ps -a --filter "label=com.docker.compose.project=$project-$1" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}}' </dev/null | sort -u
}

# Containers of a colour, by number; a plain stack that has never been a colour counts as blue.
color_containers() {
  containers_of=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project-$1" \
    --filter label=com.docker.compose.oneoff=False </dev/null)
  if [ -z "$containers_of" ] && [ "$1" = blue ]; then
    for containers_service in $(color_services green); do
      docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$containers_service" --filter label=com.docker.compose.oneoff=False </dev/null
    done
  else
    printf '%s\n' "$containers_of"
  fi
}

container_service() { docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$1" </dev/null; }

is_live_only() {
  case " $live_only " in *" $1 "*) return 0 ;; esac
  return 1
}

# Containers of the services of a colour that run only where the traffic is.
live_only_containers() {
  [ -n "$live_only" ] || return 0
  for live_id in $(color_containers "$1"); do
    if is_live_only "$(container_service "$live_id")"; then printf '%s\n' "$live_id"; fi
  done
}

# Prints why a colour could not serve; true when it could. Services that wait for the traffic do not count.
color_unwell() {
  unwell_seen=0
  for unwell_id in $(color_containers "$1"); do
    unwell_service=$(container_service "$unwell_id")
    if is_live_only "$unwell_service"; then continue; fi
    unwell_state=$(docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}' "$unwell_id" </dev/null)
    case $unwell_state in
      'running healthy '* | 'running none '*) unwell_seen=1 ;;
      # A one-shot that did its work.
      'exited '*' 0 no' | 'exited '*' 0 ' | 'exited '*' 0 on-failure') ;;
      *)
        set -- $unwell_state
        echo "$unwell_service is $1$([ "$2" = none ] || echo " and $2")"
        return 0
        ;;
    esac
  done
  if [ "$unwell_seen" = 0 ]; then
    echo 'it has no running container'
    return 0
  fi
  return 1
}
color_well() { ! color_unwell "$1" >/dev/null; }

# The release that a colour's containers belong to; empty where they do not say.
color_release() {
  for release_id in $(color_containers "$1"); do
    release_of=$(docker inspect -f '{{index .Config.Labels "deploy-actions.release"}}' "$release_id" </dev/null 2>/dev/null)
    if [ -n "$release_of" ] && [ "$release_of" != '<no value>' ]; then
      printf '%s\n' "$release_of"
      return 0
    fi
  done
  return 0
}

# Asks through the proxy, COUNT times on one process, as the colour CHOSEN (empty: as any visitor).
# Prints a line per answer: status, seconds, colour, and "version" when the expected one was in it.
ask() {
  ask_probe="$header_probe: $token"
  [ -z "$1" ] || ask_probe="$ask_probe-$1"
  if [ "$curl" = 1 ]; then
    ask_index=0
    {
      printf 'silent\nshow-error\ninsecure\nmax-time = 10\nconnect-to = "::%s"\nheader = "%s"\nheader = "Connection: close"\ninclude\nwrite-out = "\\n%s %%{http_code} %%{time_total}\\n"\n' "$verify_connect" "$ask_probe" "$token"
      while [ "$ask_index" -lt "$2" ]; do
        printf 'url = "%s"\n' "$verify_url"
        ask_index=$((ask_index + 1))
      done
    } | curl -K - 2>/dev/null | tr -d '\r\000' | ask_lines
  else
    ask_index=0
    while [ "$ask_index" -lt "$2" ]; do
      ask_index=$((ask_index + 1))
      ask_answer=$(wget -q -S -O - -T 10 --header "$ask_probe" "$verify_direct" </dev/null 2>&1)
      ask_code=$(printf '%s\n' "$ask_answer" | sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' | tail -n 1)
      { printf '%s\n' "$ask_answer" | sed 's/^  //'; printf '%s %s 0\n' "$token" "\${ask_code:-000}"; } | tr -d '\r\000' | ask_lines
    done
  fi
}
ask_lines() {
  awk -v header="$header" -v version="$expect_version" -v mark="$token" '
    BEGIN { header = tolower(header) ":"; color = "-" }
    $1 == mark { print $2, $3, color, found; color = "-"; found = ""; next }
    tolower(substr($0, 1, length(header))) == header { color = substr($0, length(header) + 1); gsub(/[ \t]/, "", color) }
    version != "" && index($0, version) { found = "version" }
  '
}

# True when COUNT answers in a row come from the colour, none of them a server error.
# The last answer that did not stays in $steady_wrong.
answers_steadily() {
  steady_answers=$(ask '' "$2")
  steady_wrong=$(printf '%s\n' "$steady_answers" | awk -v color="$1" -v version="$expect_version" '
    $1 < 100 || $1 >= 500 || $3 != color || (version != "" && $4 != "version") { print; exit }')
  [ -n "$steady_answers" ] && [ -z "$steady_wrong" ] && return 0
  wrong_at=$(now_ms)
  return 1
}

# A port as /proc/net/tcp writes it.
hex_port() { printf '%04X' "\${1##*:}"; }

# Requests or connections that a colour still has, from the proxy's side.
traffic_busy() {
  busy_color=$1
  busy_patterns=''
  while read -r _ _ busy_port busy_blue busy_green; do
    [ -n "$busy_port" ] || continue
    if [ -n "$proxy_container" ]; then
      for busy_id in $(color_containers "$busy_color"); do
        for busy_ip in $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$busy_id" </dev/null); do
          busy_hex=$(echo "$busy_ip" | awk -F. '{ printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
          busy_patterns="$busy_patterns $busy_hex:$(hex_port "$busy_port")"
        done
      done
    else
      if [ "$busy_color" = blue ]; then busy_list=$busy_blue; else busy_list=$busy_green; fi
      for busy_address in $(echo "$busy_list" | tr , ' '); do busy_patterns="$busy_patterns 0100007F:$(hex_port "$busy_address")"; done
    fi
  done <<ROUTES
$routes
ROUTES
  if ! busy_table=$(in_proxy cat /proc/net/tcp 2>/dev/null); then
    echo unknown
    return 0
  fi
  printf '%s\n' "$busy_table" | awk -v patterns="$busy_patterns" '
    BEGIN { n = split(patterns, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
    $4 == "01" && ($3 in want) { count++ }
    END { print count + 0 }'
}
`;
