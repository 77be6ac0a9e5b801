# shellcheck shell=dash

# own_stops PATH: what programs of ours were at in the last day, for whoever asks whether it was one that stopped something.
# `closed` where that cannot be read. Of each run `run NAME END PROJECT` (END: seconds since 1970, `lives`, or `gone` without
# a result) and its journal; what timers have said of their beginnings and ends; `end`.
own_stops() {
  if [ ! -e "$1/.deploy" ]; then
    # Nothing of ours was ever here.
    [ -d "$1" ] && echo end
    [ -d "$1" ] || echo closed
    return 0
  fi
  if [ ! -r "$1/.deploy" ] || ! cd "$1/.deploy" 2>/dev/null; then
    echo closed
    return 0
  fi
  find runs -mindepth 3 -maxdepth 3 -name journal -mmin -1440 2>/dev/null | while IFS= read -r own_journal; do
    own_run=${own_journal%/journal}
    if [ -e "$own_run/result" ]; then
      own_end=$(date -r "$own_run/result" +%s)
    elif _run_lives "$own_run"; then
      own_end=lives
    else
      own_end=gone
    fi
    own_project=$(sed -n "s/^project='\{0,1\}\([a-z0-9][a-z0-9_-]*\)'\{0,1\}$/\1/p" "$own_run/parameters" 2>/dev/null)
    printf 'run %s %s %s\n' "${own_run##*/}" "$own_end" "${own_project:--}"
    tail -n 500 "$own_journal"
  done
  [ ! -r timers.log ] || tail -n 500 timers.log | grep -E '^[0-9TZ:-]+ timer [a-z]+ (begins|ends)$'
  echo end
}
