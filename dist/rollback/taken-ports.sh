# shellcheck shell=dash
# Ports of the server that no application may choose.

# claimed_ports: those that are set aside. A claim that nobody has renewed for a month is of an application that is gone.
claimed_ports() {
  [ -d "$port_claims" ] || return 0
  # No deeper: whoever made a claim may have made a whole tree in it.
  find "$port_claims" -mindepth 1 -maxdepth 1 -type d -mtime -30 2>/dev/null | sed -n 's|.*/\([0-9]\{1,5\}\)$|\1|p'
}

# listening_ports: those that something listens on, in hexadecimal as the kernel lists them.
listening_ports() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' | sort -u
}
