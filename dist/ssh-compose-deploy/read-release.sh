# shellcheck shell=dash
# Reads a recorded release. Parameter: release. It holds secrets: never log it.

inspect() {
  read_folder=$path/releases/$release
  if [ -f "$read_folder/compose.json" ]; then result_file compose_json "$read_folder/compose.json"; fi
  if [ -f "$read_folder/services" ]; then result_file services "$read_folder/services"; fi
  if [ -f "$read_folder/live-only" ]; then result_file live_only "$read_folder/live-only"; fi
  if [ -f "$path/.deploy/ports" ]; then result_file ports "$path/.deploy/ports"; fi
}
