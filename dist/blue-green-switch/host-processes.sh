# shellcheck shell=dash
# The processes of proxies that run on the host itself. Anybody on a server may start a program that is called like a proxy,
# with words of his choice; and by such words we test and reload a proxy as root. So a process counts only by who it is of.

# host_processes KINDS: kind and number of each process of the host's own proxies of these kinds, a line each.
host_processes() {
  own_users=
  for own_kind in $1; do own_users="$own_users $own_kind=$(id -u "$own_kind" 2>/dev/null || :)"; done
  cat /proc/[0-9]*/status 2>/dev/null | own_processes "$1" "$(id -u)" "$own_users" |
    while read -r own_kind own_pid; do
      is_of_other_session "$(cat "/proc/$own_pid/cgroup" 2>/dev/null)" || printf '%s %s\n' "$own_kind" "$own_pid"
    done
}

# own_processes KINDS LOGIN USERS: of the status files of processes on stdin, kind and number of those that are called
# like one of the kinds and are root's, the login's, or of the user who is called like the proxy (KIND=ID in USERS), as
# packages make one; and of what such a process has started (its workers). The real and the effective user must be so,
# since a program that is root's whoever starts it can be called anything too. What has a number in a container (NSpid) is
# not the host's.
own_processes() {
  awk -v kinds=" $1 " -v login="$2" -v users="$3 " '
    $1 == "Name:" { name = $2 }
    $1 == "Pid:" { pid = $2 }
    $1 == "PPid:" { parent[pid] = $2 }
    $1 == "Uid:" { real = $2; effective = $3 }
    $1 == "NSpid:" { numbers[pid] = NF - 1 }
    $1 == "Uid:" && index(kinds, " " name " ") {
      found[++n] = pid; kind[pid] = name
      trusted[pid] = is_trusted(real) && is_trusted(effective)
    }
    function is_trusted(id) {
      return id == 0 || id == login || index(users, " " name "=" id " ")
    }
    END {
      for (i = 1; i <= n; i++) {
        pid = found[i]
        if (numbers[pid] > 1) continue
        if (trusted[pid] || (kind[parent[pid]] == kind[pid] && trusted[parent[pid]])) print kind[pid], pid
      }
    }'
}

# is_of_other_session CGROUP: whether a process stands in the session of a person who is neither root nor the login user,
# as systemd groups them. Whom it runs as says nothing then: he has started it.
is_of_other_session() {
  case $1 in
    */user.slice/user-0.slice* | */user.slice/user-"$(id -u)".slice*) return 1 ;;
    */user.slice/*) return 0 ;;
    *) return 1 ;;
  esac
}

# found_on_host KINDS IDS: the same, without what runs in one of these containers: it may have the host's own numbers.
found_on_host() {
  host_processes "$1" | while read -r found_kind found_pid; do
    if [ -n "$2" ] && printf '%s\n' "$2" | grep -qFf - "/proc/$found_pid/cgroup" 2>/dev/null; then continue; fi
    printf '%s %s\n' "$found_kind" "$found_pid"
  done
}
