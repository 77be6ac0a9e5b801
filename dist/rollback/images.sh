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

# forget_images RELEASE: its tags on the images in $scratch/forgotten (service, id, reference). A reference by digest that no
# release has, and no deployment is to find, goes too; what a container uses stays by itself.
forget_images() {
  images_of=$1
  set --
  while read -r images_service _images_id images_image; do
    set -- "$@" "$(image_tag "$images_of" "$images_service")"
    case $images_image in
      *@sha256:*)
        cat "$path"/releases/*/images "$path"/releases/*/shared/images "$path"/.deploy/pulled/* 2>/dev/null |
          grep -qF " $images_image" || set -- "$@" "$images_image"
        ;;
    esac
  done <"$scratch/forgotten"
  [ $# = 0 ] || engine_untag "$@"
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
