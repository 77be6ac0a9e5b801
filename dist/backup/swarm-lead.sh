# shellcheck shell=dash
# Notes that all managers of a cluster have: which of them changes a project, and what it has begun. Each is a config that no
# service has, since a config is there for all managers or for none, and of two that make one name at once one fails.

# _lead_name PROJECT WHAT: the name of a note. A config's name has 64 letters at most.
_lead_name() { printf 'deploy-actions_%s_%s' "$(printf '%s' "$1" | sha256sum | cut -c 1-16)" "$2"; }

# engine_leads PROJECT: a line for each note: what it says, the deployment, and the id of the node.
engine_leads() {
  docker config ls --format '{{.Name}} {{.Label "deploy-actions.deployment"}} {{.Label "deploy-actions.node"}}' \
    --filter "label=$(engine_label lead "$1")" </dev/null | awk -v head="$(_lead_name "$1" '')" \
    'index($1, head) == 1 { $1 = substr($1, length(head) + 1); print }'
}

# engine_note_lead PROJECT WHAT DEPLOYMENT NODE: false where it is there already.
engine_note_lead() {
  printf 'deploy-actions\n' | docker config create --label "$(engine_label lead "$1")" --label "$(engine_label deployment "$3")" \
    --label "$(engine_label node "$4")" "$(_lead_name "$1" "$2")" - >/dev/null 9>&-
}

# engine_forget_leads PROJECT WHAT…
engine_forget_leads() {
  engine_project=$1
  shift
  for engine_word; do
    shift
    set -- "$@" "$(_lead_name "$engine_project" "$engine_word")"
  done
  docker config rm "$@" </dev/null >/dev/null 2>&1 9>&-
}
