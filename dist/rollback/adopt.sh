# shellcheck shell=dash
# A stack that was started by hand, and is to be taken over: where it was started, and what it is. Its data and env files
# are in a folder of its own, so an adoption that finds no stack, or not its folder, would start the application anew on
# empty ones. What cannot be found is refused.
# Parameters are those of inspect.sh.

adopt_tab=$(printf '\t')

# find_old_folder: sets old_folder if the project runs from a folder that is not ours, and old_project. The project's name may
# come out of an env file in that very folder, so it is asked for again with each folder that is found.
find_old_folder() {
  wait
  require_answered stacks
  old_project=$project_given
  [ -n "$old_project" ] || old_project=$(declared_name "$path/shared")
  set_old_folder
  # A stack that was started where this application is to be, by whatever name.
  if [ -z "$old_folder" ] && [ -z "$project_given" ]; then
    adopt_here=$(awk -F "$adopt_tab" -v folder="$path" '$7 == folder && $4 != "True" && $5 == "-" { print $2; exit }' "$scratch/stacks.answer")
    if [ -n "$adopt_here" ]; then
      old_project=$adopt_here
      set_old_folder
    fi
  fi
  [ -n "$old_folder" ] && [ -z "$project_given" ] || return 0
  adopt_name=$(declared_name "$path/shared" "$old_folder")
  [ "$adopt_name" != "$old_project" ] || return 0
  # Compose, asked with that folder's env file, has another name for it.
  adopt_first=$old_folder
  old_project=$adopt_name
  set_old_folder
  if [ -n "$old_folder" ] && [ "$(declared_name "$path/shared" "$old_folder")" = "$old_project" ]; then return 0; fi
  fail refused stack-under-other-name "adopt: by the env file in $adopt_first the project is $adopt_name, and nothing of that name was started there" \
    'Give the name of the stack that is to be taken over as project; what runs is shown by docker compose ls.'
}

# set_old_folder: old_folder of the stack old_project; empty where nothing of it was started by hand.
set_old_folder() {
  old_folder=
  adopt_folders=$(awk -F "$adopt_tab" -v project="$old_project" '$2 == project && $4 != "True" && $5 == "-" && !seen[$7]++ { print $7 }' "$scratch/stacks.answer")
  [ -n "$adopt_folders" ] || return 0
  adopt_seen=
  while IFS= read -r adopt_folder; do
    require_folder "$adopt_folder"
    # Two names of one folder are one.
    adopt_real=$(readlink -f "$adopt_folder")
    if [ -n "$adopt_seen" ] && [ "$adopt_seen" != "$adopt_real" ]; then
      fail refused project-elsewhere "the stack $old_project was started from two folders, $old_folder and $adopt_folder: they may be two applications of one name" \
        'Take down the one that is not this application, or start all of it from one folder (docker compose up --detach there).'
    fi
    adopt_seen=$adopt_real
    old_folder=$adopt_folder
  done <<LIST
$adopt_folders
LIST
}

# require_folder FOLDER: ends the look unless the folder can be entered.
require_folder() {
  [ ! -d "$1" ] || [ ! -x "$1" ] || [ ! -r "$1" ] || return 0
  adopt_above=$1
  while [ ! -d "$adopt_above" ] && [ "$adopt_above" != / ] && [ -n "$adopt_above" ]; do adopt_above=$(dirname "$adopt_above"); done
  adopt_user=$(id -un)
  if [ ! -x "$adopt_above" ] || [ "$adopt_above" = "$1" ]; then
    fail refused stack-out-of-reach "adopt: the running stack $old_project was started in $1, and $adopt_user may not enter $adopt_above: its data folders and env files would be missing" \
      "Let an administrator move it to where $adopt_user may read it (mv $1 /srv/$old_project, and start it there once by docker compose up --detach), or open it: setfacl -m u:$adopt_user:x $adopt_above && setfacl -R -m u:$adopt_user:rX $1"
  fi
  fail refused stack-out-of-reach "adopt: the running stack $old_project was started in $1, which is not there any more: it was renamed or removed, and its data folders and env files would be missing" \
    "If it was renamed, run docker compose up --detach where it is now, so that Docker knows the place. If nothing of it is needed, make an empty one: mkdir -p $1"
}

