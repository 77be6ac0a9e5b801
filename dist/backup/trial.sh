# shellcheck shell=dash
# A throw-away container of the image that a service runs, where its data are loaded to see that they can be, or a volume is
# read. It is apart from everything: without network, without a volume of the stack's, with nothing of its environment
# that is secret.

trial=''

# begin_trial SERVICE ID: its id is in $trial then. On stdin are lines of its environment.
begin_trial() {
  local image words word
  trial=deploy-actions-trial-$backup-$1
  what_trial="the container that the backup of $1 is loaded into"
  cat >"$scratch/trial.env"
  image=$(engine_container_image "$2") || fail_for_engine "the image of $1 could not be found"
  engine_image_words "$image" >"$scratch/trial.words" || fail_for_engine "the image of $1 could not be looked at"
  words=$(head -n 1 "$scratch/trial.words")
  sed -i 1d "$scratch/trial.words"
  [ "$words" = "$(grep -c '' "$scratch/trial.words")" ] || give_up "the image of $1 is started by words of several lines, and cannot be tried"
  # It ends by itself, should nobody be left who ends it.
  set -- "$(seconds_left)"
  while IFS= read -r word; do set -- "$@" "$word"; done <"$scratch/trial.words"
  if ! engine_make --name "$trial" --label "$(engine_label trial "$project")" --network none --env-file "$scratch/trial.env" \
    --entrypoint timeout "$image" "$@" 2>"$scratch/said" || ! engine_resume "$trial" >/dev/null 2>"$scratch/said"; then
    give_up "$what_trial could not be started: $(last_said)"
  fi
  rm -f "$scratch/trial.env"
}

# begin_helper WHAT ID OPTIONS…: a container of the image of that one, with what the engine's OPTIONS give it to work with; its
# name is in $trial then. False where the image has nothing to do that by.
begin_helper() {
  local image left what=$1 id=$2
  shift 2
  trial=deploy-actions-helper-$backup-$what
  image=$(engine_container_image "$id") || return 1
  left=$(seconds_left)
  engine_make --name "$trial" --label "$(engine_label trial "$project")" --network none --user 0 "$@" \
    --entrypoint timeout "$image" "$left" sleep "$left" 2>"$scratch/said" && engine_resume "$trial" >/dev/null 2>"$scratch/said" &&
    engine_in "$trial" sh -c 'command -v tar' >/dev/null 2>"$scratch/said"
}

# await_trial WORDS…: until that command succeeds in it.
await_trial() {
  local left
  left=$(seconds_left)
  [ "$left" -le 180 ] || left=180
  wait_until "$left" "$what_trial" _trial_is_settled "$@"
  _trial_answers "$@" && return 0
  engine_last_words "$trial" >"$scratch/said"
  waited_in_vain "$what_trial does not answer"
}
_trial_answers() {
  engine_in "$trial" "$@" >/dev/null 2>&1
}
# It answers, or there is nobody left who could.
_trial_is_settled() {
  _trial_answers "$@" || [ "$(engine_keeper "$trial" trial)" != "$project true" ]
}

# end_trials: also those of a run that was killed.
end_trials() {
  local each
  for each in $(engine_labelled trial "$project"); do engine_discard "$each"; done
  trial=
}
