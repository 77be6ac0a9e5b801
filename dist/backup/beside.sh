# shellcheck shell=dash
# Under which names what comes back is loaded, and what it replaces is kept.
# Parameters: backup.

# beside WORD NAME: the name of what stands beside another one, for this backup; WORD has seven letters at most. PostgreSQL
# cuts names of more than 63 bytes, and MySQL refuses those of more than 64. Of a long one the beginning stays, which others
# may have too, so that its sum tells them apart: else the data of one would take the place of the other's.
beside() {
  local name=$2
  [ "${#name}" -le 34 ] || name=$(printf '%.25s_%.8s' "$name" "$(printf '%s' "$name" | sha256sum)")
  beside_name "$1" "$name"
}
beside_name() {
  printf '%s_%s_%s' "$2" "$1" "$(printf '%s' "$backup" | tr -c 'a-z0-9' _)"
}

keeping_words='before before2 before3 before4 before5 before6 before7 before8 before9'

# kept_names NAME: under which names restores of this backup keep what they replace, the first one first.
kept_names() {
  local each
  for each in $keeping_words; do
    beside "$each" "$1"
    echo
  done
}

# droppable_names NAME: the same, and those that restores up to version 1.1 gave: they only cut a long name.
droppable_names() {
  local each
  kept_names "$1"
  [ "${#1}" -gt 34 ] || return 0
  for each in $keeping_words; do
    beside_name "$each" "$(printf '%.34s' "$1")"
    echo
  done
}

# choose_kept NAME WHAT: of the names to keep what is there the first that is no line on stdin, into $kept_name.
choose_kept() {
  cat >"$scratch/taken"
  kept_name=$(kept_names "$1" | grep -Fvx -f "$scratch/taken" | head -n 1)
  [ -n "$kept_name" ] || fail refused request-refused "there still is of $2 what nine restores of this backup have replaced" \
    "Look whether it is needed any more. To let it go give the action backup confirm: $backup without restore."
}
