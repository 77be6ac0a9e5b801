# shellcheck shell=dash
# What every program of ours on a server begins with: it sets what holds everywhere, and defines functions. Runs under
# dash, busybox sh and bash as sh. Names that begin with host_ or _ are the host's own.

umask 077
LC_ALL=C
export LC_ALL
set -u

# Whoever begins sets these, for the parts of the program too.
# shellcheck disable=SC2034 # not every program asks for each
{
  path=''
  run=''
  files=''
  operation=''
  deployment_id=''
}
host_token=''
host_result=''
host_now=0

# Centiseconds since the machine started, into $host_now: monotonic, and without a process.
_clock() {
  local up
  read -r up _ </proc/uptime
  host_now=${up#*.}
  host_now=$((${up%.*} * 100 + ${host_now#0}))
}

# Sleeps; where this `sleep` knows no fractions, whole seconds, rounded up. Never holds the lock's descriptor.
nap() {
  sleep "$1" 2>/dev/null 9>&- && return
  local whole=${1%.*}
  sleep "$((${whole:-0} + 1))" 9>&-
}

# say TEXT: a line of the log.
say() {
  printf '%s\n' "$*"
}

# Lines that begin with this run's token are for the action; no other program knows the token.
_tell() {
  printf '\036%s %s\n' "$host_token" "$*"
}

# warn TEXT: what goes on all the same, and somebody should look at.
warn() {
  _tell "warning $(printf '%s' "$*" | tr '\n' ' ')"
}

# Makes what was written to a file last.
_fsync() {
  dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync
}

# stdin to a file: whole or not at all, also after a power cut.
write_file() {
  cat >"$1.new" && _fsync "$1.new" && mv -f "$1.new" "$1"
}

# write_text FILE TEXT: the text and a newline to a file, as `write_file` does it, and with fewer processes.
write_text() {
  printf '%s\n' "$2" >"$1.new" && _fsync "$1.new" && mv -f "$1.new" "$1"
}

# Whether two files have the same first line.
_same() {
  local one other
  [ -f "$1" ] && [ -f "$2" ] && read -r one <"$1" && read -r other <"$2" && [ "$one" = "$other" ]
}

# A redirection that fails ends a POSIX shell where it stands with a special builtin, as `:` is one: what must go on, or says
# itself what is wrong, makes its files by `true`.

# The result is a list of `name length`, value, newline: any bytes, no parser needed here. Lengths are bytes, by LC_ALL=C.
# What could be written only in part is no list: whoever began the body takes exit code 74 for that.

# result NAME VALUE
result() {
  printf '%s %s\n%s\n' "$1" "${#2}" "$2" >>"$host_result" || exit 74
}

# result_file NAME FILE: the value is the content of the file.
result_file() {
  # By one descriptor: another program may put a new file in its place meanwhile.
  {
    { printf '%s %s\n' "$1" "$(($(wc -c </proc/self/fd/8)))" && cat <&8 && echo; } || exit 74
  } 8<"$2" >>"$host_result"
}

# result_text NAME FILE: the same of a short text, which the shell reads itself: that takes no process.
result_text() {
  local text='' line
  while IFS= read -r line || [ -n "$line" ]; do
    text="$text$line
"
  done <"$2"
  result "$1" "$text"
}

# Ends the operation as failed: KIND CODE MESSAGE [REMEDY], kind and code as in the kit's table. The first failure is
# the one that counts.
fail() {
  if [ ! -e "$host_result.failed" ]; then
    true >"$host_result.failed"
    result _kind "$1"
    result _code "$2"
    result _message "$3"
    [ -z "${4-}" ] || result _remedy "$4"
  fi
  exit 70
}

# details FILE: what is shown below the message of a failure, such as the last lines of a tool.
details() {
  result_file _details "$1"
}
