# shellcheck shell=dash
# What the proxies that run have loaded, beside what stands on disk now. Nobody needs to be root for it: a program tells
# when it was started, a file when it was changed, and Caddy what it goes by.
# Each proxy defines `loaded_KIND CONTAINER PROCESSES…` (CONTAINER: its id; empty: on the host), which prints lines; see
# `readLoaded`:
#   loaded TIME          when it took its configuration, in seconds since 1970
#   main PATH            the file that it was started with, where it was told one
#   file TIME PATH       a file of it, and when that was changed or put there
#   folder TIME PATH     the same of a folder of which every file belongs to it
#   running JSON         what it goes by, and
#   adapted JSON         what it would go by after a reload
#   current WORDS        nothing of it can be older than what stands on disk
#   replaced PATH        a file of the host's that the container has an older one of
#   unknown WORDS        why something of it cannot be known

# How long all of them have, in tenths of a second, and how many are looked at.
loaded_tenths=50
loaded_most=12

# tell_loaded FOLDER IDS: of each proxy on the host and in these containers; FOLDER is for what is under way.
tell_loaded() {
  loaded_folder=$1
  mkdir -p "$loaded_folder"
  found_on_host "$proxy_kinds" "$2" >"$loaded_folder/host"
  {
    cut -d ' ' -f 1 "$loaded_folder/host" | sort -u
    found_in_containers "$2"
  } >"$loaded_folder/all"
  loaded_number=0
  while read -r loaded_kind loaded_id loaded_name _; do
    loaded_number=$((loaded_number + 1))
    [ "$loaded_number" -le "$loaded_most" ] || continue
    {
      tell_one_loaded "$loaded_kind" "$loaded_id" >"$loaded_folder/told.$loaded_number" 2>/dev/null
      : >"$loaded_folder/done.$loaded_number"
    } </dev/null &
    printf '%s\n' "$!" >"$loaded_folder/pid.$loaded_number"
  done <"$loaded_folder/all"
  loaded_number=0
  while read -r loaded_kind loaded_id loaded_name _; do
    loaded_number=$((loaded_number + 1))
    printf 'proxy %s %s\n' "$loaded_kind" "$loaded_name"
    if [ "$loaded_number" -gt "$loaded_most" ]; then
      echo "unknown no more than $loaded_most are looked at"
      continue
    fi
    until [ -e "$loaded_folder/done.$loaded_number" ] || [ "$loaded_tenths" -le 0 ]; do
      nap 0.1
      loaded_tenths=$((loaded_tenths - 1))
    done
    if [ -e "$loaded_folder/done.$loaded_number" ]; then
      cat "$loaded_folder/told.$loaded_number"
    else
      _kill_tree "$(cat "$loaded_folder/pid.$loaded_number")"
      echo 'unknown it did not answer within five seconds'
    fi
  done <"$loaded_folder/all"
}

# tell_one_loaded KIND CONTAINER
tell_one_loaded() {
  if [ -n "$2" ]; then
    loaded_pids=$(engine_processes "$2" | awk 'NR > 1 { print $1 }')
  else
    loaded_pids=$(sed -n "s/^$1 //p" "$loaded_folder/host")
  fi
  loaded_own=
  for loaded_pid in $loaded_pids; do
    if grep -qxF "$1" "/proc/$loaded_pid/comm" 2>/dev/null; then loaded_own="$loaded_own $loaded_pid"; fi
  done
  # shellcheck disable=SC2086 # numbers
  set -- "$1" "$2" $loaded_own
  if [ $# -lt 3 ]; then
    echo 'unknown its processes are not seen from the login'
    return 0
  fi
  # Of the times of processes only the differences say something to everybody. The clock is read after them: where a busy
  # machine lets time go by between, a start is told too late, and never as before a file that it has read.
  loaded_ticks=$(awk '{ sub(/^.*\) /, ""); print $20 }' /proc/self/stat)
  loaded_now=$(date +%s)
  of_proxy loaded "$@"
}

# started_at PROCESS: when it was started, in seconds since 1970; up to one second late. A process of Linux counts
# hundredths.
started_at() {
  _process "$1" && echo $((loaded_now - (loaded_ticks - host_start) / 100))
}

# tell_files CONTAINER PATHS…: when each was changed. A file that was replaced has its time of then, whatever its
# content's is.
tell_files() {
  tell_container=$1
  shift
  # The mode in hexadecimal, and both times.
  tell_seen=$(within "$tell_container" stat -L -c '%f %Z %Y %n' "$@" 2>/dev/null)
  printf '%s\n' "$tell_seen" | awk '
    { mode = $1; changed = $2; listed = $3 }
    !sub(/^[^ ]+ [0-9]+ [0-9]+ /, "") { next }
    mode ~ /^4...$/ { print "folder " listed " " $0; next }
    { print "file " changed " " $0 }'
  for tell_file in "$@"; do
    printf '%s\n' "$tell_seen" | cut -d ' ' -f 4- | grep -qxF -e "$tell_file" || echo "unknown $tell_file cannot be seen from the login"
  done
  [ -z "$tell_container" ] || tell_mounted "$tell_container" "$@"
}

# tell_mounted CONTAINER PATHS…: those of them that are mounted as single files and were replaced on the host since: the
# container keeps the one that was there when it was started.
tell_mounted() {
  tell_container=$1
  shift
  engine_mounts "$tell_container" | while read -r tell_target tell_source; do
    printf '%s\n' "$@" | grep -qxF -e "$tell_target" || continue
    [ -f "$tell_source" ] || continue
    tell_inside=$(within "$tell_container" stat -L -c %i "$tell_target" 2>/dev/null) || continue
    tell_outside=$(stat -L -c %i "$tell_source" 2>/dev/null) || continue
    [ "$tell_inside" = "$tell_outside" ] || printf 'replaced %s\n' "$tell_source"
  done
}
