# shellcheck shell=dash
# What the prelude defines is not seen here.
# shellcheck disable=SC2154,SC2034
# What the action's execs do: receive files, look, launch, follow. Answers are frames on descriptor 3:
# `type length`, payload, newline.

frame() {
  printf '%s %s\n%s\n' "$1" "${#2}" "$2" >&3
}

# TYPE FILE OFFSET LENGTH
_frame_part() {
  printf '%s %s\n' "$1" "$4" >&3
  tail -c "+$(($3 + 1))" "$2" | head -c "$4" >&3
  echo >&3
}

# An exec's own failure, before any run is there: KIND CODE MESSAGE [REMEDY].
_refuse() {
  frame kind "$1"
  frame code "$2"
  frame message "$3"
  frame remedy "${4-}"
  exit 0
}

# --- the folders ------------------------------------------------------------------------------------------

_me() {
  _user=$(id -un 2>/dev/null) || _user=$(id -u)
}

# Each is a folder, no link, and the login user's own.
_check_own() {
  local wrong
  wrong=$(find "$@" -prune \( ! -type d -o ! -user "$(id -u)" \) | head -n 1)
  [ -n "$wrong" ] || return 0
  [ ! -L "$wrong" ] || _refuse refused path-not-usable "$wrong is a symbolic link" "Name the folder itself: $(readlink -f "$wrong")"
  _me
  _refuse refused path-not-usable "$wrong is no folder, or does not belong to $_user" \
    "Deployments need folders of the login user's own, such as by: sudo chown $_user $wrong"
}

# `path` belongs to the login user, `.deploy` and what is in it to nobody else, and none of them is a link.
_check_path() {
  local parent
  for parent in flock setsid sha256sum; do
    command -v "$parent" >/dev/null || _refuse refused tool-missing "the server has no $parent" "Install util-linux and coreutils there."
  done
  if [ ! -e "$path" ] && [ ! -L "$path" ]; then
    if ! (umask 022 && mkdir -p "$path") 2>/dev/null; then
      _me
      _refuse refused path-not-usable "$path does not exist and $_user may not make it" \
        "Run once on the server: sudo install -d -o $_user $path"
    fi
  fi
  [ -d "$path" ] || _refuse refused path-not-usable "$path is not a folder" 'Give another path.'
  _check_own "$path"
  mkdir -p "$path/.deploy/runs" "$path/.deploy/incoming" 2>/dev/null
  for parent in "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"; do
    [ -e "$parent" ] || _refuse refused server-not-writable "$parent cannot be made" 'Is the disk full, or mounted read-only?'
  done
  _check_own "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  chmod 700 "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  if [ -L "$path/.deploy/lock" ]; then _refuse refused path-not-usable "$path/.deploy/lock is a link" 'Remove it.'; fi
  [ -e "$path/.deploy/lock" ] || : >>"$path/.deploy/lock"
}

# --- receiving --------------------------------------------------------------------------------------------

# Files from stdin into folder $1: `file mode length sha256`, the name, the bytes; `end` is the last line.
_receive() {
  local word mode length sum name whole rest sums=$1.sums
  { mkdir -p "$1" && : >"$sums"; } || _refuse refused server-not-writable "$1 cannot be made" 'Is the disk full?'
  while read -r word mode length sum; do
    [ "$word" != end ] || break
    { [ "$word" = file ] && IFS= read -r name; } || _refuse lost upload-broken 'the upload was garbled'
    case $name in
      */*) [ -d "$1/${name%/*}" ] || mkdir -p "$1/${name%/*}" ;;
    esac
    whole=$((length / 1048576))
    rest=$((length % 1048576))
    {
      [ "$whole" = 0 ] || dd bs=1048576 count="$whole" iflag=fullblock
      [ "$rest" = 0 ] || dd bs="$rest" count=1 iflag=fullblock conv=fsync
    } 2>/dev/null >"$1/$name" || _refuse refused server-not-writable "$name could not be written to $1" 'Is the disk full?'
    [ "$rest" != 0 ] || _fsync "$1/$name"
    # So our umask makes it.
    [ "$mode" = 600 ] || chmod "$mode" "$1/$name"
    printf '%s  %s\n' "$sum" "$name" >>"$sums"
  done
  [ "$word" = end ] || _refuse lost upload-broken 'the upload ended too early; nothing was changed'
  if [ -s "$sums" ]; then
    (cd "$1" && sha256sum -c "$sums" >/dev/null 2>&1) ||
      _refuse refused server-not-writable "what arrived in $1 is not what was sent" 'Is the disk full?'
  fi
  rm -f "$sums"
}

# Files into folder $2 of the application $1, all of them or none; $3: a fresh name.
_upload() {
  local each
  path=$1
  _check_path
  _incoming=$path/.deploy/incoming/$3
  trap 'rm -rf "$_incoming"' EXIT
  _receive "$_incoming"
  mkdir -p "$2" || _refuse refused server-not-writable "$2 cannot be made" 'Is the disk full?'
  (cd "$_incoming" && find . ! -type d) | while IFS= read -r each; do
    each=${each#./}
    case $each in
      */*) mkdir -p "$2/${each%/*}" ;;
    esac
    mv -f "$_incoming/$each" "$2/$each" || exit 1
  done || _refuse refused server-not-writable "the files could not be moved to $2"
  frame answer moved
}

