# shellcheck shell=dash
# What can be seen of colours and traffic, as sh functions. Parameters: project, folder, header, token,
# verify_url, verify_connect, expect_version, routes (lines: name, service, port, blue addresses, green
# addresses; addresses joined by commas).

now_ms() {
  now_nano=$(date +%s%N)
  case $now_nano in *N) echo "$(date +%s)000" ;; *) echo "${now_nano%??????}" ;; esac
}

# A line per container of a colour: id, service, state, release (- for none), Docker's words on it. One call of
# Docker. Of a plain stack those services count that are routed or run only where the traffic is.
color_table() {
  all_containers | of_color "$project" "$1" "$live_only $(printf '%s\n' "$routes" | awk '{ print $2 }' | tr '\n' ' ')"
}
# The same for all projects, with the project in front; kept for a while where many are asked for and none changes.
all_containers() {
  if [ -n "${kept_containers-}" ]; then
    printf '%s\n' "$kept_containers"
    return 0
  fi
  engine_table
}
color_containers() { color_table "$1" | awk '{ print $1 }'; }

# Lines of the services that run only where the traffic is, or of the others.
live_only_table() { color_table "$1" | awk -v names=" $live_only " 'index(names, " " $2 " ")'; }
serving_table() { color_table "$1" | awk -v names=" $live_only " '!index(names, " " $2 " ")'; }

# Prints why a colour could not serve; true when it could not. Services that wait for the traffic do not count;
# a one-shot that ended well is well, but not enough.
color_unwell() {
  serving_table "$1" | awk -v routed=" $(printf '%s\n' "$routes" | awk '{ print $2 }' | tr '\n' ' ')" '
    { words = $0; sub(/^([^ ]+ ){4}/, "", words) }
    $3 == "running" && words ~ /\(health: starting\)/ { bad($2 " is starting"); next }
    $3 == "running" && words ~ /\(unhealthy\)/ { bad($2 " is unhealthy"); next }
    $3 == "running" { good++; next }
    $3 == "exited" && !index(routed, " " $2 " ") && words ~ /^Exited \(0\)/ { ended = ended " " $2; next }
    { bad($2 " is " $3) }
    function bad(what) { if (why == "") why = what }
    END {
      if (why == "" && !good) why = ended == "" ? "it has no running container" : "it is stopped"
      if (why == "") exit 1
      print why
    }'
}
color_well() { ! color_unwell "$1" >/dev/null; }

# The release in a colour: as its deploy noted, else as the containers say, else (a plain stack) as the records say.
color_release() {
  release_of=$(cat "$path/.deploy/color-$1" 2>/dev/null) || release_of=
  if [ -z "$release_of" ]; then
    # One call of Docker for all that follows.
    release_kept=${kept_containers-}
    kept_containers=$(all_containers)
    release_table=$(color_table "$1")
    release_of=$(printf '%s\n' "$release_table" | awk '$4 != "" && $4 != "-" { print $4; exit }')
    if [ -z "$release_of" ] && [ "$1" = blue ] && [ -n "$release_table" ] && ! all_containers | grep -q "^$project-blue "; then
      release_of=$(plain_release)
    fi
    kept_containers=$release_kept
  fi
  # A label may come with an image: what is no name of a release goes into no record and no program.
  case $release_of in '' | [!a-z0-9]* | *[!a-z0-9._-]*) ;; *) printf '%.63s\n' "$release_of" ;; esac
}

# What is in a colour: its release, or its containers where nothing names one.
color_content() {
  content_of=$(color_release "$1")
  [ -n "$content_of" ] || content_of=$(color_containers "$1" | sort | tr '\n' ,)
  printf '%s\n' "$content_of"
}

# Adds what the colours' releases name as running only where the traffic is.
find_live_only() {
  kept_containers=$(all_containers)
  live_only=$({
    printf '%s\n' "$live_only" | tr ' ' '\n'
    for find_color in blue green; do
      awk '{ print $7 }' "$path/releases/$(color_release "$find_color")/live-only" 2>/dev/null
    done
  } | grep . | sort -u | tr '\n' ' ')
  kept_containers=
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
    } | curl -K - 2>/dev/null | head -c 10485760 | tr -d '\r\000' | ask_lines
  else
    ask_index=0
    while [ "$ask_index" -lt "$2" ]; do
      ask_index=$((ask_index + 1))
      ask_answer=$(ask_wget </dev/null 2>&1 | head -c 1048576 | tr -d '\000')
      ask_code=$(printf '%s\n' "$ask_answer" | sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' | tail -n 1)
      {
        printf '%s\n' "$ask_answer" | sed 's/^  //'
        printf '%s %s 0\n' "$token" "${ask_code:-000}"
      } | tr -d '\r\000' | ask_lines
    done
  fi
}
# In an argument list everybody on the server could read the word; busybox knows no other way.
ask_wget() {
  if wget --version 2>/dev/null | grep -q GNU; then
    printf 'header = %s\nmax_redirect = 0\n' "$ask_probe" >"$run/wgetrc"
    WGETRC=$run/wgetrc timeout 15 wget -q -S -O - -T 10 -t 1 --no-check-certificate "$verify_direct"
  else
    timeout 15 wget -q -S -O - -T 10 --header "$ask_probe" "$verify_direct"
  fi
}
# The version is a word of the answer, or a few: not a part of a longer one. A commit may be named in full or in short,
# as `sameVersion` in packages/probe takes it.
ask_lines() {
  awk -v header="$header" -v version="$expect_version" -v mark="$token" '
    BEGIN {
      header = tolower(header) ":"; color = "-"
      commit = tolower(version)
      if (commit ~ /[^0-9a-f]/ || length(commit) < 7 || length(commit) > 40) commit = ""
    }
    $1 == mark { print $2, $3, color, found; color = "-"; found = ""; next }
    tolower(substr($0, 1, length(header))) == header { color = substr($0, length(header) + 1); gsub(/[ \t]/, "", color) }
    version != "" && found == "" && $0 !~ /^ *HTTP\// && names($0) { found = "version" }
    function names(line, at, i, n, word, words) {
      while ((i = index(substr(line, at + 1), version)) > 0) {
        at += i
        if ((at == 1 || substr(line, at - 1, 1) !~ /[A-Za-z0-9_.+-]/) && substr(line, at + length(version)) !~ /^[.]*[A-Za-z0-9_+-]/) return 1
      }
      if (commit == "") return 0
      n = split(tolower(line), words, /[^a-z0-9_.+-]+/)
      for (i = 1; i <= n; i++) {
        word = words[i]; sub(/[.]+$/, "", word)
        if (word ~ /[^0-9a-f]/) continue
        if (length(word) == 40 && index(word, commit) == 1) return 1
        if (length(commit) == 40 && length(word) >= 7 && index(commit, word) == 1) return 1
      }
      return 0
    }
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
hex_port() { printf '%04X' "${1##*:}"; }

# Requests or connections that a colour still has, from the proxy's side.
traffic_busy() {
  busy_color=$1
  busy_patterns=''
  while read -r _ _ busy_port busy_blue busy_green; do
    [ -n "$busy_port" ] || continue
    if [ -n "$proxy_container" ]; then
      for busy_id in $(color_containers "$busy_color"); do
        for busy_ip in $(engine_addresses "$busy_id"); do
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
