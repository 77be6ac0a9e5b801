# shellcheck shell=dash
# Ports of the server that applications have set aside for their colours, whoever they belong to and whichever engine
# they run on. Each is a folder in one that everybody may add to and nobody may take from others ($port_claims): of many
# who make it at the same moment one succeeds. Nothing is written there, and nothing is read but names and times.

# claim_ports CLAIMS PORTS: sets the ports of the first file aside and records those of the second one (lines of colour,
# service, target, replica and port) as this application's. False where another one was first; claim_taken says which port.
claim_ports() {
  claim_taken=
  claim_made=
  while read -r claim_port; do
    if ! claim "$claim_port"; then
      claim_taken=$claim_port
      for claim_port in $claim_made; do rmdir "$port_claims/$claim_port"; done
      return 1
    fi
    claim_made="$claim_made $claim_port"
  done <"$1"
  # From now on they are this application's, whatever becomes of the deployment.
  { cat "$(existing "$path/.deploy/ports")" "$2"; } | sort -u | write_file "$path/.deploy/ports"
  awk '{ print $5 }' "$path/.deploy/ports" | while read -r claim_port; do
    mkdir -m 0700 "$port_claims/$claim_port" 2>/dev/null || touch -c "$port_claims/$claim_port" 2>/dev/null || :
  done
}

claim() {
  ! listening_ports | grep -qx "$(printf '%04X' "$1")" || return 1
  mkdir -m 0700 "$port_claims/$1" 2>/dev/null && return 0
  ! claimed_ports | grep -qx "$1" || return 1
  rmdir "$port_claims/$1" 2>/dev/null && mkdir -m 0700 "$port_claims/$1" 2>/dev/null
}

# may_claim: everybody may add to the folder, and nobody may take away what is another's.
may_claim() {
  mkdir -m 1777 "$port_claims" 2>/dev/null
  case $(ls -ld "$port_claims" 2>/dev/null) in drwxrwxrwt*) ;; *) return 1 ;; esac
}
