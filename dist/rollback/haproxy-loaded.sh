# shellcheck shell=dash
# When HAProxy took its configuration: a reload starts a new process, below the same master or in place of the old one. So
# of those with the same files the newest tells.

loaded_haproxy() {
  haproxy_container=$1
  shift
  for haproxy_each in "$@"; do
    haproxy_at=$(started_at "$haproxy_each") || continue
    haproxy_read=$(words_of "$haproxy_each" | awk 'before == "-f" && !/[[:space:]]/ { printf "%s ", $0 } { before = $0 }')
    printf '%s %s\n' "$haproxy_at" "$haproxy_read"
  done | sort -rn | awk '{ at = $1; sub(/^[0-9]+ ?/, "") } !seen[$0]++ { print at, $0 }' >"$loaded_folder/haproxy.$1"
  while read -r haproxy_at haproxy_read; do
    case " $haproxy_read" in
      ' ') echo 'unknown it was started with no -f that names a file' ;;
      *' '[!/]*) echo "unknown it was started with files that have no absolute path: $haproxy_read" ;;
      *)
        echo "loaded $haproxy_at"
        # shellcheck disable=SC2046,SC2086 # paths without spaces, see above
        tell_files "$haproxy_container" $haproxy_read $(haproxy_within_folders $haproxy_read)
        ;;
    esac
  done <"$loaded_folder/haproxy.$1"
}

# haproxy_within_folders PATHS…: of a folder HAProxy reads what ends in .cfg.
haproxy_within_folders() {
  for haproxy_each in "$@"; do
    case $haproxy_each in *.cfg) ;; *) within "$haproxy_container" find -L "$haproxy_each" -mindepth 1 -maxdepth 1 -name '*.cfg' 2>/dev/null ;; esac
  done
}