# --- looking ----------------------------------------------------------------------------------------------

# $1: path, $2: a fresh name, $3: token
_inspect() {
  path=$1
  run=$path/.deploy/incoming/$2
  files=$run/files
  _token=$3
  _result=$run/result
  # shellcheck disable=SC2034
  operation=inspect
  _clock
  _began=$_t
  _check_path
  # Whatever happens, what was sent does not stay unless the look succeeded.
  trap 'rm -rf "$run"' EXIT
  _receive "$run"
  mkdir -p "$files"
  # shellcheck disable=SC1091
  . "$run/parameters"
  # shellcheck disable=SC1091
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  rm -f "$run/secrets"
  : >"$_result"
  (
    trap - EXIT
    cd "$files" && inspect </dev/null 3>&-
  )
  local code=$?
  if [ "$code" != 0 ] && [ ! -e "$_result.failed" ]; then
    (fail remote program-ended "looking at the server ended with exit code $code")
  fi
  [ -e "$_result.failed" ] || trap - EXIT
  frame staging "$files"
  _frame_part result "$_result" 0 "$(($(wc -c <"$_result")))"
  rm -f "$_result"
}

# --- launching --------------------------------------------------------------------------------------------

# $1: path, $2: id, $3: operation, $4: launch (a fresh name), $5: staging or empty, $6: resume-on-boot (yes, no
# or empty), $7: `again` when a first try's answer was lost
_launch() {
  local incoming last=0 number each dir tries=0
  path=$1
  incoming=$path/.deploy/incoming/$4
  _check_path
  if [ -n "$5" ]; then
    if [ -d "$5" ] && [ ! -L "$5" ]; then
      mkdir -p "$incoming" && mv "$5" "$incoming/files"
      rm -rf "${5%/files}"
    elif [ -z "$7" ]; then
      _refuse lost upload-broken "the uploaded files in $5 are gone" 'Run it again.'
    fi
  fi
  _receive "$incoming"
  printf '%s\n' "$4" >"$incoming/launch"
  printf '%s\n' "$PATH" >"$incoming/path"
  dir=$path/.deploy/runs/$2
  mkdir -p "$dir"
  while :; do
    for each in "$dir/$3"-*; do
      number=${each##*-}
      case $number in
        '' | *[!0-9]*) continue ;;
      esac
      [ "$each" = "$dir/$3-$number" ] && [ "$number" -gt "$last" ] && last=$number
    done
    if [ "$last" != 0 ] && _decide "$dir/$3-$last" "$incoming"; then
      rm -rf "$incoming"
      break
    fi
    last=$((last + 1))
    # Renaming onto a folder that somebody else made meanwhile fails, and then we look again.
    if [ ! -e "$dir/$3-$last" ] && mv -T "$incoming" "$dir/$3-$last" 2>/dev/null; then
      _disposition=started
      _resume_line "$6" "$dir/$3-$last"
      _detach "$dir/$3-$last"
      break
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || _refuse remote run-not-started "the run could not be put into $dir"
  done
  frame run "$last $_disposition $dir/$3-$last"
  _follow "$dir/$3-$last" 0
}

# Whether the last run ($1) stands for this one ($2), into _disposition.
_decide() {
  if _same "$1/launch" "$2/launch"; then
    _disposition=started
    return 0
  fi
  _same "$1/hash" "$2/hash" || return 1
  if [ -e "$1/result" ]; then
    _disposition=reported
    [ "$(cat "$1/outcome" 2>/dev/null)" = succeeded ]
  else
    _disposition=reattached
    _run_lives "$1"
  fi
}

