# shellcheck shell=dash
# Execs that say a word to a run, or ask for its result.

# $1: the run's folder. The run that waits for the others may go on, unless something else was decided before.
_go() {
  if [ -e "$1/result" ]; then
    frame answer ended
    return
  fi
  ln -s go "$1/decision" 2>/dev/null
  if [ "$(readlink "$1/decision")" = go ]; then frame answer went; else frame answer late; fi
}

# $1: the run's folder, $2: a figure that was not there before: the runner is there.
_alive() {
  printf '%s\n' "$2" >"$1/alive"
  frame answer noted
}

# $1: the run's folder. What it does about that is its own affair.
_cancel() {
  : >"$1/cancel"
  frame answer cancelled
}

# $1: the run's folder
_read_result() {
  if [ -e "$1/result" ]; then
    _frame_file result "$1/result"
  else
    frame answer none
  fi
}
