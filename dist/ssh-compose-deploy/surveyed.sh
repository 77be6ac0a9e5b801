# shellcheck shell=dash
# What the last survey, in $scratch/containers, says.

# Not empty where nothing can have changed since.
# shellcheck disable=SC2034 # who mends containers goes by it
surveyed=

# ids_of SERVICE: the ids of its containers in the survey.
ids_of() {
  awk -v name="$1" '$1 == name { print $2 }' "$scratch/containers"
}

# existing FILE: its name, or that of an empty file.
existing() {
  if [ -f "$1" ]; then printf '%s' "$1"; else printf '/dev/null'; fi
}
