# shellcheck shell=dash
# Commands of the user's in containers of a release.
# Parameters: hook_timeout, migrate_timeout (seconds that one command may take), migrate_on_cancel (finish or end).

has_hooks() {
  for hook_hook in "$1"/hooks/"$2"-*; do
    [ ! -f "$hook_hook" ] || return 0
  done
  return 1
}

# container_of HOOK-FILE: the name of the container that a hook runs in.
container_of() {
  printf '%s-%s-%s' "$project" "$(basename "$1")" "$release" | sed 's/-migrate-01-/-migrate-/'
}

# hook_limits NAME: how long the command of that name may take, which input says so, and whether a cancelled run ends it:
# into $hook_seconds, $hook_input and $hook_heeds. Half a migration is worse than a whole one, unless the user says else.
hook_limits() {
  hook_heeds=yes
  case $1 in
    migrate-* | down-migrate-* | restore-backup-*)
      hook_seconds=$migrate_timeout
      hook_input=migrate-timeout
      [ "$migrate_on_cancel" = end ] || hook_heeds=no
      ;;
    *)
      hook_seconds=$hook_timeout
      hook_input=hook-timeout
      ;;
  esac
}

# run_in_container DIRECTORY HOOK-FILE: in a named, detached container of its own, waited for, its log kept. A
# rerun attaches to the name, so whoever has noted that it went well takes the container away: forget_container HOOK-FILE.
# Without dependencies: `compose run` would recreate a changed database.
run_in_container() {
  # Sourcing the hook replaces $1, $2, …
  hook_directory=$1
  hook_file=$2
  hook_container=$(container_of "$hook_file")
  hook_service=''
  hook_text=''
  # shellcheck disable=SC1090 # written by the runner, sets both and the words of the command
  . "$hook_file"
  hook_limits "$(basename "$hook_file")"
  # One that is there is ended by that; see await_container.
  [ "$hook_heeds" = no ] || [ -n "$(engine_state "$hook_container")" ] || not_cancelled || return 1
  start_dependencies "$hook_directory" "$hook_service" || return 1
  begin_container "$@" || return 1
  await_container
  keep_container_log "$(basename "$hook_file")"
  [ "$hook_code" = 0 ] && [ -z "$host_ended" ] && return 0
  engine_remove "$hook_container"
  show_container_log
  tell_how_it_ended
  return 1
}

forget_container() { engine_remove "$(container_of "$1")" || :; }

# begin_container WORDS…: these in the container $hook_container of $hook_service; without words, what the service itself is for.
begin_container() {
  hook_doubt=
  case $(engine_state "$hook_container") in
    '') ;;
    # It has done nothing yet, and whoever waits for it is told at once that it ended well.
    created) engine_remove "$hook_container" ;;
    *)
      say "waits for $hook_container, which is there already"
      return 0
      ;;
  esac
  if [ "$#" -gt 0 ]; then say "runs in $hook_service: $hook_text"; else say "runs $hook_service, once"; fi
  hook_before=$(wc -c <"$run/log")
  run_locked "the container $hook_container to start" engine_run "$project" "$hook_directory" \
    "$hook_container" "$hook_service" "$@" >"$scratch/hook-id"
  hook_code=$?
  if [ "$hook_code" -ne 0 ]; then
    engine_remove "$hook_container"
    not_started "the ${hook_text:+command in the }container of $hook_service could not be started" "$hook_before" "$hook_code"
    return 1
  fi
  [ "$#" -eq 0 ] || doubt_entrypoint
}

# keep_container_log NAME: what the container $hook_container has said, in the run's folder.
keep_container_log() {
  hook_log=$run/$1.log
  if [ -n "$hook_code" ]; then engine_log "$hook_container" >"$hook_log" 2>&1; else true >"$hook_log"; fi
}

# show_container_log: its last lines, with the failure.
show_container_log() {
  tail -n 50 "$hook_log" >"$scratch/hook-tail"
  details "$scratch/hook-tail"
}

# await_left CONTAINER NAME: what an interrupted run has begun, by the limits in $hook_seconds and $hook_heeds.
await_left() {
  [ -n "$(engine_state "$1")" ] || return 0
  say "waits for $1, which was interrupted"
  hook_container=$1
  hook_seconds=$(time_left "$hook_seconds")
  await_container
  keep_container_log "$2"
  engine_remove "$1"
}

