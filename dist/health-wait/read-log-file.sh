# shellcheck shell=dash

# read_log_file ENGINE CONTAINER FILE MARK INODE FROM BYTES: a part of a log file, on the server or in a container (empty: on
# the server), from that byte on. First come lines of what lies there:
#   MARK beside INODE SIZE TIME PATH   a file beside it that by its name was rotated away from it; TIME: last changed
#   MARK now INODE SIZE TIME           FILE itself, looked at after those: one that is rotated meanwhile is among them later;
#                                      zeros where there was one (INODE is given) and is none
# then a line `MARK WORD INODE SIZE START`, and the part behind it where WORD is
#   current  FILE is the file with INODE, or INODE is empty
#   rotated  FILE is another one by now, and the file with INODE lies beside it: that is read
# and nothing behind `gone` (it does not: INODE and SIZE are of FILE) and `short` (it has fewer bytes than FROM). Of what is no
# log to read there is one line, with `absent`, `closed`, `special`, `stopped` (the container) or `bare` (it has no program to
# read it with). Without FROM the end of the file is read.
read_log_file() {
  ask_engine_at "$1"
  LC_ALL=C
  export LC_ALL
  log_container=$2
  log_mark=$4
  if [ -n "$2" ]; then
    log_runs=$(docker inspect --type container --format '{{.State.Running}}' "$2") || exit
    [ "$log_runs" = true ] || log_tell stopped
  elif [ -e "$3" ] && [ ! -r "$3" ]; then
    log_tell closed
  fi
  log_beside=$(log_lists_beside "$3")
  log_stat "$3" || {
    # Of a log that was followed the next file is not there yet.
    [ -n "$5" ] || log_tell absent
    log_inode=0
    log_size=0
    log_time=0
  }
  [ -z "$log_beside" ] || printf '%s\n' "$log_beside" | sed "s/^/$4 beside /"
  echo "$4 now $log_inode $log_size $log_time"
  log_file=$3
  log_word=current
  if [ -n "$5" ] && [ "$log_inode" != "$5" ]; then
    log_file=$(log_tool find "${3%/*}/" -maxdepth 1 -type f -inum "$5" 2>/dev/null | head -n 1)
    [ -n "$log_file" ] || log_tell gone "$log_inode" "$log_size" 0
    log_word=rotated
    log_stat "$log_file" || log_tell gone 0 0 0
  fi
  log_from=$6
  if [ -z "$6" ]; then log_from=$((log_size > 65536 ? log_size - 65536 : 0)); fi
  [ "$log_from" -le "$log_size" ] || log_tell short "$log_inode" "$log_size" 0
  echo "$4 $log_word $log_inode $log_size $log_from"
  # By whole blocks, so that nothing before them is read.
  log_tool dd "if=$log_file" bs=4096 skip="$((log_from / 4096))" count="$(($7 / 4096 + 2))" 2>/dev/null |
    tail -c "+$((log_from % 4096 + 1))" | head -c "$7"
}

# log_tool WORDS…: a command where the file is.
log_tool() {
  if [ -n "$log_container" ]; then docker exec "$log_container" "$@" </dev/null; else "$@" </dev/null; fi
}

# log_tell WORD [FIGURES…]: and no more.
log_tell() {
  echo "$log_mark $*"
  exit 0
}

# log_lists_beside FILE: the names that logrotate, savelog and the proxies themselves give: a number, a date or a word behind
# the name, or a number or a date before its ending. Names are of the characters that a place of a log may have.
log_lists_beside() {
  log_name=${1##*/}
  log_stem=${log_name%.*}
  set -- "${1%/*}/" -name "${log_name}[-.]*"
  case $log_name in ?*.*) set -- "$@" -o -name "${log_stem}[-.][0-9]*.${log_name##*.}*" ;; esac
  log_into=$1
  shift
  log_tool find "$log_into" -maxdepth 1 -type f '(' "$@" ')' -exec stat -c '%i %s %Y %n' '{}' + 2>/dev/null
}

# log_stat FILE: into $log_inode, $log_size and $log_time. False where there is none. Ends where it is no file to read.
log_stat() {
  log_about=$(log_tool stat -L -c '%i %s %Y %F' "$1" 2>/dev/null)
  case $? in
    0) ;;
    126 | 127) log_tell bare ;;
    *) return 1 ;;
  esac
  log_inode=${log_about%% *}
  log_about=${log_about#* }
  log_size=${log_about%% *}
  log_about=${log_about#* }
  log_time=${log_about%% *}
  case ${log_about#* } in
    regular*) ;;
    *) log_tell special ;;
  esac
}
