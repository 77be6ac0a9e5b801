# shellcheck shell=dash
# Whether a colour may be deployed to.

# check_color: under the lock; the live colour is never deployed over, and ports never change.
check_color() {
  color_table=$files/release/services
  color_live_only=$files/release/live-only
  check_idle
  for check_network in $(network_members "$files/release" | awk '{ print $1 "/" $2 }' | sort -u); do
    check_name=$(color_network "$base_project" "$color" "${check_network%/*}")
    case $(engine_network_kind "$check_name") in
      '' | "${check_network##*/}") ;;
      *)
        stop refused network-differs "the network $check_name is there, and is not ${check_network##*/} as the compose file wants ${check_network%/*} to be" \
          'Take the idle colour down, remove that network, and deploy again: it is made as the file says.'
        ;;
    esac
  done
  check_later=$(engine_running_ids "$base_project" |
    while read -r check_id; do engine_networks "$check_id"; done | awk -v ours="$(color_network "$base_project" '')" '$1 > ours && index($1, ours) != 1 { print $1 }' | sort -u | head -n 1)
  [ -z "$check_later" ] || stop refused network-order "a shared service is on the network $check_later, whose name sorts after $(color_network "$base_project" "$color"): joining that would move its default gateway and drop connections" \
    'Give that network a name that sorts earlier.'
  check_changed=$(awk '
    { key = $1 " " $2 " " $3 " " $4 }
    FILENAME == ARGV[1] { port[key] = $5; next }
    (key in port) && port[key] != $5 { print $2; exit }
  ' "$(existing "$path/.deploy/ports")" "$files/release/ports")
  [ -z "$check_changed" ] || stop busy ports-taken "another deployment allocated the ports of $check_changed meanwhile" 'Run it again.'
  # Last, since what is set aside stays so. Another try chooses other ports.
  may_claim || stop refused ports-unclaimable "$port_claims is not a folder that everybody may add to and nobody may take from others" \
    "An administrator can run, on the server: rm -rf $port_claims; install -d -m 1777 $port_claims"
  claim_ports "$files/release/claims" "$files/release/ports" ||
    fail busy ports-taken "another application took the port $claim_taken meanwhile" 'Run it again.'
}
