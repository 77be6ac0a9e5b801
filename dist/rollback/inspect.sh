# shellcheck shell=dash
# Looks at the server and resolves the compose files, changing nothing outside the staging folder.
# The files sent lie in project/<name>/…: <name> is the base name of the application's folder, since Compose names
# the project after it. What was not sent is linked in from shared/, so that `env_file`, `extends` and the like
# find the user's own files.
# Parameters: project_given, compose_files, profiles (one per line), env_file, folder (the <name>), adopt,
# want (`deploy`, `status`, or `preflight`: as `deploy`, with the releases that are kept and what the variables of the env file
# are), cluster (yes: the server is a manager of one). Secret: env_text.

look_at_release() {
  scratch=$PWD/scratch
  mkdir "$scratch"
  old_folder=
  old_project=
  engine_use "$docker_host"
  ask_engine
  # Docker's own filter cannot tell a project's colours, and the project's name is not known yet.
  ask_aside stacks engine_stacks
  ask_aside images engine_images
  if [ "$want" != status ]; then
    ask_aside volumes engine_volumes
    ask_aside nets engine_nets
  fi
  stage=$PWD/project/$folder
  mkdir -p "$stage"
  if [ "$want" = status ]; then find_project; else look_at_files; fi
  require_answered stacks
  require_answered images
  result project "$project"
  [ "$want" = status ] || look_at_leftovers
  [ -z "$cluster" ] || look_at_cluster
  look_at_stack
  look_at_releases
  # They hold secrets and have been told.
  rm -rf env granted config.json original.json own.json own-hashes own.why hashes same stack stack-images listening claimed containers releases history sums services tasks tasks-blue tasks-green service-sums service-specs cluster-networks task-images slots "$scratch"
}

# look_at_files: what the compose files come to on this server, and the stack that was started by hand, where one is adopted.
# Sets $project.
look_at_files() {
  # A stack that was started by hand has its data and env files in a folder of its own.
  adopting=
  if [ "$adopt" = true ] && [ -z "$cluster" ] && [ -z "$(current_release)" ]; then
    adopting=yes
    find_old_folder
  fi
  link_shared "$path/shared" "$stage" .
  [ -z "$old_folder" ] || link_shared "$old_folder" "$stage" .
  resolve
  # The deploy that follows takes this folder over.
  sed -n 1p "$scratch/engine.answer" >image-folder
  project=$(sed -n 's/^  "name": "\(.*\)",*$/\1/p' config.json | head -n 1)
  [ -z "$adopting" ] || check_adopted
  if [ -n "$old_folder" ]; then
    original_hashes
    look_at_old_stack
  fi
  result_file config config.json
  shared_sources
  result stage "$stage"
  result old_folder "$old_folder"
}

# find_project: sets $project where no compose file is at hand: as given, as the current release has it, or as Compose would
# call it.
find_project() {
  require_engine
  project=$project_given
  [ -n "$project" ] || project=$(sed -n 's/^ "name": "\(.*\)",*$/\1/p' "$path/current/compose.json" 2>/dev/null | head -n 1)
  [ -n "$project" ] || project=$(project_of_folder)
}

# link_shared FROM TO RELATIVE: links what FROM has and TO has not, folder by folder.
link_shared() {
  [ -d "$1/$3" ] || return 0
  for inspect_entry in "$1/$3"/* "$1/$3"/.[!.]* "$1/$3"/..?*; do
    [ -e "$inspect_entry" ] || continue
    inspect_base=${inspect_entry##*/}
    if [ "$3" = . ]; then
      case $inspect_base in current | releases | files | shared | backups | .deploy | .git) [ "$1" != "$old_folder" ] || continue ;; esac
    fi
    if [ ! -e "$2/$3/$inspect_base" ] && [ ! -L "$2/$3/$inspect_base" ]; then
      ln -s "$inspect_entry" "$2/$3/$inspect_base"
    elif [ -d "$inspect_entry" ] && [ -d "$2/$3/$inspect_base" ] && [ ! -L "$2/$3/$inspect_base" ]; then
      (link_shared "$1" "$2" "$3/$inspect_base")
    fi
  done
}

