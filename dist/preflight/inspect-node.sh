# shellcheck shell=dash
# Looks at a server that gets tasks of a cluster, and changes nothing.
# Parameters: docker_host, sources (absolute paths that tasks may mount, one per line), project (whose images are asked for; empty:
# none's).

inspect() {
  scratch=$PWD/scratch
  mkdir "$scratch"
  engine_use "$docker_host"
  require_installed
  require_node node fail
  result_file node "$scratch/node"
  result ipvs "$(if has_ipvs; then echo true; else echo false; fi)"
  # The deployment that follows takes this folder over.
  engine_image_folder >image-folder
  : >missing
  printf '%s\n' "$sources" | while IFS= read -r inspect_source; do
    [ -z "$inspect_source" ] || [ -e "$inspect_source" ] || printf '%s\n' "$inspect_source" >>missing
  done
  result_file missing missing
  : >task-images
  [ -z "$project" ] || engine_task_images "$project" >task-images || require_answer fail
  result_file task_images task-images
  # What a manager knows of what has served.
  : >history
  [ ! -f "$path/.deploy/history.jsonl" ] || tail -n 200 "$path/.deploy/history.jsonl" >history
  result_file history history
  rm -rf missing task-images history "$scratch"
}
