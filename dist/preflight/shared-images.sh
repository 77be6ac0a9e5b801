# shellcheck shell=dash
# The images of a deployment, those of the services that colours share too.
# Parameters: color, shared_services.

pull_release() {
  pull_images "$files/release"
  has_shared || return 0
  # What is kept as it is need not be fetched anew.
  [ "$shared_services" = update ] || [ "$pull" = never ] || pull=missing
  pull_images "$files/release/shared"
}

identify_release() {
  identify_images "$files/release"
  ! has_shared || identify_images "$files/release/shared"
}

has_shared() {
  [ -n "$color" ] && [ -s "$files/release/shared/services" ]
}
