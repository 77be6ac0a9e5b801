# shellcheck shell=dash
# Which containers are proxies. Parameter: proxy_kinds (all that there are).

# found_in_containers IDS: kind, id, name and project (- for none) of each of these containers that is one.
found_in_containers() {
  [ -n "$1" ] || return 0
  # shellcheck disable=SC2086 # ids
  engine_programs $1 | found_by_programs
}

# found_by_programs: the same of containers of which the engine has told the programs, on stdin: by its image or by the
# words of its program. What else it has told, as objects, says nothing here.
found_by_programs() {
  awk -v kinds="$proxy_kinds" '
    BEGIN { known = split(kinds, kind, " ") }
    /^[{]/ { next }
    {
      project = $4
      for (i = 3; i <= NF; i++) for (k = 1; k <= known; k++) {
        if ((i == 3 && $i ~ "(^|/)" kind[k] "(:|@|$)") || (i > 4 && $i ~ "(^|/)" kind[k] "$")) { print kind[k], $1, substr($2, 2), project; next }
      }
    }'
}
