# shellcheck shell=dash
# Files out of containers: what they were given as text by Compose stands nowhere else. They may be secrets: never log them.
# Parameters: docker_host, copies (lines of a container's id and a path, with a tab between).

inspect() {
  engine_use "$docker_host"
  copy_number=0
  while IFS="$(printf '\t')" read -r copy_id copy_path; do
    copy_number=$((copy_number + 1))
    rm -rf copied
    # A file of an odd size is none that Compose wrote.
    if engine_copy "$copy_id" "$copy_path" copied && [ -f copied ] && [ "$(wc -c <copied)" -le 1048576 ]; then
      result_file "copy_$copy_number" copied
    fi
  done <<LIST
$copies
LIST
  rm -rf copied
}