# not_cancelled: what has not begun need not begin any more, whatever it is.
not_cancelled() {
  cancelled || return 0
  host_ended=cancelled
  problem='the run was cancelled before the next command'
  return 1
}

# await_container: the container $hook_container to its end, by the limits; its output goes to the log. Sets $hook_code.
await_container() {
  rm -f "$scratch/hook-code"
  under_way "the container $hook_container" "$hook_seconds" "$(engine_ends "$hook_container")"
  run_within "$hook_seconds" "$hook_heeds" end_container "$hook_container" container_to_its_end
  not_under_way
  hook_code=$(cat "$scratch/hook-code" 2>/dev/null)
  # Whoever takes it away kills it first.
  [ "$hook_code" = 0 ] || engine_is_kept "$hook_container" || hook_code=
}

container_to_its_end() {
  engine_follow "$hook_container"
  engine_result "$hook_container" >"$scratch/hook-code" 2>/dev/null
}

end_container() {
  say "ends the container $hook_container"
  engine_stop 10 "$hook_container" 2>/dev/null
}

# tell_how_it_ended: why what ran in $hook_service failed, a command ($hook_text) or what the service itself is for, into
# $problem, and what to do into $remedy.
tell_how_it_ended() {
  local what="the command of $hook_service" text=": $hook_text" mend='the command'
  if [ -z "$hook_text" ]; then
    what="$hook_service, which runs once,"
    text=
    mend=$hook_service
  fi
  # shellcheck disable=SC2034 # who tells of the failure goes by it
  remedy=
  case $host_ended in
    late)
      problem="$what did not end within $hook_seconds s ($hook_input) and was ended$text$hook_doubt"
      # shellcheck disable=SC2034
      remedy="Mend $mend, or raise $hook_input."
      ;;
    cancelled) problem="the run was cancelled, and $what was ended$text" ;;
    *)
      if [ -n "$hook_code" ]; then
        problem="$what failed with exit code $hook_code$text$hook_doubt"
      else
        problem="$what was taken away by somebody else$text"
      fi
      ;;
  esac
}

# doubt_entrypoint: an image whose entrypoint runs a program of its own takes the command for that program's words, and
# may never end. Warned of, and remembered in $hook_doubt.
doubt_entrypoint() {
  engine_entrypoint "$hook_container" >"$scratch/hook-entrypoint"
  ! runs_its_words <"$scratch/hook-entrypoint" || return 0
  hook_doubt=$(tr '\n' ' ' <"$scratch/hook-entrypoint" | cut -c 1-100)
  hook_doubt="; it was given to the entrypoint of $hook_service (${hook_doubt% }), which may not have run it"
  warn "the command${hook_doubt#; it}: $hook_text. If so, give it a service with \`entrypoint: []\`"
}

# runs_its_words: whether an entrypoint (on stdin, a word a line) is known to run the words that follow it: there is none;
# or it is a script, by its name, or a program that only makes ready and then runs what it is given. A text for `sh -c`
# does only where it names its arguments.
runs_its_words() {
  awk '
    { word[NR] = $0 }
    END {
      i = 1
      while (i <= NR) {
        name = word[i++]
        sub(/.*\//, "", name)
        if (name ~ /^(tini|tini-static|dumb-init|catatonit|docker-init|env|nice|ionice|setpriv|gosu|su-exec|chpst)$/) {
          if (name ~ /^(gosu|su-exec)$/) i++
          while (i <= NR && (word[i] ~ /^-/ || (name == "env" && word[i] ~ /=/))) i++
          continue
        }
        if (name ~ /^(sh|bash|ash|dash|ksh|zsh)$/) {
          while (i <= NR && word[i] ~ /^-/ && word[i] !~ /^-[a-z]*c$/) i++
          if (i > NR || word[i] !~ /^-/) exit 0
          text = ""
          while (++i <= NR) text = text " " word[i]
          exit text !~ /\$\{?[@*0-9]/
        }
        exit name !~ /\.sh$|entrypoint|^s6-|^init$|^launcher$/
      }
    }'
}
