# shellcheck shell=dash
# The processes of proxies that run on the host itself. Anybody on a server may start a program that is called like a proxy,
# with words of his choice; and by such words we test and reload a proxy as root. So a process counts only by who it is of.

# found_on_host KINDS IDS: kind and number of each process of the host's own proxies of these kinds, a line each; without
# what runs in one of these containers, which may have the host's own numbers.
found_on_host() {
  own_called=
  own_users=
  own_ids=
  for own_id in $2; do own_ids="$own_ids $own_id"; done
  # What a process is called is read without a process: on most servers there are hundreds, and few of them are a proxy's.
  for own_comm in /proc/[0-9]*/comm; do
    read -r own_name <"$own_comm" || continue
    case " $1 " in *" $own_name "*) ;; *) continue ;; esac
    own_called="$own_called ${own_comm%comm}status ${own_comm%comm}cgroup"
    case "$own_users " in *" $own_name="*) continue ;; esac
    own_users="$own_users $own_name=$(id -u "$own_name" 2>/dev/null || :)"
  done 2>/dev/null
  [ -n "$own_called" ] || return 0
  # shellcheck disable=SC2086 # files of processes
  cat $own_called 2>/dev/null | own_processes "$1" "$(id -u)" "$own_users" "$own_ids"
}

# host_processes KINDS: the same of all.
host_processes() { found_on_host "$1" ''; }

# own_processes KINDS LOGIN USERS IDS: of the status files of processes on stdin, with the cgroup of each behind it, kind and
# number of those that are called like one of the kinds and are root's, the login's, or of the user who is called like the
# proxy (KIND=ID in USERS), as packages make one; and of what such a process has started (its workers). The real and the
# effective user must be so, since a program that is root's whoever starts it can be called anything too. What has a number
# in a container (NSpid) is not the host's, and neither is what stands in the cgroup of a container of IDS. What stands in
# the session of a person who is neither root nor the login user, as systemd groups them, is his, whomever it runs as: he has
# started it.
own_processes() {
  awk -v kinds=" $1 " -v login="$2" -v users="$3 " -v ids="$4" '
    $1 == "Name:" { name = $2 }
    $1 == "Pid:" { pid = $2 }
    $1 == "PPid:" { parent[pid] = $2 }
    $1 == "Uid:" { real = $2; effective = $3 }
    $1 == "NSpid:" { numbers[pid] = NF - 1 }
    $1 == "Uid:" && index(kinds, " " name " ") {
      found[++n] = pid; kind[pid] = name
      trusted[pid] = is_trusted(real) && is_trusted(effective)
    }
    /^[0-9]+:/ { cgroup[pid] = cgroup[pid] $0 "\n" }
    function is_trusted(id) {
      return id == 0 || id == login || index(users, " " name "=" id " ")
    }
    function is_in(group, slice) { return index(group, "/user.slice/" slice) }
    function is_of_other_session(group) {
      return is_in(group, "") && !is_in(group, "user-0.slice") && !is_in(group, "user-" login ".slice")
    }
    function is_of_container(group, i) {
      for (i = 1; i <= containers; i++) if (index(group, id[i])) return 1
      return 0
    }
    END {
      containers = split(ids, id)
      for (i = 1; i <= n; i++) {
        pid = found[i]
        if (numbers[pid] > 1 || is_of_other_session(cgroup[pid]) || is_of_container(cgroup[pid])) continue
        if (trusted[pid] || (kind[parent[pid]] == kind[pid] && trusted[parent[pid]])) print kind[pid], pid
      }
    }'
}
