#!/bin/sh
# publish-release.sh BUNDLE: pushes the release that another job has built, from a checkout of the commit that it was built
# of, and prints its tags that never move.
#
# The job that runs this may write to the repository, so no code of a third party runs in it: git alone. The job that built
# ran thousands of packages, so nothing that it says is believed: a bundle of an action must be the commit's own, or what
# the branch held before, byte for byte.
set -eu

bundle=$1
source=$(git rev-parse HEAD)
paths=$(mktemp)
actions=$(mktemp)
trap 'rm -f "$paths" "$actions"' EXIT

fail() {
  printf 'publish-release: %s\n' "$1" >&2
  exit 1
}

# The last part of a tree's path as git names its content; empty where there is none.
object() { git rev-parse --quiet --verify "$1" || :; }

# action.yml of $1 at the commit that was built, as a release has it: its bundle is one folder nearer.
action_of() { git show "$source:actions/$1/action.yml" | sed "s|\.\./\.\./dist/$1/|../dist/$1/|g" | git hash-object --stdin; }

# Fails unless what commit $1 holds of the action $2 is the source's, or that of the branch's former tip $3.
check_action() {
  for path in "dist/$2" "$2/action.yml"; do
    held=$(object "$1:$path")
    [ "$held" != "$(object "$3:$path")" ] || continue
    case $path in
      dist/*) built=$(object "$source:$path") ;;
      *) built=$(action_of "$2") ;;
    esac
    [ "$held" = "$built" ] || fail "$path of commit $1 is neither what $source holds nor what was released before"
  done
}

# It says that all is well on standard error too.
words=$(git bundle verify --quiet "$bundle" 2>&1) || fail "the bundle does not fit this repository: $words"
branches=
fixed=
moving=
for ref in $(git bundle list-heads "$bundle" | cut -d ' ' -f 2); do
  # grep reads line by line; a ref holds no newline, and no space.
  if printf '%s\n' "$ref" | grep -qxE 'refs/heads/releases/v[0-9]+'; then
    branches="$branches $ref"
  elif printf '%s\n' "$ref" | grep -qxE 'refs/tags/[a-z][a-z0-9-]*/v[0-9]+\.[0-9]+\.[0-9]+'; then
    fixed="$fixed $ref"
  elif printf '%s\n' "$ref" | grep -qxE 'refs/tags/([a-z][a-z0-9-]*/)?v[0-9]+'; then
    moving="$moving $ref"
  else
    fail "$ref is no ref of a release"
  fi
done
if [ -z "$branches" ] || [ -z "$fixed" ]; then fail 'the bundle releases nothing'; fi
set --
for ref in $branches $fixed $moving; do set -- "$@" "+$ref:refs/built/${ref#refs/}"; done
git fetch --quiet --no-tags "$bundle" "$@"

for ref in $branches $fixed $moving; do
  name=${ref#refs/*/}
  commit=$(git rev-parse "refs/built/${ref#refs/}^{commit}")
  major=${name##*v}
  major=${major%%.*}
  branch=refs/built/heads/releases/v$major
  [ -n "$(object "$branch")" ] || fail "$ref comes without its branch releases/v$major"
  git merge-base --is-ancestor "$commit" "$branch" || fail "$ref is not on the branch releases/v$major"
  former=$(object "refs/remotes/origin/releases/v$major")
  [ -z "$former" ] || git merge-base --is-ancestor "$former" "$commit" || fail "$ref leaves out what releases/v$major held"
  git ls-tree -r -z --name-only "$commit" | tr '\n\0' '?\n' >"$paths"
  while IFS= read -r path; do
    case $path in
      LICENSE | README.md | action-catalog.md) continue ;;
      dist/*/*) action=${path#dist/} ;;
      */*) action=$path ;;
      *) fail "$ref holds $path, which belongs to no release" ;;
    esac
    printf '%s\n' "${action%%/*}"
  done <"$paths" >"$actions"
  sort -u -o "$actions" "$actions"
  while IFS= read -r action; do
    case $action in *[!a-z0-9-]*) fail "$ref holds an action of the name $action" ;; esac
    check_action "$commit" "$action" "${former:-$source}"
  done <"$actions"
done

# Branches and fixed tags must be new to the origin, all or nothing; the moving tags follow.
set --
for ref in $branches $fixed; do set -- "$@" "refs/built/${ref#refs/}:$ref"; done
git push --quiet --atomic origin "$@"
set --
for ref in $moving; do set -- "$@" "+refs/built/${ref#refs/}:$ref"; done
[ $# -eq 0 ] || git push --quiet origin "$@"
for ref in $fixed; do printf '%s\n' "${ref#refs/tags/}"; done
