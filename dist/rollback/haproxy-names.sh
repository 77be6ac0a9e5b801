# shellcheck shell=dash
# What tells how a HAProxy in a container looks names up.

# names_haproxy CONTAINER: its files, each behind a line `# configuration file PATH:`, in the order in which they were named.
names_haproxy() {
  for names_process in $(engine_processes "$1" | awk 'NR > 1 { print $1 }'); do
    grep -qxF haproxy "/proc/$names_process/comm" 2>/dev/null || continue
    tr '\0' '\n' 2>/dev/null <"/proc/$names_process/cmdline" | awk 'before == "-f" { print } { before = $0 }' >"$staging_fields/haproxy-files"
    [ -s "$staging_fields/haproxy-files" ] || continue
    while read -r names_file; do
      printf '# configuration file %s:\n' "$names_file"
      # Of a folder it reads what ends so, in the order of its names.
      # shellcheck disable=SC2016 # expanded where it runs
      engine_in "$1" sh -c 'if [ -d "$1" ]; then cat "$1"/*.cfg; else cat "$1"; fi' sh "$names_file" 2>/dev/null || echo unread
      echo
    done <"$staging_fields/haproxy-files"
    return 0
  done
}