# resolve: writes config.json.
resolve() {
  merge_env_file
  [ "$want" != preflight ] || ask_values
  set -- --project-directory "$stage" --env-file "$inspect_merged"
  [ -z "$project_given" ] || set -- "$@" --project-name "$project_given"
  while read -r inspect_line; do
    [ -z "$inspect_line" ] || set -- "$@" --file "$stage/$inspect_line"
  done <<LIST
$compose_files
LIST
  while read -r inspect_line; do
    [ -z "$inspect_line" ] || set -- "$@" --profile "$inspect_line"
  done <<LIST
$profiles
LIST
  (
    cd "$stage" && engine_resolve "$@"
  ) >config.json 2>"$scratch/config.error" || true >"$scratch/config.broken"
  # First: what Docker itself lacks is the reason of everything else.
  require_engine
  if [ "$want" = preflight ] && answered values; then result_file values "$scratch/values.answer"; fi
  [ ! -f "$scratch/config.broken" ] || config_failure
  # Services of profiles that are not asked for are in the file all the same: what runs of them is no orphan.
  if compose_files_have '^[[:space:]]*profiles:'; then
    (
      cd "$stage" && engine_services "$@"
    ) >"$scratch/all-services" 2>/dev/null && result_file all_services "$scratch/all-services"
  fi
  warn_of_unset
  granted_values
}

# merge_env_file: sets $inspect_merged, the env file that Compose goes by: the user's on the server ($inspect_env_name) with
# the lines of `env` at its end.
merge_env_file() {
  inspect_env_name=${env_file:-.env}
  case $inspect_env_name in /*) inspect_base=$inspect_env_name ;; *) inspect_base=$stage/$inspect_env_name ;; esac
  if [ -n "$env_file" ] && [ ! -f "$inspect_base" ]; then
    case $env_file in
      /*) fail input env-file-missing "env-file: there is no $env_file on the server" 'Make it there, readable to the login user.' ;;
    esac
    fail input env-file-missing "env-file: there is no $env_file on the server" "Put it at $path/shared/$env_file, or give its absolute path."
  fi
  inspect_merged=$PWD/env
  : >"$inspect_merged"
  if [ -f "$inspect_base" ]; then
    check_env_file "$inspect_base"
    cat "$inspect_base" >"$inspect_merged" || fail refused env-file-unreadable "$inspect_env_name on the server cannot be read by $(id -un)"
    [ -z "$(tail -c 1 "$inspect_merged" | tr -d '\n')" ] || echo >>"$inspect_merged"
    cp "$inspect_merged" "$PWD/env.base"
  fi
  printf '%s' "$env_text" >>"$inspect_merged"
  # Services that name the same file in `env_file` get the added lines too.
  case $inspect_env_name in /*) return 0 ;; esac
  if [ -n "$env_text" ] || [ -f "$inspect_base" ]; then
    own_folders "$inspect_env_name"
    mkdir -p "$(dirname "$inspect_base")"
    rm -f "$inspect_base"
    cp "$inspect_merged" "$inspect_base"
  fi
}

# warn_of_unset: what Compose says of variables that have no value.
warn_of_unset() {
  grep -q 'variable is not set' "$scratch/config.error" || return 0
  sed -n 's/.*msg="\(.*variable is not set.*\)"$/\1/p' "$scratch/config.error" | sed 's/[\]//g' | sort -u | while read -r inspect_line; do
    # One that no compose file names is a piece of a value in the env file, behind a dollar.
    inspect_variable=$(printf '%s\n' "$inspect_line" | sed -n 's/.*"\([A-Za-z_][A-Za-z0-9_]*\)" variable is not set.*/\1/p')
    if [ -n "$inspect_variable" ] && compose_files_have "[$][{]?$inspect_variable"; then
      warn "$inspect_line"
    else
      warn 'a value in the env file on the server has a $ in it, which Compose takes for a variable that is not set: put it in single quotes'
    fi
  done
}

