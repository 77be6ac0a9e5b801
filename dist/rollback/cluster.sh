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
      complaint refused cluster-locked "the swarm on $cluster_name is locked since its engine was started anew, so it can be asked nothing" \
        'Unlock it there: docker swarm unlock. Its key is no business of a workflow.'
      return 0
      ;;
    *)
      complaint refused no-cluster "$cluster_name is in no swarm (${cluster_state:-no word of it})" \
        'On the first server: docker swarm init; on the others the command that docker swarm join-token worker prints.'
      return 0
      ;;
  esac
  [ "$1" = manager ] || return 1
  if [ "$cluster_manages" != true ] && ! grep -q 'does not have a leader' "$scratch/node.error"; then
    complaint refused no-manager "$cluster_name is a worker of its swarm, and the first host must be a manager" \
      'Name a manager first in host: docker node ls on one shows which they are.'
    return 0
  fi
  grep -q 'does not have a leader' "$scratch/node.error" || return 1
  complaint refused no-quorum 'the swarm does not have a leader: more than half of its managers must be up' \
    'Bring managers back first. What runs goes on running; nothing was changed.'
}

# has_ipvs: the kernel can spread connections over tasks (IPVS), which published ports and virtual addresses need. It need not
# be loaded before the first of them.
has_ipvs() {
  [ -e /proc/net/ip_vs ] || grep -qs '/ip_vs\.ko' "/lib/modules/$(uname -r)/modules.dep" "/lib/modules/$(uname -r)/modules.builtin"
}
