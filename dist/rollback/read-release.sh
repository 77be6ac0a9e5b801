# shellcheck shell=dash
# Reads a recorded release. Parameter: release. It holds secrets: never log it.

inspect() {
  for read_name in compose.json services live-only; do
    if [ -f "$path/releases/$release/$read_name" ]; then result_file "$(echo "$read_name" | tr .- __)" "$path/releases/$release/$read_name"; fi
  done
  if [ -f "$path/.deploy/ports" ]; then result_file ports "$path/.deploy/ports"; fi
}
