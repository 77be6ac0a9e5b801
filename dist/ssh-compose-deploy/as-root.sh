# shellcheck shell=dash

# Runs a command as root, or answers 77 where that is not allowed.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else return 77; fi
}
