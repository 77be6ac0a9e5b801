# shellcheck shell=dash
# Reads the end of the application's history; nothing, where it has none. Parameter: history_lines.

inspect() {
  if [ -f "$path/.deploy/history.jsonl" ]; then
    tail -n "$history_lines" "$path/.deploy/history.jsonl" >history
    result_file history history
    rm -f history
  fi
}
