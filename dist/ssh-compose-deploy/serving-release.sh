# shellcheck shell=dash

# serving_release FOLDER: the release that serves in the folder of an application; empty for none.
serving_release() {
  path=$1
  current_release
}
