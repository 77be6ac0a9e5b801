# shellcheck shell=dash
# The images of a recorded release that is to come back.

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