# declared_name FOLDERS…: the project by Compose's own rule, with the env file of the first folder that has it and the lines of
# `env`. Only the line `name:` of the compose files is resolved: the rest may need files that are not known yet.
declared_name() {
  : >"$scratch/name.env"
  case ${env_file:-.env} in
    /*) [ ! -r "$env_file" ] || cat "$env_file" >"$scratch/name.env" ;;
    *)
      for adopt_folder in "$stage" "$@"; do
        [ -r "$adopt_folder/${env_file:-.env}" ] || continue
        cat "$adopt_folder/${env_file:-.env}" >"$scratch/name.env"
        break
      done
      ;;
  esac
  echo >>"$scratch/name.env"
  printf '%s' "$env_text" >>"$scratch/name.env"
  {
    # The last file's name counts.
    printf '%s\n' "$compose_files" | while IFS= read -r adopt_file; do
      [ -z "$adopt_file" ] || grep -m 1 '^name:' "$stage/$adopt_file"
    done | tail -n 1
    printf 'services: { one: { image: one } }\n'
  } >"$scratch/name.yaml"
  (cd "$stage" && engine_resolve --project-directory "$stage" --env-file "$scratch/name.env" --file "$scratch/name.yaml") 2>/dev/null |
    sed -n 's/^  "name": "\(.*\)",*$/\1/p' | head -n 1
}

# check_adopted: the project that the whole configuration has is that of the stack that was found.
check_adopted() {
  if [ -n "$old_folder" ]; then
    [ "$project" = "$old_project" ] || fail refused stack-under-other-name "adopt: the stack $old_project was found in $old_folder, and the configuration's project is $project" \
      'Give the name of the stack that is to be taken over as project.'
    return 0
  fi
  # The whole of the other stacks, to see whether one of them is this application by another name.
  result_file stacks "$scratch/stacks.answer"
}

# look_at_old_stack: what runs, whole, and what it was made of: the release that can be brought back.
look_at_old_stack() {
  # shellcheck disable=SC2046 # ids are hexadecimal
  set -- $(project_ids)
  engine_whole "$@" >stack
  engine_whole_images "$@" >stack-images
  result_file stack stack
  result_file stack_images stack-images
  engine_files "$@" >"$scratch/own-files"
  resolve_own "$@"
}

# resolve_own IDS…: the stack's own configuration as it is in its folder now, and the hash of each service by it. Where that is
# the hash of the container, it was made of this.
resolve_own() {
  adopt_env_files=$(engine_env_files "$@")
  set --
  while IFS= read -r adopt_file; do
    [ -z "$adopt_file" ] || set -- "$@" --env-file "$adopt_file"
  done <<LIST
$adopt_env_files
LIST
  while IFS= read -r adopt_file; do set -- "$@" --file "$adopt_file"; done <"$scratch/own-files"
  if (cd "$old_folder" && engine_resolve --project-name "$old_project" --project-directory "$old_folder" "$@" --profile '*') >own.json 2>"$scratch/own.error"; then
    engine_hashes "$old_project" "$old_folder" own.json >own-hashes || true >own-hashes
    result_file own_config own.json
    result_file own_hashes own-hashes
  else
    tail -n 1 "$scratch/own.error" | cut -c 1-300 >own.why
    result_file own_broken own.why
  fi
}

# original_hashes: Compose's hash of each service that is to be deployed, as if it were run in the old folder: where it equals
# the label of a running container, that container is as this release wants it.
original_hashes() {
  # The folder's name is text to sed, not a program.
  adopt_text=$(printf '%s' "$old_folder" | sed 's/[\\&|]/\\&/g')
  sed "s|\"$stage|\"$adopt_text|g" config.json >original.json
  if engine_hashes "$project" "$old_folder" original.json >hashes; then
    result_file original_hashes hashes
  fi
  # Files sent are mounted from another place than the old ones, which matters unless they are the same.
  (cd "$stage" && find . -type f) | sed 's|^\./||' | while IFS= read -r adopt_file; do
    ! cmp -s "$stage/$adopt_file" "$old_folder/$adopt_file" || printf '%s\n' "$adopt_file"
  done >same
  result_file same same
}
