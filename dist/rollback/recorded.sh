# shellcheck shell=dash
# What every rollback to a recorded release needs: images that are here, the user's commands, marks in the history.

# The images must be here: the registry may be down, and a half-done rollback is the worst.
prove_images() {
  while read -r prove_service prove_id prove_reference; do
    engine_has_image "$prove_id" && continue
    engine_has_image "$(image_tag "$release" "$prove_service")" && continue
    fail refused image-gone "the image of $prove_service ($prove_reference) is not on the server any more; nothing was changed" 'Deploy that version again: then it is pulled.'
  done <"$directory/images"
}

# Commands of the user's, in containers of the release that is being left ($left_release): it knows how to undo its own
# changes.
rollback_hooks() {
  rollback_release=$release
  release=$failed_release
  for rollback_hook in "$files"/hooks/"$1"-*; do
    [ -f "$rollback_hook" ] || continue
    once "$(basename "$rollback_hook")" run_in_container "$path/releases/${left_release:-$rollback_release}" "$rollback_hook" || {
      release=$rollback_release
      return 1
    }
  done
  release=$rollback_release
}

# commands_ran: a word where commands of the user's have changed the data.
commands_ran() {
  ! has_hooks "$files" down-migrate && ! has_hooks "$files" restore-backup || echo yes
}
