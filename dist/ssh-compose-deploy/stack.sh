# shellcheck shell=dash
# The containers of a project as they are, and Compose on a release's resolved file.
# Parameters: project.

# Ids of all containers of the project, also stopped ones.
project_ids() {
  engine_ids "$project"
}

# survey FILE: one line for each container that is part of the stack (none of `compose run`):
# service id hash image-id status exit-code restarts health oom number started-at name image namespaces
survey() {
  stack_ids=$(project_ids) || return 1
  true >"$1.new"
  if [ -n "$stack_ids" ]; then
    # shellcheck disable=SC2086 # ids are hexadecimal
    engine_survey $stack_ids >"$1.new"
  fi
  mv -f "$1.new" "$1"
}

# survey_again FILE: of the same containers, which is one call less; where one of them has gone, of all.
survey_again() {
  stack_ids=$(awk '{ print $2 }' "$1")
  if [ -n "$stack_ids" ]; then
    # shellcheck disable=SC2086 # ids are hexadecimal
    engine_survey $stack_ids >"$1.new"
    if [ "$(wc -l <"$1.new")" -eq "$(wc -l <"$1")" ]; then
      mv -f "$1.new" "$1"
      return 0
    fi
  fi
  survey "$1"
}

# current_ids DIRECTORY: service and id of each container that is as the release wants it, by the survey in
# $scratch/containers. It is so if it bears the service's hash (or was adopted as such: lines of id and hash), was made from
# the reference, and that reference's image is still the one it runs; and the containers whose namespaces it is in are
# there.
current_ids() {
  if [ -f "$path/.deploy/adopted" ]; then cp "$path/.deploy/adopted" "$scratch/adopted"; else true >"$scratch/adopted"; fi
  lost_joins "$1" >"$scratch/lost"
  awk '
    FILENAME == ARGV[1] { lost[$2]; next }
    FILENAME == ARGV[2] { adopted[$1, $2] = 1; next }
    FILENAME == ARGV[3] { wanted_id[$1] = $2; next }
    FILENAME == ARGV[4] { kind[$7] = $2; hash[$7] = $5; image[$7] = $6; next }
    !($1 in kind) || ($2 in lost) { next }
    $3 != hash[$1] && !(($2, hash[$1]) in adopted) { next }
    $13 != image[$1] || $4 != wanted_id[$1] { next }
    kind[$1] == "long" && $5 != "running" { next }
    kind[$1] == "once" && ($5 != "exited" || $6 != 0) { next }
    { print $1, $2 }
  ' "$scratch/lost" "$scratch/adopted" "$1/images" "$1/services" "$scratch/containers"
}

# not_current DIRECTORY: names of the release's services whose containers are not as the release wants them, or not as
# many, in starting order, by the survey in $scratch/containers.
not_current() {
  current_ids "$1" >"$scratch/current"
  awk '
    FILENAME == ARGV[1] { good[$1]++; next }
    FILENAME == ARGV[2] { count[$1]++; next }
    good[$7] + 0 != $4 || count[$7] + 0 != $4 { print $7 }
  ' "$scratch/current" "$scratch/containers" "$1/services"
}

# lost_joins DIRECTORY: service and id of each container whose namespaces are those of a container that went, by the
# survey in $scratch/containers. It runs on, without a network for one.
lost_joins() {
  [ -s "$1/joins" ] || return 0
  awk '
    FILENAME == ARGV[1] { joins[$1]; next }
    { here[$2] = $1; if ($1 in joins) modes[$2] = $14 }
    END {
      for (id in modes) {
        n = split(modes[id], mode, ",")
        for (i = 1; i <= n; i++) if (sub(/^container:/, "", mode[i]) && !(mode[i] in here)) { print here[id], id; break }
      }
    }
  ' "$1/joins" "$scratch/containers"
}

# Mends what an interrupted recreate leaves: a container whose name got the prefix `<hex>_`, which blocks every
# later `up`. The one that runs keeps the proper name.
repair_leftovers() {
  [ -n "$surveyed" ] || survey "$scratch/containers" || return 1
  surveyed=
  cp "$scratch/containers" "$scratch/leftovers"
  while read -r _stack_service stack_id _stack_hash _stack_image_id stack_status _stack_code _stack_restarts _stack_health _stack_oom _stack_number _stack_started stack_name _stack_image; do
    case $stack_status in
      dead | removing)
        say "removes the dead container ${stack_name#/}"
        engine_remove "$stack_id"
        continue
        ;;
    esac
    stack_plain=${stack_name#/}
    stack_prefix=${stack_plain%%_*}
    case $stack_prefix in *[!0-9a-f]* | '') continue ;; esac
    if [ "${#stack_prefix}" -ne 12 ] || [ "$stack_prefix" = "$stack_plain" ]; then continue; fi
    stack_proper=${stack_plain#*_}
    stack_other=$(awk -v name="/$stack_proper" '$12 == name { print $2, $5 }' "$scratch/containers")
    if [ -n "$stack_other" ] && [ "${stack_other#* }" = running ]; then
      say "removes $stack_plain, which an interrupted recreate left"
      engine_remove "$stack_id"
      continue
    fi
    if [ -n "$stack_other" ]; then
      say "removes $stack_proper, which an interrupted recreate did not start"
      engine_remove "${stack_other% *}"
    fi
    say "gives $stack_plain its name $stack_proper back"
    engine_rename "$stack_id" "$stack_proper"
  done <"$scratch/leftovers"
}
