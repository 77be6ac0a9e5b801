# shellcheck shell=dash
# An exec that follows a run to its end.

# $1: the run's folder, $2: offset into its log in bytes
_follow() {
  local offset=$2 size state told='' ended idle=0 pause=0.05 turns=0
  if [ ! -d "$1" ]; then _refuse lost run-gone "the run $1 is gone from the server"; fi
  read -r state <"$1/token"
  frame token "$state"
  while :; do
    # In this order: what is there when the result is there is all.
    ended=''
    [ ! -e "$1/result" ] || ended=1
    if [ -z "$ended" ] && ! _run_lives "$1" && [ ! -e "$1/result" ] && [ -f "$1/pid" ]; then
      # A recovery may have been starting between two looks.
      nap 0.3
      if _run_lives "$1" || [ -e "$1/result" ]; then continue; fi
      ended=dead
    fi
    read -r state <"$1/state" || state=
    if [ -n "$state" ] && [ "$state" != "$told" ]; then
      told=$state
      frame state "$state"
    fi
    while size=$(($(wc -c <"$1/log"))) && [ "$size" -gt "$offset" ]; do
      size=$((size - offset))
      [ "$size" -le 262144 ] || size=262144
      _frame_part log "$1/log" "$offset" "$size"
      offset=$((offset + size))
      idle=0
    done
    case $ended in
      1)
        _frame_part result "$1/result" 0 "$(($(wc -c <"$1/result")))"
        return
        ;;
      dead)
        frame dead "$(tail -n 1 "$1/journal" 2>/dev/null | cut -d ' ' -f 2-)"
        return
        ;;
    esac
    turns=$((turns + 1))
    [ "$turns" != 40 ] || pause=0.1
    idle=$((idle + 1))
    if [ "$idle" -ge 25 ]; then
      idle=0
      # Also how this exec notices that nobody reads any more.
      frame alive ''
    fi
    # Most wait for no one, and have the lock at once.
    if [ "$state" = waiting ] && [ "$turns" -gt 10 ]; then nap 0.5; else nap "$pause"; fi
  done
}