# compose_files_have PATTERN: a line of one of the compose files matches it.
compose_files_have() {
  (cd "$stage" && printf '%s\n' "$compose_files" | tr '\n' '\0' | xargs -0 grep -qsE "$1")
}

# ask_values: what each variable of the env file is to Compose.
ask_values() {
  # shellcheck disable=SC2046 # names of variables
  naming $(sed -n 's/^[[:space:]]*\(export[[:space:]]\{1,\}\)\{0,1\}\([A-Za-z_][A-Za-z0-9_]*\)[[:space:]]*[=:].*/\2/p' "$inspect_merged" | sort -u) >"$PWD/values.yaml"
  ask_aside values values_of "$PWD/values.yaml"
}

# granted_values: what the variables are that configs and secrets take their values from. Compose leaves those out of what
# it resolves.
granted_values() {
  inspect_names=$(sed -n 's/^ *"environment": "\([A-Za-z_][A-Za-z0-9_]*\)",*$/\1/p' config.json | sort -u)
  [ -n "$inspect_names" ] || return 0
  # shellcheck disable=SC2086 # names of variables
  naming $inspect_names >"$PWD/granted.yaml"
  values_of "$PWD/granted.yaml" >granted 2>"$scratch/config.error" || config_failure
  result_file granted granted
}

values_of() { engine_resolve --project-directory "$PWD" --env-file "$inspect_merged" --file "$1"; }

# naming NAMES…: a compose file of ours that does no more than name the variables.
naming() {
  printf '{"name":"values","services":{"values":{"image":"values","environment":{'
  inspect_comma=
  for inspect_variable; do
    # shellcheck disable=SC2016 # Compose's own expression
    printf '%s"%s":"${%s-}"' "$inspect_comma" "$inspect_variable" "$inspect_variable"
    inspect_comma=,
  done
  printf '}}}}\n'
}

# own_folders RELATIVE: every folder above it in the stage becomes one of our own with links in it, where it is a link
# to the user's: what is written there must not be theirs.
own_folders() {
  inspect_above=
  inspect_below=$1
  while :; do
    case $inspect_below in */*) ;; *) return 0 ;; esac
    inspect_above=${inspect_above:+$inspect_above/}${inspect_below%%/*}
    inspect_below=${inspect_below#*/}
    [ -L "$stage/$inspect_above" ] || continue
    rm -f "$stage/$inspect_above"
    mkdir "$stage/$inspect_above"
    link_shared "$path/shared" "$stage" "$inspect_above"
    [ -z "$old_folder" ] || link_shared "$old_folder" "$stage" "$inspect_above"
  done
}

config_failure() {
  # Compose's own words, without its prefix; the staging folder means nothing to the reader.
  # A template that it cannot read may be a secret of the env file with a dollar in it.
  if grep -q 'nvalid template' "$scratch/config.error"; then
    fail input compose-invalid 'the compose configuration is not valid: a $ stands where Compose cannot read it, in a compose file or in a value of the env file on the server (the text is not shown, since it may be a secret)' \
      'Write $$ in a compose file, and put values with a $ in single quotes in the env file.'
  fi
  # Warnings come before the error, and are none.
  inspect_text=$(grep -v '^time=.* level=\(warning\|info\|debug\) ' "$scratch/config.error" | tail -n 5 | tr '\n' ' ' | cut -c 1-1500)
  [ -n "$inspect_text" ] || inspect_text='Compose ended without a word'
  fail input compose-invalid "the compose configuration is not valid: $inspect_text"
}

