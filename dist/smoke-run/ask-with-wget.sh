# shellcheck shell=dash

# ask_with_wget SECONDS ADDRESS: for addresses and requests that hold nothing secret, since wget takes none on stdin. The
# head of the answer goes to stderr. 127: there is no wget.
ask_with_wget() {
  command -v wget >/dev/null 2>&1 || exit 127
  exec wget -q -S -O - -T "$1" "$2"
}
