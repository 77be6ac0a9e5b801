# shellcheck shell=dash
# Colours and shares, and what the records in the application's folder say of them: share.ts, color.ts,
# traffic-record.ts, lastEngine and changesSchema in sh. A test runs both through one table.

other_color() {
  if [ "$1" = blue ]; then echo green; else echo blue; fi
}

# is_share NAME: blue, or green-25 where green has a quarter.
is_share() {
  case $1 in
    blue | green | blue-[1-9] | green-[1-9] | blue-[1-9][0-9] | green-[1-9][0-9]) ;;
    *) return 1 ;;
  esac
}

# share_color SHARE: the colour that has the larger part.
share_color() {
  case $1 in
    *-*) if [ "${1#*-}" -ge 50 ]; then echo "${1%-*}"; else other_color "${1%-*}"; fi ;;
    *) echo "$1" ;;
  esac
}

# live_color SHARE PLAIN: the live colour by a share (empty before the first switch). Without one a plain stack that runs
# (PLAIN is not empty) is blue; where nothing runs, nothing is printed.
live_color() {
  if is_share "$1"; then share_color "$1"; elif [ -n "$2" ]; then echo blue; fi
}

# recorded_share: what traffic.json says; nothing before the first switch. False where it is there and cannot be read:
# then nobody knows by it where the traffic is.
recorded_share() {
  local share
  [ -f "$path/.deploy/traffic.json" ] || return 0
  share=$(recorded_text share)
  is_share "$share" && printf '%s\n' "$share"
}

# recorded_text KEY, recorded_fence: what traffic.json says. It is one line, its keys in a fixed order.
recorded_text() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$path/.deploy/traffic.json" 2>/dev/null
}
recorded_fence() {
  sed -n 's/.*"fence":\([0-9]*\).*/\1/p' "$path/.deploy/traffic.json" 2>/dev/null
}

# is_up STATE: whether a container is up, or comes up by itself: it is neither ended nor only made.
is_up() {
  case $1 in created | exited | dead | removing) return 1 ;; esac
}

# color_network PROJECT COLOR [NETWORK]: what stands in the colour for that network of the file, or for the usual one.
# The name sorts after every other one of a shared container, see `colorNetwork`.
color_network() {
  case ${3-} in '' | default) printf 'zz_%s_%s' "$1" "$2" ;; *) printf 'zz_%s_%s.%s' "$1" "$2" "$3" ;; esac
}

# of_color PROJECT COLOR CHANGING: of lines that begin with a compose project, an id and a service, those of a colour's
# containers, without the project. A plain stack that has never been a colour is blue: those of its services that change,
# which are the ones that green has and the ones in the list CHANGING; all of them as long as nothing tells which change.
of_color() {
  awk -v project="$1" -v color="$2" -v changing="$3" '
    { of = $1; sub(/^[^ ]* /, ""); n[of]++; line[of, n[of]] = $0; service[of, n[of]] = $2 }
    END {
      own = project "-" color
      for (i = 1; i <= n[own]; i++) print line[own, i]
      if (n[own] || color != "blue") exit
      any = split(changing, names, " ")
      for (i in names) changes[names[i]] = 1
      other = project "-green"
      for (i = 1; i <= n[other]; i++) { changes[service[other, i]] = 1; any = 1 }
      for (i = 1; i <= n[project]; i++) if (!any || service[project, i] in changes) print line[project, i]
    }'
}

# plain_release: the release of a plain stack that counts as blue. `current` leads to it until green has the traffic; then
# the link goes along, and the record of the traffic remembers what served before.
plain_release() {
  local link
  if [ "$(live_color "$(recorded_text share)" '')" = green ]; then
    recorded_text previous
    return
  fi
  link=$(readlink "$path/current" 2>/dev/null) || return 0
  case $link in releases/*) printf '%s\n' "${link#releases/}" ;; esac
}

# current_release: the release that `current` leads to; empty without one. $path/releases holds it, whole.
current_release() {
  local link
  [ -L "$path/current" ] || return 0
  link=$(readlink "$path/current" 2>/dev/null) || return 0
  case $link in releases/*) ;; *) return 0 ;; esac
  [ ! -f "$path/$link/services" ] || printf '%s' "${link#releases/}"
}

# last_engine: what the last release of the folder used: the one that serves, else the newest one that is recorded; compose
# where there is none, and where its record says nothing: it was made when there was no other.
last_engine() {
  local used record
  used=$(current_release)
  if [ -n "$used" ]; then
    used=$(release_engine "$path/releases/$used/release.json")
  else
    used=$(for record in "$path"/releases/*/release.json; do
      [ ! -f "$record" ] || printf '%s %s\n' "$(sed -n 's/.*"created":"\([^"]*\)".*/\1/p' "$record")" "$(release_engine "$record")"
    done | sort | tail -n 1)
    used=${used#* }
  fi
  printf '%s\n' "${used:-compose}"
}

# release_engine FILE: what a release.json says of its engine.
release_engine() {
  sed -n 's/.*"engine":"\([a-z]*\)".*/\1/p' "$1" 2>/dev/null
}

# schema_changed RAN REVERSIBLE BEFORE AFTER: whether old code may not run on the schema that migrations have left: nothing
# says that it did not change (the hashes of the state before and after; empty: not known), or may.
schema_changed() {
  [ "$1" = true ] && [ "$2" != true ] && { [ -z "$3" ] || [ "$3" != "$4" ]; }
}
