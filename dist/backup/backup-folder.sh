# shellcheck shell=dash
# The backups of an application: folders in `backups`, each whole with its manifest.json or no backup at all. What is being
# made stands beside them as `.new-<id>`, and counts for nothing.

tab=$(printf '\t')

# begin_look: what every program on backups begins with.
begin_look() {
  engine_use "$docker_host"
  require_installed
  require_answer fail
}

# whole_backups: a line for each, the newest first: when it was begun, id, how far it was proven, bytes, and the release
# that served then (- for none). A manifest whose words have another form would move them, so that retention took another
# one for old: it counts for nothing.
whole_backups() {
  local each
  for each in "$path"/backups/*; do
    is_whole "$each" || continue
    sed 's/"services":\[.*//' "$each/manifest.json" | awk -v id="${each##*/}" '
      function value(key) {
        if (!match($0, "\"" key "\":\"?[^\",]*")) return ""
        text = substr($0, RSTART, RLENGTH)
        sub("^\"" key "\":\"?", "", text)
        return text
      }
      {
        release = value("release"); created = value("created"); bytes = value("bytes"); verified = value("verified")
        if (created !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z$/) exit
        if (verified !~ /^(none|read|restore)$/ || bytes !~ /^[0-9]+$/ || length(bytes) > 15) exit
        if (release !~ /^([a-z0-9][a-z0-9._-]*)?$/) exit
        print created, id, verified, bytes, release == "" ? "-" : release
        exit
      }'
  done | sort -r
}

# file_rows MANIFEST: name, kind, service, source, bytes, SHA-256, tool and answer of each file, with tabs between, as
# write_manifest takes them.
file_rows() {
  sed 's/.*"files":\[//; s/{"name":"/\
/g' "$1" | sed -n "s/^\\([A-Za-z0-9._-]*\\)\",\"kind\":\"\\([^\"]*\\)\",\"service\":\"\\([^\"]*\\)\",\"source\":\"\\([^\"]*\\)\",\"bytes\":\\([0-9]*\\),\"sha256\":\"\\([0-9a-f]*\\)\",\"tool\":\"\\([^\"]*\\)\",\"answer\":\"\\(.*\\)\"}[],}]*\$/\\1$tab\\2$tab\\3$tab\\4$tab\\5$tab\\6$tab\\7$tab\\8/p"
}

# room_left: bytes that may still be written where backups are.
room_left() {
  # shellcheck disable=SC2046 # two figures
  set -- $(stat -f -c '%a %S' "$path")
  printf '%s' "$(($1 * $2))"
}
