# shellcheck shell=dash
# An exec that starts a run as a program of its own and follows it.

# $1: path, $2: id, $3: operation, $4: launch (a fresh name), $5: staging or empty, $6: resume-on-boot (yes, no
# or empty), $7: `again` when a first try's answer was lost, $8: the run's token, $9: the hash of what it means
_launch() {
  local incoming dir
  path=$1
  incoming=$path/.deploy/incoming/$4
  _check_path
  [ -z "$5" ] || _take_staging "$5" "$incoming" "$7"
  _receive "$incoming"
  dir=$path/.deploy/runs/$2
  _note_run "$incoming" launch "$4"
  _note_run "$incoming" path "$PATH"
  _note_run "$incoming" token "$8"
  _note_run "$incoming" hash "$9"
  _keep_received "$incoming"
  mkdir -p "$dir" || _refuse_unwritten "$dir could not be made"
  _place_run "$incoming" "$dir/$3" "$6"
  frame run "$host_number $_disposition $dir/$3-$host_number"
  _follow "$dir/$3-$host_number" 0
}

# A line about the run, beside what arrives in its folder: FOLDER NAME LINE.
_note_run() {
  printf '%s\n' "$3" >"$1/$2" || _refuse_unwritten "the run could not be written to $1"
  host_received="$host_received
$2"
}

# The files of the look ($1) are those of the run that arrives in $2. Where they are gone a first try has taken them ($3).
_take_staging() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    if ! mkdir -p "$2" || ! mv "$1" "$2/files"; then _refuse_unwritten "the files in $1 could not be taken over into $2"; fi
    rm -rf "${1%/files}"
  elif [ -z "$3" ]; then
    _refuse lost upload-broken "the uploaded files in $1 are gone" 'Run it again.'
  fi
}

# Makes what has arrived in $1 a run, the next one of $2 (its folder without the number), and starts it, unless the last one
# stands for it; into $host_number and $_disposition. $3: resume-on-boot.
_place_run() {
  local tries=0
  while :; do
    _last_number "$2"
    if [ "$host_number" != 0 ] && _decide "$2-$host_number" "$1"; then
      rm -rf "$1"
      return 0
    fi
    host_number=$((host_number + 1))
    # Renaming onto a folder that somebody else made meanwhile fails, and then we look again.
    if [ ! -e "$2-$host_number" ] && mv -T "$1" "$2-$host_number" 2>/dev/null; then
      _disposition=started
      _resume_line "$3" "$2-$host_number"
      _detach "$2-$host_number"
      return 0
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || _refuse remote run-not-started "the run could not be put into ${2%/*}"
  done
}

# The highest number of the runs of $1 (a folder without the number), into $host_number; 0 for none.
_last_number() {
  local each number
  host_number=0
  for each in "$1"-*; do
    number=${each##*-}
    case $number in
      '' | *[!0-9]*) continue ;;
    esac
    [ "$each" = "$1-$number" ] && [ "$number" -gt "$host_number" ] && host_number=$number
  done
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
    if [ ! -e "/var/lib/systemd/linger/$host_user" ] || ! command -v systemd-run >/dev/null; then
      rm -rf "$1"
      _refuse refused programs-are-ended "the server ends $host_user's programs when the connection ends (KillUserProcesses)" \
        "Run once on the server, as $host_user: loginctl enable-linger"
    fi
    XDG_RUNTIME_DIR=${runtime:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
    # The $1 in quotes is the inner shell's.
    # shellcheck disable=SC2016
    systemd-run --user --quiet --collect -- env -i HOME="${HOME-/}" USER="$host_user" PATH="$PATH" \
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
  local mark="# deploy-actions $path" there lines where=$PATH
  [ -n "$1" ] || return 0
  if ! command -v crontab >/dev/null; then
    [ "$1" = no ] && return 0
    _refuse refused tool-missing "the server has no crontab, which resume-on-boot needs" 'Install cron there, or leave the input out.'
  fi
  # crontab gives some characters a meaning.
  case $where in
    *[!A-Za-z0-9_/:.-]*) where=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
  esac
  _read_crontab
  there=$host_crontab
  # The end of a line: another application's path may begin like this one.
  lines=$(printf '%s\n' "$there" | awk -v m="$mark" 'substr($0, length($0) - length(m) + 1) != m')
  if [ "$1" = yes ]; then
    cp "$2/program" "$path/.deploy/resume.new" && mv -f "$path/.deploy/resume.new" "$path/.deploy/resume"
    lines="${lines:+$lines
}@reboot PATH=$where sh $path/.deploy/resume resume $path >>$path/.deploy/resume.log 2>&1 $mark"
  elif [ "$lines" = "$there" ]; then
    return 0
  fi
  { [ -z "$lines" ] || printf '%s\n' "$lines"; } | crontab - || _refuse refused crontab-refused 'crontab refuses the line of resume-on-boot'
}

# The user's crontab, into $host_crontab. What cannot be read must not be taken for empty: the whole of it is written anew.
_read_crontab() {
  local said
  host_crontab=$(crontab -l 2>/dev/null) && return 0
  host_crontab=''
  said=$(crontab -l 2>&1 >/dev/null)
  # As Debian's, cronie's and systemd's crontab say it; busybox says which file it does not find.
  case $said in *'no crontab'* | *'No such file'*) return 0 ;; esac
  _refuse refused crontab-refused "the crontab of the login user cannot be read: $(printf '%s' "$said" | head -n 1 | cut -c 1-200)" \
    'crontab -l there says why.'
}
