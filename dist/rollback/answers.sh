# shellcheck shell=dash
# What a proxy answers, asked as any visitor or by a word that only the project knows.

has_curl() { command -v curl >/dev/null 2>&1; }

# Asks through the proxy, COUNT times on one process, as the colour CHOSEN (empty: as any visitor).
# Prints a line per answer: status, seconds, colour, and "version" when the expected one was in it.
ask() {
  ask_probe="$header_probe: $token"
  [ -z "$1" ] || ask_probe="$ask_probe-$1"
  if has_curl; then
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
    WGETRC=$run/wgetrc timeout 15 wget -q -S -O - -T 10 -t 1 --no-check-certificate "$verify_url"
  else
    timeout 15 wget -q -S -O - -T 10 --header "$ask_probe" "$verify_url"
  fi
}

# The version is a word of the answer, or a few: not a part of a longer one. A commit may be named in full or in short,
# as `sameVersion` in packages/kit takes it.
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

# first_wrong COLOR ANSWERS: the first of the answers that is none of the colour, or a server's error. By a pipe, since a
# here-document may find no room on the disk, and then none would be wrong.
first_wrong() {
  printf '%s\n' "$2" | awk -v color="$1" -v version="$expect_version" '
    $1 < 100 || $1 >= 500 || $3 != color || (version != "" && $4 != "version") { print; exit }'
}

# True when COUNT answers in a row come from the colour, none of them a server error.
# The last answer that did not stays in $steady_wrong.
answers_steadily() {
  steady_answers=$(ask '' "$2")
  steady_wrong=$(first_wrong "$1" "$steady_answers")
  [ -n "$steady_answers" ] && [ -z "$steady_wrong" ] && return 0
  return 1
}
