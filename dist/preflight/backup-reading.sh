# shellcheck shell=dash
# Which folders of `backups` count: those with a whole manifest.json, see `backup-record.ts`.

# files_of MANIFEST: bytes, SHA-256 and name of each file, a line each. A quote within a text of the manifest has a
# backslash before it, so that what is looked for are keys.
files_of() {
  sed 's/.*"files":\[//' "$1" | sed 's/{"name":"/\
/g' | sed -n 's/^\([A-Za-z0-9._-]*\)","kind":"[^"]*","service":"[^"]*","source":"[^"]*","bytes":\([0-9]*\),"sha256":"\([0-9a-f]*\)".*/\2 \3 \1/p'
}

# is_whole FOLDER: its name is an id, its manifest was written to the end, is that folder's own, names files that can all be
# read, and every one is there at its length. A link is nothing that a backup has made.
is_whole() {
  local manifest=$1/manifest.json named
  case ${1##*/} in *[!a-z0-9._-]* | [!a-z0-9]*) return 1 ;; esac
  if [ ! -f "$manifest" ] || [ -L "$1" ] || [ -L "$manifest" ]; then return 1; fi
  [ "$(head -c "$((${#1} - ${#path} - 9 + 8))" "$manifest")" = "{\"id\":\"${1##*/}\"" ] || return 1
  [ "$(tail -c 3 "$manifest")" = ']}' ] || return 1
  named=$(sed 's/.*"files":\[//' "$manifest" | awk '{ sum += gsub(/[{]"name":"/, "") } END { print sum + 0 }')
  if [ "$named" = 0 ] || [ "$named" != "$(($(files_of "$manifest" | wc -l)))" ]; then return 1; fi
  files_of "$manifest" | (
    while read -r bytes _ name; do
      if [ ! -f "$1/$name" ] || [ -L "$1/$name" ] || [ "$(($(wc -c <"$1/$name")))" != "$bytes" ]; then exit 1; fi
    done
  )
}

# backup_of DEPLOYMENT RUN_URL: the newest whole backup that was taken in that deployment, or in the same workflow run, whose
# steps may name their deployment differently; nothing without one. Within a text of the manifest no quote stands by itself.
backup_of() {
  local each
  for each in "$path"/backups/*; do
    ! is_whole "$each" || awk -F '"' -v deployment="$1" -v run="${2:+\"run_url\":\"$2\",}" '
      $10 == "deployment_id" && ($12 == deployment || (run != "" && index($0, run))) { print $8, $4 }' "$each/manifest.json"
  done | sort | tail -n 1 | cut -d ' ' -f 2
}
