# shellcheck shell=dash

# whole_backup FOLDER ID: `whole` where that backup is in the folder of an application, and can be read.
whole_backup() {
  path=$1
  ! is_whole "$path/backups/$2" || echo whole
}
