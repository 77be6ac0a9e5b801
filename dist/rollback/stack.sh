# shellcheck shell=dash
# What the prelude, the parameters and the other parts define is not seen here; names of services have no spaces.
# shellcheck disable=SC2154,SC2034,SC2013,SC2086
# The containers of a project as they are, and Compose on a release's resolved file.
# Parameters: project.

engine_asked=

# ask NAME COMMAND…: runs it beside what follows, since each call of docker takes a while to start; see `answered`.
ask() {
  _question=$1
  shift
  rm -f "$scratch/$_question.well"
  {
    if "$@" >"$scratch/$_question.answer" 2>"$scratch/$_question.error"; then : >"$scratch/$_question.well"; fi
  } </dev/null 9>&- &
}

# answered NAME: true if the command ended well; its words are in $scratch/NAME.answer. After `wait`.
answered() {
  [ -f "$scratch/$1.well" ]
}

# One call tells about the engine and the plugin; require_compose reads the answer.
ask_engine() {
  engine_asked=yes
  if ! engine_is_installed; then
    fail refused docker-missing 'Docker is not installed on the server' 'Install Docker Engine and its Compose plugin.'
  fi
  ask engine engine_about
}

# begin_work: what the parts of this program need before anything else.
begin_work() {
  engine_use "$docker_host"
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  problem=
  bad_services=
  changed_services=
  _wait_names=
}

# Prints nothing; ends the operation unless Docker and Compose can be used. Minimum: $1.$2.
require_compose() {
  [ -n "$engine_asked" ] || ask_engine
  wait
  if ! answered engine; then
    _error=$(engine_complaint)
    case $_error in
      *'permission denied'*)
        fail refused docker-not-allowed "the user $(id -un) may not use Docker" "Let an administrator run: usermod -aG docker $(id -un)"
        ;;
    esac
    printf '%s\n' "$_error" >"$scratch/engine.error"
    details "$scratch/engine.error"
    fail refused docker-unreachable 'the Docker engine does not answer' 'Check that it runs, and docker-host for a rootless one.'
  fi
  _plain=$(sed -n 's/^v//; 2p' "$scratch/engine.answer")
  if [ -z "$_plain" ]; then
    fail refused compose-missing 'Docker Compose v2 is not installed on the server' 'Install the plugin: docker-compose-plugin, or docker-compose in Debian.'
  fi
  sed -n 3p "$scratch/engine.answer" >"$files/compose-plugin"
  _major=${_plain%%.*}
  _minor=${_plain#*.}
  _minor=${_minor%%.*}
  case $_major$_minor in *[!0-9]* | '') _major=0 _minor=0 ;; esac
  if [ "$_major" -lt "$1" ] || { [ "$_major" -eq "$1" ] && [ "$_minor" -lt "$2" ]; }; then
    fail refused compose-too-old "Docker Compose $_plain on the server is older than $1.$2" 'Update the Compose plugin.'
  fi
}

# Ids of all containers of the project, also stopped ones.
project_ids() {
  engine_ids "$project"
}

# Not empty where nothing can have changed since the last survey.
surveyed=

# survey FILE: one line for each container that is part of the stack (none of `compose run`):
# service id hash image-id status exit-code restarts health oom number started-at name image namespaces
survey() {
  _ids=$(project_ids) || return 1
  : >"$1.new"
  if [ -n "$_ids" ]; then
    # shellcheck disable=SC2086 # ids are hexadecimal
    engine_survey $_ids >"$1.new"
  fi
  mv -f "$1.new" "$1"
}

# not_current DIRECTORY: names of the release's services whose containers are not as the release wants them, in
# starting order. Reads the survey in $scratch/containers. A container is as wanted if it bears the service's hash
# (or was adopted as such: lines of id and hash), was made from the reference, and that reference's image is still
# the one it runs; and the containers whose namespaces it is in are there.
not_current() {
  if [ -f "$path/.deploy/adopted" ]; then cp "$path/.deploy/adopted" "$scratch/adopted"; else : >"$scratch/adopted"; fi
  lost_joins "$1" >"$scratch/lost"
  awk '
    FILENAME == ARGV[1] { lost[$2]; next }
    FILENAME == ARGV[2] { adopted[$1, $2] = 1; next }
    FILENAME == ARGV[3] { wanted_id[$1] = $2; next }
    FILENAME == ARGV[4] {
      count[$1]++
      hash[$1, count[$1]] = $3; id[$1, count[$1]] = $2; image_id[$1, count[$1]] = $4; status[$1, count[$1]] = $5
      code[$1, count[$1]] = $6; image[$1, count[$1]] = $13
      next
    }
    {
      kind = $2; replicas = $4; name = $7; good = 0
      for (i = 1; i <= count[name]; i++) {
        if (id[name, i] in lost) continue
        if (hash[name, i] != $5 && !((id[name, i], $5) in adopted)) continue
        if (image[name, i] != $6 || image_id[name, i] != wanted_id[name]) continue
        if (kind == "long" && status[name, i] != "running") continue
        if (kind == "once" && (status[name, i] != "exited" || code[name, i] != 0)) continue
        good++
      }
      if (good != replicas || count[name] != replicas) print name
    }
  ' "$scratch/lost" "$scratch/adopted" "$1/images" "$scratch/containers" "$1/services"
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

# ids_of SERVICE: the ids of its containers in the survey.
ids_of() {
  awk -v name="$1" '$1 == name { print $2 }' "$scratch/containers"
}

# Mends what an interrupted recreate leaves: a container whose name got the prefix `<hex>_`, which blocks every
# later `up`. The one that runs keeps the proper name.
repair_leftovers() {
  [ -n "$surveyed" ] || survey "$scratch/containers" || return 1
  surveyed=
  cp "$scratch/containers" "$scratch/leftovers"
  while read -r _service _id _hash _image_id _status _code _restarts _health _oom _number _started _name _image; do
    case $_status in
      dead | removing)
        say "removes the dead container ${_name#/}"
        engine_remove "$_id"
        continue
        ;;
    esac
    _plain=${_name#/}
    _prefix=${_plain%%_*}
    case $_prefix in *[!0-9a-f]* | '') continue ;; esac
    if [ "${#_prefix}" -ne 12 ] || [ "$_prefix" = "$_plain" ]; then continue; fi
    _proper=${_plain#*_}
    _other=$(awk -v name="/$_proper" '$12 == name { print $2, $5 }' "$scratch/containers")
    if [ -n "$_other" ] && [ "${_other#* }" = running ]; then
      say "removes $_plain, which an interrupted recreate left"
      engine_remove "$_id"
      continue
    fi
    if [ -n "$_other" ]; then
      say "removes $_proper, which an interrupted recreate did not start"
      engine_remove "${_other% *}"
    fi
    say "gives $_plain its name $_proper back"
    engine_rename "$_id" "$_proper"
  done <"$scratch/leftovers"
}

# existing FILE: its name, or that of an empty file.
existing() {
  if [ -f "$1" ]; then printf '%s' "$1"; else printf '/dev/null'; fi
}
