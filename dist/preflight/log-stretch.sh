# shellcheck shell=dash

# log_stretch MARK BYTES WORDS…: what `docker logs` says with these words, at most so many bytes of it, and a line with MARK and
# its exit code, which is not there where it was cut.
log_stretch() {
  stretch_mark=$1
  stretch_bytes=$2
  shift 2
  {
    docker logs "$@" </dev/null 2>&1
    printf '\n%s end %s\n' "$stretch_mark" "$?"
  } | head -c "$stretch_bytes"
  echo
}
