# shellcheck shell=dash
# Which of what is to be saved, or to come back, a node of a cluster has; changes nothing.
# Parameters: project, docker_host, engine, role (manager or node). The file `sources` has lines as for a backup, of any kind
# that has a service, of volumes and of paths. Told is for each of them how many of it are here: containers that run, the volume or
# the path; and by a manager the tasks that run on all nodes: service and node, a line each.

inspect() {
  scratch=$PWD/scratch
  mkdir "$scratch"
  engine_use "$docker_host"
  require_installed
  require_node "$role" fail
  result_file node "$scratch/node"
  : >here
  while read -r look_kind look_service look_name <&5; do
    case $look_kind in
      volume) look_found=$(volume_of "$look_name") || fail_for_engine 'the volumes could not be listed' ;;
      path) look_found=$(if [ -e "$path/$look_name" ]; then echo "$look_name"; fi) ;;
      *) look_found=$(members_of_service "$look_service") || fail_for_engine 'the containers could not be listed' ;;
    esac
    printf '%s' "$look_found" | grep -c '' >>here || :
  done 5<sources
  result_file here here
  if [ "$role" = manager ]; then
    running_tasks >tasks || fail_for_engine 'the tasks could not be listed'
    result_file tasks tasks
  fi
  rm -rf "$scratch" here tasks
}

# running_tasks: of the stack and of the colour that is live; service as the compose file has it, and node.
running_tasks() {
  local share tail='' stack=$project lines
  share=$(recorded_share) || share=
  while :; do
    lines=$(engine_stack_tasks "$stack") || return 1
    printf '%s\n' "$lines" | awk -v tail="$tail" '$4 == "running" && $5 == "running" { if (tail != "") sub(tail "$", "", $1); print $1, $9 }'
    if [ -n "$tail" ] || [ -z "$share" ]; then return 0; fi
    tail=-$(live_color "$share" '')
    stack=$project$tail
  done
}
