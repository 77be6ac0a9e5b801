# shellcheck shell=dash
# Whether this server is what a deployment to a cluster takes it for.

# require_node ROLE HOW: ends the operation unless this server is a node of a cluster, and where ROLE is `manager` one that
# can change it. Its words go to $scratch/node and $scratch/nodes. HOW: by `fail`, or by a program's own way.
require_node() {
  if ! engine_node >"$scratch/node" 2>"$scratch/node.error"; then
    require_answer "$2"
    fail_for_engine "$(cat "$scratch/node.error")" "$2"
  fi
  : >"$scratch/nodes"
  [ "$1" != manager ] || engine_nodes >"$scratch/nodes" 2>"$scratch/node.error" || true
  ! complaint_of_node "$1" || "$2" "$complaint_kind" "$complaint_code" "$complaint_message" "$complaint_remedy"
  if [ "$1" = manager ] && [ ! -s "$scratch/nodes" ]; then fail_for_engine "$(cat "$scratch/node.error")" "$2"; fi
}

# complaint_of_node ROLE: true where something keeps the server from that.
complaint_of_node() {
  read -r cluster_state cluster_manages _cluster_id cluster_name <"$scratch/node"
  case $cluster_state in
    active) ;;
    locked)
      complaint_locked "$cluster_name"
      return 0
      ;;
    *)
      complaint_alone "$cluster_name" "${cluster_state:-no word of it}"
      return 0
      ;;
  esac
  [ "$1" = manager ] || return 1
  if grep -q 'does not have a leader' "$scratch/node.error"; then
    complaint_quorum
  elif [ "$cluster_manages" != true ]; then
    complaint_worker "$cluster_name"
  else
    return 1
  fi
}
