# shellcheck shell=dash
# The images of a release: tags of ours that keep them, and references that mean again what they meant.

image_tag() {
  printf 'deploy-actions/%s:%s-%s' "$base_project" "$1" "$2"
}

# How many references one question to the engine names, and how many of its programs run at once: a release may have hundreds
# of services, and where all images are here, as most often, few questions tell.
images_most=16

# missing_images: of the references on standard input, one per line, those that are not here.
missing_images() {
  set --
  while read -r images_image; do
    set -- "$@" "$images_image"
    [ $# -ge "$images_most" ] || continue
    _missing_of "$@"
    set --
  done
  [ $# = 0 ] || _missing_of "$@"
}

# _missing_of REFERENCES…
_missing_of() {
  ! engine_has_images "$@" || return 0
  for images_image; do
    if [ $# -gt 1 ] && engine_has_images "$images_image"; then continue; fi
    printf '%s\n' "$images_image"
  done
}

# keep_images RELEASE DIRECTORY: a tag of ours on each image, or a plain prune deletes what was pulled by digest.
keep_images() {
  images_kept=0
  while read -r images_service images_id images_image; do
    engine_tag "$images_id" "$(image_tag "$1" "$images_service")" &
    images_kept=$((images_kept + 1))
    [ $((images_kept % images_most)) != 0 ] || wait
  done <"$2/images"
  wait
}

# A tag may have moved since: the reference means again what it meant to the release in DIRECTORY.
restore_references() {
  while read -r images_service images_id images_image; do
    case $images_image in *@sha256:*) continue ;; esac
    [ "$(engine_image_id "$images_image")" != "$images_id" ] || continue
    engine_tag "$images_id" "$images_image" ||
      engine_tag "$(image_tag "$2" "$images_service")" "$images_image" || return 1
  done <"$1/images"
}

# prove_images: those of the release in $directory must be here: the registry may be down, and a half-done rollback is the
# worst.
prove_images() {
  awk '{ print $2 }' "$directory/images" | missing_images >"$scratch/missing-images"
  while read -r prove_service prove_id prove_reference; do
    grep -qxF "$prove_id" "$scratch/missing-images" || continue
    engine_has_images "$(image_tag "$release" "$prove_service")" && continue
    fail refused image-gone "the image of $prove_service ($prove_reference) is not on the server any more; nothing was changed" 'Deploy that version again: then it is pulled.'
  done <"$directory/images"
}
