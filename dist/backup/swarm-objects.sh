# shellcheck shell=dash
# Configs and secrets of a cluster. One that was made cannot be changed.

# engine_objects KIND PROJECT: names of the configs or secrets (KIND) that were made for the project. engine_make_object KIND
# PROJECT NAME FILE. engine_remove_object KIND NAME: nothing where a service has it.
engine_objects() {
  docker "$1" ls --format '{{.Name}}' --filter "label=$(engine_label project "$2")" </dev/null
}
engine_make_object() {
  docker "$1" create --label "$(engine_label project "$2")" "$3" "$4" </dev/null >/dev/null 9>&-
}
engine_remove_object() {
  docker "$1" rm "$2" </dev/null >/dev/null 2>&1 9>&-
}

# engine_objects_in_use STACK: names of configs and secrets that its services have, and those that they would go back to.
# shellcheck disable=SC2086 # ids
engine_objects_in_use() {
  engine_service_ids=$(_engine_service_ids "$1") || return 1
  [ -n "$engine_service_ids" ] || return 0
  docker service inspect --format '{{with .Spec.TaskTemplate.ContainerSpec}}{{range .Configs}}{{println .ConfigName}}{{end}}{{range .Secrets}}{{println .SecretName}}{{end}}{{end}}{{with .PreviousSpec}}{{with .TaskTemplate.ContainerSpec}}{{range .Configs}}{{println .ConfigName}}{{end}}{{range .Secrets}}{{println .SecretName}}{{end}}{{end}}{{end}}' \
    $engine_service_ids </dev/null | grep . || :
}
