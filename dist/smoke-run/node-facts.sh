# shellcheck shell=dash

# node_facts ENGINE: this server as a node of a cluster, a word and what it is a line: `engine` its version, whether it keeps
# containers alive without itself (live-restore) and the size of the cluster's subnets (-: it does not know); `self` as
# `engine_node` has it; `ipvs`; and of a manager `node` as `engine_nodes` has them, and `address` with a node's id, its address and that
# of its manager (-: it is none). `said`: why it tells nothing of other nodes.
node_facts() {
  ask_engine_at "$1"
  facts_about=$(docker info --format '{{.ServerVersion}} {{.LiveRestoreEnabled}} {{with .Swarm.Cluster}}{{.SubnetSize}}{{else}}-{{end}}' </dev/null) || exit
  printf 'engine %s\n' "$facts_about"
  # Some versions answer nothing, and well, where they may not ask the engine; this one does not.
  case $facts_about in [0-9]*) ;; *) docker version </dev/null >/dev/null || exit ;; esac
  facts_self=$(engine_node) || exit
  printf 'self %s\n' "$facts_self"
  printf 'ipvs %s\n' "$(if has_ipvs; then echo true; else echo false; fi)"
  if facts_nodes=$(engine_nodes 2>&1); then
    printf '%s\n' "$facts_nodes" | sed 's/^/node /'
    # shellcheck disable=SC2046 # ids
    docker node inspect --format 'address {{.ID}} {{.Status.Addr}} {{with .ManagerStatus}}{{.Addr}}{{else}}-{{end}}' $(printf '%s\n' "$facts_nodes" | cut -d ' ' -f 1) </dev/null
  else
    printf '%s\n' "$facts_nodes" | sed 's/^/said /'
  fi
}
