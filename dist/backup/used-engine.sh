# shellcheck shell=dash

# used_engine FOLDER: what the last release in the folder of an application used; compose without one.
used_engine() {
  path=$1
  last_engine
}