# check_env_file FILE: refuses a broken line by its number, before Compose prints it with its value. A value in
# quotes may go on over lines.
check_env_file() {
  inspect_broken=$(LC_ALL=C awk -v quote="'" '
    function closes(text, mark,    i, c) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" && mark == "\"") { i++; continue }
        if (c == mark) return 1
      }
      return 0
    }
    open != "" { if (closes($0, open)) open = ""; next }
    /^[ \t\r]*$/ || /^[ \t]*#/ { next }
    {
      line = $0
      sub(/^[ \t]*(export[ \t]+)?/, "", line)
      if (line !~ /^[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:]/ && line !~ /^[A-Za-z_][A-Za-z0-9_.-]*[ \t\r]*$/) { print NR; exit }
      sub(/^[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:]?[ \t]*/, "", line)
      mark = substr(line, 1, 1)
      if ((mark == "\"" || mark == quote) && !closes(substr(line, 2), mark)) { open = mark; began = NR }
    }
    END { if (open != "") print began }
  ' "$1" | head -n 1)
  [ -z "$inspect_broken" ] ||
    fail input env-file-invalid "line $inspect_broken of $inspect_env_name on the server is not KEY=value" 'Mend that line on the server; its text is not shown because it may hold a secret.'
}

# Compose's own rule for the project of a folder.
project_of_folder() {
  printf '%s' "$folder" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9_-]//g; s/^[_-]*//'
}

# shared_sources: which relative sources and files of the configuration are on the server, one per line.
shared_sources() {
  sed -n 's/^ *"\(source\|file\)": "\(.*\)",*$/\2/p' config.json | sort -u >sources
  : >present
  while IFS= read -r inspect_source; do
    case $inspect_source in
      "$stage"/*)
        inspect_relative=${inspect_source#"$stage"/}
        if [ -e "$path/shared/$inspect_relative" ] || [ -L "$path/shared/$inspect_relative" ]; then
          printf 'shared %s\n' "$inspect_relative" >>present
        elif [ -n "$old_folder" ] && [ -e "$old_folder/$inspect_relative" ]; then
          printf 'old %s\n' "$inspect_relative" >>present
        fi
        ;;
      # A cluster makes no folder for a mount: the task is rejected by its node.
      /*) if [ -n "$cluster" ] && [ -e "$inspect_source" ]; then printf 'there %s\n' "$inspect_source" >>present; fi ;;
    esac
  done <sources
  [ -z "$cluster" ] || file_sums
  # Env files of the old stack are linked into shared/ too: the next deployment reads them there.
  if [ -n "$old_folder" ]; then
    for inspect_source in "$old_folder"/.env* "$old_folder"/*.env; do
      [ -f "$inspect_source" ] && printf 'env %s\n' "${inspect_source##*/}" >>present
    done
  fi
  result_file present present
}

# file_sums: of what configs and secrets are made of, where it can be read: in a cluster their names hold it.
file_sums() {
  : >sums
  sed -n 's/^ *"file": "\(.*\)",*$/\1/p' config.json | sort -u | while IFS= read -r inspect_source; do
    [ ! -f "$inspect_source" ] || [ ! -r "$inspect_source" ] ||
      printf '%s %s %s\n' "$(sha256sum <"$inspect_source" | cut -d ' ' -f 1)" "$(($(wc -c <"$inspect_source")))" "$inspect_source" >>sums
  done
  result_file sums sums
}

# look_at_cluster: the nodes, and what the cluster has of the project.
look_at_cluster() {
  require_node manager fail
  result_file node "$scratch/node"
  result ipvs "$(if has_ipvs; then echo true; else echo false; fi)"
  result_file nodes "$scratch/nodes"
  { engine_stack_services "$project" >services && engine_stack_tasks "$project" >tasks; } 2>"$scratch/node.error" ||
    fail_for_engine "$(cat "$scratch/node.error")"
  result_file services services
  result_file tasks tasks
  look_at_foreign
  for inspect_color in blue green; do
    engine_stack_tasks "$project-$inspect_color" >"tasks-$inspect_color" 2>"$scratch/node.error" ||
      fail_for_engine "$(cat "$scratch/node.error")"
    result_file "tasks_$inspect_color" "tasks-$inspect_color"
  done
}

