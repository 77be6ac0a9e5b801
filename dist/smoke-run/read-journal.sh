# shellcheck shell=dash

# read_journal IDENTIFIER MARK CURSOR SINCE BYTES: MARK and the server's time, what the journal has under that identifier behind
# CURSOR, or since that time, an entry of JSON a line, at most so many bytes; then MARK and the exit code, which is not
# there where it was cut. Without both the last entries. `MARK absent`: there is no journal to ask.
read_journal() {
  command -v journalctl >/dev/null 2>&1 || {
    echo "$2 absent"
    return 0
  }
  echo "$2 now $(date +%s)"
  journal_mark=$2
  journal_bytes=$5
  if [ -n "$3" ]; then
    set -- -t "$1" "--after-cursor=$3"
  elif [ -n "$4" ]; then
    set -- -t "$1" "--since=@$4"
  else
    set -- -t "$1" -n 200
  fi
  {
    journalctl --quiet --no-pager --output=json --output-fields=MESSAGE "$@" </dev/null 2>/dev/null
    printf '%s end %s\n' "$journal_mark" "$?"
  } | head -c "$journal_bytes"
}
