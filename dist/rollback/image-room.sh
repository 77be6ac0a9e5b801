# shellcheck shell=dash
# Where the images of the engine lie, and the room that is left there.

# images_root: the folder of the engine's images. The look before a deployment has asked already.
images_root() {
  if [ -s "$files/image-folder" ]; then cat "$files/image-folder"; else engine_image_folder; fi
}

# free_for_images: bytes; nothing where they cannot be seen. The folder may be closed to us; df looks at its file system all the
# same where the parents are open.
free_for_images() {
  df -Pk "$(images_root)" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }'
}
