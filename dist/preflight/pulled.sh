# shellcheck shell=dash
# Images that were pulled ahead of a deployment: .deploy/pulled/<deployment-id> has them in lines of service, id and reference,
# and a tag of ours keeps each, which no release has: it begins with an underscore, and an id never does.
# Parameters beside those of the other parts: deployment_id.

pulled_name() {
  printf '_%s' "$1"
}

# heed_pulled: what a tag meant when its image was pulled for this very deployment, it goes on to mean. Such references, where
# they still do, are not asked for again. A digest names its content anyway.
heed_pulled() {
  [ -f "$path/.deploy/pulled/$deployment_id" ] || return 0
  say 'images were pulled ahead for this deployment'
  while read -r _pulled_service pulled_id pulled_image; do
    case $pulled_image in *@sha256:*) continue ;; esac
    [ "$(engine_image_id "$pulled_image")" != "$pulled_id" ] || printf '%s\n' "$pulled_image"
  done <"$path/.deploy/pulled/$deployment_id" >"$scratch/pulled-ahead"
}

# forget_pulled ID: the tags go; an image that a release has, or a container uses, stays by that.
forget_pulled() {
  [ -f "$path/.deploy/pulled/$1" ] || return 0
  cp "$path/.deploy/pulled/$1" "$scratch/forgotten" || return 0
  rm -f "$path/.deploy/pulled/$1"
  forget_images "$(pulled_name "$1")"
}

# forget_old_pulls: those of more than a day ago.
forget_old_pulls() {
  [ -d "$path/.deploy/pulled" ] || return 0
  find "$path/.deploy/pulled" -type f -mtime +0 >"$scratch/old-pulls"
  while read -r pulled_record; do
    say "forgets the images that were pulled for ${pulled_record##*/}"
    forget_pulled "${pulled_record##*/}" </dev/null
  done <"$scratch/old-pulls"
}
