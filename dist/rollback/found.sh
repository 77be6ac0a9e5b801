# shellcheck shell=dash
# Which proxies run on the server. Parameter: proxy_kinds (all that there are).

# found_on_host IDS: kind and process of each that runs on the host itself: in none of these containers.
found_on_host() {
  for found_comm in /proc/[0-9]*/comm; do
    read -r found_name <"$found_comm" 2>/dev/null || continue
    case " $proxy_kinds " in *" $found_name "*) ;; *) continue ;; esac
    if [ -n "$1" ] && printf '%s\n' "$1" | grep -qFf - "${found_comm%comm}cgroup" 2>/dev/null; then continue; fi
    found_comm=${found_comm#/proc/}
    printf '%s %s\n' "$found_name" "${found_comm%/comm}"
  done 2>/dev/null
}

# found_in_containers IDS: kind, id, name and project (- for none) of each of these containers that is one, by its image or by
# the words of its program.
found_in_containers() {
  [ -n "$1" ] || return 0
  # shellcheck disable=SC2086 # ids
  engine_programs $1 |
    awk -v kinds="$proxy_kinds" '
      BEGIN { known = split(kinds, kind, " ") }
      {
        project = $4
        line = $0; sub(/.* ports /, "", line)
        for (i = 3; i <= NF; i++) for (k = 1; k <= known; k++) {
          if ((i == 3 && $i ~ "(^|/)" kind[k] "(:|@|$)") || (i > 4 && $i ~ "(^|/)" kind[k] "$")) { print kind[k], $1, substr($2, 2), project; next }
        }
      }'
}
