# shellcheck shell=dash
# A repository of restic that backups are kept in besides, each a snapshot whose tags say whose it is. What is read out of
# it others may have written: nothing is believed before its form is checked.
# Parameters, all secret: repository (its address; empty: none), repository_password, repository_env (lines NAME=value).

# The address may hold a login: nobody is shown it. The environment is that of restic alone, and of no other user's.
_restic() {
  local line
  # Held open by a program that others wait for, they would be waited for in vain.
  exec 9>&- 8>&- 7>&-
  RESTIC_REPOSITORY=$repository
  RESTIC_PASSWORD=$repository_password
  export RESTIC_REPOSITORY RESTIC_PASSWORD
  while IFS= read -r line; do
    [ -z "$line" ] || export "${line%%=*}=${line#*=}"
  done <<END
$repository_env
END
  exec "$@"
}

# restic_soon FILE WORDS…: restic with these words, for an answer that is due within minutes; its output becomes FILE, its
# complaints are in $scratch/said. Where others hold the lock of the repository it waits a minute for them, and breaks none.
restic_soon() {
  local file=$1
  shift
  (_restic timeout -s TERM -k 20 180 restic --retry-lock 1m "$@") </dev/null >"$file" 2>"$scratch/said"
}

# restic_said: why it failed, in a line: what it calls fatal, or else its last words.
restic_said() {
  local said
  said=$(sed -n 's/^Fatal: //p' "$scratch/said" 2>/dev/null | head -n 1 | cut -c 1-300)
  printf '%s' "${said:-$(grep . "$scratch/said" 2>/dev/null | tail -n 1 | cut -c 1-300)}"
}

# find_repository: restic is there, knows what is asked of it, and the repository answers; or nothing begins.
find_repository() {
  local version
  command -v restic >/dev/null || fail refused tool-missing 'the server has no restic, which engine: restic asks for' \
    'Install version 0.17 or later there (on Debian 13: apt-get install restic), or leave engine out.'
  version=$(restic version 2>/dev/null | sed -n '1s/^restic \([0-9][0-9]*\)\.\([0-9][0-9]*\)[. ].*/\1 \2/p')
  case $version in
    '' | '0 '[0-9] | '0 1'[0-6])
      fail refused tool-missing "the restic of the server is older than 0.17: $(restic version 2>&1 | head -n 1 | tr -cd 'A-Za-z0-9 ./-' | cut -c 1-80)" \
        'Install 0.17 or later: older ones do not say why they failed.'
      ;;
  esac
  restic_soon /dev/null cat config --no-lock
  case $? in
    0) ;;
    10)
      details "$scratch/said"
      fail refused repository-refused 'there is no repository where the input repository says' \
        'Look whether its address is right, and make it once: restic init, with this repository and password. It is not made by itself, or a misspelt address would have one too.'
      ;;
    12)
      details "$scratch/said"
      fail refused repository-refused 'the repository does not take the password' 'Correct the input repository-password.'
      ;;
    *)
      details "$scratch/said"
      fail refused repository-refused "the repository does not answer: $(restic_said)" \
        'Look at its address, at repository-env, and at the way there from the server.'
      ;;
  esac
}

# sent_backups FILE: a line for each backup of this application in the repository, the newest first: when it was begun, id,
# how far it was proven, bytes, release (- for none), snapshot, host, and whether it is of this folder here (own, other).
# What only looks like one is left out. False where it cannot be asked.
sent_backups() {
  restic_soon "$scratch/snapshots" snapshots --json --no-lock --tag "deploy-actions,project:$project" || return 1
  # A quote within a text of JSON has a backslash before it, so that what is looked for are keys.
  sed 's/{"time":"/\
{"time":"/g' "$scratch/snapshots" | awk -v own="$(uname -n)" -v folder="$path/backups" '
    function value(key,   text) {
      if (!match($0, "\"" key "\":\"[^\"]*\"")) return ""
      text = substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
      return text
    }
    function tag(name,   text) {
      if (!match(tags, "\"" name ":[^\"]*\"")) return ""
      text = substr(tags, RSTART + length(name) + 2, RLENGTH - length(name) - 3)
      return text
    }
    !/^\{"time":"/ { next }
    {
      tags = match($0, "\"tags\":\\[[^]]*\\]") ? substr($0, RSTART, RLENGTH) : ""
      id = tag("backup"); created = tag("created"); bytes = tag("bytes"); release = tag("release")
      verified = tag("verified"); snapshot = value("id"); host = value("hostname")
      if (id !~ /^[a-z0-9][a-z0-9._-]*$/ || length(id) > 63) next
      if (created !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z$/) next
      if (verified !~ /^(none|read|restore)$/ || bytes !~ /^[0-9]+$/ || length(bytes) > 15) next
      if (release !~ /^([a-z0-9][a-z0-9._-]*)?$/ || length(release) > 63) next
      if (snapshot !~ /^[0-9a-f]+$/ || length(snapshot) != 64) next
      if (host !~ /^[A-Za-z0-9_][A-Za-z0-9._-]*$/) next
      mine = host == own && index($0, "\"paths\":[\"" folder "/" id "\"]") ? "own" : "other"
      print created, id, verified, bytes, release == "" ? "-" : release, snapshot, host, mine
    }' | sort -r >"$1"
}