# look_at_foreign: what the cluster has of services that bear no hash of ours; whole, where they may be taken over.
look_at_foreign() {
  service_sums "$project" "$(cat services)" >service-sums 2>"$scratch/node.error" || fail_for_engine "$(cat "$scratch/node.error")"
  result_file service_sums service-sums
  [ -s service-sums ] && [ "$want" = deploy ] || return 0
  case "$adopt $(current_release)" in 'true ' | *' adopted') ;; *) return 0 ;; esac
  {
    engine_service_specs "$project" >service-specs && engine_cluster_networks >cluster-networks && engine_task_images "$project" >task-images
  } 2>"$scratch/node.error" || fail_for_engine "$(cat "$scratch/node.error")"
  result_file service_specs service-specs
  result_file cluster_networks cluster-networks
  result_file task_images task-images
}

# look_at_leftovers: volumes and networks outlive the containers that they were made for.
look_at_leftovers() {
  require_answered volumes
  require_answered nets
  result_file volumes "$scratch/volumes.answer"
  result_file nets "$scratch/nets.answer"
  # Then the deploy that follows need not note it again.
  if grep -qxF "{\"name\":\"$(engine_note "$project")\",\"project\":\"\",\"folder\":\"$path\"}" "$scratch/volumes.answer"; then : >project-noted; fi
}

look_at_stack() {
  inspect_ids=$(awk -v project="$project" '$2 == project || $2 == project "-blue" || $2 == project "-green" { print $1 }' "$scratch/stacks.answer")
  : >containers
  # shellcheck disable=SC2086 # ids are hexadecimal
  set -- $inspect_ids
  if [ $# != 0 ]; then
    # One that went meanwhile is left out, and makes it fail all the same.
    engine_observe "$@" >containers || [ -s containers ] || require_answer fail
  fi
  result_file containers containers
  result_file images "$scratch/images.answer"
}

look_at_releases() {
  [ ! -f "$path/.deploy/traffic.json" ] || result_file traffic_json "$path/.deploy/traffic.json"
  [ ! -f "$path/.deploy/ports" ] || result_file ports "$path/.deploy/ports"
  listening_ports >listening
  result_file listening listening
  claimed_ports >claimed
  result_file claimed claimed
  [ ! -f "$path/.deploy/adopted" ] || result_file adopted "$path/.deploy/adopted"
  inspect_current=$(current_release)
  result current "$inspect_current"
  if [ -n "$inspect_current" ]; then
    [ ! -f "$path/current/compose.json" ] || result_file previous_config "$path/current/compose.json"
    [ ! -f "$path/current/release.json" ] || result_file previous_release "$path/current/release.json"
  fi
  : >slots
  for inspect_color in blue green; do
    inspect_slot=''
    { read -r inspect_slot <"$path/.deploy/color-$inspect_color"; } 2>/dev/null || true
    result "slot_$inspect_color" "$inspect_slot"
    [ -z "$inspect_slot" ] || [ ! -f "$path/releases/$inspect_slot/release.json" ] || cat "$path/releases/$inspect_slot/release.json" >>slots
  done
  result_file slot_releases slots
  if [ "$want" != deploy ]; then
    : >releases
    for inspect_one in "$path"/releases/*; do
      [ ! -f "$inspect_one/release.json" ] || cat "$inspect_one/release.json" >>releases
    done
    result_file releases releases
  fi
  if [ -f "$path/.deploy/history.jsonl" ]; then
    tail -n 200 "$path/.deploy/history.jsonl" >history
    result_file history history
  fi
}
