# shellcheck shell=dash

# discard_staging FOLDER: with the files that were uploaded for a deployment; nothing but such a folder is removed.
discard_staging() {
  case $1 in /*/.deploy/incoming/*/files) rm -rf -- "${1%/files}" ;; esac
}