# Starts the program so that neither our end nor the connection's is its own.
_detach() {
  local tries=0 kill=no runtime=${XDG_RUNTIME_DIR-}
  printf 'waiting\n' >"$1/state"
  : >"$1/log"
  _logind_kills && kill=yes
  if [ "$kill" = yes ]; then
    _me
    if [ ! -e "/var/lib/systemd/linger/$_user" ] || ! command -v systemd-run >/dev/null; then
      rm -rf "$1"
      _refuse refused programs-are-ended "the server ends $_user's programs when the connection ends (KillUserProcesses)" \
        "Run once on the server, as $_user: loginctl enable-linger"
    fi
    XDG_RUNTIME_DIR=${runtime:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
    # The $1 in quotes is the inner shell's.
    # shellcheck disable=SC2016
    systemd-run --user --quiet --collect -- env -i HOME="${HOME-/}" USER="$_user" PATH="$PATH" \
      XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" \
      sh -c 'exec sh "$1/program" run "$1" </dev/null >>"$1/log" 2>&1' sh "$1" 3>&-
  else
    setsid env -i HOME="${HOME-/}" USER="${USER-}" PATH="$PATH" ${runtime:+XDG_RUNTIME_DIR="$runtime"} \
      sh "$1/program" run "$1" </dev/null >>"$1/log" 2>&1 3>&- &
  fi
  until [ -f "$1/pid" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || _refuse remote run-not-started "the program did not start: $(head -c 2000 "$1/log")"
    nap 0.05
  done
}

# logind ends the processes of a session's scope with the session, if so configured; root is exempt by default.
_logind_kills() {
  [ -d /run/systemd/system ] && [ "$(id -u)" != 0 ] || return 1
  grep -q 'session-.*\.scope' /proc/self/cgroup 2>/dev/null || return 1
  [ "$(loginctl show-session --property=KillUserProcesses 2>/dev/null)" = KillUserProcesses=yes ]
}

# Installs or removes crontab's @reboot line; $2 is the run, whose program can resume any.
_resume_line() {
  local mark="# deploy-actions $path" lines where=$PATH
  [ -n "$1" ] || return 0
  if ! command -v crontab >/dev/null; then
    [ "$1" = no ] && return 0
    _refuse refused tool-missing "the server has no crontab, which resume-on-boot needs" 'Install cron there, or leave the input out.'
  fi
  # crontab gives some characters a meaning.
  case $where in
    *[!A-Za-z0-9_/:.-]*) where=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
  esac
  # The end of a line: another application's path may begin like this one.
  lines=$(crontab -l 2>/dev/null | awk -v m="$mark" 'substr($0, length($0) - length(m) + 1) != m')
  if [ "$1" = yes ]; then
    cp "$2/program" "$path/.deploy/resume.new" && mv -f "$path/.deploy/resume.new" "$path/.deploy/resume"
    lines="${lines:+$lines
}@reboot PATH=$where sh $path/.deploy/resume resume $path >>$path/.deploy/resume.log 2>&1 $mark"
  elif ! crontab -l 2>/dev/null | awk -v m="$mark" 'substr($0, length($0) - length(m) + 1) == m { found = 1 } END { exit !found }'; then
    return 0
  fi
  printf '%s\n' "$lines" | grep . | crontab - || _refuse refused crontab-refused 'crontab refuses the line of resume-on-boot'
}

# --- following --------------------------------------------------------------------------------------------

# $1: the run's folder, $2: offset into its log in bytes
_follow() {
  local offset=$2 size state told='' ended idle=0 pause=0.05 turns=0
  if [ ! -d "$1" ]; then _refuse lost run-gone "the run $1 is gone from the server"; fi
  path=${1%/.deploy/runs/*}
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
    if [ "$state" = waiting ]; then nap 0.5; else nap "$pause"; fi
  done
}

# --- small ones -------------------------------------------------------------------------------------------

_go() {
  if [ -e "$1/result" ]; then
    frame answer ended
    return
  fi
  ln -s go "$1/decision" 2>/dev/null
  if [ "$(readlink "$1/decision")" = go ]; then frame answer went; else frame answer late; fi
}

_cancel() {
  : >"$1/cancel"
  frame answer cancelled
}

_read_result() {
  if [ -e "$1/result" ]; then
    _frame_part result "$1/result" 0 "$(($(wc -c <"$1/result")))"
  else
    frame answer none
  fi
}

# $1: path
_status() {
  local each
  path=$1
  [ -d "$path/.deploy" ] || return 0
  exec 8>>"$path/.deploy/lock"
  if flock -n -s 8; then frame lock free; else frame lock held; fi
  exec 8>&-
  [ ! -f "$path/.deploy/lock.holder" ] || _frame_part holder "$path/.deploy/lock.holder" 0 "$(($(wc -c <"$path/.deploy/lock.holder")))"
  [ ! -f "$path/.deploy/order" ] || _frame_part order "$path/.deploy/order" 0 "$(($(wc -c <"$path/.deploy/order")))"
  for each in "$path"/.deploy/runs/*/*; do
    [ -d "$each" ] || continue
    frame run "$each"
    if [ -e "$each/result" ]; then
      _frame_part result "$each/result" 0 "$(($(wc -c <"$each/result")))"
    elif _run_lives "$each"; then
      frame state "$(cat "$each/state")"
    else
      frame state interrupted
    fi
    frame began "$(date -u -r "$each/launch" +%Y-%m-%dT%H:%M:%SZ)"
    frame event "$(tail -n 1 "$each/journal" 2>/dev/null)"
  done
}
