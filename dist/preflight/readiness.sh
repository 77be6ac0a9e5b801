# shellcheck shell=dash
# Looks at all that a deployment will need of the server, and lets nothing that is wrong hide the rest.
# Parameters: cpu_seconds (for how long the processors are watched; empty: not at all), and those of look_at_release.

inspect() {
  engine_use "$docker_host"
  scratch=$PWD/asked
  mkdir "$scratch"
  # Before anything of ours takes the processors' time.
  look_at_machine >machine
  if engine_is_installed; then
    ask_aside engine engine_about
    ask_aside version engine_complaint
    ask_aside published engine_published
  fi
  apart path fit_path
  apart status tell_status
  look_at_ports >ports
  result_file sockets ports
  ask_aside loaded look_at_loaded
  look_at_backups >backups
  result_file backups backups
  apart release look_at_release
  wait
  # What was asked above is the answer that `require_engine` reads.
  engine_asked=yes
  result_file proxies "$scratch/loaded.answer"
  apart docker look_at_engine
  if answered published; then result_file published "$scratch/published.answer"; fi
  readiness_root=$(sed -n 1p "$scratch/engine.answer" 2>/dev/null)
  {
    cat machine
    disk path "$path"
    [ -z "$readiness_root" ] || disk images "$readiness_root"
    printf 'ended %s\n' "$(date +%s.%N)"
  } >machine-and-disks
  result_file machine machine-and-disks
}

look_at_engine() {
  require_installed
  require_engine
  result compose "$require_plain"
  if answered version; then result engine "$(head -n 1 "$scratch/version.answer")"; fi
  result root "$(sed -n 1p "$scratch/engine.answer")"
}

# look_at_machine: lines of a word and what it is. Sizes are bytes.
look_at_machine() {
  printf 'began %s\n' "$(date +%s.%N)"
  [ -z "$cpu_seconds" ] || look_at_processors
  printf 'host %s\n' "$(uname -n)"
  printf 'kernel %s\n' "$(uname -srm)"
  printf 'system %s\n' "$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null)"
  printf 'user %s\n' "$(id -un 2>/dev/null || id -u)"
  printf 'groups %s\n' "$(id -Gn 2>/dev/null || id -G)"
  printf 'processors %s\n' "$(grep -c '^processor' /proc/cpuinfo)"
  read -r _ readiness_load _ </proc/loadavg && printf 'load %s\n' "$readiness_load"
  awk '$1 == "MemTotal:" { printf "memory %.0f\n", $2 * 1024 } $1 == "MemAvailable:" { printf "available %.0f\n", $2 * 1024 }' /proc/meminfo
  # The server's own addresses: IPv4 as the kernel's table of routes has them, IPv6 in hexadecimal.
  awk '/32 host LOCAL/ { print "address " last } { last = $2 }' /proc/net/fib_trie 2>/dev/null | sort -u
  awk '{ print "address6 " $1 }' /proc/net/if_inet6 2>/dev/null
}

# look_at_processors: the share of their time that they worked, in percent.
look_at_processors() {
  readiness_then=$(head -n 1 /proc/stat)
  nap "$cpu_seconds"
  readiness_now=$(head -n 1 /proc/stat)
  printf '%s\n%s\n' "$readiness_then" "$readiness_now" | awk '
    # user nice system idle iowait irq softirq steal
    { idle[NR] = $5 + $6; for (i = 2; i <= 9; i++) total[NR] += $i }
    END { spent = total[2] - total[1]; if (spent > 0) printf "busy %.0f\n", 100 * (1 - (idle[2] - idle[1]) / spent) }'
}

# disk NAME FOLDER: its file system: the size of a block, blocks, those that we may use, inodes, free ones. A folder that is not
# there counts as the one that it would be made in.
disk() {
  readiness_folder=$2
  until [ -e "$readiness_folder" ] || [ "$readiness_folder" = / ]; do
    readiness_folder=${readiness_folder%/*}
    readiness_folder=${readiness_folder:-/}
  done
  readiness_room=$(stat -f -c '%S %b %a %c %d' "$readiness_folder" 2>/dev/null) || return 0
  printf 'disk %s %s %s\n' "$1" "$readiness_room" "$readiness_folder"
}

# look_at_ports: who listens, a line each: address and port as the kernel writes them, the user, and the program where we may
# know it. The first line says that the kernel tells.
look_at_ports() {
  [ ! -r /proc/net/tcp ] || echo told
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2, $8 }' | sort -u | while read -r readiness_socket readiness_uid; do
    readiness_name=$(awk -F : -v uid="$readiness_uid" '$3 == uid { print $1; exit }' /etc/passwd)
    printf '%s %s\n' "$readiness_socket" "${readiness_name:-$readiness_uid}"
  done
  ss -Hltnp 2>/dev/null | sed -n 's/^.*[:]\([0-9]\{1,5\}\) .*users:(("\([^"]*\)".*/program \1 \2/p' | sort -u
}

# look_at_loaded: the proxies that run, and what they have loaded.
look_at_loaded() {
  tell_loaded "$scratch/loaded" "$(engine_all 2>/dev/null | awk '$2 == "running" { print $1 }')"
}

# look_at_backups: the manifests of the newest whole ones, a line each.
look_at_backups() {
  # shellcheck disable=SC2012 # the names are ids
  ls -t "$path"/backups/*/manifest.json 2>/dev/null | head -n 20 | while read -r readiness_manifest; do
    if is_whole "${readiness_manifest%/*}"; then cat "$readiness_manifest"; fi
  done
}
