# shellcheck shell=dash
# What an exec of the action's answers: frames on descriptor 3: `type length`, payload, newline.

# frame TYPE PAYLOAD
frame() {
  printf '%s %s\n%s\n' "$1" "${#2}" "$2" >&3
}

# TYPE FILE OFFSET LENGTH
_frame_part() {
  printf '%s %s\n' "$1" "$4" >&3
  tail -c "+$(($3 + 1))" "$2" | head -c "$4" >&3
  echo >&3
}

# _frame_file TYPE FILE: all of the file. By one descriptor: another program may put a new file in its place meanwhile.
_frame_file() {
  { printf '%s %s\n' "$1" "$(($(wc -c </proc/self/fd/8)))" && cat <&8 && echo; } 8<"$2" >&3
}

# An exec's own failure, before any run is there: KIND CODE MESSAGE [REMEDY].
_refuse() {
  frame kind "$1"
  frame code "$2"
  frame message "$3"
  frame remedy "${4-}"
  exit 0
}
