"use strict";exports.id=966,exports.ids=[966],exports.modules={2966:(e,t,r)=>{r.d(t,{rollback:()=>rd});var o=r(6012),n=r(7598),a=r(8779);function s(e){let t={};for(let r=0;r<e.length;){let o=e.indexOf(10,r),n=/^([A-Za-z_][A-Za-z0-9_-]*) (\d{1,10})$/.exec(e.toString("latin1",r,o<0?r:o)),a=o+1+Number(n?.[2]);if(!n||a>=e.length||10!==e[a])throw Error("the result on the server is damaged");let[,s]=n;if(!(s.startsWith("_")&&s in t&&"_details"!==s)){let r=e.toString("utf8",o+1,a);t[s]="_details"===s&&t[s]?`${t[s]}
${r}`:r}r=a+1}return t}let i=["input","refused","unhealthy","remote","lost","busy"];function l(e){return i.find(t=>t===e)??"remote"}function c(){return(0,n.randomBytes)(12).toString("hex")}async function d(e,t,r){var n;let s,i,c,d,$={},f=[],h=(n=e=>{"kind"===e.type||"message"===e.type||"remedy"===e.type?$[e.type]=e.payload.toString("utf8"):r(e)},i=[],c=0,d=1,e=>{if(i.push(e),(c+=e.length)<d)return;let t=1===i.length?i[0]:Buffer.concat(i);for(d=1;;){let e=t.indexOf(10);if(e<0){if(t.length>200)throw Error("the server answered something else than a frame");break}let r=/^([a-z]+) (\d{1,10})$/.exec(t.toString("latin1",0,Math.min(e,200))),o=Number(r?.[2]);if(!r||o>0x10000000)throw Error("the server answered something else than a frame");let a=e+1+o+1;if(t.length<a){d=a;break}n({type:r[1],payload:Buffer.from(t.subarray(e+1,e+1+o))}),t=t.subarray(a)}i=t.length>0?[t]:[],c=t.length}),{code:u}=await e.run({...t,onStdout(e){if(void 0===s)try{h(e)}catch(e){s=e}},onStderr(e){t.onStderr&&t.onStderr(e),f.length<50&&f.push(e.subarray(0,4e3))}}),_=Buffer.concat(f).toString("utf8").trim();if(void 0!==$.kind)throw new a.HR(l($.kind),$.message??"the server refused",{remedy:$.remedy||void 0,details:_||void 0});if(void 0!==s)throw s;if(0!==u)throw new o.fm("lost",`a program on ${e.name} was ended early (exit code ${u})`,{details:_||void 0})}let $=`frame() {
  printf '%s %s\\n%s\\n' "$1" "$\{#2}" "$2" >&3
}
_frame_part() {
  printf '%s %s\\n' "$1" "$4" >&3
  tail -c "+$(($3 + 1))" "$2" | head -c "$4" >&3
  echo >&3
}
_refuse() {
  frame kind "$1"
  frame message "$2"
  frame remedy "$\{3-}"
  exit 0
}
_me() {
  _user=$(id -un 2>/dev/null) || _user=$(id -u)
}
_check_own() {
  local wrong
  wrong=$(find "$@" -prune \\( ! -type d -o ! -user "$(id -u)" \\) | head -n 1)
  [ -n "$wrong" ] || return 0
  [ ! -L "$wrong" ] || _refuse refused "$wrong is a symbolic link" "Name the folder itself: $(readlink -f "$wrong")"
  _me
  _refuse refused "$wrong is no folder, or does not belong to $_user" \\
    "Deployments need folders of the login user's own, such as by: sudo chown $_user $wrong"
}
_check_path() {
  local parent
  for parent in flock setsid sha256sum; do
    command -v "$parent" >/dev/null || _refuse refused "the server has no $parent" "Install util-linux and coreutils there."
  done
  if [ ! -e "$path" ] && [ ! -L "$path" ]; then
    if ! (umask 022 && mkdir -p "$path") 2>/dev/null; then
      _me
      _refuse refused "$path does not exist and $_user may not make it" \\
        "Run once on the server: sudo install -d -o $_user $path"
    fi
  fi
  [ -d "$path" ] || _refuse refused "$path is not a folder" 'Give another path.'
  _check_own "$path"
  mkdir -p "$path/.deploy/runs" "$path/.deploy/incoming" 2>/dev/null
  for parent in "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"; do
    [ -e "$parent" ] || _refuse refused "$parent cannot be made" 'Is the disk full, or mounted read-only?'
  done
  _check_own "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  chmod 700 "$path/.deploy" "$path/.deploy/runs" "$path/.deploy/incoming"
  if [ -L "$path/.deploy/lock" ]; then _refuse refused "$path/.deploy/lock is a link" 'Remove it.'; fi
  [ -e "$path/.deploy/lock" ] || : >>"$path/.deploy/lock"
}
_receive() {
  local word mode length sum name whole rest sums=$1.sums
  { mkdir -p "$1" && : >"$sums"; } || _refuse refused "$1 cannot be made" 'Is the disk full?'
  while read -r word mode length sum; do
    [ "$word" != end ] || break
    { [ "$word" = file ] && IFS= read -r name; } || _refuse lost 'the upload was garbled'
    case $name in
      */*) [ -d "$1/$\{name%/*}" ] || mkdir -p "$1/$\{name%/*}" ;;
    esac
    whole=$((length / 1048576))
    rest=$((length % 1048576))
    {
      [ "$whole" = 0 ] || dd bs=1048576 count="$whole" iflag=fullblock
      [ "$rest" = 0 ] || dd bs="$rest" count=1 iflag=fullblock conv=fsync
    } 2>/dev/null >"$1/$name" || _refuse refused "$name could not be written to $1" 'Is the disk full?'
    [ "$rest" != 0 ] || _fsync "$1/$name"
    [ "$mode" = 600 ] || chmod "$mode" "$1/$name"
    printf '%s  %s\\n' "$sum" "$name" >>"$sums"
  done
  [ "$word" = end ] || _refuse lost 'the upload ended too early; nothing was changed'
  if [ -s "$sums" ]; then
    (cd "$1" && sha256sum -c "$sums" >/dev/null 2>&1) ||
      _refuse refused "what arrived in $1 is not what was sent" 'Is the disk full?'
  fi
  rm -f "$sums"
}
_upload() {
  local each
  path=$1
  _check_path
  _incoming=$path/.deploy/incoming/$3
  trap 'rm -rf "$_incoming"' EXIT
  _receive "$_incoming"
  mkdir -p "$2" || _refuse refused "$2 cannot be made" 'Is the disk full?'
  (cd "$_incoming" && find . ! -type d) | while IFS= read -r each; do
    each=$\{each#./}
    case $each in
      */*) mkdir -p "$2/$\{each%/*}" ;;
    esac
    mv -f "$_incoming/$each" "$2/$each" || exit 1
  done || _refuse refused "the files could not be moved to $2"
  frame answer moved
}
_inspect() {
  path=$1
  run=$path/.deploy/incoming/$2
  files=$run/files
  _token=$3
  _result=$run/result
  operation=inspect
  _clock
  _began=$_t
  _check_path
  trap 'rm -rf "$run"' EXIT
  _receive "$run"
  mkdir -p "$files"
  . "$run/parameters"
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  rm -f "$run/secrets"
  : >"$_result"
  (
    trap - EXIT
    cd "$files" && inspect </dev/null 3>&-
  )
  local code=$?
  if [ "$code" != 0 ] && [ ! -e "$_result.failed" ]; then
    (fail remote "looking at the server ended with exit code $code")
  fi
  [ -e "$_result.failed" ] || trap - EXIT
  frame staging "$files"
  _frame_part result "$_result" 0 "$(($(wc -c <"$_result")))"
  rm -f "$_result"
}
_launch() {
  local incoming last=0 number each dir tries=0
  path=$1
  incoming=$path/.deploy/incoming/$4
  _check_path
  if [ -n "$5" ]; then
    if [ -d "$5" ] && [ ! -L "$5" ]; then
      mkdir -p "$incoming" && mv "$5" "$incoming/files"
      rm -rf "$\{5%/files}"
    elif [ -z "$7" ]; then
      _refuse lost "the uploaded files in $5 are gone" 'Run it again.'
    fi
  fi
  _receive "$incoming"
  printf '%s\\n' "$4" >"$incoming/launch"
  printf '%s\\n' "$PATH" >"$incoming/path"
  dir=$path/.deploy/runs/$2
  mkdir -p "$dir"
  while :; do
    for each in "$dir/$3"-*; do
      number=$\{each##*-}
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
    if [ ! -e "$dir/$3-$last" ] && mv -T "$incoming" "$dir/$3-$last" 2>/dev/null; then
      _disposition=started
      _resume_line "$6" "$dir/$3-$last"
      _detach "$dir/$3-$last"
      break
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || _refuse remote "the run could not be put into $dir"
  done
  frame run "$last $_disposition $dir/$3-$last"
  _follow "$dir/$3-$last" 0
}
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
_detach() {
  local tries=0 kill=no runtime=$\{XDG_RUNTIME_DIR-}
  printf 'waiting\\n' >"$1/state"
  : >"$1/log"
  _logind_kills && kill=yes
  if [ "$kill" = yes ]; then
    _me
    if [ ! -e "/var/lib/systemd/linger/$_user" ] || ! command -v systemd-run >/dev/null; then
      rm -rf "$1"
      _refuse refused "the server ends $_user's programs when the connection ends (KillUserProcesses)" \\
        "Run once on the server, as $_user: loginctl enable-linger"
    fi
    XDG_RUNTIME_DIR=$\{runtime:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
    systemd-run --user --quiet --collect -- env -i HOME="$\{HOME-/}" USER="$_user" PATH="$PATH" \\
      XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" \\
      sh -c 'exec sh "$1/program" run "$1" </dev/null >>"$1/log" 2>&1' sh "$1" 3>&-
  else
    setsid env -i HOME="$\{HOME-/}" USER="$\{USER-}" PATH="$PATH" $\{runtime:+XDG_RUNTIME_DIR="$runtime"} \\
      sh "$1/program" run "$1" </dev/null >>"$1/log" 2>&1 3>&- &
  fi
  until [ -f "$1/pid" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || _refuse remote "the program did not start: $(head -c 2000 "$1/log")"
    nap 0.05
  done
}
_logind_kills() {
  [ -d /run/systemd/system ] && [ "$(id -u)" != 0 ] || return 1
  grep -q 'session-.*\\.scope' /proc/self/cgroup 2>/dev/null || return 1
  [ "$(loginctl show-session --property=KillUserProcesses 2>/dev/null)" = KillUserProcesses=yes ]
}
_resume_line() {
  local mark="# deploy-actions $path" lines where=$PATH
  [ -n "$1" ] || return 0
  if ! command -v crontab >/dev/null; then
    [ "$1" = no ] && return 0
    _refuse refused "the server has no crontab, which resume-on-boot needs" 'Install cron there, or leave the input out.'
  fi
  case $where in
    *[!A-Za-z0-9_/:.-]*) where=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
  esac
  lines=$(crontab -l 2>/dev/null | awk -v m="$mark" 'substr($0, length($0) - length(m) + 1) != m')
  if [ "$1" = yes ]; then
    cp "$2/program" "$path/.deploy/resume.new" && mv -f "$path/.deploy/resume.new" "$path/.deploy/resume"
    lines="$\{lines:+$lines
}@reboot PATH=$where sh $path/.deploy/resume resume $path >>$path/.deploy/resume.log 2>&1 $mark"
  elif ! crontab -l 2>/dev/null | awk -v m="$mark" 'substr($0, length($0) - length(m) + 1) == m { found = 1 } END { exit !found }'; then
    return 0
  fi
  printf '%s\\n' "$lines" | grep . | crontab - || _refuse refused 'crontab refuses the line of resume-on-boot'
}
_follow() {
  local offset=$2 size state told='' ended idle=0 pause=0.05 turns=0
  if [ ! -d "$1" ]; then _refuse lost "the run $1 is gone from the server"; fi
  path=$\{1%/.deploy/runs/*}
  read -r state <"$1/token"
  frame token "$state"
  while :; do
    ended=''
    [ ! -e "$1/result" ] || ended=1
    if [ -z "$ended" ] && ! _run_lives "$1" && [ ! -e "$1/result" ] && [ -f "$1/pid" ]; then
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
      frame alive ''
    fi
    if [ "$state" = waiting ]; then nap 0.5; else nap "$pause"; fi
  done
}
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
`,f=`_read_holder() {
  local key value
  _holder_pid=''
  _holder_start=''
  _holder_boot=''
  _holder_actor=''
  _holder_url=''
  _holder_since=''
  _holder_run=''
  [ -f "$path/.deploy/lock.holder" ] || return 1
  while read -r key value; do
    case $key in
      pid) _holder_pid=$value ;;
      start) _holder_start=$value ;;
      boot) _holder_boot=$value ;;
      actor) _holder_actor=$value ;;
      url) _holder_url=$value ;;
      since) _holder_since=$value ;;
      run) _holder_run=$value ;;
    esac
  done <"$path/.deploy/lock.holder"
  [ -n "$_holder_pid" ]
}
_write_holder() {
  _boot
  _process "$$"
  printf '%s\\n' "pid $$" "start $_start" "boot $_boot_id" "since $(date -u +%Y-%m-%dT%H:%M:%SZ)" \\
    "run $run" "actor $\{holder_actor-}" "url $\{holder_url-}" | write_file "$path/.deploy/lock.holder"
}
_describe_holder() {
  _holder="somebody"
  _read_holder || return
  _holder="$\{_holder_actor:-somebody} since $_holder_since$\{_holder_url:+ ($_holder_url)}, run $\{_holder_run#"$path/.deploy/runs/"}"
}
_take_lock() {
  local deadline told='' dead_since=''
  exec 9>>"$path/.deploy/lock"
  _clock
  deadline=$((_t + lock_timeout * 100))
  until flock -n 9; do
    _clock
    _describe_holder
    if [ -z "$told" ] || [ $((_t - told)) -ge 1000 ]; then
      say "waiting for the lock, held by $_holder; $(((deadline - _t) / 100)) s left"
      told=$_t
    fi
    if [ -n "$_holder_pid" ] && ! _lives "$_holder_pid" "$_holder_start" "$_holder_boot"; then
      [ -n "$dead_since" ] || dead_since=$_t
      _end_ticker
      _end_leftovers $(((_t - dead_since) / 100))
    else
      dead_since=
    fi
    if cancelled; then fail lost "cancelled while waiting for the lock; nothing was changed"; fi
    if [ "$_t" -ge "$deadline" ]; then
      fail busy "the lock of $path is held by $_holder" "Wait for that run, or raise \\\`lock-timeout\\\`."
    fi
    nap 0.5
  done
  local waited=0
  if _read_holder && ! _lives "$_holder_pid" "$_holder_start" "$_holder_boot"; then
    _end_ticker
    while _leftovers; do
      [ "$waited" != 0 ] || say "waiting for what a dead run left behind: processes$_left"
      _end_leftovers "$((waited / 5))"
      waited=$((waited + 1))
      [ "$waited" -lt 100 ] || break
      nap 0.2
    done
  fi
  _write_holder
}
_leftovers() {
  local each
  _left=''
  _boot
  [ "$_holder_boot" = "$_boot_id" ] || return 1
  _process "$_holder_pid" && return 1
  for each in /proc/[0-9]*; do
    each=$\{each#/proc/}
    [ "$each" != "$$" ] && _process "$each" && [ "$_session" = "$_holder_pid" ] && _left="$_left $each"
  done
  [ -n "$_left" ]
}
_end_ticker() {
  local ticker
  [ -n "$_holder_pid" ] && [ -f "$_holder_run/ticker" ] || return 0
  read -r ticker <"$_holder_run/ticker"
  _process "$ticker" && [ "$_session" = "$_holder_pid" ] && kill -KILL "$ticker" 2>/dev/null
  return 0
}
_end_leftovers() {
  local signal=TERM each
  [ "$1" -ge 3 ] || return 0
  [ "$1" -lt 13 ] || signal=KILL
  _leftovers || _lock_keepers || return 0
  kill -s "$signal" $_left 2>/dev/null
}
_lock_keepers() {
  local each
  _left=''
  for each in /proc/[0-9]*/fd/9; do
    [ "$(readlink "$each" 2>/dev/null)" = "$path/.deploy/lock" ] || continue
    each=$\{each#/proc/}
    each=$\{each%/fd/9}
    [ "$each" != "$$" ] && ! _is_waiter "$each" && _left="$_left $each"
  done
  [ -n "$_left" ]
}
_is_waiter() {
  local pid
  for pid in "$path"/.deploy/runs/*/*/pid; do
    [ -f "$pid" ] && read -r pid _ <"$pid" && [ "$pid" = "$1" ] && return 0
  done
  return 1
}
`,h=`umask 077
LC_ALL=C
export LC_ALL
set -u
{
  path=''
  run=''
  files=''
  operation=''
  deployment_id=''
  run_number=''
  lock_timeout=600
  holder_actor=''
  holder_url=''
  order_key=''
  order_number=0
  order_attempt=0
  allow_older=''
  _token=''
  _result=''
  _phase=''
  _phases=''
  _phase_began=0
  _began=0
  _recovered=''
  _trapped=0
  _t=0
  _start=''
  _session=''
  _boot_id=''
}
_clock() {
  local up
  read -r up _ </proc/uptime
  _t=$\{up#*.}
  _t=$(($\{up%.*} * 100 + $\{_t#0}))
}
nap() {
  sleep "$1" 2>/dev/null 9>&- && return
  local whole=$\{1%.*}
  sleep "$(($\{whole:-0} + 1))" 9>&-
}
say() {
  printf '%s\\n' "$*"
}
_tell() {
  printf '\\036%s %s\\n' "$_token" "$*"
}
warn() {
  _tell "warning $(printf '%s' "$*" | tr '\\n' ' ')"
}
phase() {
  _clock
  [ -z "$_phase" ] || _phases="$_phases$_phase $(((_t - _phase_began) * 10))
"
  _phase=$1
  _phase_began=$_t
  _tell "phase $(((_t - _began) * 10)) $1"
  journal "phase:$1"
}
_state() {
  printf '%s\\n' "$1" >"$run/state"
}
_fsync() {
  dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync
}
write_file() {
  cat >"$1.new" && _fsync "$1.new" && mv -f "$1.new" "$1"
}
json_safe() {
  case $1 in
    *[!A-Za-z0-9\\ _.,:/@+=-]*) return 1 ;;
  esac
}
result() {
  printf '%s %s\\n%s\\n' "$1" "$\{#2}" "$2" >>"$_result"
}
result_file() {
  {
    printf '%s %s\\n' "$1" "$(($(wc -c </proc/self/fd/8)))"
    cat <&8
    echo
  } 8<"$2" >>"$_result"
}
fail() {
  if [ ! -e "$_result.failed" ]; then
    : >"$_result.failed"
    result _kind "$1"
    result _message "$2"
    [ -z "$\{3-}" ] || result _remedy "$3"
  fi
  exit 70
}
details() {
  result_file _details "$1"
}
journal() {
  _boundary "$1:before"
  printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$run/journal"
  _fsync "$run/journal"
  _boundary "$1:after"
}
_boundary() {
  local wanted
  [ -f "$path/.deploy/pause-at" ] || return 0
  read -r wanted <"$path/.deploy/pause-at" || return 0
  [ "$wanted" = "$1" ] || return 0
  local before
  before=$(cat "$run/state")
  _state paused
  while [ -f "$path/.deploy/pause-at" ]; do nap 0.05; done
  _state "$before"
}
_journal_has() {
  [ -f "$1" ] && grep -q " $2\\$" "$1"
}
journalled() {
  _journal_has "$run/journal" "$1"
}
once() {
  local _once=$1
  shift
  journalled "$_once:done" && return 0
  journal "$_once:begin"
  "$@" || return
  journal "$_once:done"
}
done_before() {
  local each
  for each in "$\{run%-*}"-*; do
    [ -f "$each/hash" ] && _same "$each/hash" "$run/hash" && _journal_has "$each/journal" "$1:done" && return 0
  done
  return 1
}
_same() {
  local one other
  [ -f "$1" ] && [ -f "$2" ] && read -r one <"$1" && read -r other <"$2" && [ "$one" = "$other" ]
}
unlocked() {
  "$@" 9>&-
}
run() {
  local waiting_for=$1
  shift
  (exec 9>&- && "$@") </dev/null &
  _await $! "$waiting_for"
}
run_locked() {
  local waiting_for=$1
  shift
  "$@" </dev/null &
  _await $! "$waiting_for"
}
capture() {
  _name=$1
  shift
  _out=$(exec 9>&- && "$@" </dev/null)
  _code=$?
  eval "$_name=\\$_out"
  return "$_code"
}
clean_env() (
  while :; do
    case $\{1-} in
      [A-Za-z_]*=*) export "$\{1?}" ;;
      *) break ;;
    esac
    shift
  done
  exec "$@"
)
_await() {
  local pid=$1 ticker code again
  (exec 9>&- && _tick "$2") &
  ticker=$!
  printf '%s\\n' "$ticker" >"$run/ticker"
  _trapped=0
  wait "$pid"
  code=$?
  while [ "$_trapped" = 1 ]; do
    _trapped=0
    wait "$pid"
    again=$?
    [ "$again" = 127 ] || code=$again
  done
  kill -KILL "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  return "$code"
}
_tick() {
  local began
  trap - TERM EXIT
  _clock
  began=$_t
  while :; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 1
      kill -0 $$ 2>/dev/null || exit 0
    done
    _clock
    say "waiting for $1, $(((_t - began) / 100)) s"
  done
}
wait_until() {
  local _deadline _told _waiting_for=$2 _since _turns=0
  _clock
  _since=$_t
  _told=$_t
  _deadline=$((_t + $1 * 100))
  shift 2
  until "$@" </dev/null 9>&-; do
    cancelled && return 1
    _clock
    [ "$_t" -lt "$_deadline" ] || return 1
    if [ $((_t - _told)) -ge 1000 ]; then
      _told=$_t
      say "waiting for $_waiting_for, $(((_t - _since) / 100)) s"
    fi
    _turns=$((_turns + 1))
    if [ "$_turns" -le 20 ]; then nap 0.15; else nap 0.5; fi
  done
}
cancelled() {
  [ -e "$run/cancel" ]
}
await_go() {
  local deadline told before
  before=$(cat "$run/state")
  journal ready
  _clock
  told=$_t
  deadline=$((_t + $1 * 100))
  _state ready
  while [ ! -L "$run/decision" ]; do
    _clock
    if cancelled || [ "$_t" -ge "$deadline" ]; then ln -s stop "$run/decision" 2>/dev/null; fi
    if [ $((_t - told)) -ge 1000 ]; then
      told=$_t
      say "ready; waiting for the other hosts, $(((deadline - _t) / 100)) s left"
    fi
    [ -L "$run/decision" ] || nap 0.1
  done
  _state "$before"
  [ "$(readlink "$run/decision")" = go ] || return 1
  journal go
}
_boot() {
  read -r _boot_id </proc/sys/kernel/random/boot_id
}
_process() {
  local stat
  [ -r "/proc/$1/stat" ] || return 1
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=$\{stat##*) }
  set -- $stat
  [ $# -ge 20 ] || return 1
  case $1 in
    Z | X) return 1 ;;
  esac
  _session=$4
  shift 19
  _start=$1
}
_lives() {
  _boot
  [ "$\{3-}" = "$_boot_id" ] && _process "$1" && [ "$_start" = "$2" ]
}
_run_lives() {
  local pid start boot
  [ -f "$1/pid" ] && read -r pid start boot <"$1/pid" && _lives "$pid" "$start" "$boot"
}
_identify() {
  _boot
  _process "$$"
  printf '%s %s %s\\n' "$$" "$_start" "$_boot_id"
}
`,u=`_program() {
  trap '' HUP INT
  case $1 in
    run) _begin "$2" && _run ;;
    recover) _begin "$2" && _recover ;;
    resume) _resume "$2" ;;
  esac
}
_begin() {
  run=$1
  files=$run/files
  _result=$run/result.new
  run_number=$\{run##*-}
  read -r _token <"$run/token"
  . "$run/parameters"
  [ ! -f "$run/secrets" ] || . "$run/secrets"
  _clock
  _began=$_t
  _phase_began=$_t
  _identify >"$run/pid.new"
  mv -f "$run/pid.new" "$run/pid"
  cd "$path" || exit 71
  trap _finish EXIT
  trap '_trapped=1; : >"$run/cancel"' TERM
}
_run() {
  rm -f "$_result" "$_result.failed"
  dd if=/dev/zero of="$run/reserve" bs=16384 count=1 2>/dev/null
  _state waiting
  _take_lock
  _state running
  journal locked
  _recover_unfinished
  _tend_timers
  _check_order
  _sweep
  operate
  _conclude $?
}
_recover() {
  rm -f "$_result" "$_result.failed"
  _recovered=1
  if journalled locked; then
    journal recover
    if command -v recover >/dev/null; then
      recover
      _conclude $?
    else
      fail lost "the run was interrupted after $(tail -n 1 "$run/journal" | cut -d ' ' -f 2-)"
    fi
  else
    fail lost 'the run was interrupted before it changed anything'
  fi
}
_conclude() {
  [ "$1" = 0 ] || fail remote "$operation ended with exit code $1"
  [ -e "$_result.failed" ] || _keep_order
  exit 0
}
_finish() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ] && [ ! -e "$_result.failed" ]; then
    (fail remote "the program on the server ended with exit code $code")
  fi
  rm -f "$run/reserve"
  local outcome=succeeded
  [ ! -e "$_result.failed" ] || outcome=failed
  result _outcome "$outcome"
  _clock
  [ -z "$_phase" ] || _phases="$_phases$_phase $(((_t - _phase_began) * 10))"
  result _phases "$_phases"
  result _elapsed "$(((_t - _began) * 10))"
  [ -z "$_recovered" ] || result _recovered 1
  _boundary result:before
  printf '%s\\n' "$outcome" >"$run/outcome"
  rm -f "$_result.failed" "$run/secrets"
  _fsync "$_result"
  _state ended
  mv -f "$_result" "$run/result"
}
_recover_unfinished() {
  local each
  for each in "$path"/.deploy/runs/*/*; do
    if [ ! -d "$each" ] || [ -L "$each" ] || [ "$each" = "$run" ] || [ -e "$each/result" ]; then continue; fi
    _run_lives "$each" && continue
    if [ ! -f "$each/pid" ]; then
      [ -n "$(find "$each" -prune -mmin +1)" ] || continue
    fi
    say "an earlier run was interrupted: $\{each#"$path/.deploy/runs/"}; recovering it first"
    run_locked "the recovery of $\{each#"$path/.deploy/runs/"}" sh "$each/program" recover "$each"
    if [ -e "$each/result" ]; then
      say "recovered: $\{each#"$path/.deploy/runs/"}"
    else
      warn "the recovery of $\{each#"$path/.deploy/runs/"} did not end well; going on"
      printf '_kind 4\\nlost\\n_message 41\\nthe run was interrupted and not recovered\\n_outcome 6\\nfailed\\n_recovered 1\\n1\\n' |
        write_file "$each/result"
      printf 'failed\\n' >"$each/outcome"
    fi
  done
}
_resume() {
  local tries=0
  path=$1
  run=$path/.deploy
  _result=$run/resume.result
  _token=resume
  holder_actor=resume-on-boot
  cd "$path" || exit 71
  if command -v docker >/dev/null; then
    until docker version >/dev/null 2>&1; do
      tries=$((tries + 1))
      [ "$tries" -lt 180 ] || break
      nap 1
    done
  fi
  _take_lock
  _recover_unfinished
  _tend_timers
}
set_timer() {
  local timer=$path/.deploy/timers/$1 tries=0
  printf '%s\\n' "$2" | write_file "$path/.deploy/timers/.$1/due"
  rm -rf "$timer"
  mv -T "$path/.deploy/timers/.$1" "$timer"
  _start_timer "$timer"
  until [ -f "$timer/pid" ] || [ "$tries" -ge 40 ]; do
    tries=$((tries + 1))
    nap 0.05
  done
}
_start_timer() {
  if grep -qs '/run-[^/]*\\.service$' /proc/self/cgroup && command -v systemd-run >/dev/null; then
    systemd-run --user --quiet --collect -- env -i HOME="$\{HOME-/}" USER="$\{USER-}" PATH="$PATH" \\
      XDG_RUNTIME_DIR="$\{XDG_RUNTIME_DIR-}" \\
      sh -c 'exec sh "$1/program" "$1" </dev/null >>"$2" 2>&1' sh "$1" "$path/.deploy/timers.log" 9>&-
  else
    (setsid sh "$1/program" "$1" </dev/null >>"$path/.deploy/timers.log" 2>&1 9>&- &)
  fi
}
_tend_timers() {
  local each due
  for each in "$path"/.deploy/timers/*; do
    if [ ! -f "$each/program" ] || _run_lives "$each"; then continue; fi
    read -r due <"$each/due" || continue
    if [ "$(date +%s)" -ge "$due" ]; then
      say "$\{each##*/} was due, and nobody was there: the server has restarted meanwhile"
      run_locked "what was due: $\{each##*/}" sh "$each/program" "$each" now
    else
      _start_timer "$each"
    fi
  done
}
_check_order() {
  local key number attempt
  [ -n "$order_key" ] && [ -z "$allow_older" ] && [ -f "$path/.deploy/order" ] || return 0
  while read -r key number attempt; do
    [ "$key" = "$order_key" ] || continue
    if [ "$number" -gt "$order_number" ] || { [ "$number" = "$order_number" ] && [ "$attempt" -gt "$order_attempt" ]; }; then
      fail refused "a later run has been here already: number $number, attempt $attempt; this is number $order_number, attempt $order_attempt" \\
        "Deploy the newer commit again, or set \\\`allow-older\\\` to go back on purpose."
    fi
  done <"$path/.deploy/order"
}
_keep_order() {
  [ -n "$order_key" ] || return 0
  {
    [ ! -f "$path/.deploy/order" ] || grep -v "^$order_key " "$path/.deploy/order"
    printf '%s %s %s\\n' "$order_key" "$order_number" "$order_attempt"
  } | write_file "$path/.deploy/order"
}
_sweep() {
  local id each
  find "$path/.deploy/incoming" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} + 2>/dev/null
  ls -1t "$path/.deploy/runs" | tail -n +41 | while read -r id; do
    for each in "$path/.deploy/runs/$id"/*; do
      [ ! -d "$each" ] || [ -e "$each/result" ] || continue 2
    done
    rm -rf "$\{path:?}/.deploy/runs/$\{id:?}"
  done
}
`;function _(e,t=""){return`${h}${$}
${t}
exec 3>&1 1>&2
${e} "$@"
`}function*p(e){for(let{name:t,content:r,mode:o=384}of e){!function(e){let t=e.split("/");if(""===e||/[\0-\x1f\x7f\\]/.test(e)||t.some(e=>""===e||"."===e||".."===e)||e.startsWith("-"))throw new a.HR("input",`a file with the name ${JSON.stringify(e)} cannot be sent to a server`,{remedy:"Use relative names without control characters and backslashes."})}(t);let e=Buffer.from(r),s=(0,n.createHash)("sha256").update(e).digest("hex");yield Buffer.from(`file ${o.toString(8)} ${e.length} ${s}
${t}
`),e.length>0&&(yield e)}yield Buffer.from(`end
`)}async function m(e,t){return await w(e,"_go",t)}async function g(e,t){await w(e,"_cancel",t)}async function w(e,t,r){let n;if(await d(e,{script:_(t),args:[r.directory]},({type:e,payload:t})=>{"answer"===e&&(n=t.toString("latin1"))}),void 0===n)throw new o.fm("lost",`${e.name} gave no answer`);return n}async function y(e,t,r,n){let a=!1;if(await d(e,{script:_("_upload"),args:[t,r,c()],input:p(n)},({type:e})=>{a||="answer"===e}),!a)throw new o.fm("lost",`${e.name} did not confirm the upload`)}function v(e,t){let r=Buffer.alloc(0),o=void 0===e?void 0:`\x1e${e} `,n=e=>{let r=e.toString("utf8").replace(/\r+$/,"");if(void 0===o||!r.startsWith(o))return void t?.({type:"line",text:r.slice(r.lastIndexOf(`\r`)+1)});let n=r.slice(o.length),a=/^phase (\d+) (.*)$/.exec(n);a?t?.({type:"phase",name:a[2],at:Number(a[1])}):t?.({type:"warning",text:n.replace(/^warning /,"")})};return{push(e){let t=r.length>0?Buffer.concat([r,e]):e;for(let e=t.indexOf(10);e>=0;e=t.indexOf(10))n(t.subarray(0,e)),t=t.subarray(e+1);for(;t.length>65536;)n(t.subarray(0,65536)),t=t.subarray(65536);r=Buffer.from(t)},end(){r.length>0&&n(r),r=Buffer.alloc(0)}}}function k(e,t,r){let o,n,i,c=0,d={reference:e,fresh:!0,session:t,offset:()=>c,ended:()=>i,onFrame({type:e,payload:t}){switch(e){case"token":o??=v(t.toString("latin1"),r.onEvent);break;case"log":c+=t.length,o?.push(t);break;case"state":{let e=t.toString("latin1");e!==n&&r.onEvent?.({type:"state",state:e}),n=e;break}case"result":var $,f;let h,u;o?.end(),$=d.reference,f=d.fresh,i={reference:$,outcome:(u="succeeded"!==(h=s(t))._outcome)?"failed":"succeeded",...u?{failure:{kind:l(h._kind),message:h._message||"the run failed without a word",...h._remedy?{remedy:h._remedy}:{},...h._details?{details:h._details}:{}}}:{},fields:Object.fromEntries(Object.entries(h).filter(([e])=>!e.startsWith("_"))),phases:(h._phases??"").split(`
`).map(e=>/^(.*) (\d+)$/.exec(e)).filter(e=>null!==e).map(([,e,t])=>({name:e,ms:Number(t)})),elapsedMs:Number(h._elapsed??0),recovered:"_recovered"in h,fresh:f};break;case"dead":{let e=t.toString("utf8");throw new a.HR("lost",`the program on ${d.session.name} was killed${e?` after ${e}`:""} and left no result`,{remedy:"Run it again: the next run on this server first finishes or reverts what this one began."})}}}};return d}async function b(e,t,r){let n=t??x(e,r);for(let t=0;;){try{await n}catch(n){if(r.signal?.throwIfAborted(),!(n instanceof o.fm&&"lost"===n.code))throw n;if(e.session.gone.aborted)await j(e,n,r);else if(++t>=5)throw n}let a=e.ended();if(a)return a;n=x(e,r)}}async function x(e,t){let{directory:r}=e.reference;await d(e.session,{script:_("_follow"),args:[r,String(e.offset())],signal:t.signal},e.onFrame)}async function j(e,t,r){let{clock:n,reopen:s,reconnectFor:i=12e4,signal:l,onEvent:c}=r,d=n.now(),$=t;for(let t=1;s;t+=1){let r=(0,a.EY)({initial:500,max:1e4},t);if(n.now()-d+r>i)break;await n.sleep(r,l);try{let r=e.session;e.session=await s(),await r.close(),c?.({type:"reconnected",attempt:t});return}catch(e){var f;if(l?.throwIfAborted(),!(e instanceof a.HR&&("lost"===e.kind||(f=e)instanceof o.fm&&"connection-refused"===f.code)))throw e;$=e}}let h=s?` and could not be restored within ${(0,a.a3)(i)}`:"";throw new o.fm("lost",`the connection to ${e.session.name} was lost${h}: ${(0,a.bD)($)}`,{cause:$,remedy:`The run goes on there by itself (${e.reference.directory}). Run this again with the same \`deployment-id\`: it reattaches and reports the outcome.`})}function E(e,t,r){return r.catch(()=>{}),{reference:e.reference,disposition:t,get session(){return e.session},result:r}}let S=new Set("path run files operation deployment_id run_number lock_timeout holder_actor holder_url order_key order_number order_attempt allow_older".split(" "));function T(e){return Object.entries(e).map(([e,t])=>`${e}=${(0,o.hD)([t])||"''"}
`).join("")}function R(e={}){for(let t of Object.keys(e))if(!/^[a-z][a-z0-9_]*$/.test(t)||S.has(t))throw new a.HR("input",`${JSON.stringify(t)} cannot be a parameter of a program on the server`);return T(e)}let N=/^[a-z0-9][a-z0-9._-]{0,62}$/;async function O(e,t,r){!function(e){let{name:t,deploymentId:r,inputHash:o,order:n}=e;if(!/^[a-z][a-z-]*$/.test(t))throw TypeError(`${t} is no name of an operation`);if(!N.test(r))throw new a.HR("input",`the deployment id ${JSON.stringify(r)} is not usable`,{input:"deployment-id",remedy:"Use up to 63 lower-case letters, digits, dots, hyphens and underscores; begin with a letter or digit."});if(!/^[0-9a-f]{16,64}$/.test(o))throw TypeError("the input hash is not hexadecimal");if(n&&!(/^[A-Za-z0-9._-]+$/.test(n.key)&&Number.isInteger(n.number+n.attempt)))throw TypeError("the order key must be plain, number and attempt whole numbers")}(t);let n=c(),s=[...function*(e){var t;let{holder:r,order:o,lockTimeout:n=6e5,allowOlder:a=!1}=e;for(let s of(yield{name:"program",content:(t=e.body,`${h}${f}${u}
${t}
_program "$@"
`),mode:448},yield{name:"token",content:`${c()}
`},yield{name:"hash",content:`${e.inputHash}
`},yield{name:"parameters",content:T({path:e.path,deployment_id:e.deploymentId,operation:e.name,lock_timeout:String(Math.ceil(n/1e3)),holder_actor:A(r.actor),holder_url:A(r.runUrl),...o?{order_key:o.key,order_number:String(o.number),order_attempt:String(o.attempt),allow_older:a?"yes":""}:{}})+R(e.parameters)},e.secrets&&(yield{name:"secrets",content:R(e.secrets)}),e.files??[]))yield{...s,name:`files/${s.name}`}}(t)],i=void 0===t.resumeOnBoot?"":t.resumeOnBoot?"yes":"no",l=k({path:t.path,deploymentId:t.deploymentId,operation:t.name,number:0,directory:""},e,r);for(let e=!1;;e=!0){let a,c=new Promise(e=>{a=e}),$=d(l.session,{script:_("_launch"),args:[t.path,t.deploymentId,t.name,n,t.staging??"",i,e?"again":""],input:p(s),signal:r.signal},e=>{if("run"!==e.type)return void l.onFrame(e);let[,t,r,o]=/^(\d+) (\w+) (.*)$/s.exec(e.payload.toString("utf8"));Object.assign(l.reference,{number:Number(t),directory:o}),l.fresh="started"===r,a(r)});$.catch(()=>{});try{let e=await Promise.race([c,$.then(()=>c)]);return E(l,e,b(l,$,r))}catch(e){if(r.signal?.throwIfAborted(),!(e instanceof o.fm&&"lost"===e.code&&l.session.gone.aborted))throw e;await j(l,e,r)}}}function A(e){return e.replace(/[\0-\x1f\x7f]+/g," ").trim()}function I(e){let{signal:t}=e,r=[],o=new Set,n=!1,a=()=>{for(let e of[...o])e()};async function s(o){let n={member:o,run:void 0,state:"none",phase:"",outcome:void 0};n.run=await O(o.session,o.operation,{clock:e.clock,signal:t,reopen:o.reopen,onEvent(t){"state"===t.type&&(n.state=t.state),"phase"===t.type&&(n.phase=t.name),e.onEvent?.(o.name,t),a()}}),r.push(n),e.onStart?.(o.name,n.run.reference);let s=e=>{n.outcome=e,a()};return n.run.result.then(e=>s({name:o.name,result:e}),e=>s({name:o.name,lost:e})),n}let i={runs:r,async start(e,t){for(let r of[...e].sort((e,t)=>e.name<t.name?-1:1)){let e=await s(r);if(t&&(await i.until(()=>void 0!==e.outcome||function({state:e}){return"none"!==e&&"waiting"!==e&&"ended"!==e}(e)),e.outcome&&!C(e.outcome)))break}n=r.length<e.length},async until(e){for(;!e();)t.throwIfAborted(),await new Promise(e=>{let r=()=>{o.delete(r),t.removeEventListener("abort",r),e()};o.add(r),t.addEventListener("abort",r)})},failed:()=>n||r.some(({outcome:e})=>e&&!C(e)),async cancel(e=r){await Promise.all(e.filter(({outcome:e})=>!e).map(({run:e})=>g(e.session,e.reference).catch(()=>void 0)))},async go(){await Promise.all(r.map(t=>H(t,e)))}};return i}async function H(e,{clock:t,signal:r}){for(;!e.outcome;)try{await m(e.run.session,e.run.reference);return}catch(e){if(!(e instanceof a.HR&&"lost"===e.kind))throw e;await t.sleep(200,r)}}function C(e){return e.result?.outcome==="succeeded"}function z(e,t,r=e.length>1){let o=e.filter(e=>!C(e));if(0===o.length)return;let n=o.find(e=>e.result?.fields.stopped!=="true")??o[0],s=L(n),i=e.filter(e=>e!==n).map(e=>`${e.name}: ${C(e)?"done":L(e).message}`);return new a.HR(s.kind,`${r?`${n.name}: `:""}${s.message}`,{remedy:s.remedy,details:[s.details,...i].filter(Boolean).join(`
`)||void 0,outputs:t,cause:s.cause})}function L(e){return e.result?function(e){let{kind:t="remote",message:r="the run failed",remedy:o,details:n}=e.failure??{};return new a.HR(t,r,{remedy:o,details:n})}(e.result):e.lost instanceof a.HR?e.lost:new a.HR("lost",`the outcome on ${e.name} is not known: ${(0,a.bD)(e.lost)}`,{cause:e.lost,remedy:"Run it again: it finishes what was begun, or gives it back."})}async function D(e,t){let r,n,{path:i,body:$,files:f=[],timeout:h,signal:u}=t,m=c(),g=v(m,t.onEvent);if(await d(e,{script:_("_inspect",$),args:[i,c(),m],input:p([{name:"parameters",content:R(t.parameters)},...t.secrets?[{name:"secrets",content:R(t.secrets)}]:[],...f.map(e=>({...e,name:`files/${e.name}`}))]),timeout:h,signal:u,followed:t.followed,onStderr:g.push},({type:e,payload:t})=>{"staging"===e&&(r=t.toString("utf8")),"result"===e&&(n=s(t))}),g.end(),void 0===r||void 0===n)throw new o.fm("lost",`looking at ${e.name} ended without an answer`);if(void 0!==n._message)throw new a.HR(l(n._kind),n._message,{remedy:n._remedy,details:n._details});return{staging:r,fields:n}}let M=["blue","green"];function P(e){return"blue"===e?"green":"blue"}let U=[1,5,10,20,25,50,75,90];function F(e){return 100===e.weight?e.color:`${e.color}-${e.weight}`}function q(e){let t=/^(blue|green)(?:-([1-9]\d?))?$/.exec(e);if(t)return{color:t[1],weight:void 0===t[2]?100:Number(t[2])}}function G(e=U){return[100,...e].flatMap(e=>M.map(t=>({color:t,weight:e})))}let B="X-Deploy-Probe",W="X-Deploy-Color";function X(e,t){return`deploy-${function(...e){let t=e.join("_").replace(/[^a-z0-9]/g,"_");if(1===e.length&&t===e[0]&&t.length<=16)return t;let r=(0,n.createHash)("sha256").update(e.join("/")).digest("hex").slice(0,6);return`${t.slice(0,16)}_${r}`}(e.project,t.name)}`}function Z(e,t){return`${X(e,t)}-share`}function V(e,t){return{headers:{customResponseHeaders:{[e]:t}}}}function K(e){return e.raw[0].replace(/\\\$\{/g,"${").replace(/\\`/g,"`").replace(/^\n/,"")}let Y=K`
# A figure in a file of the run is a sign that the runner follows; it writes another one every few seconds.
runner_missed() {
  [ "$watch_runner" -gt 0 ] || return 1
  missed_sign=$(cat "$run/alive" 2>/dev/null) || missed_sign=
  if [ "$missed_sign" != "$last_sign" ]; then
    last_sign=$missed_sign
    last_seen=$(date +%s)
    return 1
  fi
  [ $(($(date +%s) - last_seen)) -ge "$watch_runner" ]
}

# Wget does not say how long an answer took.
tells_times() { [ "$canary_source" = 'access log' ] || [ "$curl" = 1 ]; }

log_size() { [ -n "$canary_log" ] && [ -r "$canary_log" ] && wc -c <"$canary_log" | tr -d ' '; }

# The proxy logs only while the flag is there, and what is logged is emptied before each step: so it stays small.
# The proxy appends, so emptying loses nothing that comes later.
begin_log() {
  : >"$run/window"
  canary_from=$(log_size) || {
    canary_source=probing
    if [ -n "$canary_log" ]; then canary_source="probing ($canary_log cannot be read)"
    elif [ -n "$canary_why" ]; then canary_source="probing ($canary_why)"; fi
    return 0
  }
  canary_source='access log'
  if [ -w "$canary_log" ] && : >"$canary_log"; then canary_from=0; fi
  : >"$folder/watch"
}

# What is judged are the last requests, at least this many bytes of them (about a million).
log_window=16777216
trim_log() {
  [ -w "$canary_log" ] && [ "$(log_size)" -gt $((log_window * 2)) ] || return 0
  tail -c "$log_window" "$canary_log" | tail -n +2 >"$run/window"
  : >"$canary_log"
}

end_log() {
  rm -f "$folder/watch"
  cat "$run/window"
  # Smaller than it was: somebody else rotated it.
  [ "$(log_size)" -ge "$canary_from" ] || canary_from=0
  tail -c "+$((canary_from + 1))" "$canary_log"
}

# Requests, errors per 10,000 and the 95th percentile in milliseconds, of lines "status seconds".
figures() {
  awk '$1 ~ /^[0-9]+$/ { n++; if ($1 < 100 || $1 >= 500) bad++; print $2 * 1000 > "/dev/stderr" } END { printf "%d %d\n", n, n ? bad * 10000 / n : 0 }' 2>"$run/times"
}
p95() { sort -n "$1" | awk '{ t[NR] = $1 } END { if (NR) { i = int(NR * 0.95 + 0.9999); print int(t[i < 1 ? 1 : i]) } else print 0 }'; }

canary_step() {
  last_seen=$(date +%s)
  last_sign=none
  canary_until=$((last_seen + step_seconds))
  begin_log
  if [ -n "$max_p95" ] && ! tells_times; then
    gate_why="max-p95 cannot be judged at $share: it goes by $canary_source, which tells no times without curl on the server"
    return 1
  fi
  : >"$run/probes"
  while [ "$(date +%s)" -lt "$canary_until" ]; do
    if cancelled; then
      gate_why='the canary was stopped'
      return 1
    fi
    if runner_missed; then
      gate_why="the runner was not heard of for $watch_runner s during the canary"
      return 1
    fi
    # The canary is asked directly too: an access log says nothing when nobody comes.
    ask "$target" 5 | awk '{ print $1, $2 }' >>"$run/probes"
    why=$(color_unwell "$target") && {
      gate_why="$target became unwell: $why"
      return 1
    }
    [ "$canary_source" != 'access log' ] || trim_log
    nap 1
  done
  if [ "$canary_source" = 'access log' ]; then
    end_log | awk -v c="$target" '$1 == c { print $2, $3 }' >"$run/answers"
  else
    cp "$run/probes" "$run/answers"
  fi
  set -- $(figures <"$run/answers")
  canary_count=$1
  canary_errors=$2
  if tells_times; then canary_p95=$(p95 "$run/times"); else canary_p95=unknown; fi
  say "$target at $share: $canary_count requests, $canary_errors of 10,000 failed, p95 $canary_p95 ms (by $canary_source)"
  canary_report="$canary_report$share $canary_count $canary_errors $canary_p95 $canary_source;"
  result gates "$canary_report"
  if [ -n "$max_error_rate$max_p95" ] && [ "$canary_count" -lt "$min_requests" ]; then
    gate_why="$target had $canary_count requests at $share by $canary_source, fewer than min-requests ($min_requests): too few to judge"
    return 1
  fi
  if [ -n "$max_error_rate" ] && [ "$canary_errors" -gt "$max_error_rate" ]; then
    gate_why="$canary_errors of 10,000 requests to $target failed at $share, more than max-error-rate allows ($max_error_rate)"
    return 1
  fi
  if [ -n "$max_p95" ] && [ "$canary_p95" -gt "$max_p95" ]; then
    gate_why="$target took $canary_p95 ms (p95) at $share, more than max-p95 ($max_p95 ms)"
    return 1
  fi
}
canary_report=
`;K`
# What an administrator would run instead, where we may not be root.
by_hand() {
  hand="install -d -m 0755 -o $login -g $login_group $folder"
  put_site="cp $path/.deploy/$project.site $config_file"
  # HAProxy does not load a configuration whose map is not there.
  [ "$proxy" != haproxy ] || hand="$hand; echo $project $first_share >$folder/haproxy.map"
  [ -z "$canary_log" ] || hand="$hand; install -d -m 0755 \${canary_log%/*}; install -m 0664 -g $login_group /dev/null $canary_log"
  if [ "$proxy" = traefik ]; then
    # The services first, or the router would lead nowhere; and nothing that could be read half written.
    hand="install -m 0644 -o $login $path/.deploy/$project.yml $share_file; chgrp $login_group $watched; chmod g+w,+t $watched"
    put_site="cp -p $config_file $config_file.new; cat $path/.deploy/$project.site >$config_file.new; mv $config_file.new $config_file"
    echo "An administrator can run, on the server: $hand; $put_site. Then run this action again."
    return
  fi
  echo "An administrator can run, on the server: $hand; $put_site; then reload $proxy. Then run this action again."
}

leave_by_hand() {
  cp "$files/site" ".deploy/$project.site"
  [ "$proxy" != traefik ] || cp "$files/shares/$first_share.yml" ".deploy/$project.yml"
}

need_root() {
  as_root "$@" 2>"$run/root.err" && return 0
  need_code=$?
  if [ "$need_code" = 77 ]; then
    leave_by_hand
    fail refused "$1 needs root, and $login may not use sudo without a password" "$(by_hand)"
  fi
  fail refused "$* failed: $(reason <"$run/root.err")"
}

# Writes the file in place: its owner, mode and inode stay, so that a link or a single-file mount still leads to it.
put_config() {
  if [ "$proxy" = traefik ]; then replace_config "$1"
  elif [ -w "$config_file" ]; then cat "$1" >"$config_file"
  else as_root sh -c 'cat >"$1"' sh "$config_file" <"$1"; fi
}

restore_config() {
  [ -f "$run/before" ] || return 0
  put_config "$run/before" && traffic_reload >/dev/null 2>&1
  put_share_back
}

# Of a proxy that was there before, with another way to decide: what it went by says nothing any more.
forget_shares() {
  [ "$fresh" = 1 ] || return 0
  rm -f "$folder/haproxy.map"
  for forget_name in $share_names; do rm -f "$folder/$forget_name"; done
}

prepare_folder() {
  if [ ! -d "$folder" ]; then
    if ! { mkdir -p "$folder" && chmod 0755 "$folder"; } 2>/dev/null; then
      need_root install -d -m 0755 -o "$login" -g "$login_group" "$folder"
    fi
  fi
  case $(df -PT "$folder" 2>/dev/null | awk 'NR == 2 { print $2 }') in
    tmpfs | ramfs) fail refused "$folder is in memory, so the colour would be forgotten at the next boot" 'Give a folder on disk.' ;;
  esac
  [ -w "$folder" ] || need_root chown "$login:$login_group" "$folder"
  install_up=$folder
  while [ "$install_up" != / ]; do
    install_up=\${install_up%/*}
    install_up=\${install_up:-/}
    # A folder above that others may not enter hides the flags from the proxy's workers.
    case $(ls -ld "$install_up") in d????????[xt]*) ;; *) fail refused "$install_up may not be entered by others, so $proxy cannot see the flags in $folder" "Choose a folder outside of it, or run: chmod o+x $install_up" ;; esac
  done
  forget_shares
}

# HAProxy in a container makes its socket itself: as its own user, for the group that the folder hands down.
prepare_socket_folder() {
  socket_pid=$(docker inspect --format '{{.State.Pid}}' "$proxy_container" </dev/null)
  socket_uid=$(stat -c %u "/proc/$socket_pid" 2>/dev/null) || socket_uid=0
  case $(stat -c '%U:%G %u %a' "$socket_folder" 2>/dev/null) in
    *":$login_group $socket_uid 2770") return 0 ;;
    # A folder that somebody made on purpose stays as it is; one that Docker made is root's alone.
    '' | root:root\ *) ;;
    *) [ "$socket_folder" = "$folder.haproxy" ] || return 0 ;;
  esac
  need_root install -d -m 2770 -o "$socket_uid" -g "$login_group" "$socket_folder"
}

operate() {
  look_at_tools
  phase prepare
  share_file=
  if [ "$proxy" = traefik ]; then prepare_traefik; else prepare_folder; fi
  if [ -n "$canary_log" ] && [ ! -e "$canary_log" ]; then
    # In root's folder, so that no link can take its place; we may empty it, or it would grow for ever.
    need_root install -d -m 0755 "\${canary_log%/*}"
    need_root install -m 0664 -g "$login_group" /dev/null "$canary_log"
  fi
  if [ -n "$socket_folder" ]; then prepare_socket_folder; fi
  if [ "$proxy" = haproxy ] && [ ! -f "$folder/haproxy.map" ]; then
    printf '%s %s\n' "$project" "$first_share" >"$folder/haproxy.map" && chmod 0644 "$folder/haproxy.map"
  fi
  if [ "$proxy" != traefik ] && [ "$proxy" != haproxy ] && ! flag_observe >/dev/null; then
    flag_apply "$first_share"
  fi

  phase write
  { cat "$config_file" 2>/dev/null || as_root cat "$config_file"; } >"$run/before" || fail refused "$config_file cannot be read"
  if [ "$(sha256sum <"$run/before" | cut -d ' ' -f 1)" != "$old_sum" ]; then
    put_share_back
    fail refused "$config_file was changed by somebody else meanwhile" 'Run it again.'
  fi
  backup=/var/backups/deploy-actions/$project-\${config_file##*/}.$(date -u +%Y%m%dT%H%M%SZ)
  config_changed=false
  if cmp -s "$run/before" "$files/site"; then
    say "$config_file has all parts already."
  else
    # Kept where neither the proxy loads it nor the login user can write it.
    if as_root install -d -m 0700 /var/backups/deploy-actions 2>/dev/null && as_root cp -p "$config_file" "$backup" 2>/dev/null; then :
    else
      backup=$path/.deploy/\${config_file##*/}.before
      cp "$run/before" "$backup"
    fi
    say "The file as it was: $backup"
    result backup "$backup"
    journal write:begin
    if ! put_config "$files/site" 2>/dev/null; then
      leave_by_hand
      put_share_back
      fail refused "$config_file can be written by root only, and $login may not use sudo without a password" "$(by_hand)"
    fi
    journal write:done
    config_changed=true
  fi
  result changed "$config_changed"
  if [ -n "$proxy_container" ]; then
    if [ "$(in_proxy cat "$config_inside" 2>/dev/null | cksum)" != "$(cksum <"$files/site")" ]; then
      restore_config
      fail refused "$(lies)"
    fi
  fi
  valid_why=$(traffic_valid)
  case $? in
    0 | 77) ;;
    *)
      restore_config
      fail refused "$proxy would not load the changed $config_file, which is as it was again: $valid_why"
      ;;
  esac
  whole_now=$(traffic_whole)
  if [ -n "$whole_now" ] && ! printf '%s\n' "$whole_now" | grep -q "deploy-actions $project begin"; then
    restore_config
    fail refused "$proxy does not include $config_file, which is as it was again" 'Name in site-config the file that it loads.'
  fi

  phase reload
  generation=$(traffic_generation)
  reload_said=$(traffic_reload)
  reload_code=$?
  if [ "$reload_code" = 77 ] && [ "$config_changed" = false ]; then
    generation=
    say "$login cannot reload $proxy, so its answers must show that an administrator has."
  elif [ "$reload_code" != 0 ]; then
    restore_config
    [ "$reload_code" != 77 ] || fail refused "$proxy can be reloaded by root only, and $login may not use sudo without a password" "$(by_hand)"
    fail refused "$proxy could not be reloaded, so $config_file is as it was again: $(printf '%s' "$reload_said" | reason)"
  fi
  phase prove
  if ! wait_until "$verify_seconds" "$proxy to answer by the new configuration" answers_steadily "$(told_by_header)" 5; then
    set -- $steady_wrong
    why=$(lies)
    if [ -n "$generation" ] && [ "$(traffic_generation)" = "$generation" ]; then why="its workers are the same as before the reload, which it did not carry out. $why"; fi
    [ "$reload_code" = 0 ] || fail refused "$verify_url does not answer by the configuration that is in $config_file (status \${1:-none}, colour \${3:-none}), and $login cannot reload $proxy: $why" "$(by_hand)"
    case \${3:--} in *fallback) why="it cannot read the flags in $folder: every folder above needs mode 0755, and a container needs the folder as a mount." ;; esac
    restore_config
    fail refused "$proxy was reloaded, but $verify_url does not answer by the new configuration (status \${1:-none}, colour \${3:-none}), so $config_file is as it was again: $why"
  fi
  if [ "$proxy" = haproxy ] && [ -n "$socket" ] && [ -z "$(haproxy_say 'show info' 2>/dev/null)" ]; then
    warn "$login cannot talk to HAProxy by $socket (perl, socat, python3 or nc is needed, and the right to use it): each switch will reload it, which closes idle connections of clients"
  fi
  write_file .deploy/proxy.json <"$files/proxy.json"
  share=$(traffic_observe)
  result to "$share"
  keep_traffic "$share"
  record_history "$share" "$share" installed "$reason"
  say "$proxy chooses by $folder now: traffic is on $share."
}

recover() {
  share_file=$watched/deploy-actions-$project.yml
  put_share_back
  if journalled write:begin && [ -f "$run/before" ] && ! cmp -s "$config_file" "$files/site"; then
    put_config "$run/before" || warn "$config_file could not be put back to what it was: $run/before"
  fi
  fail lost 'the installation was cut off' 'Run it again.'
}
`;let J=K`
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 77; fi
}

look_at_docker() { look_all >"$staging_fields/all" && look_containers >"$staging_fields/containers"; }
# All containers, in one call of Docker: id, state, whether it was a one-off, project.
look_all() {
  docker ps -a --no-trunc --format '{{.ID}} {{.State}} {{or (.Label "com.docker.compose.oneoff") "-"}} {{.Label "com.docker.compose.project"}}' </dev/null
}

look_containers() {
  look_ids=$(for look_project in "$project" "$project-blue" "$project-green"; do
    awk -v project="$look_project" '$3 == "False" && $4 == project { print $1 }' "$staging_fields/all"
  done)
  [ -n "$look_ids" ] || return 0
  # shellcheck disable=SC2086
  docker inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"labels":{{json .Config.Labels}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"started":{{json .State.StartedAt}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"ports":{{json .NetworkSettings.Ports}},"bindings":{{json .HostConfig.PortBindings}}}' $look_ids </dev/null
}

# Proxies that run: "host KIND" or "container KIND ID NAME".
look_proxies() {
  look_running=$(awk '$2 !~ /^(created|exited|dead|removing)$/ { print $1 }' "$staging_fields/all")
  for look_comm in /proc/[0-9]*/comm; do
    read -r look_name <"$look_comm" 2>/dev/null || continue
    case $look_name in nginx | haproxy | caddy | traefik) ;; *) continue ;; esac
    if [ -n "$look_running" ] && printf '%s\n' "$look_running" | grep -qFf - "\${look_comm%comm}cgroup" 2>/dev/null; then continue; fi
    echo "host $look_name"
  done 2>/dev/null | sort -u
  [ -n "$look_running" ] || return 0
  # shellcheck disable=SC2086
  docker inspect --format '{{.ID}} {{.Name}} {{.Config.Image}} {{index .Config.Labels "com.docker.compose.project"}} {{.Path}} {{join .Args " "}} ports {{range $port, $to := .NetworkSettings.Ports}}{{if $to}}{{$port}} {{end}}{{end}}' $look_running </dev/null |
    awk -v project="$project" '
      $4 == project "-blue" || $4 == project "-green" { next }
      {
        line = $0; sub(/.* ports /, "", line)
        for (i = 3; i <= NF; i++) for (k = 1; k <= 4; k++) {
          kind = substr("nginx  haproxycaddy  traefik", (k - 1) * 7 + 1, 7); gsub(/ /, "", kind)
          if ((i == 3 && $i ~ "(^|/)" kind "(:|@|$)") || (i > 3 && $i ~ "(^|/)" kind "$")) { print "container", kind, $1, substr($2, 2); next }
        }
      }'
}

# Runs without a result, a line each: state (interrupted where nobody lives) and folder.
look_unfinished() {
  for look_run in "$path"/.deploy/runs/*/*; do
    if [ ! -d "$look_run" ] || [ -e "$look_run/result" ]; then continue; fi
    # One without a process is being started just now, or never was.
    [ -f "$look_run/pid" ] || continue
    if _run_lives "$look_run"; then echo "running $look_run"; else echo "interrupted $look_run"; fi
  done
}

inspect() {
  [ -z "$docker_host" ] || export DOCKER_HOST="$docker_host"
  cd "$path" || fail refused "$path is not a folder"
  # What is gathered here is only on its way into the answer.
  staging_fields=$files/look
  mkdir -p "$staging_fields"
  # A container may go between the two questions, as in a deployment that is under way.
  look_at_docker || { sleep 1 && look_at_docker; } || { sleep 1 && look_at_docker; } ||
    fail refused 'docker cannot be asked' 'The login user must be in the group docker, or docker-host must name an engine of its own.'
  result_file containers "$staging_fields/containers"
  result unfinished "$(look_unfinished)"
  look_proxies >"$staging_fields/proxies"
  result_file proxies "$staging_fields/proxies"
  if [ -f .deploy/traffic.json ]; then result_file traffic .deploy/traffic.json; fi
  for look_color in blue green; do
    result "slot_$look_color" "$(cat ".deploy/color-$look_color" 2>/dev/null)"
  done
  if [ -f .deploy/proxy.json ]; then result_file proxy .deploy/proxy.json; fi
  if [ -f .deploy/confirm ]; then result_file confirm .deploy/confirm; fi
  if [ -f .deploy/history.jsonl ]; then
    tail -n 200 .deploy/history.jsonl >"$staging_fields/history"
    result_file history "$staging_fields/history"
  fi
  for look_release in releases/*/release.json; do
    [ -f "$look_release" ] || continue
    tr -d '\n' <"$look_release"
    echo
  done >"$staging_fields/releases"
  result_file releases "$staging_fields/releases"
  result current "$(readlink current 2>/dev/null)"
  result user "$(id -un)"
  result group "$(id -gn)"
  for look_share in "$folder"/* "$folder"/.new; do
    [ -f "$look_share" ] && printf '%s\n' "\${look_share##*/}"
  done >"$staging_fields/folder"
  result_file folder "$staging_fields/folder"
  if [ -d "$folder" ]; then
    if [ -w "$folder" ]; then result folder_state writable; else result folder_state foreign; fi
  else
    result folder_state absent
  fi
  look_kind=$(sed -n 's/.*"kind":"\([a-z]*\)".*/\1/p' .deploy/proxy.json 2>/dev/null)
  look_watched=$(sed -n 's/.*"watched":"\([^"]*\)".*/\1/p' .deploy/proxy.json 2>/dev/null)
  result mechanism_share "$(
    # What a proxy went by that was there before says nothing.
    case $look_kind in
      haproxy | traefik) ;;
      *) for look_share in $share_names; do [ ! -f "$folder/$look_share" ] || echo "$look_share"; done ;;
    esac
    [ "$look_kind" != traefik ] || sed -n 's/^# deploy-actions [^ ]* \([a-z0-9-]*\)$/\1/p' "$look_watched/deploy-actions-$project.yml" 2>/dev/null
  )"
  if [ -f "$folder/haproxy.map" ] && [ "\${look_kind:-haproxy}" = haproxy ]; then result map "$(awk -v p="$project" '$1 == p { print $2 }' "$folder/haproxy.map")"; fi
  if [ -n "$site_config" ]; then
    look_real=$(readlink -f "$site_config" 2>/dev/null) || look_real=$site_config
    result config_file "$look_real"
    if as_root cat "$look_real" >"$staging_fields/config" 2>/dev/null || cat "$look_real" >"$staging_fields/config" 2>/dev/null; then
      result_file config "$staging_fields/config"
    fi
  fi
  if [ "$wants_config" = 1 ]; then
    (umask 022 && as_root nginx -T) >"$staging_fields/whole" 2>/dev/null || :
    result_file whole "$staging_fields/whole"
    while read -r look_where _ look_id look_name; do
      [ "$look_where" = container ] || continue
      docker inspect --format "{\"name\":\"$look_name\",\"id\":{{json .ID}},\"mounts\":{{json .Mounts}},\"networks\":{{json .NetworkSettings.Networks}},\"ports\":{{json .NetworkSettings.Ports}}}" "$look_id" </dev/null
      docker exec "$look_id" nginx -T </dev/null >"$staging_fields/whole-$look_name" 2>/dev/null && result_file "whole_$look_name" "$staging_fields/whole-$look_name"
    done <"$staging_fields/proxies" >"$staging_fields/mounts"
    result_file mounts "$staging_fields/mounts"
  fi
  rm -rf "$staging_fields"
}
`,Q=K`
now_ms() {
  now_nano=$(date +%s%N)
  case $now_nano in *N) echo "$(date +%s)000" ;; *) echo "\${now_nano%??????}" ;; esac
}

other_color() { if [ "$1" = blue ]; then echo green; else echo blue; fi; }
# The colour that has the larger part of a share.
share_color() {
  case $1 in
    *-*) if [ "\${1#*-}" -ge 50 ]; then echo "\${1%-*}"; else other_color "\${1%-*}"; fi ;;
    *) echo "$1" ;;
  esac
}

# A line per container of a colour: id, service, state, release (- for none), Docker's words on it. One call of
# Docker. A plain stack that has never been a colour counts as blue.
color_table() {
  all_containers | awk -v project="$project" -v color="$1" -v live_only="$live_only" '
    { of = $1; sub(/^[^ ]* /, ""); n[of]++; line[of, n[of]] = $0; service[of, n[of]] = $2 }
    END {
      own = project "-" color
      for (i = 1; i <= n[own]; i++) print line[own, i]
      if (n[own] || color != "blue") exit
      split(live_only, names, " ")
      for (i in names) changes[names[i]] = 1
      other = project "-green"
      for (i = 1; i <= n[other]; i++) changes[service[other, i]] = 1
      for (i = 1; i <= n[project]; i++) if (service[project, i] in changes) print line[project, i]
    }'
}
# The same for all projects, with the project in front; kept for a while where many are asked for and none changes.
all_containers() {
  if [ -n "\${kept_containers-}" ]; then
    printf '%s\n' "$kept_containers"
    return 0
  fi
  docker ps -a --no-trunc --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.project"}} {{.ID}} {{.Label "com.docker.compose.service"}} {{.State}} {{or (.Label "deploy-actions.release") "-"}} {{.Status}}' </dev/null
}
color_containers() { color_table "$1" | awk '{ print $1 }'; }

# Lines of the services that run only where the traffic is, or of the others.
live_only_table() { color_table "$1" | awk -v names=" $live_only " 'index(names, " " $2 " ")'; }
serving_table() { color_table "$1" | awk -v names=" $live_only " '!index(names, " " $2 " ")'; }

# Prints why a colour could not serve; true when it could not. Services that wait for the traffic do not count;
# a one-shot that ended well is well, but not enough.
color_unwell() {
  serving_table "$1" | awk -v routed=" $(printf '%s\n' "$routes" | awk '{ print $2 }' | tr '\n' ' ')" '
    { words = $0; sub(/^([^ ]+ ){4}/, "", words) }
    $3 == "running" && words ~ /\(health: starting\)/ { bad($2 " is starting"); next }
    $3 == "running" && words ~ /\(unhealthy\)/ { bad($2 " is unhealthy"); next }
    $3 == "running" { good++; next }
    $3 == "exited" && !index(routed, " " $2 " ") && words ~ /^Exited \(0\)/ { ended = ended " " $2; next }
    { bad($2 " is " $3) }
    function bad(what) { if (why == "") why = what }
    END {
      if (why == "" && !good) why = ended == "" ? "it has no running container" : "it is stopped"
      if (why == "") exit 1
      print why
    }'
}
color_well() { ! color_unwell "$1" >/dev/null; }

# The release in a colour: as its deploy noted, else as the containers say, else (a plain stack) the current one.
color_release() {
  release_of=$(cat "$path/.deploy/color-$1" 2>/dev/null) || release_of=
  [ -n "$release_of" ] || release_of=$(color_table "$1" | awk '$4 != "-" { print $4; exit }')
  if [ -z "$release_of" ] && [ "$1" = blue ] && ! all_containers | grep -q "^$project-blue "; then
    release_of=$(readlink "$path/current" 2>/dev/null) || release_of=
    release_of=\${release_of#releases/}
  fi
  # A label may come with an image: what is no name of a release goes into no record and no program.
  case $release_of in '' | [!a-z0-9]* | *[!a-z0-9._-]*) ;; *) printf '%.63s\n' "$release_of" ;; esac
}

# What is in a colour: its release, or its containers where nothing names one.
color_content() {
  content_of=$(color_release "$1")
  [ -n "$content_of" ] || content_of=$(color_containers "$1" | sort | tr '\n' ,)
  printf '%s\n' "$content_of"
}

# Adds what the colours' releases name as running only where the traffic is.
find_live_only() {
  kept_containers=$(all_containers)
  live_only=$({
    printf '%s\n' "$live_only" | tr ' ' '\n'
    for find_color in blue green; do
      awk '{ print $7 }' "$path/releases/$(color_release "$find_color")/live-only" 2>/dev/null
    done
  } | grep . | sort -u | tr '\n' ' ')
  kept_containers=
}

# Asks through the proxy, COUNT times on one process, as the colour CHOSEN (empty: as any visitor).
# Prints a line per answer: status, seconds, colour, and "version" when the expected one was in it.
ask() {
  ask_probe="$header_probe: $token"
  [ -z "$1" ] || ask_probe="$ask_probe-$1"
  if [ "$curl" = 1 ]; then
    ask_index=0
    {
      printf 'silent\nshow-error\ninsecure\nmax-time = 10\nconnect-to = "::%s"\nheader = "%s"\nheader = "Connection: close"\ninclude\nwrite-out = "\\n%s %%{http_code} %%{time_total}\\n"\n' "$verify_connect" "$ask_probe" "$token"
      while [ "$ask_index" -lt "$2" ]; do
        printf 'url = "%s"\n' "$verify_url"
        ask_index=$((ask_index + 1))
      done
    } | curl -K - 2>/dev/null | head -c 10485760 | tr -d '\r\000' | ask_lines
  else
    ask_index=0
    while [ "$ask_index" -lt "$2" ]; do
      ask_index=$((ask_index + 1))
      ask_answer=$(ask_wget </dev/null 2>&1 | head -c 1048576 | tr -d '\000')
      ask_code=$(printf '%s\n' "$ask_answer" | sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' | tail -n 1)
      { printf '%s\n' "$ask_answer" | sed 's/^  //'; printf '%s %s 0\n' "$token" "\${ask_code:-000}"; } | tr -d '\r\000' | ask_lines
    done
  fi
}
# In an argument list everybody on the server could read the word; busybox knows no other way.
ask_wget() {
  if wget --version 2>/dev/null | grep -q GNU; then
    printf 'header = %s\nmax_redirect = 0\n' "$ask_probe" >"$run/wgetrc"
    WGETRC=$run/wgetrc timeout 15 wget -q -S -O - -T 10 -t 1 --no-check-certificate "$verify_direct"
  else
    timeout 15 wget -q -S -O - -T 10 --header "$ask_probe" "$verify_direct"
  fi
}
# The version is a word of the answer, or a few: not a part of a longer one. A commit may be named in full or in short,
# as \`sameVersion\` in packages/probe takes it.
ask_lines() {
  awk -v header="$header" -v version="$expect_version" -v mark="$token" '
    BEGIN {
      header = tolower(header) ":"; color = "-"
      commit = tolower(version)
      if (commit ~ /[^0-9a-f]/ || length(commit) < 7 || length(commit) > 40) commit = ""
    }
    $1 == mark { print $2, $3, color, found; color = "-"; found = ""; next }
    tolower(substr($0, 1, length(header))) == header { color = substr($0, length(header) + 1); gsub(/[ \t]/, "", color) }
    version != "" && found == "" && $0 !~ /^ *HTTP\// && names($0) { found = "version" }
    function names(line, at, i, n, word, words) {
      while ((i = index(substr(line, at + 1), version)) > 0) {
        at += i
        if ((at == 1 || substr(line, at - 1, 1) !~ /[A-Za-z0-9_.+-]/) && substr(line, at + length(version)) !~ /^[.]*[A-Za-z0-9_+-]/) return 1
      }
      if (commit == "") return 0
      n = split(tolower(line), words, /[^a-z0-9_.+-]+/)
      for (i = 1; i <= n; i++) {
        word = words[i]; sub(/[.]+$/, "", word)
        if (word ~ /[^0-9a-f]/) continue
        if (length(word) == 40 && index(word, commit) == 1) return 1
        if (length(commit) == 40 && length(word) >= 7 && index(commit, word) == 1) return 1
      }
      return 0
    }
  '
}

# True when COUNT answers in a row come from the colour, none of them a server error.
# The last answer that did not stays in $steady_wrong.
answers_steadily() {
  steady_answers=$(ask '' "$2")
  steady_wrong=$(printf '%s\n' "$steady_answers" | awk -v color="$1" -v version="$expect_version" '
    $1 < 100 || $1 >= 500 || $3 != color || (version != "" && $4 != "version") { print; exit }')
  [ -n "$steady_answers" ] && [ -z "$steady_wrong" ] && return 0
  wrong_at=$(now_ms)
  return 1
}

# A port as /proc/net/tcp writes it.
hex_port() { printf '%04X' "\${1##*:}"; }

# Requests or connections that a colour still has, from the proxy's side.
traffic_busy() {
  busy_color=$1
  busy_patterns=''
  while read -r _ _ busy_port busy_blue busy_green; do
    [ -n "$busy_port" ] || continue
    if [ -n "$proxy_container" ]; then
      for busy_id in $(color_containers "$busy_color"); do
        for busy_ip in $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$busy_id" </dev/null); do
          busy_hex=$(echo "$busy_ip" | awk -F. '{ printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
          busy_patterns="$busy_patterns $busy_hex:$(hex_port "$busy_port")"
        done
      done
    else
      if [ "$busy_color" = blue ]; then busy_list=$busy_blue; else busy_list=$busy_green; fi
      for busy_address in $(echo "$busy_list" | tr , ' '); do busy_patterns="$busy_patterns 0100007F:$(hex_port "$busy_address")"; done
    fi
  done <<ROUTES
$routes
ROUTES
  if ! busy_table=$(in_proxy cat /proc/net/tcp 2>/dev/null); then
    echo unknown
    return 0
  fi
  printf '%s\n' "$busy_table" | awk -v patterns="$busy_patterns" '
    BEGIN { n = split(patterns, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
    $4 == "01" && ($3 in want) { count++ }
    END { print count + 0 }'
}
`,ee=K`
in_proxy() {
  if [ -n "$proxy_container" ]; then docker exec "$proxy_container" "$@" </dev/null; else "$@" </dev/null; fi
}

# Runs a command as root, or answers 77 where that is not allowed.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 77; fi
}

# The flag that is there. Only one ever is: a switch renames it.
flag_observe() {
  for flag_name in $share_names; do
    if [ -f "$folder/$flag_name" ]; then
      printf '%s\n' "$flag_name"
      return 0
    fi
  done
  return 1
}

flag_apply() {
  flag_old=$(flag_observe) || flag_old=
  [ "$flag_old" != "$1" ] || return 0
  if [ -z "$flag_old" ]; then
    : >"$folder/.new" && mv -f "$folder/.new" "$folder/$1"
  else
    mv -f "$folder/$flag_old" "$folder/$1"
  fi
}

# Status 1, with the reason, when the proxy's configuration would not load; 77 when we may not ask.
reason() { tail -n 3 | tr '\n' ' ' | cut -c 1-600; }
`,et=K`
traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -t 2>&1 | grep -q 'test is successful' || { in_proxy nginx -t 2>&1 | reason; return 1; }
  else
    # nginx makes log files that are not there yet, with our mask.
    valid_said=$(umask 022 && as_root nginx -t 2>&1)
    case $?:$valid_said in
      0:*) ;;
      77:*) return 77 ;;
      *) printf '%s\n' "$valid_said" | reason; return 1 ;;
    esac
  fi
}
traffic_whole() { if [ -n "$proxy_container" ]; then in_proxy nginx -T 2>/dev/null; else (umask 022 && as_root nginx -T 2>/dev/null); fi; }
# The newest worker's number and start: it changes when a reload has taken effect.
traffic_generation() {
  # shellcheck disable=SC2009 # pgrep is not everywhere, and busybox ps has no -C
  if [ -n "$proxy_container" ]; then docker top "$proxy_container" -o pid,args 2>/dev/null; else ps ax -o pid,args 2>/dev/null || ps -o pid,args; fi |
    awk '/nginx: worker process$/ { print $1 }' | sort -n | tr '\n' ' '
}
traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy nginx -s reload 2>&1; else as_root nginx -s reload 2>&1; fi
}
`,er=K`
traffic_observe() { flag_observe; }
traffic_apply() { flag_apply "$1"; }
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  valid_said=$(in_proxy caddy adapt --config "$config_inside" 2>&1 >/dev/null) || {
    printf '%s\n' "$valid_said" | reason
    return 1
  }
}
traffic_whole() { in_proxy cat "$config_inside"; }
traffic_generation() { :; }
traffic_reload() {
  if [ -n "$proxy_container" ]; then in_proxy caddy reload --force --config "$config_inside" 2>&1
  else
    # Its admin endpoint asks nobody on the server who he is, unless it was told to.
    caddy reload --force --config "$config_inside" 2>&1 || as_root caddy reload --force --config "$config_inside" 2>&1
  fi
}
`,eo={nginx:ee+et,caddy:ee+er,managed:ee+er,haproxy:ee+K`
# One command to the runtime socket; the answer on stdout.
haproxy_say() {
  [ -n "$socket" ] || return 1
  if command -v perl >/dev/null 2>&1 && perl -MIO::Socket::UNIX -e 1 2>/dev/null; then
    perl -MIO::Socket::UNIX -e 'alarm 5; my $s = IO::Socket::UNIX->new($ARGV[0]) or exit 1; print $s "$ARGV[1]\n"; $s->flush; print while <$s>' "$socket" "$1"
  elif command -v socat >/dev/null 2>&1; then
    printf '%s\n' "$1" | socat -t 5 - "UNIX-CONNECT:$socket"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b"\n")
while True:
    b = s.recv(65536)
    if not b: break
    sys.stdout.write(b.decode())' "$socket" "$1"
  elif command -v nc >/dev/null 2>&1 && nc -h 2>&1 | grep -q -e '-U'; then
    printf '%s\n' "$1" | nc -U -w 5 "$socket"
  else
    return 1
  fi
}
haproxy_reload() {
  if [ -n "$proxy_container" ]; then
    # Without a master the signal would end it, and the container with it.
    haproxy_words=$(tr '\0' ' ' 2>/dev/null <"/proc/$(docker inspect --format '{{.State.Pid}}' "$proxy_container" </dev/null)/cmdline")
    if [ -n "$haproxy_words" ] && ! printf '%s\n' "$haproxy_words" | grep -qE ' -Ws?( |$)' && ! grep -qsE '^[[:space:]]*master-worker' "$config_file"; then
      echo "HAProxy in $proxy_name runs without a master process, so that it cannot be reloaded: add -W to its command and recreate the container"
      return 1
    fi
    docker kill -s USR2 "$proxy_container" </dev/null >/dev/null
  elif command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then as_root systemctl reload haproxy
  else
    haproxy_pid=$(cat "\${pid_file:-/run/haproxy.pid}" 2>/dev/null) || return 1
    as_root kill -USR2 "$haproxy_pid"
  fi
}
traffic_observe() {
  haproxy_seen=$(haproxy_say "show map $folder/haproxy.map" 2>/dev/null | awk -v p="$project" '$2 == p { print $3 }')
  [ -n "$haproxy_seen" ] || haproxy_seen=$(awk -v p="$project" '$1 == p { print $2 }' "$folder/haproxy.map" 2>/dev/null)
  [ -n "$haproxy_seen" ] && printf '%s\n' "$haproxy_seen"
}
traffic_apply() {
  # The file first: a restart at any moment reads either the old or the new share.
  printf '%s %s\n' "$project" "$1" >"$folder/.haproxy.map" || return 1
  mv -f "$folder/.haproxy.map" "$folder/haproxy.map" || return 1
  chmod 0644 "$folder/haproxy.map"
  if [ -z "$socket" ]; then
    haproxy_said="no socket of $proxy_name is reached from the server"
  else
    haproxy_said=$(haproxy_say "set map $folder/haproxy.map $project $1" 2>&1) || haproxy_said="unreachable \${haproxy_said}"
  fi
  case $haproxy_said in
    *[![:space:]]*)
      warn "HAProxy's runtime socket did not take the change ($(printf '%s' "$haproxy_said" | reason)): it is reloaded instead, which closes idle connections of clients"
      traffic_mechanism=reload
      haproxy_reload
      ;;
  esac
}
traffic_taken() { :; }
told_by_header() { share_color "$(traffic_observe)"; }
traffic_valid() {
  if [ -n "$proxy_container" ]; then valid_said=$(in_proxy haproxy -c -f "$config_inside" 2>&1)
  else valid_said=$(as_root haproxy -c -f "$config_inside" 2>&1); fi
  case $? in
    0) ;;
    77) return 77 ;;
    *) printf '%s\n' "$valid_said" | grep -v NOTICE | reason; return 1 ;;
  esac
}
traffic_whole() { :; }
traffic_generation() { haproxy_say 'show info' 2>/dev/null | awk '/^Pid:/ { print $2 }'; }
traffic_reload() { haproxy_reload; }
`,traefik:ee+K`
# The last line of the file names the share.
traffic_observe() { sed -n 's/^# deploy-actions [^ ]* \([a-z0-9-]*\)$/\1/p' "$watched/deploy-actions-$project.yml" 2>/dev/null | grep .; }
# A file made in the watched directory would be read half written, and be an event of its own, for which the next one
# has to wait. Traefik does not watch what is below; it reads it, but nothing by this name.
traffic_apply() { put_share "$files/shares/$1.yml"; }
put_share() {
  apply_folder=$watched/.deploy-actions-$project
  if [ ! -d "$apply_folder" ]; then mkdir -m 0755 "$apply_folder" || return 1; fi
  cp "$1" "$apply_folder/share" && chmod 0644 "$apply_folder/share" &&
    mv -f "$apply_folder/share" "$watched/deploy-actions-$project.yml"
}
# It takes a change when its throttle allows.
traffic_taken() { [ "$(ask '' 1 | awk '{ print $3 }')" = "$1" ]; }
told_by_header() { traffic_observe; }
# Without a header for visitors only this tells that their router still leads to the colours.
traffic_valid() {
  [ ! -r "$config_file" ] || grep -q "deploy-actions $project begin" "$config_file" || {
    echo "$config_file no longer has the part that was installed: run this action with install: true"
    return 1
  }
}
traffic_whole() { :; }
traffic_generation() { :; }
traffic_reload() { :; }
`},en=K`
# Moves to a share in one step, journalled before and after.
move_to() {
  journal "apply:begin.$1"
  traffic_apply "$1" || return 1
  journal "apply:done.$1"
}

# Where a proxy takes its time: until it has taken the share.
await_taken() {
  wait_until 20 "$proxy to take the share $1" traffic_taken "$1"
}

# What runs only where the traffic is: stops in one colour before it starts in the other.
stop_live_only() { for_live_only "$1" running stop -t 30; }
start_live_only() {
  [ -n "$live_only" ] || return 0
  start_release=$path/releases/$(color_release "$1")
  # A deploy of a colour leaves them unmade: its release says how they are.
  if [ -s "$start_release/live-only" ] && [ -f "$path/.deploy/color-$1" ]; then
    start_names=$(awk '{ print $7 }' "$start_release/live-only" | tr '\n' ' ')
    say "start: \${start_names}in $1"
    run "$start_names to start in $1" docker compose --project-name "$project-$1" --project-directory "$path" --env-file /dev/null \
      --file "$start_release/compose.json" up --detach --no-deps --no-build --pull never --quiet-pull $start_names
  else
    for_live_only "$1" idle start
  fi
}

# COLOR WHICH COMMAND…: all of them at once, in one call of Docker.
for_live_only() {
  [ -n "$live_only" ] || return 0
  each_color=$1
  if [ "$2" = running ]; then each_table=$(live_only_table "$1" | awk '$3 == "running"'); else each_table=$(live_only_table "$1" | awk '$3 != "running"'); fi
  shift 2
  [ -n "$each_table" ] || return 0
  say "$1: $(printf '%s\n' "$each_table" | awk '{ print $2 }' | sort -u | tr '\n' ' ')in $each_color"
  run "what runs only where the traffic is to $1 in $each_color" docker "$@" $(printf '%s\n' "$each_table" | awk '{ print $1 }') >/dev/null
}

# traffic.json: one line, its keys in a fixed order, values of checked character sets only.
recorded_text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$path/.deploy/traffic.json" 2>/dev/null; }
recorded_fence() { sed -n 's/.*"fence":\([0-9]*\).*/\1/p' "$path/.deploy/traffic.json" 2>/dev/null; }
record_traffic() {
  fence=$(recorded_fence)
  write_traffic "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" $((\${fence:-0} + 1))
}

# For a run that moved no traffic: timers go by the fence, so that it rises only where the record said something else.
keep_traffic() {
  keep_said="$(recorded_text proxy) $(recorded_text container) $(recorded_text folder) $(recorded_text share) $(recorded_text release)"
  fence=$(recorded_fence)
  if [ -n "$fence" ] && [ "$keep_said" = "$proxy $proxy_name $folder $1 $(color_release "$(share_color "$1")")" ]; then
    write_traffic "$1" "$(recorded_text since)" "$fence"
  else
    record_traffic "$1"
  fi
}

# SHARE SINCE FENCE
write_traffic() {
  fence=$3
  record_previous=$(recorded_text release)
  record_release=$(color_release "$(share_color "$1")")
  [ "$record_previous" != "$record_release" ] || record_previous=$(recorded_text previous)
  printf '{"project":"%s","proxy":"%s","container":"%s","share":"%s","since":"%s","release":"%s","previous":"%s","fence":%s,"folder":"%s","routes":%s}\n' \
    "$project" "$proxy" "$proxy_name" "$1" "$2" "$record_release" "$record_previous" "$fence" "$folder" "$routes_json" |
    write_file .deploy/traffic.json
  if [ -n "$record_release" ] && [ -d "releases/$record_release" ] && [ "$(readlink current 2>/dev/null)" != "releases/$record_release" ]; then
    ln -sfn "releases/$record_release" .deploy/current.new && mv -T .deploy/current.new current
  fi
}

# history.jsonl: who did what, and how it ended. FROM TO OUTCOME REASON [BAD]
record_history() {
  printf '{"operation":"%s","deployment_id":"%s","release":"%s","color":"%s","from":"%s","to":"%s","actor":"%s","run_url":"%s","reason":"%s","outcome":"%s","bad":%s,"at":"%s"}\n' \
    "$operation" "$deployment_id" "$(color_release "$(share_color "$2")")" "$(share_color "$2")" "$1" "$2" "$actor" "$run_url" "$4" "$3" "\${5:-false}" \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$path/.deploy/history.jsonl"
}

# A rollback leaves a release that is not to be chosen again by itself; one that is taken back takes the mark off.
mark_release() {
  printf '{"operation":"%s","deployment_id":"%s","release":"%s","actor":"%s","run_url":"%s","outcome":"%s","bad":%s,"at":"%s"}\n' \
    "$operation" "$deployment_id" "$1" "$actor" "$run_url" "$2" "$3" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$path/.deploy/history.jsonl"
}

# The end of a move that was proven, once also where a crash came in between. FROM TO REASON
record_success() {
  [ ! -f "$run/recorded" ] || return 0
  [ -z "$marks_bad" ] || mark_release "$marks_bad" rolled-back true
  [ -z "$marks_good" ] || mark_release "$marks_good" taken-back false
  record_history "$1" "$2" succeeded "$3"
  : >"$run/recorded"
}

# Everything back to how it was; used by a failed gate, a failed check and after a crash alike.
give_back() {
  rm -f "$folder/watch"
  if move_to "$from"; then
    await_taken "$from" || warn "$proxy was not seen to take the share $from: look at its log"
  else
    warn "traffic could not be given back to $from: $proxy did not take it"
  fi
  stop_live_only "$(other_color "$(share_color "$from")")" || true
  start_live_only "$(share_color "$from")" || warn "what runs only where the traffic is could not be started in $from"
  record_traffic "$from"
}

# Containers that were only stopped are started, and waited for. For a rollback.
start_color() {
  run "the containers of $target to start" docker start $(serving_table "$target" | awk '$3 != "running" { print $1 }') >/dev/null || {
    why='a container does not start'
    return 1
  }
  wait_until "$start_target" "$target to be healthy" color_well "$target" && return 0
  why=$(color_unwell "$target")
  return 1
}

# Whether the target, asked for by name, answers as it should; or why not is known for certain. A proxy with health
# checks of its own says 503 until one of them has seen that the colour is there.
target_judged() {
  chosen=$(ask "$target" 3)
  chosen_wrong=$(printf '%s\n' "$chosen" | awk -v c="$target" -v v="$expect_version" '$1 < 100 || $1 >= 500 || $3 != c || (v != "" && $4 != "version") { print; exit }')
  case $chosen_wrong in 503\ *) return 1 ;; esac
}

look_at_tools() {
  # Left by a run that was cut off: without it a canary is not logged.
  rm -f "$folder/watch"
  [ -z "$docker_host" ] || export DOCKER_HOST="$docker_host"
  curl=0
  command -v curl >/dev/null 2>&1 && curl=1
  verify_direct=$verify_url
  find_live_only
  traffic_mechanism=$mechanism
}

move_traffic() {
  look_at_tools
  phase check
  from=$(traffic_observe) || fail refused "$proxy has no share of $project: it was not prepared" 'Run this action once with install: true.'
  result from "$from"
  last_step=\${steps##* }
  if [ "$last_step" = 100 ]; then goal=$target; else goal=$target-$last_step; fi
  result to "$goal"
  if [ "$from" = "$goal" ]; then
    # Live-only services may still have to follow, where an earlier run was cut off.
    start_live_only "$(share_color "$goal")" || true
    keep_traffic "$goal"
    say "Traffic is on $goal already: nothing was changed."
    result weight "$last_step"
    result changed false
    [ "$hosts" -le 1 ] || await_go "$go_seconds" || true
    return 0
  fi
  if why=$(color_unwell "$target"); then
    [ -n "$start_target" ] || fail unhealthy "$target cannot take the traffic: $why" 'Look at its containers, or deploy it again.'
    start_color || fail unhealthy "$target could not be started again: $why" 'Look at its containers, or roll back to another release.'
  fi
  # A rollback does not wait for what only matters at the proxy's next start.
  if [ "$traffic_first" = 1 ]; then valid_why=; else valid_why=$(traffic_valid); fi
  case $? in
    0) ;;
    77) say "$proxy's configuration is not tested: that needs root, and a switch does not" ;;
    *) fail refused "$proxy would not start with its configuration: $valid_why" 'Mend it before traffic is moved: the next restart of the proxy would take the site down.' ;;
  esac
  wait_until "$verify_seconds" "$proxy to send to $target" target_judged || true
  if [ -z "$chosen" ] || [ -n "$chosen_wrong" ]; then
    set -- $chosen_wrong
    case \${3:--} in
      -) fail refused "$proxy does not run the configuration that was installed: $verify_url came back without $header" "$(lies)" ;;
      *fallback) fail refused "$proxy cannot read the flags in $folder" 'Every folder above it needs mode 0755, and a container needs it as a mount of the whole folder.' ;;
      "$target")
        if [ "\${1:-0}" -ge 500 ]; then fail unhealthy "$target answers $1 through $proxy" 'Its containers are healthy, so look at the address that the proxy uses for it.'; fi
        fail unhealthy "$target does not answer with the version $expect_version through $proxy" 'The wrong release may be in this colour: look at the outputs of the deploy step.'
        ;;
      *) fail refused "$proxy answered as \${3:--} where $target was asked for" 'Run this action with install: true: the installed configuration is not of this project.' ;;
    esac
  fi
  journal check:done
  if [ "$hosts" -gt 1 ]; then
    if ! await_go "$go_seconds"; then
      # Among several servers this one is not the reason.
      result stopped true
      fail lost 'no word to go came in time: nothing was changed' 'Run it again.'
    fi
  fi
  # A rollback that was begun is better finished.
  if [ "$traffic_first" = 0 ] && cancelled; then fail lost 'cancelled before any traffic was moved: nothing was changed' 'Run it again.'; fi

  phase switch
  result switched_from "$from"
  printf '%s\n' "$from" | write_file "$run/from"
  journal "from.$from"
  old=$(other_color "$target")
  for step in $steps; do
    if [ "$step" = 100 ]; then share=$target; else share=$target-$step; fi
    if [ "$step" = 100 ] && [ "$traffic_first" = 0 ] && ! once live-stop stop_live_only "$old"; then
      give_back
      fail remote "a service that runs only where the traffic is could not be stopped in $old: traffic stays on $from"
    fi
    begun=$(now_ms)
    if ! move_to "$share"; then
      give_back
      fail remote "$proxy did not take the share $share: traffic stays where it was"
    fi
    ended=$(now_ms)
    result switch_ms "$((ended - begun))"
    result switched_at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    if [ "$step" = 100 ]; then
      phase verify
      wrong_at=0
      if ! wait_until "$verify_seconds" "every answer to come from $target" answers_steadily "$target" 10; then
        set -- $steady_wrong
        give_back
        record_history "$from" "$from" failed "not seen to answer"
        fail unhealthy "traffic was moved to $target, but it does not answer steadily (last wrong answer: status \${1:-none}, colour \${3:-none}): it is back on $from" "$(lies)"
      fi
      if [ "$wrong_at" = 0 ]; then result overlap_ms 0; else result overlap_ms "$((wrong_at - ended))"; fi
      journal verified
    else
      if ! await_taken "$share"; then
        give_back
        record_history "$from" "$from" failed "share not taken"
        result weight 0
        fail remote "$proxy did not take the share $share: traffic stays on $from" "$(lies)"
      fi
      record_traffic "$share"
      say "$target has $step percent"
      result weight "$step"
      if ! canary_step "$step"; then
        # All of it, also where a canary that was on before had some already.
        from=$old
        give_back
        record_history "$from" "$from" failed "canary at $step percent"
        result weight 0
        fail unhealthy "$gate_why: all traffic is back on $(share_color "$from")" "Look at $target's logs; the report has the figures."
      fi
    fi
  done
  result weight "$last_step"

  if [ "$last_step" = 100 ]; then
    phase settle
    if [ -n "$live_only" ]; then
      once live-stop stop_live_only "$old" || warn "a service that runs only where the traffic is did not stop in $old"
      once live-start start_live_only "$target" || warn "a service that runs only where the traffic is did not start in $target"
    fi
    record_traffic "$goal"
    journal recorded
    phase drain
    measure_drain "$old"
    journal drained
  else
    record_traffic "$goal"
    journal recorded
  fi
  record_success "$from" "$goal" "$reason"
  result changed true
  result mechanism "$traffic_mechanism"
  result release "$(color_release "$(share_color "$goal")")"
  start_timers
}

# Why a proxy may go on as before although it was told otherwise; each is looked for, the first found is named.
lies() {
  if [ -n "$config_file" ] && [ -r "$config_file" ]; then
    if ! grep -q "deploy-actions $project begin" "$config_file"; then
      echo "$config_file no longer has the part that was installed: run this action with install: true."
      return
    fi
    if [ -n "$proxy_container" ]; then
      lies_inside=$(in_proxy cat "$config_inside" 2>/dev/null | cksum)
      if [ "$lies_inside" != "$(cksum <"$config_file")" ]; then
        echo "the container $proxy_name reads another $config_inside than $config_file: a single file that is mounted keeps its old content when it is replaced; mount its folder, and recreate the container."
        return
      fi
    fi
  fi
  lies_whole=$(traffic_whole)
  if [ -n "$lies_whole" ] && ! printf '%s\n' "$lies_whole" | grep -q "deploy-actions $project begin"; then
    echo "$proxy does not include $config_file: name the file that it loads in site-config."
    return
  fi
  lies_log=$(in_proxy tail -n 20 "$error_log" 2>/dev/null | grep -E 'emerg|bind\(\)|alert' | tail -n 1)
  if [ -n "$lies_log" ]; then
    echo "$proxy said: $(printf '%s' "$lies_log" | cut -c 1-300)"
    return
  fi
  if [ "$proxy" = traefik ]; then
    echo "A file in $watched that Traefik cannot read, whosever it is, makes it go on with what it had; its log names the file."
    return
  fi
  echo "Look at $proxy's log, and reload or restart it: it goes on with an older configuration."
}

# Waits for what the old colour still has to do; its WebSockets live until the deadline.
measure_drain() {
  drain_begun=$(now_ms)
  drain_left=$(traffic_busy "$1")
  if [ "$drain_left" = unknown ]; then
    result drained unknown
    return 0
  fi
  if [ "$drain_left" -gt 0 ] && [ "$drain_seconds" -gt 0 ]; then
    wait_until "$drain_seconds" "$drain_left connections to $1 to end" drained "$1" || true
    drain_left=$(traffic_busy "$1")
  fi
  result drain_ms "$(($(now_ms) - drain_begun))"
  result drain_left "$drain_left"
  if [ "$drain_left" = 0 ]; then result drained true; else result drained false; fi
}
drained() { [ "$(traffic_busy "$1")" = 0 ]; }

# Timers are programs of their own, that hold no lock while they sleep.
start_timers() {
  rm -f .deploy/confirm
  if [ "$confirm_seconds" -gt 0 ] && [ "$last_step" = 100 ]; then
    confirm_until=$(($(date +%s) + confirm_seconds))
    printf '%s %s %s %s\n' "$fence" "$confirm_until" "$from" "$(color_release "$(share_color "$from")")" | write_file .deploy/confirm
    result confirm_until "$confirm_until"
    start_timer confirm "$confirm_until"
  elif [ -n "$stop_after" ] && [ "$last_step" = 100 ]; then
    start_timer stop "$(($(date +%s) + stop_after))"
  fi
}
start_timer() {
  timer_new=$path/.deploy/timers/.$1
  rm -rf "$timer_new"
  mkdir -p "$timer_new" && cp "$files/timer.sh" "$timer_new/program" || return 1
  [ ! -d "$files/shares" ] || cp -R "$files/shares" "$timer_new/shares"
  printf "operation='%s'\ntimer_until='%s'\ntimer_fence='%s'\nfrom='%s'\nfrom_release='%s'\ntarget='%s'\nold_content='%s'\n" \
    "$1" "$2" "$fence" "$from" "$(color_release "$(share_color "$from")")" "$target" "$(color_content "$(other_color "$target")")" >"$timer_new/about"
  set_timer "$1" "$2"
}
# What would be returned to is what was left: a deploy may have replaced it meanwhile.
can_return() { [ "$(color_release "$(share_color "$from")")" = "$from_release" ]; }

colors_settled() {
  ! { serving_table blue && serving_table green; } | grep -q '(health: starting)'
}

# After a crash: finish what was verified, give back everything else, whatever the journal meant to do.
recover() {
  look_at_tools
  seen=$(traffic_observe) || return 0
  from=$(cat "$run/from" 2>/dev/null) || from=
  if [ -z "$from" ]; then
    fail lost 'the run ended before it moved any traffic: nothing was changed'
  fi
  last_step=100
  # After a restart of the server containers may still be starting; none is judged by that.
  wait_until 60 'the containers that are starting' colors_settled || true
  if color_well "$target" && { [ "$traffic_first" = 1 ] || { journalled verified && [ "$seen" = "$target" ]; }; }; then
    # A rollback goes on to its end too: what it left is the worse side.
    say "the switch to $target is finished, which the cut-off run had begun"
    [ "$seen" = "$target" ] || move_to "$target"
    stop_live_only "$(other_color "$target")" || true
    start_live_only "$target" || true
    record_traffic "$target"
    record_success "$from" "$target" recovered
    result from "$from"
    result to "$target"
    result changed true
    result weight 100
    start_timers
    return 0
  fi
  if color_well "$(share_color "$from")" || ! color_well "$target"; then
    give_back
    record_history "$from" "$from" failed 'cut off'
    fail lost "the run was cut off before the switch was proven: traffic is on $from" 'Run it again.'
  fi
  move_to "$target"
  start_live_only "$target" || true
  record_traffic "$target"
  record_history "$from" "$target" succeeded 'recovered: the old colour is not well'
  result to "$target"
  result changed true
}
`;function ea(e){return e.replace(/[^A-Za-z0-9 _.,:/@+=-]/g,"_").slice(0,300)}function es(e){return e.split(`
`).flatMap(e=>{if(""===e.trim())return[];try{let t=JSON.parse(e);return"object"==typeof t&&null!==t?[t]:[]}catch{return[]}})}function ei(e){var t;let r=e.labels??{},o=e=>r[`com.docker.compose.${e}`]??"",n=new Map;for(let t of[e.bindings,e.ports])for(let[e,r]of Object.entries(t??{})){let t=/^(\d+)\/tcp$/.exec(e)?.[1],o=[...new Set((r??[]).map(e=>Number(e.HostPort)).filter(e=>e>0))];void 0!==t&&o.length>0&&n.set(Number(t),o)}return{id:String(e.id),name:String(e.name).replace(/^\//,""),project:o("project"),service:o("service"),number:Number(o("container-number"))||1,status:String(e.status),health:String(e.health),started:String(e.started),image:String(e.image),imageId:String(e.imageId),release:void 0!==(t=r["deploy-actions.release"])&&/^[a-z0-9][a-z0-9._-]{0,62}$/.test(t)?t:void 0,labels:r,published:n}}function el(e){let t=e.mounts??[],r=new Map;for(let[t,o]of Object.entries(e.ports??{})){let e=Number(/^(\d+)\/tcp$/.exec(t)?.[1]),n=Number(o?.[0]?.HostPort);e>0&&n>0&&r.set(e,n)}return{name:String(e.name),mounts:t.map(e=>({source:String(e.Source??""),destination:String(e.Destination??"")})),published:r,networks:Object.keys(e.networks??{})}}function ec(e,t,r){if(""!==e.slots[r])return e.slots[r];let o=ed(e,t,r),n=o.find(e=>void 0!==e.release)?.release;return void 0!==n||"green"===r||0===o.length?n:e.current.replace(/^releases\//,"")||void 0}function ed(e,t,r){let o=e.containers.filter(e=>e.project===`${t}-${r}`);if(o.length>0||"green"===r)return e$(o);let n=new Set(e.containers.filter(e=>e.project===`${t}-green`).map(e=>e.service));return e$(e.containers.filter(e=>e.project===t&&(0===n.size||n.has(e.service))))}function e$(e){return e.sort((e,t)=>e.service<t.service?-1:e.service>t.service?1:e.number-t.number)}function ef(e){let t=q(e.share??e.traffic?.share??"blue");return t?t.weight>=50?t.color:P(t.color):"blue"}function eh(e,t){return e.filter(e=>e.service===t.service).flatMap(e=>e.published.get(t.port)??[]).sort((e,t)=>e-t).map(e=>`127.0.0.1:${e}`)}async function eu(e,t,r,o={}){var n;let a=await D(t,{path:e.path,body:J,parameters:{project:r.project,folder:r.folder??(n=r.project,`/var/lib/deploy-actions/${n}`),share_names:G(U).map(F).join(" "),docker_host:e.dockerHost??"",site_config:r.siteConfig??"",wants_config:r.wantsConfig?"1":"0"},...o});return{server:e,session:t,look:function(e){let t=t=>e[t]??"",[r,o]=[t("confirm").split(" ")[1],t("confirm").trim().split(" ")[2]],n=new Map;for(let[r,o]of(""!==t("whole")&&n.set("",t("whole")),Object.entries(e)))r.startsWith("whole_")&&n.set(r.slice(6),o);return{containers:es(t("containers")).map(ei),proxies:t("proxies").split(`
`).map(e=>e.split(" ")).filter(([e])=>"host"===e||"container"===e).map(([,e,t="",r=""])=>({kind:e,id:t,name:r})),mounts:es(t("mounts")).map(el),traffic:es(t("traffic"))[0],proxy:es(t("proxy"))[0],confirm:void 0===r||void 0===o?void 0:{until:Number(r),from:o},unfinished:[...t("unfinished").matchAll(/^(\w+) (.*\/([^/\n]+)\/([a-z][a-z-]*)-\d+)$/gm)].map(([,e,t,r,o])=>({running:"running"===e,deploymentId:r,operation:o,directory:t})),history:es(t("history")),releases:es(t("releases")),current:t("current"),slots:{blue:t("slot_blue"),green:t("slot_green")},user:t("user"),group:t("group"),folderState:t("folder_state")||"absent",share:t("mechanism_share").split(`
`)[0]||t("map")||void 0,configFile:t("config_file"),config:e.config,whole:n}}(a.fields)}}async function e_(e,t){let{clock:r,log:o,signal:n}=t,a=e.length>1&&!t.alone,s=I({clock:r,signal:n,onEvent:(e,r)=>em(o,a||t.alone?`${e} | `:"",r)});try{var i,l;let r;await s.start(e,a),a&&(await s.until(()=>s.failed()||s.runs.every(({state:e,outcome:t})=>t||"ready"===e)),s.failed()?await s.cancel():await s.go());let o=t.aliveEvery>0?(i=s.runs,l=t,r=new AbortController,(async()=>{for(let e=1;!r.signal.aborted;e+=1){for(let{run:t,outcome:r}of i)r||await y(t.session,t.reference.path,t.reference.directory,[{name:"alive",content:`${e}
`}]).catch(()=>void 0);await l.clock.sleep(l.aliveEvery,r.signal).catch(()=>void 0)}})(),()=>r.abort()):void 0;await s.until(()=>s.runs.every(({outcome:e})=>void 0!==e)),o?.()}catch(e){throw await s.cancel(),e}return s.runs.map(({outcome:e})=>e)}async function ep(e,t,r,o){let n=t.flatMap(t=>{let n=e.find(e=>e.name===t.name),a=n&&C(t)?r(n,t):void 0;return n&&a?(o.log.info(`${n.name}: goes back to how it was, because another server failed`),[{...n,operation:a}]):[]});if(0!==n.length)for(let e of(await e_(n,{...o,alone:!0})))C(e)||o.log.warning(`${e.name} could not go back to how it was (${L(e).message}): run the action again`)}function em(e,t,r){"line"===r.type?e.info(t+r.text):"warning"===r.type?e.warning(t+r.text):"phase"===r.type?e.info(`${t}— ${r.name} (at ${r.at} ms)`):"reconnected"===r.type&&e.info(`${t}the connection dropped; following again (attempt ${r.attempt})`)}function eg(e){return(0,n.createHash)("sha256").update(JSON.stringify(e)).digest("hex")}async function ew({server:e,session:t,look:r},o,n,a){if(!r.unfinished.some(({running:e})=>!e))return!1;a.log.info(`${e.name}: an earlier run was cut off: it is finished or given back first`);let s=z(await e_([{name:e.name,session:t,reopen:n,operation:{...o,path:e.path,name:"settle",body:`operate() { :; }
`,inputHash:eg([o.deploymentId,a.clock.wall().getTime()])}}],{...a,aliveEvery:0}),{});if(s)throw s;return!0}K`
umask 077
LC_ALL=C
export LC_ALL
timer_folder=$1
# shellcheck disable=SC1091 # written by start_timer
. "$timer_folder/about" || exit 1
files=$timer_folder
run=$path/.deploy
say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
warn() { say "$@"; }
journal() { :; }
result() { :; }
cancelled() { return 1; }
unlocked() { "$@" 9>&-; }
run() { shift; "$@" </dev/null 9>&-; }
once() { shift; "$@"; }
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
wait_until() {
  wait_end=$(($(date +%s) + $1))
  shift 2
  until "$@"; do
    [ "$(date +%s)" -lt "$wait_end" ] || return 1
    sleep 1 9>&-
  done
}

timer_current() {
  [ "$(sed -n 's/.*"fence":\([0-9]*\).*/\1/p' .deploy/traffic.json 2>/dev/null)" = "$timer_fence" ] || return 1
  [ "$operation" != confirm ] || [ -f .deploy/confirm ]
}
# A later timer of the same name may have taken the folder over.
timer_end() {
  if [ "$timer_mode" = now ] || [ "$(cat "$timer_folder/pid" 2>/dev/null)" = "$timer_self" ]; then rm -rf "$timer_folder"; fi
  exit 0
}

cd "$path" || exit 1
timer_mode=\${2-}
if [ "$timer_mode" != now ]; then
  read -r timer_boot </proc/sys/kernel/random/boot_id
  timer_self="$$ $(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 20) $timer_boot"
  printf '%s\n' "$timer_self" | write_file "$timer_folder/pid"
  while [ "$(date +%s)" -lt "$timer_until" ]; do
    timer_current || timer_end
    sleep 1
  done
  exec 9>>.deploy/lock
  until flock -n 9; do
    sleep 1 9>&-
    timer_current || timer_end
  done
fi
timer_current || timer_end
look_at_tools
case $operation in
  confirm)
    # After a restart of the server its containers may still be starting.
    if ! can_return; then
      say "nobody confirmed the switch to $target, but $from holds another release now: traffic stays"
      record_history "$target" "$target" failed 'not confirmed in time, and the old colour holds another release'
    elif wait_until 90 "$from to be healthy" color_well "$(share_color "$from")"; then
      say "nobody confirmed the switch to $target in time: back to $from"
      give_back
      record_history "$target" "$from" returned 'not confirmed in time'
    else
      say "nobody confirmed the switch to $target, but $from is not well: traffic stays"
      record_history "$target" "$target" failed 'not confirmed in time, and the old colour is not well'
    fi
    rm -f .deploy/confirm
    ;;
  stop)
    timer_color=$(other_color "$target")
    # A deploy does not move the traffic, so the fence does not tell of it.
    [ "$(color_content "$timer_color")" = "$old_content" ] || timer_end
    say "stopping $timer_color"
    for timer_id in $(color_containers "$timer_color"); do docker stop "$timer_id" </dev/null >/dev/null 9>&-; done
    ;;
esac
timer_end
`,K`
operate() {
  look_at_tools
  from=$(traffic_observe) || from=
  result from "$from"
  result to "$from"
  if [ ! -f .deploy/confirm ]; then
    fail refused 'no switch waits to be confirmed' "Either it was confirmed before, or its time ran out and traffic went back: it is on \${from:-no colour} now."
  fi
  read -r _ confirm_until confirm_from from_release <.deploy/confirm
  if [ "$(date +%s)" -ge "$((confirm_until + 5))" ]; then
    # The timer waits for our lock, or is gone: its time is over all the same.
    target=$(share_color "$from")
    from=$confirm_from
    rm -f .deploy/confirm
    if can_return && color_well "$(share_color "$from")"; then
      give_back
      record_history "$target" "$from" returned 'confirmed too late'
      fail refused "the confirmation came too late: traffic is back on $from"
    fi
    fail refused "the confirmation came too late, but $from is not well: traffic stays on $target"
  fi
  # This also takes the request to confirm away.
  target=$(share_color "$from")
  fence=$(recorded_fence)
  last_step=100
  start_timers
  journal confirmed
  record_history "$from" "$from" confirmed "$reason"
  say "The switch to $from is confirmed."
}
recover() { :; }
`,K`
# Traefik reads its folder at every change in it: of a file that is only half there it would forget the routers.
replace_config() {
  replace_words='new=$(mktemp "\${2%/*}/.deploy-actions.XXXXXX") || exit 1; cp -p "$2" "$new" && cat "$1" >"$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }'
  sh -c "$replace_words" sh "$1" "$config_file" 2>/dev/null || as_root sh -c "$replace_words" sh "$1" "$config_file"
}

# place_share FILE: as Traefik's file of the share. As root as long as the folder is not ours to write.
place_share() {
  if [ -w "$watched" ]; then put_share "$1"
  else need_root sh -c 'new=$(mktemp "\${2%/*}/.deploy-actions.XXXXXX") || exit 1; cat "$1" >"$new" && chmod 0644 "$new" && chown "$3" "$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }' sh "$1" "$share_file" "$login"; fi
}

# The file of the share as it was before this run: the site that is put back knows that one.
put_share_back() {
  [ "$proxy" = traefik ] && [ -f "$run/share-placed" ] || return 0
  if [ -f "$run/share-before" ]; then place_share "$run/share-before"
  else rm -f "$share_file" 2>/dev/null || as_root rm -f "$share_file"; fi
}

# Traefik's answers show that it reads the folder, before anything else is changed there.
prepare_traefik() {
  share_file=$watched/deploy-actions-$project.yml
  share=$(traffic_observe) || share=
  if [ -z "$share" ] || [ "$fresh" = 1 ]; then share=$first_share; fi
  if [ ! -w "$watched" ]; then
    # shellcheck disable=SC2012 # one folder, for its rights and its group
    case $(ls -ld "$watched" | awk '{ print $1, $4 }') in
      d??????r[-w][xt]*" root" | d??????r[-w][xt]*" $login_group") ;;
      *) fail refused "$login may not write in $watched, and making it the group's would keep others out" "An administrator can run: setfacl -m u:$login:rwx $watched" ;;
    esac
  fi
  [ ! -f "$share_file" ] || cp "$share_file" "$run/share-before"
  : >"$run/share-placed"
  place_share "$files/shares/$share.yml" || fail refused "a file cannot be renamed into $watched"
  if ! wait_until "$verify_seconds" "$proxy to read what is in $watched" reads_share; then
    put_share_back
    fail refused "$proxy does not take up what is put into $watched (status \${read_status:-none} from $verify_url)" "It must watch that folder (providers.file.directory), no file in it may be broken, and a router needs ruleSyntax: v2 where that is the default: its log says which. If $verify_url leads elsewhere, such as from http to https, give verify-url."
  fi
  if [ ! -w "$watched" ]; then
    # Sticky: the administrator's files in it stay theirs alone.
    need_root chgrp "$login_group" "$watched"
    need_root chmod g+w,+t "$watched"
  fi
}
reads_share() {
  read_answer=$(ask "$(share_color "$share")" 1)
  read_status=\${read_answer%% *}
  [ "$(printf '%s\n' "$read_answer" | awk '{ print $3 }')" = "$(share_color "$share")" ]
}
`,K`
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 77; fi
}

operate() {
  [ -z "$docker_host" ] || export DOCKER_HOST="$docker_host"
  phase prepare
  if [ ! -w "$folder" ] && ! as_root install -d -m 0755 -o "$login" -g "$login_group" "$folder"; then
    fail refused "$folder cannot be made" "An administrator can run, on the server: install -d -m 0755 -o $login -g $login_group $folder"
  fi
  mkdir -p proxy && chmod 0755 proxy
  # What was prepared before stays: the colours' part is in it.
  if [ ! -f proxy/Caddyfile ]; then cp "$files/Caddyfile" proxy/Caddyfile && chmod 0644 proxy/Caddyfile; fi
  for managed_color in blue green; do
    docker network inspect --format . "zz_\${project}_$managed_color" >/dev/null 2>&1 ||
      docker network create --label "deploy-actions.project=$project" "zz_\${project}_$managed_color" >/dev/null ||
      fail remote "the network zz_\${project}_$managed_color could not be made"
  done
  managed_name=$project-proxy
  managed_want="$image $ports $certificate $key"
  if [ "$(docker inspect --format '{{index .Config.Labels "deploy-actions.proxy"}} {{.State.Running}}' "$managed_name" 2>/dev/null)" = "$managed_want true" ]; then
    say "$managed_name runs already"
    return 0
  fi
  docker image inspect --format . "$image" >/dev/null 2>&1 || run "the image $image" docker pull --quiet "$image" || fail remote "the image $image could not be pulled"
  docker rm -f "$managed_name" >/dev/null 2>&1
  set --
  for managed_port in $ports; do
    case $managed_port in *:*) set -- "$@" --publish "$managed_port" ;; *) set -- "$@" --publish "$managed_port:$managed_port" ;; esac
  done
  if [ -n "$certificate" ]; then
    set -- "$@" --volume "$certificate:/etc/deploy-actions/cert.pem:ro" --volume "$key:/etc/deploy-actions/key.pem:ro"
  fi
  phase start
  # One network at first: what is joined later sorts behind it.
  unlocked docker create --name "$managed_name" --restart unless-stopped --label "deploy-actions.project=$project" \
    --label "deploy-actions.proxy=$managed_want" --network "zz_\${project}_blue" --volume "$path/proxy:/etc/caddy:ro" \
    --volume "$folder:$folder:ro" --volume "\${project}_proxy-data:/data" "$@" --entrypoint caddy "$image" \
    run --config /etc/caddy/Caddyfile >/dev/null || fail remote "the container $managed_name could not be made"
  unlocked docker network connect "zz_\${project}_green" "$managed_name" || fail remote "$managed_name could not join the colours' networks"
  unlocked docker start "$managed_name" >/dev/null || fail remote "$managed_name does not start: are its ports ($ports) taken?"
  wait_until 20 "$managed_name to run" managed_runs || fail unhealthy "$managed_name does not stay up: $(docker logs --tail 5 "$managed_name" 2>&1 | tr '\n' ' ' | cut -c 1-400)"
  say "$managed_name answers on $ports"
}
managed_runs() { docker exec "$managed_name" caddy version >/dev/null 2>&1; }
recover() { :; }
`;let ey=K`
operate() {
  if [ "$expect_slot" != '*' ]; then
    slot_now=$(cat "$path/.deploy/color-$target" 2>/dev/null) || slot_now=
    [ "$slot_now" = "$expect_slot" ] ||
      fail refused "$target holds \${slot_now:-no whole release} by now, not \${expect_slot:-what was there}: another run deployed to it meanwhile, and no traffic was moved" 'Run it again: it decides by what is there now.'
  fi
  move_traffic
}
`;function ev(e,t,r){return void 0===r||r===t?e:{...e,"down-migrate":[],"restore-backup":[]}}let ek=["up","wait","finish"];async function eb(e,t,{clock:r,log:o,signal:n}){let a=I({clock:r,signal:n,onEvent:(e,t)=>em(o,`${e} | `,t)}),s=async()=>{if(await a.until(()=>a.failed()||a.runs.every(({state:e,outcome:t})=>t||"ready"===e)),a.failed())return!1;await a.go();let e=a.runs.find(({member:e})=>e.name===t);if(await a.until(()=>a.failed()||e?.outcome!==void 0||ek.includes(e?.phase??"")),a.failed())return!1;for(let t of a.runs){if(t===e||t.outcome)continue;let{path:r,directory:o}=t.run.reference;await y(t.run.session,r,o,[{name:"proceed",content:""}])}return!0};try{await a.start(e,!0),await s()||await a.cancel(),await a.until(()=>a.runs.every(({outcome:e})=>void 0!==e))}catch(e){throw await a.cancel(),e}return a.runs.map(({outcome:e})=>e)}class ex extends Error{column;constructor(e,t){super(`${e} at column ${t}`),this.name="JsonPathError",this.column=t}}function ej(e){return e.every(e=>e.singular&&!e.descendants)}function eE(e,t,r){let o=[t];for(let t of e){let e=[];for(let n of o)for(let o of t.descendants?function(e){let t=[],r=e=>{for(let o of(t.push(e),eS(e)))r(o)};return r(e),t}(n):[n])for(let n of t.selectors){for(let t of n(o,r))e.push(t);if(e.length>1e6)throw new ex("selects more than a million nodes",1)}o=e}return o}function eS(e){return Array.isArray(e)?e:eT(e)?Object.values(e):[]}function eT(e){return"object"==typeof e&&null!==e&&!Array.isArray(e)}let eR=e=>t=>eT(t)&&Object.hasOwn(t,e)?[t[e]]:[],eN=Symbol("nothing"),eO=(e,t,r)=>{let o=e.of(t,r);return"nodes"===e.kind?o.length>0:!0===o};function eA(e,t,r){let o=e.of(t,r);return"nodes"!==e.kind?o:1===o.length?o[0]:eN}function eI(e,t){if(e===t)return!0;if(Array.isArray(e)&&Array.isArray(t))return e.length===t.length&&e.every((e,r)=>eI(e,t[r]));if(eT(e)&&eT(t)){let r=Object.keys(e);return r.length===Object.keys(t).length&&r.every(r=>Object.hasOwn(t,r)&&eI(e[r],t[r]))}return!1}function eH(e,t){return"number"==typeof e&&"number"==typeof t?e<t:"string"==typeof e&&"string"==typeof t&&0>Buffer.compare(Buffer.from(e),Buffer.from(t))}let eC={"==":eI,"!=":(e,t)=>!eI(e,t),"<":eH,">":(e,t)=>eH(t,e),"<=":(e,t)=>eH(e,t)||eI(e,t),">=":(e,t)=>eH(t,e)||eI(e,t)};function ez(e,t){if("string"!=typeof e)return;let r="",o=!1;for(let t=0;t<e.length;t+=1){let n=e[t];"\\"===n?(r+=n+(e[t+1]??""),t+=1):"."!==n||o?("["===n&&(o=!0),"]"===n&&(o=!1),r+=n):r+="[^\\n\\r]"}try{return RegExp(t?`^(?:${r})$`:r,"u")}catch{return}}let eL={length:{takes:["value"],gives:"value",call:e=>"string"==typeof e?[...e].length:Array.isArray(e)?e.length:eT(e)?Object.keys(e).length:eN},count:{takes:["nodes"],gives:"value",call:e=>e.length},match:{takes:["value","value"],gives:"logical",call:(e,t)=>"string"==typeof e&&(ez(t,!0)?.test(e)??!1)},search:{takes:["value","value"],gives:"logical",call:(e,t)=>"string"==typeof e&&(ez(t,!1)?.test(e)??!1)},value:{takes:["nodes"],gives:"value",call:e=>1===e.length?e[0]:eN}};class eD{at=0;depth=0;text;constructor(e){this.text=e}get done(){return this.at>=this.text.length}get position(){return this.at}wrong(e){return new ex(e,this.at+1)}peek(e){return this.text.startsWith(e,this.at)}take(e){return!!this.peek(e)&&(this.at+=e.length,!0)}expect(e){if(!this.take(e))throw this.wrong(`expected "${e}"`)}match(e){e.lastIndex=this.at;let t=e.exec(this.text)?.[0];return void 0!==t&&(this.at+=t.length),t}blank(){this.match(/[ \t\n\r]*/y)}segments(){let e=[];for(;;){let t=this.at;if(this.blank(),this.take(".."))e.push({...this.peek("[")?this.bracketed():this.dotted(),descendants:!0});else if(this.take("."))e.push(this.dotted());else{if(!this.peek("["))return this.at=t,e;e.push(this.bracketed())}}}dotted(){if(this.take("*"))return{selectors:[eS],descendants:!1,singular:!1};let e=this.match(/[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}][\w\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]*/uy);if(void 0===e)throw this.wrong("expected a name or *");return{selectors:[eR(e)],descendants:!1,singular:!0}}bracketed(){this.expect("[");let e=[],t=!0;do{this.blank();let r=this.selector();e.push(r.selector),t&&=r.singular,this.blank()}while(this.take(","))return this.expect("]"),{selectors:e,descendants:!1,singular:t&&1===e.length}}selector(){let e,t;if(this.take("*"))return{selector:eS,singular:!1};if(this.peek('"')||this.peek("'"))return{selector:eR(this.string()),singular:!0};if(this.take("?")){this.blank();let e=this.logicalOr();return{selector:(t,r)=>eS(t).filter(t=>eO(e,t,r)),singular:!1}}let r=this.integer(),o=this.at;if(this.blank(),!this.take(":")){if(this.at=o,void 0===r)throw this.wrong("expected a name, an index, a slice, * or ?");return{selector:e=>{if(!Array.isArray(e))return[];let t=r<0?e.length+r:r;return t>=0&&t<e.length?[e[t]]:[]},singular:!0}}this.blank();let n=this.integer();return this.blank(),this.take(":")&&(this.blank(),e=this.integer()),{selector:(t=e??1,e=>{if(!Array.isArray(e)||0===t)return[];let o=e.length,a=e=>e>=0?e:o+e,s=[];if(t>0){let i=Math.min(Math.max(a(r??0),0),o),l=Math.min(Math.max(a(n??o),0),o);for(let r=i;r<l;r+=t)s.push(e[r])}else{let i=Math.min(Math.max(a(r??o-1),-1),o-1),l=Math.min(Math.max(void 0===n?-1:a(n),-1),o-1);for(let r=i;r>l;r+=t)s.push(e[r])}return s}),singular:!1}}integer(){let e=this.match(/-?\d+/y);if(void 0!==e){if(!/^(0|-?[1-9]\d*)$/.test(e)||!Number.isSafeInteger(Number(e)))throw this.wrong(`${e} is no index`);return Number(e)}}string(){let e=this.text[this.at];this.at+=1;let t="";for(;!this.take(e);){let r=this.match('"'===e?/[^"\\\0-\x1f]+/y:/[^'\\\0-\x1f]+/y);if(void 0!==r){t+=r;continue}let o=this.match(/\\(?:[bfnrt/\\]|u[0-9A-Fa-f]{4})/y);if(void 0!==o)t+=JSON.parse(`"${o}"`);else if(this.take(`\\${e}`))t+=e;else throw this.wrong("the text in quotes does not end or holds what must be escaped")}if(!t.isWellFormed())throw this.wrong("half of a surrogate pair");return t}deeper(e){if(this.depth+=1,this.depth>64)throw this.wrong("nested too deeply");let t=e();return this.depth-=1,t}logicalOr(){return this.deeper(()=>this.chain("||",()=>this.chain("&&",()=>this.basic())))}chain(e,t){let r=[t()];for(;;){let o=this.at;if(this.blank(),!this.take(e)){this.at=o;break}this.blank(),r.push(t())}return 1===r.length?r[0]:{kind:"logical",of:(t,o)=>"||"===e?r.some(e=>eO(e,t,o)):r.every(e=>eO(e,t,o))}}basic(){if(this.take("!")){this.blank();let e=this.peek("(")?this.parenthesis():this.test();return{kind:"logical",of:(t,r)=>!eO(e,t,r)}}if(this.peek("("))return this.parenthesis();let e=this.operand(),t=this.at;this.blank();let r=this.match(/==|!=|<=|>=|<|>/y);if(void 0===r)return this.at=t,this.asTest(e);this.blank();let o=this.operand();for(let t of[e,o])if("logical"===t.kind||"nodes"===t.kind&&!t.singular)throw this.wrong("only single values can be compared");let n=eC[r];return{kind:"logical",of:(t,r)=>n(eA(e,t,r),eA(o,t,r))}}parenthesis(){this.expect("("),this.blank();let e=this.logicalOr();return this.blank(),this.expect(")"),{kind:"logical",of:(t,r)=>eO(e,t,r)}}test(){return this.asTest(this.operand())}asTest(e){if(e.literal||"value"===e.kind)throw this.wrong("a value alone is no condition; compare it");return e}operand(){let e=e=>({kind:"value",of:()=>e,literal:!0});if(this.peek('"')||this.peek("'"))return e(this.string());let t=this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);if(void 0!==t)return e(Number(t));if(this.peek("@")||this.peek("$"))return this.query();let r=this.match(/[a-z][a-z0-9_]*/y);if(void 0===r)throw this.wrong("expected a value, @, $ or a function");if(this.peek("("))return this.call(r);if("true"===r||"false"===r||"null"===r)return e(JSON.parse(r));throw this.wrong(`unknown word "${r}"`)}query(){let e=this.take("@");e||this.expect("$");let t=this.deeper(()=>this.segments());return{kind:"nodes",singular:ej(t),of:(r,o)=>eE(t,e?r:o,o)}}call(e){let t=Object.hasOwn(eL,e)?eL[e]:void 0;if(!t)throw this.wrong(`unknown function ${e}()`);this.expect("(");let r=[];if(this.blank(),!this.peek(")"))do this.blank(),r.push(this.deeper(()=>this.argument())),this.blank();while(this.take(","))if(this.expect(")"),r.length!==t.takes.length)throw this.wrong(`${e}() takes ${t.takes.length} arguments`);for(let[o,n]of t.takes.entries()){let t=r[o];if(!("nodes"===n?"nodes"===t.kind:"value"===t.kind||"nodes"===t.kind&&t.singular))throw this.wrong(`argument ${o+1} of ${e}() must be ${"nodes"===n?"a query":"a single value"}`)}return{kind:t.gives,of:(e,o)=>t.call(...r.map((r,n)=>"nodes"===t.takes[n]?r.of(e,o):eA(r,e,o)))}}argument(){let e=this.at,t=this.operand();return(this.blank(),this.peek(",")||this.peek(")"))?t:(this.at=e,this.logicalOr())}}function eM(e,t){if(e===t)return!0;let[r,o]=e.length<t.length?[e,t]:[t,e];return/^[0-9a-f]{7,}$/i.test(r)&&/^[0-9a-f]{40}$/i.test(o)&&o.toLowerCase().startsWith(r.toLowerCase())}!function(e){let t=[];for(let r of e.split(/[\s,]+/).filter(e=>""!==e)){let e=/^([1-5])xx$/i.exec(r)??/^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(r);if(!e)return;let o=1===e[1].length?100*Number(e[1]):Number(e[1]),n=1===e[1].length?o+99:Number(e[2]??e[1]);if(n<o)return;t.push([o,n])}0!==t.length&&e.trim()}("200-399");var eP=r(8522),eU=r.n(eP);class eF extends Error{phase;code;timedOut;sent;status;constructor(e,t){super(e,void 0===t.cause?void 0:{cause:t.cause}),this.name="HttpError",this.phase=t.phase,this.code=t.code,this.timedOut=t.timedOut??!1,this.sent=t.sent??!1,this.status=t.status}}function eq(e){return e instanceof AggregateError&&e.errors.length>0?eq(e.errors[0])??eG(e):eG(e)}function eG(e){if("object"==typeof e&&null!==e&&"code"in e)return"string"==typeof e.code?e.code:void 0}let eB={ECONNREFUSED:"connection refused",ECONNRESET:"connection reset",EPIPE:"connection closed by the other side",ETIMEDOUT:"connection timed out",EHOSTUNREACH:"host unreachable",ENETUNREACH:"network unreachable",EADDRNOTAVAIL:"address not available here",ENOTFOUND:"the name does not resolve",EAI_AGAIN:"the name server does not answer",CERT_HAS_EXPIRED:"the certificate has expired",CERT_NOT_YET_VALID:"the certificate is not valid yet",DEPTH_ZERO_SELF_SIGNED_CERT:"the certificate is self-signed",SELF_SIGNED_CERT_IN_CHAIN:"the certificate chain ends in an unknown self-signed certificate",UNABLE_TO_VERIFY_LEAF_SIGNATURE:"the certificate is signed by an unknown authority, or its chain is incomplete",UNABLE_TO_GET_ISSUER_CERT_LOCALLY:"the certificate is signed by an unknown authority",ERR_TLS_CERT_ALTNAME_INVALID:"the certificate is for another name",ERR_SSL_WRONG_VERSION_NUMBER:"the other side does not speak TLS",ERR_SSL_PACKET_LENGTH_TOO_LONG:"the other side does not speak TLS",EPROTO:"the TLS handshake failed"};function eW(e){let t=eq(e),r=void 0===t?void 0:eB[t];if(r)return`${r} (${t})`;let o=e instanceof Error?e.message:String(e);return t&&!o.includes(t)?`${o} (${t})`:o}let eX=new Set(["gzip","x-gzip","deflate","br",..."createZstdDecompress"in eU()?["zstd"]:[]]);function eZ(e,t){return new eF(`${e}: the answer's Content-Encoding "${t}" is not known`,{phase:"body",code:"UNDECODABLE",sent:!0})}var eV=r(1553),eK=r(7030),eY=r(1692);class eJ extends Error{ms;constructor(e){super(`no answer within ${e} ms`),this.name="TimeLimit",this.ms=e}}class eQ{reason;#e=!1;#t=new Set;get ended(){return this.#e}throwIfEnded(){if(this.#e)throw this.reason}onEnd(e){return this.#t.add(e),()=>this.#t.delete(e)}end(e){if(!this.#e){for(let t of(this.#e=!0,this.reason=e,[...this.#t]))t();this.#t.clear()}}}let e1=new WeakMap;async function e0(e,t,r){let o,n=new eQ;e instanceof eQ?(e.throwIfEnded(),o=e.onEnd(()=>n.end(e.reason))):e&&(e.throwIfAborted(),o=function(e,t){let r=e1.get(e);if(!r){let t=new Set;e.addEventListener("abort",()=>[...t].forEach(t=>t.end(e.reason)),{once:!0}),e1.set(e,t),r=t}return r.add(t),()=>r.delete(t)}(e,n));let a=setTimeout(()=>n.end(new eJ(t)),t);try{return await r(n)}finally{clearTimeout(a),o?.()}}function e2(e,t){return new Promise((r,o)=>{let n=()=>o(t.reason);t.ended&&n();let a=t.onEnd(n);e.then(r,o).finally(a)})}function e5(e,t){return`${e.includes(":")?`[${e}]`:e}:${t}`}async function e3(e,t,r){var o,n,a,s,i,l,c,d;let $,f,h;r.throwIfEnded();let u=t.address??e.host,_=t.addressPort??e.port,p={dns:0,tcp:0,tls:0},m=performance.now();if(t.dial)$=await e4(t.dial,u,_,r);else{let e=await e7(u,t.family,r);p.dns=performance.now()-m,$=await (o=u,n=_,a=e,s=r,new Promise((e,t)=>{let r=(0,eK.connect)({host:o,port:n,lookup:(e,t,r)=>{t.all?r(null,a):r(null,a[0].address,a[0].family)},autoSelectFamily:!0,noDelay:!0}),i=s.onEnd(()=>{r.destroy(),t(tt("tcp",e5(o,n),s))});r.once("connect",()=>{i(),r.removeAllListeners("error"),e(r)}),r.once("error",e=>{i(),t(new eF(`${e5(o,n)}: ${eW(e)}`,{phase:"tcp",code:eq(e),cause:e}))})}))}p.tcp=performance.now()-m-p.dns;let g="remoteAddress"in $?$.remoteAddress:void 0;if(!e.secure)return{socket:$,timings:p,remoteAddress:g,certificate:void 0};let w=performance.now(),y=await (i=$,l=e,c=t,d=r,f=c.servername??l.host,h=e5(l.host,l.port),new Promise((e,t)=>{var r;let o,n=(0,eY.connect)({socket:i,host:f,servername:0===(0,eK.isIP)(f)?f:"",ALPNProtocols:["http/1.1"],rejectUnauthorized:!c.insecure,checkServerIdentity:(e,t)=>c.insecure?void 0:(0,eY.checkServerIdentity)(f,t),...c.ca?{secureContext:(r=c.ca,(o=e8.get(r))||(o=(0,eY.createSecureContext)({ca:[...(0,eY.getCACertificates)("default"),r]}),e8.set(r,o)),o)}:{}}),a=()=>{l(),n.removeAllListeners("error"),n.removeAllListeners("close"),n.on("error",()=>{})},s=e=>{a(),n.destroy(),i.destroy(),t(e)},l=d.onEnd(()=>s(tt("tls",h,d)));n.once("secureConnect",()=>{a(),e(n)}),n.once("error",e=>{s(new eF(`${h}: ${eW(e)}`,{phase:"tls",code:eq(e),cause:e}))}),n.once("close",()=>{s(new eF(`${h}: connection closed during the TLS handshake`,{phase:"tls",code:"ECONNRESET"}))})}));return p.tls=performance.now()-w,{socket:y,timings:p,remoteAddress:g,certificate:function(e){let t=e.getPeerCertificate();if(!t||0===Object.keys(t).length)return;let r=e=>Object.entries(e??{}).map(([e,t])=>`${e}=${String(t)}`).join(", ");return{subject:r(t.subject),issuer:r(t.issuer),names:t.subjectaltname??"",validFrom:new Date(t.valid_from),validTo:new Date(t.valid_to),fingerprint256:t.fingerprint256,serialNumber:t.serialNumber}}(y)}}let e9=[{address:"127.0.0.1",family:4},{address:"::1",family:6}],e6=new Map;async function e7(e,t,r){let o=(0,eK.isIP)(e);if(0!==o){if(void 0!==t&&o!==t)throw new eF(`${e} is not an IPv${t} address`,{phase:"dns"});return[{address:e,family:o}]}if("localhost"===e.toLowerCase())return e9.filter(e=>void 0===t||e.family===t);let n=`${t??0} ${e}`,a=e6.get(n);a||(a=(0,eV.lookup)(e,{all:!0,family:t??0}).finally(()=>e6.delete(n)),e6.set(n,a));try{return await e2(a,r)}catch(n){if(r.ended)throw tt("dns",e,r);let o=t&&"ENOTFOUND"===eq(n)?`no IPv${t} address (ENOTFOUND)`:eW(n);throw new eF(`${e}: ${o}`,{phase:"dns",code:eq(n),cause:n})}}async function e4(e,t,r,o){let n=e(t,r);try{return await e2(n,o)}catch(e){if(o.ended)throw n.then(e=>e.destroy()).catch(()=>{}),tt("tcp",e5(t,r),o);if(e instanceof eF)throw e;throw new eF(`${e5(t,r)}: ${eW(e)}`,{phase:"tcp",code:eq(e),cause:e})}}let e8=new Map,te={dns:"the name did not resolve",tcp:"no connection",proxy:"no answer from the proxy",tls:"no TLS handshake",http:"no answer",body:"the answer did not end",redirect:"no answer"};function tt(e,t,r,o={}){let{reason:n}=r;return n instanceof eJ?new eF(`${t}: ${te[e]} within ${Math.round(n.ms)} ms`,{phase:e,timedOut:!0,...o}):n}class tr extends Error{}async function to(){return(await Promise.resolve().then(r.t.bind(r,3701,23))).default}async function tn(e,t){let r=await to(),o=!1;return{client:new r(`http://${t}`,{pipelining:1,headersTimeout:0,bodyTimeout:0,keepAliveTimeout:4e3,maxHeaderSize:65536,connect:(t,r)=>{if(o)return r(new tr("closed"),null);o=!0,r(null,e.socket)}}),connection:e,openedAt:performance.now()}}let ta=new Set(["UND_ERR_INVALID_ARG","UND_ERR_NOT_SUPPORTED","UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);function ts([e,t]){return"transfer-encoding"===e||"content-length"===e&&!/^0+$/.test(t)}function ti(e){let t="https:"===e.protocol||"wss:"===e.protocol;return{host:e.hostname.replace(/^\[(.*)\]$/,"$1"),port:""===e.port?t?443:80:Number(e.port),secure:t}}async function tl(e,t,r,o){let{socket:n}=await e3(e.endpoint,{ca:r.ca},o),a=e5(t.host,t.port),s=`proxy ${e5(e.endpoint.host,e.endpoint.port)}`,i=[`CONNECT ${a} HTTP/1.1`,`Host: ${a}`,...e.authorization?[`Proxy-Authorization: ${e.authorization}`]:[],"",""].join(`\r
`),{status:l,rest:c}=await function(e,t,r,o,n="proxy"){return new Promise((a,s)=>{let i=Buffer.alloc(0),l=()=>{d(),e.removeListener("data",h),e.removeListener("error",$),e.removeListener("close",f),e.pause()},c=t=>{l(),e.on("error",()=>{}),e.destroy(),s(t)},d=o.onEnd(()=>c(tt(n,r,o,{sent:"http"===n}))),$=e=>c(new eF(`${r}: ${e.message}`,{phase:n,cause:e,sent:"http"===n})),f=()=>c(new eF(`${r}: connection closed before an answer`,{phase:n,sent:"http"===n})),h=e=>{let t=(i=Buffer.concat([i,e])).indexOf(`\r
\r
`);if(t<0){i.length>65536&&c(new eF(`${r}: the head of the answer is too long`,{phase:n}));return}let o=i.subarray(0,t).toString("latin1").split(`\r
`),s=/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(o[0])?.[1];if(void 0===s)return c(new eF(`${r}: the answer is not HTTP/1`,{phase:n}));l(),a({status:Number(s),lines:o.slice(1),rest:i.subarray(t+4)})};e.on("data",h),e.on("error",$),e.on("close",f),e.write(t)})}(n,i,s,o);if(l<200||l>299){n.destroy();let e=407===l?": it wants a user and password in the proxy variable":"";throw new eF(`${s} refused a tunnel to ${a} with status ${l}${e}`,{phase:"proxy",status:l})}return c.length>0&&n.unshift(c),n}let tc=new Set(["accept","accept-language","accept-encoding","user-agent","cache-control","pragma","range","content-type"]);function td(e,t,r={},o){if(e===t||e.origin===t.origin)return r;let n=ti(e),a=e.hostname===t.hostname,s=o?.(n);if(void 0!==s){let{family:e,ca:t,dial:o}=r;return a?{...r,address:s,addressPort:void 0}:{family:e,ca:t,dial:o,address:s}}if(!a)return{family:r.family,ca:r.ca,dial:r.dial};if(void 0===r.addressPort)return r;let{host:i,port:l}=ti(t);throw new eF(`${e5(i,l)}: the redirect leads away from the given address ${e5(r.address??i,r.addressPort)}, to ${e.protocol}//${e5(n.host,n.port)}`,{phase:"redirect",sent:!0})}async function t$(e,t,r){if(0===t)return{answer:await r(e),hop:e,redirects:0};let o=e,n=new Set,a=new Set;for(let e=0;;e+=1){var s;let i=await r(o),l=i.headers.find(([e])=>"location"===e)?.[1];if(301!==(s=i.status)&&302!==s&&303!==s&&307!==s&&308!==s||void 0===l)return{answer:i,hop:o,redirects:e};let{host:c,port:d}=ti(o.url),$=e5(c,d),f={phase:"redirect",status:i.status,sent:!0},h=`${o.method} ${o.url.href}`;if(!a.has(h)&&i.headers.some(([e])=>"set-cookie"===e)?(a.add(h),n.clear()):n.add(h),o=function(e,t,r,o){let n,a=e=>new eF(`${o}: redirect (${t}) ${e}`,{phase:"redirect",status:t,sent:!0});try{n=new URL(r,e.url)}catch{throw a("to something that is not a URL")}if("http:"!==n.protocol&&"https:"!==n.protocol)throw a(`to ${n.protocol} is not followed`);if("https:"===e.url.protocol&&"http:"===n.protocol)throw a("from https to http is not followed");n.username="",n.password="",n.hash="";let s=303===t&&"GET"!==e.method&&"HEAD"!==e.method||(301===t||302===t)&&"POST"===e.method,i=s?"GET":e.method,l=s?void 0:e.body,c=n.origin===e.url.origin;if(!c&&void 0!==l)throw a("would carry the body to another origin and is not followed");let d=e.headers.filter(([e])=>(c||tc.has(e))&&!(void 0===l&&e.startsWith("content-")));return{method:i,url:n,headers:c?d:d.filter(([e])=>"host"!==e),body:l}}(o,i.status,l,$),n.has(`${o.method} ${o.url.href}`))throw new eF(`${$}: redirects go round in a circle, ${e+1} of them`,f);if(e+1>t)throw new eF(`${$}: more than ${t} redirects`,f)}}async function tf(e,t,r,o){let n=ti(e);return t?n.secure?await e3(n,{...r,dial:()=>tl(t,n,r,o)},o):await e3(t.endpoint,{ca:r.ca},o):await e3(n,r,o)}function th(e,t){let r;try{r=new URL(e.url)}catch{throw new eF("the address is not a URL",{phase:"http"})}if("http:"!==r.protocol&&"https:"!==r.protocol)throw new eF(`${r.protocol}// is not http:// or https://`,{phase:"http"});let o=[],n=e=>o.some(([t])=>t===e);for(let[t,r]of Object.entries(e.headers??{})){let e=t.toLowerCase();for(let a of Array.isArray(r)?r:void 0===r?[]:[r]){if(tu.has(e)&&n(e))throw new eF(`header ${t} is given twice: leave one out`,{phase:"http"});o.push([e,function(e,t,r){if(!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(e))throw new eF("a header name holds a character that is not allowed",{phase:"http"});if(/[\0-\x08\n-\x1f\x7f]/.test(r)){let t=/[\0\r\n]/.test(r)?"line break or NUL":"control character";throw new eF(`header ${e} holds a ${t}`,{phase:"http"})}let o=t_.get(t);if(void 0!==o)throw new eF(`header ${e} cannot be sent: leave it out, ${o}`,{phase:"http"});if("connection"===t&&!/^(close|keep-alive)$/i.test(r))throw new eF(`header ${e} can only be close or keep-alive`,{phase:"http"});return/^[\x00-\xff]*$/.test(r)?r:Buffer.from(r,"utf8").toString("latin1")}(t,e,a)])}}if(n("user-agent")||o.push(["user-agent",t]),n("accept-encoding")||!1===e.decode||o.push(["accept-encoding","gzip, deflate, br"]),""!==r.username&&!n("authorization")){let e=`${decodeURIComponent(r.username)}:${decodeURIComponent(r.password)}`;o.push(["authorization",`Basic ${Buffer.from(e).toString("base64")}`])}""!==r.username&&(r.username=""),""!==r.password&&(r.password=""),""!==r.hash&&(r.hash="");let a=void 0===e.body?void 0:Buffer.from(e.body);return{method:(e.method??"GET").toUpperCase(),url:r,headers:o,body:a}}let tu=new Set(["host","content-length"]),t_=new Map([["expect","the body is sent at once"],["transfer-encoding","the body goes with its length"],["upgrade","only HTTP/1.1 is spoken"],["keep-alive","connections are kept without it"]]);var tp=r(7075);let tm=`command -v curl >/dev/null 2>&1 || exit 127
exec curl --config -
`,tg=`command -v wget >/dev/null 2>&1 || exit 127
exec wget -q -S -O - -T "$1" "$2"
`,tw={5:["proxy","the proxy does not resolve"],6:["dns","the name does not resolve"],7:["tcp","connection refused or unreachable"],18:["body","connection closed in the middle of the answer"],35:["tls","the TLS handshake failed"],51:["tls","the certificate is for another name"],52:["http","connection closed without an answer"],56:["http","connection reset"],60:["tls","the certificate is not trusted, has expired or is for another name"],61:["body","the answer cannot be decoded"]};async function ty(e,t){let r=performance.now()+(t.deadline??3e4),o=th(t,"deploy-actions"),{answer:n,hop:a,redirects:s}=await t$(o,t.redirects??0,async n=>{let a=await tv(e,{...t,method:n.method,url:n.url,headers:function(e){let t={};for(let[r,o]of e)(t[r]??=[]).push(o);return t}(n.headers),body:n.body,connect:td(n.url,o.url,t.connect,t.addressFor),deadline:Math.max(1,r-performance.now())});return{response:a,status:a.status,headers:a.headerList}});return{...n.response,url:a.url.href,redirects:s}}async function tv(e,t){var r;let o,n,a,s=new URL(t.url),{host:i,port:l}=ti(s),c=`${e5(i,l)} (curl on the server)`,d=t.deadline??3e4,$=t.maxBytes??0xa00000,f=performance.now(),h=(r=$+65536,o=[],n=0,{push:e=>(n<r&&o.push(e),(n+=e.length)<r),bytes:()=>Buffer.concat(o)}),u=new AbortController,_="";try{let r=await e.run({script:tm,input:function(e,t,r){let o=e=>`"${e.replace(/[\\"]/g,"\\$&").replace(/\n/g,"\\n").replace(/\r/g,"\\r").replace(/\t/g,"\\t")}"`,{connect:n={}}=e,a=ti(t),s=""===t.username?void 0:`${decodeURIComponent(t.username)}:${decodeURIComponent(t.password)}`,i=new URL(t);i.username="",i.password="";let l=[`url = ${o(i.href)}`,"silent","show-error","include","globoff","http1.1",'noproxy = "*"',`request = ${o((e.method??"GET").toUpperCase())}`,`max-time = ${(r/1e3).toFixed(3)}`,'header = "Accept-Encoding: identity"','user-agent = "deploy-actions"'];for(let[t,r]of("HEAD"===(e.method??"GET").toUpperCase()&&l.push("head"),void 0!==s&&l.push(`user = ${o(s)}`),Object.entries(e.headers??{})))for(let e of Array.isArray(r)?r:void 0===r?[]:[r]){if(/[\r\n\0]/.test(t+e))throw new eF(`header ${t} holds a line break or NUL`,{phase:"http"});"accept-encoding"!==t.toLowerCase()&&l.push(`header = ${o(""===e?`${t};`:`${t}: ${e}`)}`)}if(void 0!==e.body){let t=Buffer.from(e.body).toString("utf8");if(t.includes("\0"))throw new eF("a body with NUL cannot be sent by curl on the server",{phase:"http"});l.push(`data-raw = ${o(t)}`),Object.keys(e.headers??{}).some(e=>"content-type"===e.toLowerCase())||l.push('header = "Content-Type:"')}if(void 0!==n.address||void 0!==n.addressPort){let e=e5(n.address??a.host,n.addressPort??a.port);l.push(`connect-to = ${o(`${e5(a.host,a.port)}:${e}`)}`)}if(n.family&&l.push(`ipv${n.family}`),n.insecure&&l.push("insecure"),n.ca)throw new eF("`ca` cannot be given to curl on the server; add it to the trusted ones there",{phase:"tls"});if(n.servername&&a.secure)throw new eF("`servername` cannot be given to curl on the server",{phase:"tls"});return`${l.join(`
`)}
`}(t,s,d),timeout:d+5e3,signal:t.signal?AbortSignal.any([u.signal,t.signal]):u.signal,onStdout(e){h.push(e)||u.abort(Error("enough"))}});a=r.code,_=r.stderr.toString("utf8").trim()}catch(e){if(!u.signal.aborted)throw e;a=0}if(127===a)return await tb(e,t,s,c,d);if(0!==a)throw tk(a,_,c,d);return tj(h.bytes(),s,c,$,performance.now()-f)}function tk(e,t,r,o){if(28===e)return new eF(`${r}: no answer within ${Math.round(o)} ms`,{phase:"http",timedOut:!0,sent:!0});let n=tw[e],a=t.replace(/^curl: \(\d+\) /,"").split(`
`)[0]??"";return n?new eF(`${r}: ${n[1]} (curl exit code ${e})`,{phase:n[0],sent:"http"===n[0]||"body"===n[0]}):new eF(`${r}: curl ended with exit code ${e}: ${a}`,{phase:"http",sent:!0})}async function tb(e,t,r,o,n){let a=(t.method??"GET").toUpperCase(),s=Object.keys(t.headers??{}).filter(e=>!/^(accept|user-agent|accept-encoding)$/i.test(e));if("GET"!==a||0!==s.length||void 0!==t.body||""!==r.search||""!==r.username||t.connect?.address!==void 0||t.connect?.addressPort!==void 0||void 0!==t.addressFor&&(t.redirects??0)!==0)throw new eF(`${o}: the server forbids TCP forwarding and has no curl, and wget would show headers, query or body to everybody on the server and takes no address; install curl there`,{phase:"tcp"});let i=performance.now(),{code:l,stdout:c,stderr:d}=await e.run({script:tg,args:[String(Math.max(1,Math.ceil(n/1e3))),r.href],timeout:n+5e3,signal:t.signal}),$=d.toString("utf8");if(127===l)throw new eF(`${o}: the server forbids TCP forwarding and has neither curl nor wget; install curl there`,{phase:"tcp"});let f=[...$.matchAll(/HTTP\/1\.[01] (\d{3})/g)].at(-1)?.[1];if(void 0===f&&0!==l){let e=/resolv|bad address/i.test($)?"dns":/ssl|tls|certificate/i.test($)?"tls":/refused|unreachable|connect/i.test($)?"tcp":"http";throw new eF(`${o}: ${$.trim().split(`
`).at(-1)??`wget ended with exit code ${l}`}`,{phase:e})}let h=$.split(`
`).filter(e=>/^\s+[\w-]+: /.test(e)).map(e=>e.trim()),u=Buffer.from(`HTTP/1.1 ${f??200} \r
${h.map(e=>`${e}\r
`).join("")}\r
`,"latin1");return tj(Buffer.concat([u,c]),r,o,t.maxBytes??0xa00000,performance.now()-i)}async function tx(e,t,r,o){let n=`${e5(t,r)} (curl on the server)`,a=(Math.max(100,o)/1e3).toFixed(3),{code:s,stderr:i}=await e.run({script:`command -v curl >/dev/null 2>&1 || exit 127
curl -sS --noproxy '*' --connect-timeout "$1" --max-time "$1" "telnet://$2" </dev/null >/dev/null
`,args:[a,e5(t,r)],timeout:o+5e3});if(127===s)throw new eF(`${n}: the server forbids TCP forwarding and has no curl; install it there`,{phase:"tcp"});let l=i.toString("utf8");if(!(0===s||28===s&&!/connect/i.test(l)||56===s))throw tk(s,l,n,o)}function tj(e,t,r,o,n){let a=e;for(;;){let e=a.indexOf(`\r
\r
`),s=a.subarray(0,Math.max(0,e)).toString("latin1").split(`\r
`),[,i,l]=/^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(s[0])??[];if(e<0||void 0===i)throw new eF(`${r}: the answer is not HTTP`,{phase:"http",sent:!0});if(a=a.subarray(e+4),200>Number(i)&&101!==Number(i))continue;let c=s.slice(1).map(e=>{let t=e.indexOf(":");return[e.slice(0,t).toLowerCase(),e.slice(t+1).trim()]}),d={};for(let[e,t]of c)d[e]=e in d?`${d[e]}, ${t}`:t;return{status:Number(i),statusText:l??"",headers:d,headerList:c,body:a.subarray(0,o),truncated:a.length>o,timings:{dns:0,tcp:0,tls:0,firstByte:n,total:n},url:t.href,redirects:0,remoteAddress:void 0,certificate:void 0}}}let tE="FORWARD_FORBIDDEN";function tS(e){let t=e=>"string"==typeof e?e:"";return e.history.map(e=>({operation:t(e.operation),deployment_id:t(e.deployment_id),release:t(e.release),outcome:t(e.outcome),bad:!0===e.bad,at:t(e.at),run_url:t(e.run_url),color:t(e.color),from:"string"==typeof e.from?e.from:void 0,to:"string"==typeof e.to?e.to:void 0}))}function tT(e){let t=e=>"string"==typeof e?e:"";return e.releases.map(e=>{let r=e.migrations??{};return{id:t(e.id),version:t(e.version),sha:t(e.sha),created:t(e.created),previous:t(e.previous),color:t(e.color),images:e.images??{},migrations:{ran:!0===r.ran,reversible:!0===r.reversible,stateBefore:t(r.state_before),stateAfter:t(r.state_after)}}}).filter(e=>""!==e.id).sort((e,t)=>e.created<t.created?-1:+(e.created>t.created))}function tR(e){let t=new Set;for(let r of e)r.bad?t.add(r.release):"taken-back"===r.outcome?t.delete(r.release):"succeeded"===r.outcome&&"deploy"===r.operation&&t.delete(r.release);return t}function tN(e){return"returned"===e.outcome}function tO(e){return("switch"===e.operation||"rollback"===e.operation)&&"succeeded"===e.outcome&&""!==e.release}function tA(e){let t,r=new Set;for(let o of e)tN(o)?(void 0!==t&&t!==o.release&&r.add(t),t=void 0):tO(o)&&(r.delete(o.release),t=o.release);return r}function tI(e,t){let r=function(e){let t=[],r=t;for(let o of e){let e="deploy"===o.operation&&""===o.color&&"succeeded"===o.outcome;if(""===o.release||!(e||tO(o)||tN(o)))continue;tN(o)&&(t=r),r=t;let n=t.indexOf(o.release);t=[...-1===n?t:t.slice(0,n),o.release]}return t}(tS(e));return e=>{let o=t.find(t=>t.id===e);return(o?.color?r[r.lastIndexOf(e)-1]:void 0)??o?.previous??""}}function tH(e,t){return(tC(e,t)?ec(e,t,ef(e)):void 0)??e.current.replace(/^releases\//,"")}function tC(e,t){return void 0!==e.share&&M.some(r=>e.containers.some(e=>e.project===`${t}-${r}`))}function tz(e,t,r){return ed(e,t,r).length>0}let tL={restored:"was taken back by itself",failed:"failed",interrupted:"was cut off"};function tD(e,t,r,o,n){let s,i=ec(e,t,r)??"",l=ec(e,t,P(r))??"",c=tT(e);if(!tz(e,t,r)){let t=c.find(e=>e.id===i);if(t&&"flip"!==n.mode)return tM(e,t,l,o,n);throw new a.HR("refused",`${r} has no containers any more, so the traffic cannot go back to it`,{remedy:"Deploy the release that you want to the idle colour, then switch."})}tU(e,l,i,n);let d=c.find(e=>e.id===i);if(n.runsHooks&&"flip"!==n.mode&&d?.color===r)return{kind:"recolor",to:r,from:e.share??"",fromRelease:l,release:d,reason:o};let $=(s=ed(e,t,r).filter(e=>"true"!==e.labels["deploy-actions.live-only"])).length>0&&s.every(e=>"running"===e.status&&"unhealthy"!==e.health)?"":"; its containers are started first";return{kind:"flip",to:r,from:e.share??"",fromRelease:l,release:i,slot:e.slots[r],reason:`${o}${$}`}}function tM(e,t,r,o,n){if("flip"===n.mode)throw new a.HR("refused",`${t.id} is in no colour that stands by, so the traffic cannot just be moved`,{input:"mode",remedy:"Use mode: auto."});if(tU(e,r,t.id,n),tC(e,n.project)){var s=e,i=t,l=r,c=o,d=n;let $=q(s.share??"");if($&&$.weight<100)throw new a.HR("refused",`a canary is on (${s.share}), so no colour is idle that ${i.id} could be brought up in`,{remedy:"End it first: `to: previous` goes back to what had all the traffic. Then roll back to the release."});let f=P(ef(s));if(""===i.color)throw new a.HR("refused",`${i.id} was deployed in place, before there were colours, and cannot be brought up as ${f}`,{remedy:`Deploy ${i.version} again with \`color: ${f}\` (ssh-compose-deploy), then move the traffic (blue-green-switch).`});let h=ec(s,d.project,f);if(s.confirm&&d.now<s.confirm.until+300&&h!==i.id)throw new a.HR("refused",`a switch waits to be confirmed: without that the traffic goes back to what is in ${f}, which ${i.id} would take the place of`,{remedy:"Roll back without `to`, which goes there at once, or confirm it (blue-green-switch with `to: confirm`). Then roll back to the release."});let u=void 0===h||h===i.id?"":`; ${f} held ${h}`;return{kind:"recolor",to:f,from:s.share??"",fromRelease:l,release:i,reason:`${c}${u}`}}if(""!==t.color)throw new a.HR("refused",`${t.id} was deployed to ${t.color}, and no proxy chooses between colours here`,{remedy:"Prepare the proxy (blue-green-switch with install: true), then move the traffic."});return{kind:"redeploy",from:r,release:t,reason:o}}function tP({migrations:e}){let{ran:t,reversible:r,stateBefore:o,stateAfter:n}=e;return t&&!r&&(""===o||o!==n)}function tU(e,t,r,o){let n;if(o.pastMigration)return;let s=tT(e),i=[...new Set([...function(e,t,r,o=t=>e.find(e=>e.id===t)?.previous??""){let n=[],a=new Set,s=e.find(e=>e.id===t);for(;s&&s.id!==r&&!a.has(s.id);){a.add(s.id),tP(s)&&n.push(s);let t=o(s.id);s=e.find(e=>e.id===t)}return n}(s,t,r,tI(e,s)),...(n=e=>s.find(t=>t.id===e)?.created??"",s.filter(t=>tA(tS(e)).has(t.id)&&t.id!==r&&tP(t)).filter(e=>e.created>n(r)&&e.created<=n(t)))])];if(0!==i.length)throw new a.HR("refused",`${i.map(e=>e.id).join(", ")} changed the schema, and nothing says that ${r||"the release before"} runs on it`,{input:"allow-past-migration",remedy:"Give `down-migrate`, restore a backup, or set allow-past-migration: true if the old code can run on the new schema."})}var tF=r(9254);let tq=/^[a-zA-Z0-9._-]+$/;function tG(e,t){let r={};for(let[o,n]of Object.entries(e.services))r[o]=t(n,o);return{...e,services:r}}r(6760);let tB="deploy-actions.hash",tW=new Set(["build","pull_policy","scale","depends_on","profiles","develop"]);function tX(e){return e.map(e=>`${e.step} ${e.kind} ${e.gate?"gate":"free"} ${e.replicas} ${e.hash} ${e.image} ${e.name}
`).join("")}function tZ(e){return(0,n.createHash)("sha256").update(e).digest("hex")}function tV(e,t){return Object.fromEntries(t.filter(t=>e?.[t]!==void 0).map(t=>[t,e[t]]))}let tK=(e,t)=>`${e}-${t}`,tY=(e,t)=>`zz_${e}_${t}`,tJ=`bring_up() {
  bad_services=
  repair_leftovers || return 1
  changed_services=$(not_current "$1" | tr '\\n' ' ')
  [ -n "$changed_services" ] || say 'every service is as the release wants it'
  _left=$changed_services
  while [ -n "$\{_left# }" ]; do
    _now=$(next_wave "$1" "$_left")
    start_services "$1" " $_now" || return 1
    _left=$(printf '%s\\n' $_left | grep -vxF "$(printf '%s\\n' $_now)" | tr '\\n' ' ')
    [ -z "$_left" ] || await_gates "$1" " $_now" || return 1
  done
  rejoin "$1" || return 1
  restart_dependents "$1" || return 1
  [ "$remove_orphans" != true ] || remove_orphans "$1"
}
rejoin() {
  [ -s "$1/joins" ] || return 0
  for _round in $(cat "$1/joins"); do
    survey "$scratch/containers" || return 1
    _lost=$(lost_joins "$1" | awk '!seen[$1]++ { printf " %s", $1 }')
    [ -n "$_lost" ] || return 0
    changed_services="$changed_services$\{_lost# } "
    start_services "$1" "$_lost" || return 1
  done
}
restart_dependents() {
  [ -s "$1/restarts" ] || return 0
  _restarts=$(awk -v changed=" $changed_services " '
    index(changed, " " $1 " ") { next }
    { for (i = 2; i <= NF; i++) if (index(changed, " " $i " ")) { printf " %s", $1; next } }
  ' "$1/restarts")
  [ -n "$_restarts" ] || return 0
  await_gates "$1" " $changed_services" || return 1
  say "restarts$_restarts, since what they need was recreated"
  _before=$(wc -c <"$run/log")
  run_locked "Compose to restart$_restarts" compose "$1" restart --no-deps $\{stop_timeout:+--timeout "$stop_timeout"} $_restarts
  _code=$?
  [ "$_code" -eq 0 ] && return 0
  bad_services=$_restarts
  problem="Compose could not restart$_restarts (exit code $_code)$(docker_reason "$_before")"
  return 1
}
next_wave() {
  _wave=$(awk -v left=" $2 " '
    index(left, " " $1 " ") == 0 { next }
    { for (i = 2; i <= NF; i++) if (index(left, " " $i " ")) next; print $1 }
  ' "$1/needs" | tr '\\n' ' ')
  printf '%s' "$\{_wave:-$2}" | sed 's/ *$//'
}
await_gates() {
  _gates=
  for _name in $(awk '$3 == "gate" { print $7 }' "$1/services"); do
    case "$2 " in *" $_name "*) _gates="$_gates $_name" ;; esac
  done
  [ -z "$_gates" ] || wait_healthy "$1" "$_gates"
}
start_services() {
  say "starts$2"
  _before=$(wc -c <"$run/log")
  _anew=
  if [ -s "$1/joins" ]; then
    survey "$scratch/containers" || return 1
    _anew=$(lost_joins "$1" | awk -v names="$2 " '!seen[$1]++ && index(names, " " $1 " ") { printf " %s", $1 }')
  fi
  compose_up "$1" "$(without "$2" "$_anew")" && compose_up "$1" "$_anew" --force-recreate
  _code=$?
  [ "$_code" -eq 0 ] && return 0
  bad_services=$2
  problem="Compose could not start$2 (exit code $_code)$(docker_reason "$_before")"
  return 1
}
compose_up() {
  [ -n "$\{2# }" ] || return 0
  run_locked "Compose to start$2" compose "$1" up --detach --no-deps --no-build --pull never --no-color --quiet-pull \\
    $\{stop_timeout:+--timeout "$stop_timeout"} $\{3:+"$3"} $2
}
without() {
  for _name in $1; do
    case "$2 " in *" $_name "*) ;; *) printf ' %s' "$_name" ;; esac
  done
}
docker_reason() {
  tail -c "+$(($1 + 1))" "$run/log" | sed -n 's/^ *Error response from daemon: /: /p; s/^ *[Ee]rror: /: /p' |
    tail -n 1 | cut -c 1-300
}
orphans() {
  awk '
    FILENAME == ARGV[1] { known[$7] = 1; next }
    FILENAME == ARGV[2] { known[$1] = 1; next }
    !($1 in known) { print $2, $12 }
  ' "$1/services" "$(existing "$1/dormant")" "$scratch/containers"
}
remove_orphans() {
  orphans "$1" >"$scratch/orphans"
  while read -r _id _name; do
    say "removes $\{_name#/}: its service is not part of the release"
    unlocked clean_env docker stop $\{stop_timeout:+--time "$stop_timeout"} "$_id" >/dev/null 2>&1
    unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
  done <"$scratch/orphans"
}
wait_healthy() {
  _wait_directory=$1
  _wait_names=$\{2:-}
  : >"$scratch/seen"
  _verdict=
  wait_until "$wait_timeout" "$(waiting_for "$_wait_names")" health_settled
  case $_verdict in
  well) return 0 ;;
  bad) ;;
  *)
    judge_health
    awk '$1 != "ok"' "$scratch/health" >"$scratch/health.bad"
    _cause="not healthy within $wait_timeout s"
    if cancelled; then
      _cause='the run was cancelled'
      result stopped true
    fi
    ;;
  esac
  bad_services=" $(awk '$1 != "ok" { print $2 }' "$scratch/health.bad" | sort -u | tr '\\n' ' ')"
  problem=$(awk '$1 != "ok" {
    name = $2; $1 = ""; $2 = ""; sub(/^ +/, ""); printf "%s%s %s", separator, name, $0; separator = "; "
  }' "$scratch/health.bad")
  [ "$_verdict" = bad ] || problem="$problem; $_cause"
  return 1
}
waiting_for() {
  if [ -n "$1" ]; then printf '%s to be healthy' "$\{1# }"; else printf 'every service to be healthy'; fi
}
health_settled() {
  judge_health || return 1
  if awk '$1 == "bad" { found = 1 } END { exit !found }' "$scratch/health"; then
    awk '$1 == "bad"' "$scratch/health" >"$scratch/health.bad"
    _verdict=bad
    return 0
  fi
  if awk '$1 != "ok" { found = 1 } END { exit found }' "$scratch/health"; then
    _verdict=well
    return 0
  fi
  return 1
}
judge_health() {
  survey "$scratch/containers" || return 1
  awk -v now="$(date -u +%H:%M:%S)" -v settle="$settle" -v patience="$patience" -v names="$_wait_names " -v changed="$changed_services" \\
    -v memory="$scratch/seen.new" '
    FILENAME == ARGV[1] { first[$1] = $2; ill[$1] = $3; next }
    FILENAME == ARGV[2] {
      count[$1]++
      n = count[$1]; id[$1, n] = $2; status[$1, n] = $5; code[$1, n] = $6; restarts[$1, n] = $7
      health[$1, n] = $8; oom[$1, n] = $9; started[$1, n] = $11
      next
    }
    {
      name = $7; kind = $2; replicas = $4
      if (names != " " && index(names, " " name " ") == 0) next
      if (count[name] < replicas) { print "wait", name, "has " count[name] + 0 " of " replicas " containers"; next }
      for (i = 1; i <= count[name]; i++) print judge(name, kind, i)
    }
    function seconds(time) {
      return substr(time, 1, 2) * 3600 + substr(time, 4, 2) * 60 + substr(time, 7, 2)
    }
    function judge(name, kind, i,    s, fresh, base, up) {
      s = status[name, i]
      fresh = index(" " changed " ", " " name " ") > 0
      base = fresh ? 0 : (id[name, i] in first) ? first[id[name, i]] : restarts[name, i]
      if (health[name, i] != "unhealthy") ill[id[name, i]] = ""
      else if (ill[id[name, i]] == "") ill[id[name, i]] = seconds(now)
      print id[name, i], base, ill[id[name, i]] >memory
      if (oom[name, i] == "true" && s != "running") return "bad " name " was killed for want of memory"
      if (kind == "once") {
        if (s == "exited") return code[name, i] == 0 ? "ok " name : "bad " name " exited with " code[name, i]
        if (s == "dead") return "bad " name " is dead"
        return "wait " name " has not finished"
      }
      if (s == "exited") return "bad " name " exited with " code[name, i]
      if (s == "dead" || s == "removing") return "bad " name " is " s
      if (restarts[name, i] - base >= 5) return "bad " name " restarts again and again, last exit code " code[name, i]
      if (s != "running") return "wait " name " is " s
      if (health[name, i] == "healthy") return "ok " name
      if (health[name, i] == "unhealthy") {
        s = (seconds(now) - ill[id[name, i]] + 86400) % 86400 >= patience ? "bad " : "wait "
        return s name " is unhealthy"
      }
      if (health[name, i] != "none") return "wait " name " is " health[name, i]
      up = (seconds(now) - seconds(substr(started[name, i], 12)) + 86400) % 86400
      if (!fresh || up >= settle) return "ok " name
      return "wait " name " has been up for " up " s only"
    }
  ' "$scratch/seen" "$scratch/containers" "$_wait_directory/services" >"$scratch/health"
  [ ! -f "$scratch/seen.new" ] || mv -f "$scratch/seen.new" "$scratch/seen"
}
settle=4
patience=5
gather_evidence() {
  survey "$scratch/containers"
  : >"$scratch/evidence"
  for _name in $1; do
    for _id in $(ids_of "$_name"); do
      container_evidence "$_id" >>"$scratch/evidence" 2>&1
    done
  done
  [ ! -s "$scratch/evidence" ] || details "$scratch/evidence"
}
container_evidence() {
  clean_env docker inspect --type container --format "$evidence_format" "$1" | grep .
  printf 'last lines:\\n'
  clean_env docker logs --tail 50 "$1" 2>&1 | cut -c 1-2000 | sed 's/^/  /'
}
evidence_format='== {{.Name}}: {{.State.Status}}, exit code {{.State.ExitCode}}, {{.RestartCount}} restarts{{if .State.OOMKilled}}, killed for want of memory{{end}}{{if .State.Error}}, {{.State.Error}}{{end}}{{if .State.Health}}
health: {{.State.Health.Status}}, {{.State.Health.FailingStreak}} failures in a row{{range .State.Health.Log}}
  {{.Start}} exit code {{.ExitCode}}: {{.Output}}{{end}}{{end}}'
`,tQ=`live_color() {
  live=
  canary=
  _share=$(sed -n 's/.*"share":"\\([a-z0-9-]*\\)".*/\\1/p' "$path/.deploy/traffic.json" 2>/dev/null)
  case $_share in
  blue | green) live=$_share ;;
  blue-* | green-*)
    canary=$_share
    live=$\{_share%%-*}
    ;;
  *) [ -z "$(plain_containers)" ] || live=blue ;;
  esac
}
plain_containers() {
  for _name in $(awk '{ print $7 }' "$color_table") $(awk '{ print $7 }' "$(existing "$color_live_only")"); do
    clean_env docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$base_project" \\
      --filter "label=com.docker.compose.service=$_name"
  done
}
check_color() {
  color_table=$files/release/services
  color_live_only=$files/release/live-only
  live_color
  [ -z "$canary" ] || stop refused "a canary is on ($canary): traffic goes to both colours" \\
    'Finish it with blue-green-switch first: to: blue or to: green.'
  [ "$live" != "$color" ] || stop refused "$color is live" 'Deploy the other colour: color: auto chooses it.'
  _until=0
  [ ! -f "$path/.deploy/confirm" ] || read -r _ _until _ <"$path/.deploy/confirm"
  [ "$(date +%s)" -ge "$((_until + 300))" ] || stop refused "the switch to $live waits to be confirmed: without that the traffic goes back to what is in $color" \\
    'Confirm it with blue-green-switch (to: confirm), roll back, or wait until its time is over.'
  _changed=$(awk '
    { key = $1 " " $2 " " $3 " " $4 }
    FILENAME == ARGV[1] { port[key] = $5; next }
    (key in port) && port[key] != $5 { print $2; exit }
  ' "$(existing "$path/.deploy/ports")" "$files/release/ports")
  [ -z "$_changed" ] || stop busy "another deployment allocated the ports of $_changed meanwhile" 'Run it again.'
  _later=$(clean_env docker ps --quiet --filter "label=com.docker.compose.project=$base_project" |
    while read -r _id; do networks_of "$_id"; done | awk -v ours="zz_$\{base_project}_" '$0 > ours && index($0, ours) != 1' | sort -u | head -n 1)
  [ -z "$_later" ] || stop refused "a shared service is on the network $_later, whose name sorts after zz_$\{base_project}_$color: joining that would move its default gateway and drop connections" \\
    'Give that network a name that sorts earlier.'
}
prepare_color() {
  for _one in blue green; do
    _network=zz_$\{base_project}_$_one
    clean_env docker network inspect --format . "$_network" >/dev/null 2>&1 ||
      unlocked clean_env docker network create --label "deploy-actions.project=$base_project" "$_network" >/dev/null ||
      { problem="the network $_network could not be made"; return 1; }
  done
  for _file in "$1"/volumes-*; do
    [ -f "$_file" ] || continue
    make_volume "$_file" || return 1
  done
  share_services "$1/shared" || return 1
  join_shared "$1/shared" || return 1
  { cat "$(existing "$path/.deploy/ports")" "$1/ports" 2>/dev/null; } | sort -u | write_file "$path/.deploy/ports"
  if [ "$color" = blue ]; then
    color_table=$1/services
    color_live_only=$1/live-only
    for _id in $(plain_containers); do
      say "removes the plain container $(clean_env docker inspect --format '{{.Name}}' "$_id"), which is idle: blue takes its place"
      unlocked clean_env docker stop $\{stop_timeout:+--time "$stop_timeout"} "$_id" >/dev/null 2>&1
      unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
    done
  fi
}
make_volume() {
  . "$1"
  clean_env docker volume inspect --format . "$volume_name" >/dev/null 2>&1 && return 0
  unlocked clean_env docker volume create "$@" >/dev/null && return 0
  problem="the volume $volume_name could not be made"
  return 1
}
share_services() {
  [ -s "$1/services" ] || return 0
  project=$base_project
  _orphans=$remove_orphans
  remove_orphans=false
  if [ "$shared_services" = update ]; then
    bring_up "$1"
  else
    _all=$(awk '{ printf "%s%s", separator, $7; separator = " " }' "$1/services")
    start_missing "$1" 'the release' "$_all"
  fi && wait_healthy "$1"
  _code=$?
  project=$base_project-$color
  remove_orphans=$_orphans
  return "$_code"
}
join_shared() {
  project=$base_project
  survey "$scratch/shared"
  project=$base_project-$color
  awk 'FILENAME == ARGV[1] { shared[$7] = 1; next } ($1 in shared) && $5 == "running" { print $1, $2 }' \\
    "$1/services" "$scratch/shared" >"$scratch/join"
  while read -r _service _id; do
    _on=$(networks_of "$_id" | tr '\\n' ' ')
    for _one in blue green; do
      case " $_on " in *" zz_$\{base_project}_$_one "*) continue ;; esac
      unlocked clean_env docker network connect --alias "$_service" "zz_$\{base_project}_$_one" "$_id" ||
        { problem="$_service could not join the network of $_one"; return 1; }
      say "$_service is on the network of $_one"
    done
  done <"$scratch/join"
}
slot_release() {
  if [ -z "$color" ]; then current_release; return; fi
  _slot=$(cat "$path/.deploy/color-$color" 2>/dev/null)
  [ -z "$_slot" ] || [ ! -f "$path/releases/$_slot/services" ] || printf '%s' "$_slot"
}
fill_slot() {
  if [ -z "$color" ]; then switch_current "$1"; else printf '%s\\n' "$1" | write_file "$path/.deploy/color-$color"; fi
}
take_down_color() {
  for _id in $(project_ids); do
    unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
  done
}
`,t1=`run_hooks() {
  for _hook in "$1"/hooks/"$2"-*; do
    [ -f "$_hook" ] || continue
    hook_name=$(basename "$_hook")
    case $2 in
    after-up) once "$hook_name" run_in_service "$1" "$_hook" ;;
    migrate) done_before "$hook_name" || once "$hook_name" run_in_container "$1" "$_hook" ;;
    *) once "$hook_name" run_in_container "$1" "$_hook" ;;
    esac || return 1
  done
}
has_hooks() {
  for _hook in "$1"/hooks/"$2"-*; do
    [ ! -f "$_hook" ] || return 0
  done
  return 1
}
container_of() {
  printf '%s-%s-%s' "$project" "$(basename "$1")" "$release" | sed 's/-migrate-01-/-migrate-/'
}
run_in_container() {
  hook_directory=$1
  hook_file=$2
  hook_container=$(container_of "$hook_file")
  . "$hook_file"
  start_dependencies "$hook_directory" "$hook_service" || return 1
  if ! clean_env docker container inspect "$hook_container" >/dev/null 2>&1; then
    say "runs in $hook_service: $hook_text"
    run_locked "the container $hook_container to start" compose "$hook_directory" run --detach --no-deps -T \\
      --name "$hook_container" "$hook_service" "$@" >"$scratch/hook-id"
    _code=$?
    if [ "$_code" -ne 0 ]; then
      unlocked clean_env docker rm --force "$hook_container" >/dev/null 2>&1
      problem="the command of $hook_service could not be started (exit code $_code)"
      return 1
    fi
  else
    say "waits for $hook_container, which is there already"
  fi
  run "$hook_container" clean_env docker logs --follow "$hook_container"
  _code=$(clean_env docker wait "$hook_container" 2>/dev/null)
  clean_env docker logs "$hook_container" >"$run/$(basename "$hook_file").log" 2>&1
  unlocked clean_env docker rm --force "$hook_container" >/dev/null 2>&1
  [ "$_code" = 0 ] && return 0
  tail -n 50 "$run/$(basename "$hook_file").log" >"$scratch/hook-tail"
  details "$scratch/hook-tail"
  problem="the command of $hook_service failed with exit code $\{_code:-unknown}: $hook_text"
  return 1
}
run_in_service() {
  hook_directory=$1
  . "$2"
  say "runs in the running $hook_service: $hook_text"
  run "$hook_service: $hook_text" compose "$hook_directory" exec -T "$hook_service" "$@"
  _code=$?
  [ "$_code" -eq 0 ] && return 0
  problem="the command of $hook_service failed with exit code $_code: $hook_text"
  return 1
}
start_dependencies() {
  _needs=$(awk -v name="$2" '$1 == name { sub(/^[^ ]* */, ""); print }' "$1/needs")
  [ -n "$_needs" ] || return 0
  start_missing "$1" "$2" "$_needs" || return 1
  wait_healthy "$1" " $_needs" || return 1
}
start_missing() {
  survey "$scratch/containers" || return 1
  _missing=
  for _need in $3; do
    _missing_one=$(awk -v name="$_need" '
      FILENAME == ARGV[1] { if ($7 == name) { kind = $2; replicas = $4 }; next }
      $1 == name && (kind == "long" ? $5 == "running" : $5 == "exited" && $6 == 0) { good++ }
      END { if (good < replicas) print name }
    ' "$1/services" "$scratch/containers")
    _missing="$_missing$\{_missing_one:+ $_missing_one}"
  done
  changed_services=
  while [ -n "$\{_missing# }" ]; do
    _now=" $(next_wave "$1" "$_missing")"
    _missing=$(printf '%s\\n' $_missing | grep -vxF "$(printf '%s\\n' $_now)" | tr '\\n' ' ')
    say "starts what $2 needs:$_now"
    _before=$(wc -c <"$run/log")
    run_locked "Compose to start$_now" compose "$1" up --detach --no-deps --no-recreate --no-build --pull never --quiet-pull $_now
    _code=$?
    if [ "$_code" -ne 0 ]; then
      bad_services=$_now
      problem="Compose could not start$_now (exit code $_code)$(docker_reason "$_before")"
      return 1
    fi
    await_gates "$1" "$_now" || return 1
  done
}
migrate() {
  has_hooks "$1" migrate || return 0
  if ! journalled migration:before; then
    read_migration_state "$1" before || return 1
    journal migration:before
  fi
  [ -f "$path/.deploy/schema-moved" ] || known_or_not "$(state_hash before)" | write_file "$path/.deploy/schema-moved"
  if ! done_before migrated; then
    journal migration:begin
    if ! run_hooks "$1" migrate; then
      _problem=$problem
      read_migration_state "$1" after || :
      problem=$_problem
      return 1
    fi
    journal migrated:done
  else
    say 'the migrations have been run by an earlier attempt of this deployment'
  fi
  read_migration_state "$1" after || return 1
  if schema_allows_old; then echo same; else echo migrated; fi >"$run/schema"
}
known_or_not() {
  printf '%s\\n' "$\{1:-unknown}"
}
read_migration_state() {
  for _hook in "$1"/hooks/migration-state-*; do
    [ -f "$_hook" ] || continue
    start_hook_dependencies "$1" "$_hook" || return 1
    if ! run "the migration state: $hook_text" migration_state_of "$1" "$_hook" "$2"; then
      details "$scratch/state-error"
      rm -f "$run/migration-state.$2"
      problem="the command of migration-state failed: $hook_text"
      return 1
    fi
  done
}
start_hook_dependencies() {
  hook_directory=$1
  . "$2"
  start_dependencies "$hook_directory" "$hook_service"
}
migration_state_of() {
  hook_directory=$1
  state_name=$3
  . "$2"
  compose "$hook_directory" run --rm --no-deps -T "$hook_service" "$@" \\
    >"$run/migration-state.$state_name" 2>"$scratch/state-error"
}
schema_allows_old() {
  [ "$migration_reversible" != true ] || return 0
  ! grep -qs '^migrated' "$run/proceed" || return 1
  [ -f "$path/.deploy/schema-moved" ] || return 0
  [ "$(cat "$path/.deploy/schema-moved")" = "$(known_or_not "$(state_hash after)")" ] &&
    [ -f "$run/migration-state.after" ]
}
schema_settled() {
  rm -f "$path/.deploy/schema-moved"
}
`,t0=`check_disk() {
  _root=$(cat "$files/docker-root" 2>/dev/null) || _root=$(clean_env docker info --format '{{.DockerRootDir}}' 2>/dev/null) ||
    stop refused 'the Docker engine does not answer any more' 'Check that it runs, then deploy again.'
  _free=$(df -Pk "$\{_root:-/var/lib/docker}" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  if [ -z "$_free" ]; then
    warn "the free disk space of $\{_root:-Docker} cannot be seen by $(id -un), so it was not checked"
    return 0
  fi
  _need=0
  if [ "$_free" -lt 21474836480 ] && [ "$pull" != never ]; then
    open_login
    run 'the sizes of the images' manifest_sizes "$1"
    close_login
    _need=$(awk '{ total += $1 } END { printf "%.0f", total }' "$scratch/sizes" 2>/dev/null)
  fi
  _wanted=$(awk -v need="$\{_need:-0}" -v least="$min_free_disk" 'BEGIN { printf "%.0f", need * 3 + least }')
  if [ "$_free" -lt "$_wanted" ]; then
    stop refused "the disk of the server has $(megabytes "$_free") free at $_root, and this release needs $(megabytes "$_wanted") (images $(megabytes "$_need") compressed, min-free-disk $(megabytes "$min_free_disk"))" \\
      'Free some space (docker system df shows what takes it), or lower min-free-disk.'
  fi
  say "disk: $(megabytes "$_free") free at $_root, $(megabytes "$_wanted") needed"
}
megabytes() {
  awk -v bytes="$1" 'BEGIN { printf "%.0f MB", bytes / 1000000 }'
}
manifest_sizes() {
  : >"$scratch/sizes"
  _asked=0
  _asking=
  while read -r _image; do
    ! here "$_image" || continue
    _asked=$((_asked + 1))
    manifest_size "$_image" "$_asked" >>"$scratch/sizes" &
    _asking="$_asking $!"
  done <"$1/pulls"
  wait_in_time 60 "$_asking"
}
manifest_size() {
  (
    docker_for "$1" "$2" manifest inspect --verbose "$1" 2>/dev/null ||
      docker_for "$1" "$2" manifest inspect --insecure --verbose "$1" 2>/dev/null
  ) | sed 's/[,{]/\\
/g' | awk '
    /"Ref":/ { if (++manifests > 1) exit }
    /"size":/ { gsub(/[^0-9]/, ""); total += $0 }
    END { print total + 0 }
  '
}
here() {
  clean_env docker image inspect --format . "$1" >/dev/null 2>&1
}
pull_images() {
  : >"$scratch/to-pull"
  while read -r _image; do
    case $pull:$_image in
    never:*) ;;
    missing:* | always:*@sha256:*) here "$_image" || printf '%s\\n' "$_image" >>"$scratch/to-pull" ;;
    *) printf '%s\\n' "$_image" >>"$scratch/to-pull" ;;
    esac
  done <"$1/pulls"
  if [ -s "$scratch/to-pull" ]; then
    open_login
    run "$(wc -l <"$scratch/to-pull" | tr -d ' ') images from the registry" pull_together
    close_login
    pull_failure
  fi
  cat "$1/services" "$(existing "$1/live-only")" | awk '{ print $7, $6 }' >"$scratch/service-images"
  if ! clean_env docker image inspect --format '{{.Id}} {{range .RepoDigests}}{{.}} {{end}}' $(awk '{ print $2 }' "$scratch/service-images") \\
    >"$scratch/image-ids" 2>"$scratch/image-errors"; then
    details "$scratch/image-errors"
    stop remote "images are not on the server: $(sed -n 's/.*o such image: *//p' "$scratch/image-errors" | tr '\\n' ' ')" \\
      'With pull: never they must have been pulled before.'
  fi
  awk 'FILENAME == ARGV[1] { id[FNR] = $1; next } { print $1, id[FNR], $2 }' \\
    "$scratch/image-ids" "$scratch/service-images" >"$1/images"
  awk 'FILENAME == ARGV[1] { sub(/^[^ ]* */, ""); digests[FNR] = $0; next } { print $1, digests[FNR] }' \\
    "$scratch/image-ids" "$scratch/service-images" >"$1/digests"
}
pull_together() {
  _pull=0
  _pullers=
  while read -r _image; do
    _pull=$((_pull + 1))
    pull_one "$_image" "$_pull" &
    _pullers="$_pullers $!"
  done <"$scratch/to-pull"
  wait_in_time "$pull_timeout" "$_pullers"
}
pull_one() {
  if docker_for "$1" "$2" pull --quiet "$1" >"$scratch/pull.$2" 2>&1; then
    printf 'pulled %s\\n' "$1"
    rm -f "$scratch/pull.$2"
  else
    printf '%s\\n' "$1" >"$scratch/pull-failed.$2"
  fi
}
wait_in_time() {
  rm -f "$scratch/ended"
  end_in_time "$1" &
  _watcher=$!
  wait $2
  kill -KILL "$_watcher" 2>/dev/null
  wait "$_watcher" 2>/dev/null
}
end_in_time() {
  trap - TERM EXIT
  _left=$1
  until [ "$_left" -le 0 ] || cancelled; do
    sleep 1
    kill -0 $$ 2>/dev/null || exit 0
    _left=$((_left - 1))
  done
  if cancelled; then echo cancelled; else echo late; fi >"$scratch/ended"
  while :; do
    for _pid_file in "$scratch"/docker-pid.*; do
      [ ! -f "$_pid_file" ] || kill "$(cat "$_pid_file")" 2>/dev/null
    done
    sleep 0.2 2>/dev/null || sleep 1
    kill -0 $$ 2>/dev/null || exit 0
  done
}
stop_if_cancelled() {
  cancelled || return 0
  [ "$gates" != true ] || stop_without_go
  stop lost 'the run was cancelled before anything was changed' 'Run it again.'
}
pull_failure() {
  case $(cat "$scratch/ended" 2>/dev/null) in
  cancelled) stop_if_cancelled ;;
  late)
    stop remote "not pulled within $pull_timeout s: $(cat "$scratch"/pull-failed.* | tr '\\n' ' ')" \\
      'Look at the way to the registry, or raise pull-timeout. Nothing was changed.'
    ;;
  esac
  for _failed in "$scratch"/pull-failed.*; do
    [ -f "$_failed" ] || return 0
    _log=$scratch/pull.$\{_failed##*.}
    details "$_log"
    _image=$(cat "$_failed")
    case $(cat "$_log") in
    *'no space left'*)
      stop refused "the disk of the server is full: $_image could not be pulled; nothing was changed" 'Free some space: docker system df shows what takes it.'
      ;;
    *unauthorized* | *denied* | *'authentication required'*)
      stop refused "the registry refused $_image" 'Give registry, registry-username and registry-password with the right to read it.'
      ;;
    *'not found'* | *'manifest unknown'*)
      stop input "the registry has no $_image" 'Check that it was pushed, under this name.'
      ;;
    esac
    stop remote "$_image could not be pulled: $(tail -n 1 "$_log" | cut -c 1-300)"
  done
}
login_for() {
  case $\{1%%/*} in
  "$registry") _own=yes ;;
  *.* | *:* | localhost) _own= ;;
  *) if [ "$registry" = docker.io ]; then _own=yes; else _own=; fi ;;
  esac
  if [ -n "$_own" ] && [ -n "$login_folder" ]; then printf 'DOCKER_CONFIG=%s' "$login_folder"; fi
}
docker_for() {
  _login=$(login_for "$1")
  _pid_file=$scratch/docker-pid.$2
  shift 2
  clean_env $\{_login:+"$_login"} sh -c 'echo "$$" >"$0"; exec docker "$@"' "$_pid_file" "$@"
  _code=$?
  rm -f "$_pid_file"
  return "$_code"
}
login_folder=
open_login() {
  [ -n "$registry_config" ] || return 0
  sweep_logins
  if [ -d /dev/shm ] && [ -w /dev/shm ]; then _memory=/dev/shm; else _memory=$run; fi
  login_folder=$(mktemp -d "$_memory/deploy-actions.$(id -u).$$.XXXXXX") || stop remote 'no folder for the login could be made'
  _home_config=$\{DOCKER_CONFIG:-$HOME/.docker}
  for _part in cli-plugins contexts; do
    [ ! -d "$_home_config/$_part" ] || ln -s "$_home_config/$_part" "$login_folder/$_part"
  done
  printf '%s' "$registry_config" >"$login_folder/config.json"
}
close_login() {
  [ -z "$login_folder" ] || rm -rf "$login_folder"
  login_folder=
}
sweep_logins() {
  for _left in "/dev/shm/deploy-actions.$(id -u)".*; do
    if [ ! -d "$_left" ] || [ -L "$_left" ] || [ ! -O "$_left" ]; then continue; fi
    _owner=$\{_left#"/dev/shm/deploy-actions.$(id -u)."}
    kill -0 "$\{_owner%%.*}" 2>/dev/null || rm -rf "$_left"
  done
}
`,t2=`use_engine() {
  [ -z "$docker_host" ] || export DOCKER_HOST="$docker_host"
}
engine_asked=
ask() {
  _question=$1
  shift
  rm -f "$scratch/$_question.well"
  {
    if clean_env "$@" >"$scratch/$_question.answer" 2>"$scratch/$_question.error"; then : >"$scratch/$_question.well"; fi
  } </dev/null 9>&- &
}
answered() {
  [ -f "$scratch/$1.well" ]
}
ask_engine() {
  engine_asked=yes
  if ! command -v docker >/dev/null 2>&1; then
    fail refused 'Docker is not installed on the server' 'Install Docker Engine and its Compose plugin.'
  fi
  ask engine docker info --format '{{.DockerRootDir}}
{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Version}}
{{.Path}}{{end}}{{end}}'
}
begin_work() {
  use_engine
  scratch=$run/scratch
  mkdir -p "$scratch"
  begun=$(date +%s)
  problem=
  bad_services=
  changed_services=
  _wait_names=
}
require_compose() {
  [ -n "$engine_asked" ] || ask_engine
  wait
  if ! answered engine; then
    _error=$(clean_env docker version --format '{{.Server.Version}}' 2>&1)
    case $_error in
    *'permission denied'*)
      fail refused "the user $(id -un) may not use Docker" "Let an administrator run: usermod -aG docker $(id -un)"
      ;;
    esac
    printf '%s\\n' "$_error" >"$scratch/engine.error"
    details "$scratch/engine.error"
    fail refused 'the Docker engine does not answer' 'Check that it runs, and docker-host for a rootless one.'
  fi
  _plain=$(sed -n 's/^v//; 2p' "$scratch/engine.answer")
  if [ -z "$_plain" ]; then
    fail refused 'Docker Compose v2 is not installed on the server' 'Install the plugin: docker-compose-plugin, or docker-compose in Debian.'
  fi
  sed -n 3p "$scratch/engine.answer" >"$files/compose-plugin"
  _major=$\{_plain%%.*}
  _minor=$\{_plain#*.}
  _minor=$\{_minor%%.*}
  case $_major$_minor in *[!0-9]* | '') _major=0 _minor=0 ;; esac
  if [ "$_major" -lt "$1" ] || { [ "$_major" -eq "$1" ] && [ "$_minor" -lt "$2" ]; }; then
    fail refused "Docker Compose $_plain on the server is older than $1.$2" 'Update the Compose plugin.'
  fi
}
compose() {
  _directory=$1
  shift
  set -- --project-name "$project" --project-directory "$path" --env-file /dev/null --file "$_directory/compose.json" "$@"
  _plugin=$(cat "$files/compose-plugin" 2>/dev/null)
  if [ -x "$_plugin" ]; then clean_env "$_plugin" "$@"; else clean_env docker compose "$@"; fi
}
project_ids() {
  clean_env docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project"
}
surveyed=
survey() {
  _ids=$(project_ids) || return 1
  : >"$1.new"
  if [ -n "$_ids" ]; then
    clean_env docker inspect --type container --format "$survey_format" $_ids 2>/dev/null |
      sed -n 's/^False //p' >"$1.new"
  fi
  mv -f "$1.new" "$1"
}
survey_format='{{or (index .Config.Labels "com.docker.compose.oneoff") "False"}} {{or (index .Config.Labels "com.docker.compose.service") "-"}} {{.ID}} {{or (index .Config.Labels "deploy-actions.hash") "-"}} {{.Image}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.OOMKilled}} {{or (index .Config.Labels "com.docker.compose.container-number") "1"}} {{.State.StartedAt}} {{.Name}} {{.Config.Image}} {{.HostConfig.NetworkMode}},{{.HostConfig.IpcMode}},{{.HostConfig.PidMode}}'
not_current() {
  if [ -f "$path/.deploy/adopted" ]; then cp "$path/.deploy/adopted" "$scratch/adopted"; else : >"$scratch/adopted"; fi
  lost_joins "$1" >"$scratch/lost"
  awk '
    FILENAME == ARGV[1] { lost[$2]; next }
    FILENAME == ARGV[2] { adopted[$1, $2] = 1; next }
    FILENAME == ARGV[3] { wanted_id[$1] = $2; next }
    FILENAME == ARGV[4] {
      count[$1]++
      hash[$1, count[$1]] = $3; id[$1, count[$1]] = $2; image_id[$1, count[$1]] = $4; status[$1, count[$1]] = $5
      code[$1, count[$1]] = $6; image[$1, count[$1]] = $13
      next
    }
    {
      kind = $2; replicas = $4; name = $7; good = 0
      for (i = 1; i <= count[name]; i++) {
        if (id[name, i] in lost) continue
        if (hash[name, i] != $5 && !((id[name, i], $5) in adopted)) continue
        if (image[name, i] != $6 || image_id[name, i] != wanted_id[name]) continue
        if (kind == "long" && status[name, i] != "running") continue
        if (kind == "once" && (status[name, i] != "exited" || code[name, i] != 0)) continue
        good++
      }
      if (good != replicas || count[name] != replicas) print name
    }
  ' "$scratch/lost" "$scratch/adopted" "$1/images" "$scratch/containers" "$1/services"
}
lost_joins() {
  [ -s "$1/joins" ] || return 0
  awk '
    FILENAME == ARGV[1] { joins[$1]; next }
    { here[$2] = $1; if ($1 in joins) modes[$2] = $14 }
    END {
      for (id in modes) {
        n = split(modes[id], mode, ",")
        for (i = 1; i <= n; i++) if (sub(/^container:/, "", mode[i]) && !(mode[i] in here)) { print here[id], id; break }
      }
    }
  ' "$1/joins" "$scratch/containers"
}
ids_of() {
  awk -v name="$1" '$1 == name { print $2 }' "$scratch/containers"
}
repair_leftovers() {
  [ -n "$surveyed" ] || survey "$scratch/containers" || return 1
  surveyed=
  cp "$scratch/containers" "$scratch/leftovers"
  while read -r _service _id _hash _image_id _status _code _restarts _health _oom _number _started _name _image; do
    case $_status in
    dead | removing)
      say "removes the dead container $\{_name#/}"
      unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
      continue
      ;;
    esac
    _plain=$\{_name#/}
    _prefix=$\{_plain%%_*}
    case $_prefix in *[!0-9a-f]* | '') continue ;; esac
    if [ "$\{#_prefix}" -ne 12 ] || [ "$_prefix" = "$_plain" ]; then continue; fi
    _proper=$\{_plain#*_}
    _other=$(awk -v name="/$_proper" '$12 == name { print $2, $5 }' "$scratch/containers")
    if [ -n "$_other" ] && [ "$\{_other#* }" = running ]; then
      say "removes $_plain, which an interrupted recreate left"
      unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
      continue
    fi
    if [ -n "$_other" ]; then
      say "removes $_proper, which an interrupted recreate did not start"
      unlocked clean_env docker rm --force "$\{_other% *}" >/dev/null 2>&1
    fi
    say "gives $_plain its name $_proper back"
    unlocked clean_env docker rename "$_id" "$_proper"
  done <"$scratch/leftovers"
}
existing() {
  if [ -f "$1" ]; then printf '%s' "$1"; else printf '/dev/null'; fi
}
networks_of() {
  clean_env docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{println $name}}{{end}}' "$1" | grep .
}
`,t5=`current_release() {
  _target=$(readlink "$path/current" 2>/dev/null) || return 0
  case $_target in releases/*) ;; *) return 0 ;; esac
  [ ! -f "$path/$_target/services" ] || printf '%s' "$\{_target#releases/}"
}
place_files() {
  [ -d "$path/files" ] || mkdir "$path/files" || return 1
  for _sha in $(cut -f 1 "$files/release/trees" | sort -u); do
    [ ! -d "$path/files/$_sha" ] || continue
    rm -rf "$path/files/.$_sha"
    mkdir -p "$path/files/.$_sha" || return 1
    awk -F '\\t' -v OFS='\\t' -v sha="$_sha" '$1 == sha { print $2, $3, $4 }' "$files/release/trees" >"$scratch/tree"
    while IFS=$tab read -r _mode _in_tree _sent; do
      mkdir -p "$path/files/.$_sha/$(dirname "$_in_tree")" &&
        cp "$files/$_sent" "$path/files/.$_sha/$_in_tree" &&
        chmod "$_mode" "$path/files/.$_sha/$_in_tree" || return 1
    done <"$scratch/tree"
    find "$path/files/.$_sha" -type d -exec chmod 0755 {} +
    mv -T "$path/files/.$_sha" "$path/files/$_sha" || return 1
  done
}
tab=$(printf '\\t')
place_release() {
  [ -d "$path/releases" ] || mkdir "$path/releases" || return 1
  [ -d "$path/shared" ] || mkdir -m 0755 "$path/shared" || return 1
  place_files || return 1
  place_links || return 1
  if [ ! -d "$path/releases/$release" ]; then
    rm -rf "$path/releases/.$release"
    cp -R "$files/release" "$path/releases/.$release" && mv -T "$path/releases/.$release" "$path/releases/$release" || return 1
  fi
  [ ! -f "$files/env.base" ] || cp "$files/env.base" "$path/releases/$release/env"
  cp "$files/release/images" "$files/release/digests" "$path/releases/$release/" || return 1
  [ ! -f "$files/release/adopted" ] || cat "$files/release/adopted" >>"$path/.deploy/adopted"
  drop_sent
}
drop_sent() {
  rm -rf "$\{files:?}/project" "$files/env.base"
}
place_links() {
  [ -f "$files/release/links" ] || return 0
  while IFS=$tab read -r _old _name; do
    if [ -e "$path/shared/$_name" ] || [ -L "$path/shared/$_name" ]; then continue; fi
    mkdir -p "$(dirname "$path/shared/$_name")" && ln -s "$_old" "$path/shared/$_name" || return 1
    say "shared/$_name is $_old"
  done <"$files/release/links"
}
switch_current() {
  rm -f "$path/.current.new"
  ln -s "releases/$1" "$path/.current.new" && mv -T "$path/.current.new" "$path/current"
}
image_tag() {
  printf 'deploy-actions/%s:%s-%s' "$base_project" "$1" "$2"
}
keep_images() {
  while read -r _service _id _image; do
    unlocked clean_env docker tag "$_id" "$(image_tag "$1" "$_service")" &
  done <"$2/images"
  wait
}
restore_references() {
  while read -r _service _id _image; do
    case $_image in *@sha256:*) continue ;; esac
    [ "$(clean_env docker image inspect --format '{{.Id}}' "$_image" 2>/dev/null)" != "$_id" ] || continue
    unlocked clean_env docker tag "$_id" "$_image" ||
      unlocked clean_env docker tag "$(image_tag "$2" "$_service")" "$_image" || return 1
  done <"$1/images"
}
forget_release() {
  cp "$path/releases/$1/images" "$scratch/forgotten" 2>/dev/null || : >"$scratch/forgotten"
  rm -rf "$\{path:?}/releases/$\{1:?}"
  while read -r _service _id _image; do
    unlocked clean_env docker image rm "$(image_tag "$1" "$_service")" >/dev/null 2>&1
    case $_image in
      *@sha256:*) cat "$path"/releases/*/images 2>/dev/null | grep -qF " $_image" && continue ;;
      *) continue ;;
    esac
    unlocked clean_env docker image rm "$_image" >/dev/null 2>&1
  done <"$scratch/forgotten"
}
retain() {
  _current=$(current_release)
  ls -t "$path/releases" | {
    _kept=2
    while read -r _old; do
      case $_old in "$_current" | "$previous") continue ;; esac
      ! grep -qsx "$_old" "$path/.deploy/color-blue" "$path/.deploy/color-green" || continue
      if [ -f "$path/releases/$_old/deployed" ] && [ "$_kept" -lt "$keep_releases" ]; then
        _kept=$((_kept + 1))
        continue
      fi
      say "forgets the release $_old"
      forget_release "$_old" </dev/null
    done
  }
  for _tree in "$path"/files/*; do
    [ -d "$_tree" ] || continue
    cat "$path"/releases/*/trees 2>/dev/null | grep -q "^$\{_tree##*/}$tab" && continue
    grep -qsF "/files/$\{_tree##*/}/" "$path"/releases/*/compose.json "$path"/releases/*/shared/compose.json || rm -rf "$_tree"
  done
}
record_history() {
  _now=$(date +%s)
  _digests=$(awk '
    FILENAME == ARGV[1] { id[$1] = $2; next }
    { printf "%s\\"%s\\":\\"%s\\"", separator, $1, ($2 == "" ? id[$1] : $2); separator = "," }
  ' "$(existing "$files/release/images")" "$(existing "$files/release/digests")")
  printf '%s,"outcome":"%s","bad":%s,"at":"%s","duration_ms":%s,"digests":{%s}}\\n' "$history_head" "$1" "$\{2:-false}" \\
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(((_now - begun) * 1000))" "$_digests" >>"$path/.deploy/history.jsonl"
  sync "$path/.deploy/history.jsonl" 2>/dev/null || sync
}
stop() {
  record_history failed
  fail "$@"
}
write_release_json() {
  {
    cat "$1/release.head"
    printf ',"created":"%s","previous":"%s","images":{' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2"
    awk '{ printf "%s\\"%s\\":\\"%s\\"", separator, $1, $2; separator = "," }' "$1/images"
    printf '},"migrations":{"ran":%s,"reversible":%s,"state_before":"%s","state_after":"%s"}}\\n' \\
      "$(if journalled migration:begin; then echo true; else echo false; fi)" "$migration_reversible" \\
      "$(state_hash before)" "$(state_hash after)"
  } | (cd "$1" && write_file release.json)
}
state_hash() {
  [ ! -f "$run/migration-state.$1" ] || sha256sum <"$run/migration-state.$1" | cut -d ' ' -f 1
}
`;[t2,t5,`inspect() {
  scratch=$PWD/scratch
  mkdir "$scratch"
  old_folder=
  use_engine
  ask_engine
  ask stacks docker ps --all --no-trunc --format '{{.ID}} {{.Label "com.docker.compose.project"}}' \\
    --filter label=com.docker.compose.project
  ask images docker image ls --no-trunc --digests --format '{{json .}}'
  stage=$PWD/project/$folder
  mkdir -p "$stage"
  if [ "$want" = deploy ]; then
    if [ "$adopt" = true ] && [ -z "$(current_release)" ]; then find_old_folder; fi
    link_shared "$path/shared" "$stage" .
    [ -z "$old_folder" ] || link_shared "$old_folder" "$stage" .
    resolve
    sed -n 1p "$scratch/engine.answer" >docker-root
    project=$(sed -n 's/^  "name": "\\(.*\\)",*$/\\1/p' config.json | head -n 1)
    [ -z "$old_folder" ] || original_hashes
    result_file config config.json
    shared_sources
    result stage "$stage"
    result old_folder "$old_folder"
  else
    require_compose 2 26
    project=$project_given
    [ -n "$project" ] || project=$(sed -n 's/^ "name": "\\(.*\\)",*$/\\1/p' "$path/current/compose.json" 2>/dev/null | head -n 1)
    [ -n "$project" ] || project=$(project_of_folder)
  fi
  result project "$project"
  look_at_stack
  look_at_releases
  rm -rf env config.json original.json hashes same stack stack-images listening containers releases history "$scratch"
}
link_shared() {
  [ -d "$1/$3" ] || return 0
  for _entry in "$1/$3"/* "$1/$3"/.[!.]* "$1/$3"/..?*; do
    [ -e "$_entry" ] || continue
    _base=$\{_entry##*/}
    if [ "$3" = . ]; then
      case $_base in current | releases | files | shared | backups | .deploy | .git) [ "$1" != "$old_folder" ] || continue ;; esac
    fi
    if [ ! -e "$2/$3/$_base" ] && [ ! -L "$2/$3/$_base" ]; then
      ln -s "$_entry" "$2/$3/$_base"
    elif [ -d "$_entry" ] && [ -d "$2/$3/$_base" ] && [ ! -L "$2/$3/$_base" ]; then
      (link_shared "$1" "$2" "$3/$_base")
    fi
  done
}
resolve() {
  _env_name=$\{env_file:-.env}
  case $_env_name in /*) _base=$_env_name ;; *) _base=$stage/$_env_name ;; esac
  if [ -n "$env_file" ] && [ ! -f "$_base" ]; then
    case $env_file in
    /*) fail input "env-file: there is no $env_file on the server" 'Make it there, readable to the login user.' ;;
    esac
    fail input "env-file: there is no $env_file on the server" "Put it at $path/shared/$env_file, or give its absolute path."
  fi
  _merged=$PWD/env
  : >"$_merged"
  if [ -f "$_base" ]; then
    check_env_file "$_base"
    cat "$_base" >"$_merged" || fail refused "$_env_name on the server cannot be read by $(id -un)"
    [ -z "$(tail -c 1 "$_merged" | tr -d '\\n')" ] || echo >>"$_merged"
    cp "$_merged" "$PWD/env.base"
  fi
  printf '%s' "$env_text" >>"$_merged"
  case $_env_name in
  /*) ;;
  *)
    if [ -n "$env_text" ] || [ -f "$_base" ]; then
      own_folders "$_env_name"
      mkdir -p "$(dirname "$_base")"
      rm -f "$_base"
      cp "$_merged" "$_base"
    fi
    ;;
  esac
  set -- --project-directory "$stage" --env-file "$_merged"
  [ -z "$project_given" ] || set -- "$@" --project-name "$project_given"
  while read -r _line; do
    [ -z "$_line" ] || set -- "$@" --file "$stage/$_line"
  done <<LIST
$compose_files
LIST
  while read -r _line; do
    [ -z "$_line" ] || set -- "$@" --profile "$_line"
  done <<LIST
$profiles
LIST
  (
    cd "$stage" && env -i "PWD=$stage" "HOME=$HOME" "PATH=$PATH" $\{DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} \\
      docker compose "$@" config --format json
  ) >config.json 2>"$scratch/config.error" || : >"$scratch/config.broken"
  require_compose 2 26
  [ ! -f "$scratch/config.broken" ] || config_failure
  if (cd "$stage" && printf '%s\\n' "$compose_files" | tr '\\n' '\\0' | xargs -0 grep -qsE '^[[:space:]]*profiles:'); then
    (
      cd "$stage" && env -i "PWD=$stage" "HOME=$HOME" "PATH=$PATH" $\{DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} \\
        docker compose "$@" --profile '*' config --services
    ) >"$scratch/all-services" 2>/dev/null && result_file all_services "$scratch/all-services"
  fi
  if grep -q 'variable is not set' "$scratch/config.error"; then
    sed -n 's/.*msg="\\(.*variable is not set.*\\)"$/\\1/p' "$scratch/config.error" | sed 's/[\\]//g' | sort -u | while read -r _line; do
      _variable=$(printf '%s\\n' "$_line" | sed -n 's/.*"\\([A-Za-z_][A-Za-z0-9_]*\\)" variable is not set.*/\\1/p')
      if [ -n "$_variable" ] && (cd "$stage" && printf '%s\\n' "$compose_files" | tr '\\n' '\\0' | xargs -0 grep -qsE "[$][{]?$_variable"); then
        warn "$_line"
      else
        warn 'a value in the env file on the server has a $ in it, which Compose takes for a variable that is not set: put it in single quotes'
      fi
    done
  fi
}
own_folders() {
  _above=
  _below=$1
  while :; do
    case $_below in */*) ;; *) return 0 ;; esac
    _above=$\{_above:+$_above/}$\{_below%%/*}
    _below=$\{_below#*/}
    [ -L "$stage/$_above" ] || continue
    rm -f "$stage/$_above"
    mkdir "$stage/$_above"
    link_shared "$path/shared" "$stage" "$_above"
    [ -z "$old_folder" ] || link_shared "$old_folder" "$stage" "$_above"
  done
}
config_failure() {
  if grep -q 'nvalid template' "$scratch/config.error"; then
    fail input 'the compose configuration is not valid: a $ stands where Compose cannot read it, in a compose file or in a value of the env file on the server (the text is not shown, since it may be a secret)' \\
      'Write $$ in a compose file, and put values with a $ in single quotes in the env file.'
  fi
  _text=$(tail -n 5 "$scratch/config.error" | tr '\\n' ' ' | cut -c 1-1500)
  result config_error "$_text"
  result stage "$stage"
  fail input "the compose configuration is not valid: $_text"
}
check_env_file() {
  _broken=$(LC_ALL=C awk -v quote="'" '
    function closes(text, mark,    i, c) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\\\" && mark == "\\"") { i++; continue }
        if (c == mark) return 1
      }
      return 0
    }
    open != "" { if (closes($0, open)) open = ""; next }
    /^[ \\t\\r]*$/ || /^[ \\t]*#/ { next }
    {
      line = $0
      sub(/^[ \\t]*(export[ \\t]+)?/, "", line)
      if (line !~ /^[A-Za-z_][A-Za-z0-9_.-]*[ \\t]*[=:]/ && line !~ /^[A-Za-z_][A-Za-z0-9_.-]*[ \\t\\r]*$/) { print NR; exit }
      sub(/^[A-Za-z_][A-Za-z0-9_.-]*[ \\t]*[=:]?[ \\t]*/, "", line)
      mark = substr(line, 1, 1)
      if ((mark == "\\"" || mark == quote) && !closes(substr(line, 2), mark)) { open = mark; began = NR }
    }
    END { if (open != "") print began }
  ' "$1" | head -n 1)
  [ -z "$_broken" ] ||
    fail input "line $_broken of $_env_name on the server is not KEY=value" 'Mend that line on the server; its text is not shown because it may hold a secret.'
}
find_old_folder() {
  project=$project_given
  [ -n "$project" ] || project=$(sed -n 's/^name: *["'"'"']*\\([a-z0-9_-]*\\).*/\\1/p' "$stage/$(printf '%s\\n' "$compose_files" | head -n 1)" | head -n 1)
  [ -n "$project" ] || project=$(project_of_folder)
  _id=$(project_ids | head -n 1)
  [ -n "$_id" ] || return 0
  _folder=$(clean_env docker inspect --format '{{index .Config.Labels "com.docker.compose.project.working_dir"}}' "$_id")
  [ ! -d "$_folder" ] || old_folder=$_folder
}
project_of_folder() {
  printf '%s' "$folder" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9_-]//g; s/^[_-]*//'
}
original_hashes() {
  _old=$(printf '%s' "$old_folder" | sed 's/[\\\\&|]/\\\\&/g')
  sed "s|\\"$stage|\\"$_old|g" config.json >original.json
  if clean_env docker compose --project-name "$project" --project-directory "$old_folder" --env-file /dev/null \\
    --file original.json config --hash '*' >hashes 2>/dev/null; then
    result_file original_hashes hashes
  fi
  (cd "$stage" && find . -type f) | sed 's|^\\./||' | while IFS= read -r _file; do
    ! cmp -s "$stage/$_file" "$old_folder/$_file" || printf '%s\\n' "$_file"
  done >same
  result_file same same
  : >stack
  set -- $(project_ids)
  [ $# = 0 ] || clean_env docker inspect --type container --format '{{json .}}' "$@" >stack 2>/dev/null
  : >stack-images
  [ $# = 0 ] || clean_env docker image inspect --format '{{json .}}' \\
    $(clean_env docker inspect --format '{{.Image}}' "$@" | sort -u) >stack-images 2>/dev/null
  result_file stack stack
  result_file stack_images stack-images
}
shared_sources() {
  sed -n 's/^ *"\\(source\\|file\\)": "\\(.*\\)",*$/\\2/p' config.json | sort -u >sources
  : >present
  while IFS= read -r _source; do
    case $_source in
    "$stage"/*)
      _relative=$\{_source#"$stage"/}
      if [ -e "$path/shared/$_relative" ] || [ -L "$path/shared/$_relative" ]; then
        printf 'shared %s\\n' "$_relative" >>present
      elif [ -n "$old_folder" ] && [ -e "$old_folder/$_relative" ]; then
        printf 'old %s\\n' "$_relative" >>present
      fi
      ;;
    esac
  done <sources
  if [ -n "$old_folder" ]; then
    for _source in "$old_folder"/.env* "$old_folder"/*.env; do
      [ -f "$_source" ] && printf 'env %s\\n' "$\{_source##*/}" >>present
    done
  fi
  result_file present present
}
look_at_stack() {
  _ids=$(awk -v project="$project" '$2 == project || $2 == project "-blue" || $2 == project "-green" { print $1 }' "$scratch/stacks.answer")
  : >containers
  set -- $_ids
  [ $# = 0 ] || clean_env docker inspect --type container --format "$container_template" "$@" >containers 2>/dev/null
  result_file containers containers
  result_file images "$scratch/images.answer"
}
look_at_releases() {
  for _one in traffic.json ports color-blue color-green; do
    [ ! -f "$path/.deploy/$_one" ] || result_file "$(echo "$_one" | tr .- __)" "$path/.deploy/$_one"
  done
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' | sort -u >listening
  result_file listening listening
  [ ! -f "$path/.deploy/adopted" ] || result_file adopted "$path/.deploy/adopted"
  _current=$(current_release)
  result current "$_current"
  if [ -n "$_current" ]; then
    result_file previous_config "$path/current/compose.json"
    [ ! -f "$path/current/release.json" ] || result_file previous_release "$path/current/release.json"
    result_file previous_images "$path/current/images"
  fi
  if [ "$want" = status ]; then
    : >releases
    for _one in "$path"/releases/*; do
      [ ! -f "$_one/release.json" ] || cat "$_one/release.json" >>releases
    done
    result_file releases releases
  fi
  if [ -f "$path/.deploy/history.jsonl" ]; then
    tail -n 50 "$path/.deploy/history.jsonl" >history
    result_file history history
  fi
}
`].join(`
`);let t3=[t2,t5,tJ,t1,t0,tQ].join(`
`);async function t9(e,t){await e.run({script:'case $1 in /*/.deploy/incoming/*/files) rm -rf -- "${1%/files}" ;; esac',args:[t]}).catch(()=>void 0)}let t6=K`
# The images must be here: the registry may be down, and a half-done rollback is the worst.
prove_images() {
  while read -r prove_service prove_id prove_reference; do
    clean_env docker image inspect "$prove_id" >/dev/null 2>&1 && continue
    clean_env docker image inspect "$(image_tag "$release" "$prove_service")" >/dev/null 2>&1 && continue
    fail refused "the image of $prove_service ($prove_reference) is not on the server any more; nothing was changed" 'Deploy that version again: then it is pulled.'
  done <"$directory/images"
}

# Commands of the user's, in containers of the release that is being left ($left_release): it knows how to undo its own
# changes.
rollback_hooks() {
  rollback_release=$release
  release=$failed_release
  for rollback_hook in "$files"/hooks/"$1"-*; do
    [ -f "$rollback_hook" ] || continue
    once "$(basename "$rollback_hook")" run_in_container "$path/releases/\${left_release:-$rollback_release}" "$rollback_hook" || {
      release=$rollback_release
      return 1
    }
  done
  release=$rollback_release
}

mark_release() {
  printf '{"operation":"rollback","deployment_id":"%s","release":"%s","actor":"%s","run_url":"%s","outcome":"%s","bad":%s,"at":"%s"}\n' \
    "$deployment_id" "$1" "$actor" "$run_url" "$2" "$3" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$path/.deploy/history.jsonl"
}
`,t7=K`
# Brings a recorded release back, by the code that a deploy uses. Parameters: project, release, docker_host,
# wait_timeout, stop_timeout, remove_orphans, failed_release, actor, run_url, reason, hosts (more than one waits for
# go), go_seconds, database_elsewhere (the server that runs the commands for this one too; empty: none), database_seconds
# (how long they are waited for), takes_back (1: a rollback that went well here is undone, because another server failed).
operate() {
  begin_work
  previous=$(current_release)
  left_release=$previous
  directory=$path/releases/$release
  result from "$previous"
  result to "$release"
  phase preflight
  [ -f "$directory/services" ] || fail refused "the release $release is not on the server any more" 'See list: true for those that are.'
  require_compose 2 26
  prove_images
  if [ "$hosts" -gt 1 ]; then
    if ! await_go "$go_seconds"; then
      # Among several servers this one is not the reason.
      result stopped true
      fail lost 'no word to go came in time: nothing was changed' 'Run it again.'
    fi
  fi
  if [ -n "$database_elsewhere" ]; then
    phase database
    if ! wait_until "$database_seconds" "the commands on $database_elsewhere" test -f "$run/proceed"; then
      result stopped true
      fail lost "the commands on $database_elsewhere did not end well, or no word of it came: nothing was changed here" 'Run it again.'
    fi
  elif has_hooks "$files" down-migrate || has_hooks "$files" restore-backup; then
    phase database
    rollback_hooks down-migrate || fail unhealthy "$problem; nothing was rolled back"
    rollback_hooks restore-backup || fail unhealthy "$problem; nothing was rolled back"
  fi
  phase up
  journal up:begin
  restore_references "$directory" "$release" || fail remote 'an image of the release could not be given its name again'
  if bring_up "$directory" && phase wait && wait_healthy "$directory"; then
    phase finish
    [ "$(current_release)" = "$release" ] || switch_current "$release" || fail remote 'the link current could not be changed'
    journal committed
    record_rollback succeeded
    say "$release serves again"
    return 0
  fi
  back_again
}

# The old release did not become healthy: what ran before the rollback goes on, so that things are no worse.
back_again() {
  gather_evidence "$bad_services"
  cause=$problem
  phase restore
  if [ -n "$previous" ] && [ "$previous" != "$release" ] && [ -f "$path/releases/$previous/services" ]; then
    restore_references "$path/releases/$previous" "$previous" || :
    if bring_up "$path/releases/$previous" && wait_healthy "$path/releases/$previous"; then
      record_rollback restored
      fail unhealthy "$release did not become healthy: $cause. $previous runs again as before the rollback" 'Choose another release with to.'
    fi
  fi
  record_rollback failed
  fail unhealthy "$release did not become healthy: $cause" 'The site may be down: look at the containers on the server now.'
}

record_rollback() {
  rollback_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  if [ "$1" = succeeded ] && [ -n "$takes_back" ]; then
    mark_release "$release" taken-back false
  elif [ "$1" = succeeded ] && [ -n "$previous" ]; then
    mark_release "$previous" rolled-back true
  fi
  printf '{"operation":"rollback","deployment_id":"%s","release":"%s","previous":"%s","actor":"%s","run_url":"%s","reason":"%s","outcome":"%s","bad":false,"at":"%s","duration_ms":%s}\n' \
    "$deployment_id" "$release" "$previous" "$actor" "$run_url" "$reason" "$1" "$rollback_at" "$((($(date +%s) - begun) * 1000))" >>"$path/.deploy/history.jsonl"
}

# After a crash: what was begun goes on to its end, or back.
recover() {
  if ! journalled up:begin; then
    fail lost 'the rollback was cut off before it changed anything' 'Run it again.'
  fi
  if journalled committed; then return 0; fi
  operate
}
`,t4=`${t3}
${t6}
${t7}`;function t8(e,t,r,o){return{path:e.path,deploymentId:t,lockTimeout:r["lock-timeout"],holder:{actor:o.workflow.actor,runUrl:o.workflow.runUrl}}}let re=e=>e.replace(/[^A-Za-z0-9 _.,:/@+=-]/g,"_").slice(0,300);function rt(e){return["down-migrate","restore-backup"].flatMap(t=>e[t].map((e,r)=>({name:`hooks/${t}-${String(r+1).padStart(2,"0")}`,content:(0,tF.OY)(e)})))}let rr=K`
# Brings a recorded release up in the idle colour, by the code that a deploy uses; no traffic is moved. Parameters: those
# of a deploy with colours (project is the colour's), and source (the recorded release), release (the same, or the id
# that it has in this colour: then $files/release holds what differs), failed_release, failed_project (the one that it
# runs in), actor, run_url, reason.
operate() {
  begin_work
  stood_by=$release
  phase preflight
  recorded=$path/releases/$source
  [ -f "$recorded/services" ] || fail refused "the release $source is not on the server any more" 'See list: true for those that are.'
  color_table=$recorded/services
  color_live_only=$recorded/live-only
  live_color
  [ -z "$canary" ] || fail refused "a canary is on ($canary): traffic goes to both colours" 'End it with blue-green-switch first.'
  [ "$live" != "$color" ] || fail refused "$color has the traffic by now" 'Run it again.'
  require_compose 2 26
  directory=$recorded
  release=$source
  prove_images
  release=$stood_by
  directory=$path/releases/$release
  if [ ! -f "$run/previous" ]; then slot_release >"$run/previous"; fi
  previous=$(cat "$run/previous")
  if has_hooks "$files" down-migrate || has_hooks "$files" restore-backup; then
    phase database
    left_release=$failed_release
    colored_project=$project
    project=$failed_project
    rollback_hooks down-migrate || fail unhealthy "$problem; no traffic was moved"
    rollback_hooks restore-backup || fail unhealthy "$problem; no traffic was moved"
    project=$colored_project
  fi
  place_recorded || fail remote "the release could not be written to $path"
  phase up
  journalled up:begin || journal up:begin
  # What is in the colour meanwhile is no release that traffic could go to.
  rm -f "$path/.deploy/color-$color"
  if stand_by "$release"; then
    : >"$directory/deployed"
    journal committed
    record_stand_by succeeded
    say "$release stands by in $color"
    return 0
  fi
  gather_evidence "$bad_services"
  cause=$problem
  phase restore
  if [ -n "$previous" ] && [ "$previous" != "$release" ] && stand_by "$previous"; then left="$previous stands by in $color as before"; else
    take_down_color
    left="$color was taken down"
  fi
  record_stand_by failed
  fail unhealthy "$release did not become healthy in $color: $cause. $left; traffic was not touched" 'Choose another release with to.'
}

# stand_by RELEASE: healthy in its colour, whatever was there before.
stand_by() {
  restore_references "$path/releases/$1" "$1" || {
    problem='an image of the release could not be given its name again'
    return 1
  }
  prepare_color "$path/releases/$1" && bring_up "$path/releases/$1" && wait_healthy "$path/releases/$1" && fill_slot "$1"
}

# The record of the release in this colour: the same, but for what the colour makes different.
place_recorded() {
  [ "$release" != "$source" ] || return 0
  if [ ! -d "$directory" ]; then
    rm -rf "$path/releases/.$release"
    cp -R "$recorded" "$path/releases/.$release" && rm -f "$path/releases/.$release/deployed" &&
      cp "$files"/release/* "$path/releases/.$release/" && mv -T "$path/releases/.$release" "$directory" || return 1
  fi
  keep_images "$release" "$directory"
}

record_stand_by() {
  printf '{"operation":"redeploy","deployment_id":"%s","release":"%s","color":"%s","actor":"%s","run_url":"%s","reason":"%s","outcome":"%s","bad":false,"at":"%s","duration_ms":%s}\n' \
    "$deployment_id" "$release" "$color" "$actor" "$run_url" "$reason" "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$((($(date +%s) - begun) * 1000))" >>"$path/.deploy/history.jsonl"
}

# After a crash: what was begun goes on to its end. No traffic was moved.
recover() {
  if journalled committed; then return 0; fi
  if ! journalled up:begin; then
    fail lost 'the rollback was cut off before it changed anything' 'Run it again.'
  fi
  operate
}
`,ro=`${t3}
${t6}
${rr}`,rn=K`
inspect() {
  for read_name in compose.json services live-only; do
    if [ -f "$path/releases/$release/$read_name" ]; then result_file "$(echo "$read_name" | tr .- __)" "$path/releases/$release/$read_name"; fi
  done
  if [ -f "$path/.deploy/ports" ]; then result_file ports "$path/.deploy/ports"; fi
}
`;async function ra(e,t,r,o){let{release:n,to:s}=t;if(n.color===s)return{release:n.id,uploads:[]};o.log.info(`${e.server.name}: ${n.id} was deployed to ${n.color}: it is brought up as ${s}`);let i=await D(e.session,{path:e.server.path,body:rn,parameters:{release:n.id},signal:o.signal});return await t9(e.session,i.staging),function(e,t,r,o){var n,s;let i,l,c,d,$,f,h,u,{to:_,release:p}=e,m=function(e){let t;try{t=JSON.parse(e)}catch(e){throw new a.HR("remote","`docker compose config` did not print JSON",{cause:e})}let r=t;if("object"!=typeof r||null===r||"string"!=typeof r.name)throw new a.HR("remote","`docker compose config` printed a configuration without a project name");if("object"!=typeof r.services||null===r.services||0===Object.keys(r.services).length)throw new a.HR("input","the compose file has no service to deploy",{remedy:"Check `compose-file`, `profiles` and `services`."});for(let e of Object.keys(r.services))if(!tq.test(e))throw new a.HR("input",`the service name ${JSON.stringify(e)} is not allowed`);return r}(o.model);for(let e of function(e){let t=[];for(let r of Object.values(e.services))for(let[e,o]of Object.entries(r.environment??{})){if("string"!=typeof o)continue;let r=o.replaceAll("$$","$");/pass|secret|token|key|credential|auth|dsn|salt|private/i.test(e)&&t.push(r);let n=/^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(r);n&&t.push(n[1],function(e){try{return decodeURIComponent(e)}catch{return e}}(n[1]))}return t.filter(e=>""!==e)}(m))o.addSecret(e);let g=function(e,t,r,o){let n="blue"===r?"green":"blue",[s,i]=[tY(t,n),tY(t,r)],l=tG(e,(e,t)=>{let{[s]:l,...c}=e.networks??{};return{...e,networks:{...c,[i]:{...l,aliases:(l?.aliases??[]).map(e=>e===`${t}-${n}`?`${t}-${r}`:e)}},environment:{...e.environment,DEPLOY_COLOR:r},labels:{...e.labels,"deploy-actions.color":r},...e.ports&&{ports:e.ports.map(e=>(function(e,t,r,o){let[n,s]=String(t.published).split("-").map(Number),i=(s??n)-n+1,l=o.filter(o=>o.color===r&&o.service===e&&o.target===t.target).sort((e,t)=>e.replica-t.replica).slice(0,i).map(e=>e.port);if(l.length<i)throw new a.HR("refused",`${r} has ${l.length} of the ${i} ports that ${e}:${t.target} needs there`,{remedy:`Deploy that version again (ssh-compose-deploy), to ${r}: the ports are set aside then.`});return{...t,published:1===i?String(l[0]):`${l[0]}-${l.at(-1)}`}})(t,e,r,o))}}}),{[s]:c,...d}=e.networks??{};return{...l,name:tK(t,r),networks:{...d,[i]:{name:i,external:!0}}}}(m,t,_,o.ports),w=`${o.services}${o.liveOnly}`.split(`
`).map(e=>e.split(" ")),y=new Set(o.liveOnly.split(`
`).map(e=>e.split(" ")[6])),{json:v,services:k}=(c=function(e,t){for(let r of t)if(!e.services[r])throw new a.HR("input",`input \`one-shot\`: ${r} is not a service of the compose file`,{input:"one-shot",remedy:`Its services are: ${Object.keys(e.services).join(", ")}.`});let r=new Set(t);for(let t of Object.values(e.services))for(let[e,{condition:o}]of Object.entries(t.depends_on??{}))"service_completed_successfully"===o&&r.add(e);return new Map(Object.keys(e.services).map(e=>[e,r.has(e)?"once":"long"]))}(g,w.filter(([,e])=>"once"===e).map(e=>e[6])),d=function(e){let t=new Map,r=(o,n)=>{let s=t.get(o);if(void 0!==s)return s;if(n.includes(o))throw new a.HR("input",`the services need each other in a circle: ${[...n,o].join(" -> ")}`);let i=Math.max(-1,...(function(e){var t;let r=new Set(Object.keys(e.depends_on??{}));for(let t of e.links??[])r.add(t.split(":")[0]);for(let t of e.volumes_from??[])t.startsWith("container:")||r.add(t.split(":")[0]);for(let o of[(t=e).network_mode,t.ipc,t.pid].flatMap(e=>"string"==typeof e&&e.startsWith("service:")?[e.slice(8)]:[]))r.add(o);return[...r]})(e.services[o]).filter(t=>e.services[t]).map(e=>r(e,[...n,o])))+1;return t.set(o,i),i};for(let t of Object.keys(e.services))r(t,[]);return t}(g),$=function(e){let t=new Set;for(let r of Object.values(e.services))for(let[e,{condition:o}]of Object.entries(r.depends_on??{}))"service_started"!==o&&t.add(e);return t}(g),f=new Map(Object.keys(g.services).map(e=>[e,function(e,t){let r=e.services[t],o=Object.fromEntries(Object.entries(r).filter(([e])=>!tW.has(e)));if(r.deploy){let{replicas:e,...t}=r.deploy;o.deploy=t}if(r.labels){let{[tB]:e,...t}=r.labels;Object.keys(t).length>0?o.labels=t:delete o.labels}let n={networks:tV(e.networks,Object.keys(r.networks??{})),volumes:tV(e.volumes,(r.volumes??[]).map(e=>e.source??"")),configs:tV(e.configs,(r.configs??[]).map(e=>e.source)),secrets:tV(e.secrets,(r.secrets??[]).map(e=>e.source))};return tZ(JSON.stringify(function e(t){return Array.isArray(t)?t.map(e):"object"!=typeof t||null===t||Array.isArray(t)?t:Object.fromEntries(Object.keys(t).sort().filter(e=>void 0!==t[e]).map(r=>[r,e(t[r])]))}({project:e.name,service:o,uses:n})))}(g,e)])),(u=Object.entries((h=tG(g,({profiles:e,...t},r)=>({...t,labels:{...t.labels,[tB]:f.get(r)}}))).services).map(([e,t])=>({name:e,kind:c.get(e),step:d.get(e),gate:$.has(e),replicas:t.scale??t.deploy?.replicas??1,hash:f.get(e),image:t.image}))).sort((e,t)=>e.step-t.step||(e.name<t.name?-1:1)),{json:`${JSON.stringify(h,null,1)}
`,services:u}),b=({name:e})=>y.has(e),x=(n=p.id,s=_,i=n.replace(/-(?:blue|green)$/,""),(l=`${i}-${s}`).length<=63?l:`${i.slice(0,48)}-${tZ(i).slice(0,8)}-${s}`),j=o.ports.filter(e=>e.color===_&&void 0!==g.services[e.service]),E=k.filter(e=>!b(e));return{release:x,uploads:[{name:"release/compose.json",content:v},{name:"release/services",content:tX(E)},{name:"release/live-only",content:tX(k.filter(b))},{name:"release/ports",content:j.map(e=>`${e.color} ${e.service} ${e.target} ${e.replica} ${e.port}
`).join("")},{name:"release/release.json",content:`${JSON.stringify({...r,id:x,color:_,created:`${o.now.toISOString().slice(0,19)}Z`,previous:e.fromRelease,services:E.map(({name:e,image:t,replicas:r,hash:o,kind:n})=>({name:e,image:t,replicas:r,hash:o,kind:n})),migrations:{ran:!1,reversible:!0,state_before:"",state_after:""}})}
`}]}}(t,r,e.look.releases.find(e=>e.id===n.id),{model:i.fields.compose_json??"{}",services:i.fields.services??"",liveOnly:i.fields.live_only??"",ports:(i.fields.ports??"").split(`
`).flatMap(e=>{let[t,r="",o,n,a]=e.split(" ");return"blue"!==t&&"green"!==t?[]:[{color:t,service:r,target:Number(o),replica:Number(n),port:Number(a)}]}),addSecret:o.addSecret,now:o.clock.wall()})}function rs(e){let{reason:t}=e;if("nothing"===e.kind)return`Nothing is rolled back: ${t}.`;if("flip"===e.kind){let r=e.release?` (${e.release})`:"";return`The traffic goes from ${e.from} back to ${e.to}${r}: ${t}.`}let r=`${e.release.id} (${e.release.version})`;return"recolor"===e.kind?`${r} is brought up in ${e.to}, then the traffic goes there from ${e.from}: ${t}.`:`${r} is brought back in place of ${e.from}: ${t}.`}async function ri(e,t,r,n,s){let i=function(e,t){let r=function(e={}){let t=new Map,r=new Set,o=e=>{r.delete(e),e.connection.socket.on("error",()=>{}),e.client.destroy().catch(()=>{}),e.connection.socket.destroy()};async function n(n,a,s,i){let l=ti(n.url),c=e5(l.host,l.port),d="none"===s.proxy||a.address||a.addressPort||a.dial?void 0:function(e,t){let r,o,n="https:"===e.protocol,a=n?t.https_proxy??t.HTTPS_PROXY:t.http_proxy??t.HTTP_PROXY;if(!a||"localhost"===(r=e.hostname.toLowerCase())||r.endsWith(".localhost")||"[::1]"===r||/^127\.\d+\.\d+\.\d+$/.test(r)||function(e,t){let{host:r,port:o}=ti(t),n=r.toLowerCase().replace(/\.$/,"");return e.split(/[\s,]+/).some(e=>{let t=e.toLowerCase();if(""===t)return!1;if("*"===t)return!0;let[,r,a]=/^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(t)??[];if(void 0===r||void 0!==a&&Number(a)!==o)return!1;let s=r.replace(/^\[(.*)\]$/,"$1");if(s.includes("/"))return function(e,t){let[r,o]=t.split("/");if(4!==(0,eK.isIP)(e)||4!==(0,eK.isIP)(r)||!/^\d+$/.test(o)||Number(o)>32)return!1;let n=e=>e.split(".").reduce((e,t)=>256*e+Number(t),0),a=2**(32-Number(o));return Math.floor(n(e)/a)===Math.floor(n(r)/a)}(n,s);if(0!==(0,eK.isIP)(s))return s===n;let i=s.replace(/^\*?\./,"");return""!==i&&(n===i||n.endsWith(`.${i}`))})}(t.no_proxy??t.NO_PROXY??"",e))return;try{o=new URL(a.includes("://")?a:`http://${a}`)}catch{throw new eF(`the environment's ${n?"HTTPS_PROXY":"HTTP_PROXY"} is not a URL`,{phase:"proxy"})}if("http:"!==o.protocol&&"https:"!==o.protocol)throw new eF(`a proxy of kind ${o.protocol}// is not supported`,{phase:"proxy"});let s=decodeURIComponent(o.username);return{endpoint:ti(o),authorization:""===s?void 0:`Basic ${Buffer.from(`${s}:${decodeURIComponent(o.password)}`).toString("base64")}`}}(n.url,e.env??{}),$=a.dial?0:s.maxConnectionAge??1/0,f=JSON.stringify([n.url.origin,d?.endpoint,a]),h=void 0!==d&&!l.secure,u=n.headers.flat();n.headers.some(([e])=>"host"===e)||u.unshift("host",n.url.host),h&&d.authorization&&u.push("proxy-authorization",d.authorization);let _=n.url.pathname+n.url.search,p=async e=>{let r=!1;try{let t=await function(e,t){let{where:r,limit:o}=t;return new Promise((n,a)=>{let s,i,l=performance.now(),c=!1,d=!1,$=0,f="",h=[],u=0,_=!t.last,p=e=>{d||(d=!0,w(),e())},m=()=>{let t=tt(i?"body":"http",r,o,{sent:c,...$?{status:$}:{}});p(()=>a(t)),i?.destroy(),s?s(Error("aborted")):e.client.destroy()},g=()=>{i.end().then(({body:e,truncated:t})=>p(()=>n({status:$,statusText:f,headers:h,body:e,truncated:t,firstByteMs:u,reusable:_&&!t})),e=>p(()=>a(e)))},w=o.onEnd(m);if(o.ended)return m();e.client.dispatch({method:t.method,path:t.path,headers:t.headers,body:t.body,reset:t.last,idempotent:!0},{onConnect(e){s=e,c=!0},onHeaders(e,o,n,c){if(e<200)return!0;$=e,f=c,u=performance.now()-l,(h=function(e){let t=[];for(let r=0;r+1<e.length;r+=2)t.push([e[r].toString("latin1").toLowerCase(),e[r+1].toString("latin1")]);return t}(o)).some(([e,t])=>"connection"===e&&/\bclose\b/i.test(t))&&(_=!1);let d=204===e||304===e;try{let e=t.decode&&"HEAD"!==t.method&&!d?h.filter(([e])=>"content-encoding"===e).map(([,e])=>e).join(", "):"";i=function(e,t,r,o){var n,a,s,i,l,c;let d,$,f,h,u,_,p,m,g,w=e.split(",").map(e=>e.trim().toLowerCase()).filter(e=>""!==e&&"identity"!==e),y=(n=t,a=r,s=o,d=[],$=0,f=!1,{push(e){if(f)return!1;let t=n-$;return f=e.length>t,d.push(f?e.subarray(0,t):e),$+=Math.min(e.length,t),!f},async end(){if(f&&"error"===a)throw new eF(`${s}: the answer is larger than ${n} bytes`,{phase:"body",code:"TOO_LARGE",sent:!0});let e=Buffer.concat(d,$);return d=[],{body:e,truncated:f}},destroy(){d=[]}});if(0===w.length)return y;let v=w.find(e=>!eX.has(e));if(void 0!==v||w.length>2)throw eZ(o,v??w.join(", "));return i=w.reverse(),l=y,c=o,_=!1,p=0,m=[],g=Promise.resolve(),{push:e=>!_&&!h&&(0===e.length||(p+=e.length,u||(e=>{for(let t of i)m.push(function(e,t,r){switch(e){case"gzip":case"x-gzip":return eU().createGunzip();case"deflate":return(15&t[0])==8?eU().createInflate():eU().createInflateRaw();case"br":return eU().createBrotliDecompress();case"zstd":if("createZstdDecompress"in eU())return eU().createZstdDecompress()}throw eZ(r,e)}(t,e,c));u=m[0];for(let e=1;e<m.length;e+=1)m[e-1].pipe(m[e]);g=new Promise(e=>{for(let t of m)t.on("error",t=>{h??=t,e()});m.at(-1).on("data",t=>{if(!_&&!l.push(t)){for(let e of(_=!0,m))e.destroy();e()}}).on("end",e)})})(e),u.write(e),!0)),async end(){if(!(p>0)||_||h||u.end(),await g,h&&!_)throw new eF(`${c}: the ${i.join(", ")} answer cannot be decoded: ${h.message}`,{phase:"body",code:"UNDECODABLE",sent:!0,cause:h});return await l.end()},destroy(){for(let e of m)e.destroy();l.destroy()}}}(e,t.maxBytes,t.overflow,r)}catch(e){return p(()=>a(e)),s(Error("aborted")),!0}return d&&"HEAD"!==t.method&&h.some(ts)&&(_=!1,g(),s(Error("enough"))),!0},onData:e=>!!d||(i.push(e)||(_=!1,g(),s(Error("enough"))),!0),onComplete(){d||g()},onError(e){if(d)return;if(!c&&ta.has(eq(e)??"")){let t=`${r}: the request cannot be sent: ${e.message}`;return p(()=>a(new eF(t,{phase:"http",cause:e})))}if(e instanceof tr||!c)return p(()=>a(new tr("closed")));let t=i?"body":"http";(!i||_||"enough"!==e.message)&&p(()=>{var o,n;let s;return a(new eF(`${r}: ${(o=e,n=void 0!==i,s=eq(o)??"","UND_ERR_SOCKET"===s?n?"connection closed in the middle of the answer":"connection closed without an answer":"ECONNRESET"===s||"EPIPE"===s?n?`connection reset in the middle of the answer (${s})`:`connection reset without an answer (${s})`:s.startsWith("HPE_")?n?`the answer is broken HTTP (${s})`:`the answer is not HTTP (${s})`:"UND_ERR_HEADERS_OVERFLOW"===s?"the headers of the answer are larger than 64 KiB":"UND_ERR_RES_CONTENT_LENGTH_MISMATCH"===s?"the answer is shorter than its Content-Length":eW(o))}`,{phase:t,code:eq(e),sent:c,cause:e,...$?{status:$}:{}}))})}})})}(e,{method:n.method,path:h?n.url.origin+_:_,headers:u,body:n.body,maxBytes:s.maxBytes??0xa00000,overflow:s.overflow??"error",decode:s.decode??!0,where:c,limit:i,last:0===$});return r=t.reusable,t}finally{r?((e,r)=>{let n=t.get(e)??[];if(n.length>=64)return o(r);n.push(r),t.set(e,n)})(f,e):o(e)}},m=$>0?((e,r)=>{for(let n=t.get(e)?.pop();n;n=t.get(e)?.pop()){if(!n.connection.socket.destroyed&&!n.client.destroyed&&performance.now()-n.openedAt<=r)return n;o(n)}})(f,$):void 0;if(m)try{return{answer:await p(m),connection:m.connection,fresh:!1}}catch(e){var g,w;if(!(e instanceof tr||(g=e)instanceof eF&&"http"===g.phase&&!g.timedOut&&/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(g.code??"")&&("GET"===(w=n.method)||"HEAD"===w||"OPTIONS"===w)))throw e}let y=await e0(i,s.connectTimeout??1e4,e=>tf(n.url,d,a,e)),v=await tn(y,c);r.add(v);try{return{answer:await p(v),connection:y,fresh:!0}}catch(e){if(!(e instanceof tr))throw e;throw new eF(`${c}: connection closed before the request was sent`,{phase:"http",code:"ECONNRESET"})}}async function a(t,r){let o=performance.now(),a=th(t,e.userAgent??"deploy-actions"),{answer:s,hop:i,redirects:l}=await t$(a,t.redirects??0,async e=>{let o=td(e.url,a.url,t.connect,t.addressFor),s=await n(e,o,t,r);return{...s,status:s.answer.status,headers:s.answer.headers}});return function(e,t,r,o,n,a){let s=Object.create(null);for(let[t,r]of e.headers)s[t]=t in s?`${s[t]}, ${r}`:r;return{status:e.status,statusText:e.statusText,headers:s,headerList:e.headers,body:e.body,truncated:e.truncated,timings:{...r?t.timings:{dns:0,tcp:0,tls:0},firstByte:e.firstByteMs,total:a},url:o.href,redirects:n,remoteAddress:t.remoteAddress,certificate:t.certificate}}(s.answer,s.connection,s.fresh,i.url,l,performance.now()-o)}return{async request(t){try{return await e0(t.signal,t.deadline??3e4,e=>a(t,e))}catch(t){var r,o;throw r=t,o=e.redactor,r instanceof eF&&o&&(r.message=o.redact(r.message)),r}},async close(){for(let e of r)o(e);t.clear()}}}({redactor:t.redactor}),n=!1,a=async(t,r)=>{try{return await e.forward(t,r)}catch(e){throw function(e,t,r){if(!(e instanceof o.fm))return e;let n=`${e5(t,r)} (from the server)`,a=(t,r,o)=>new eF(`${n}: ${t}`,{phase:r,code:o,cause:e});switch(e.code){case"forward-refused":return a("connection refused (ECONNREFUSED)","tcp","ECONNREFUSED");case"forward-unknown-name":return a("the name does not resolve (ENOTFOUND)","dns","ENOTFOUND");case"forward-forbidden":return a(e.message,"tcp",tE);default:return a(e.message,"tcp",e.code)}}(e,t,r)}};async function s(r,o){if(!n)try{return await r()}catch(r){var a;if(!((a=r)instanceof eF&&a.code===tE))throw r;n||t.log.info(`${e.name} forbids TCP forwarding (AllowTcpForwarding): curl or wget there asks instead, a little slower`),n=!0}return await o()}return{request:t=>s(()=>r.request({...t,proxy:"none",connect:{...t.connect,dial:a}}),()=>ty(e,t)),open:(t,r,o,n,i)=>s(()=>e0(n,o,e=>e3(t,{...r,dial:a},e)),async()=>{let n=r.address??t.host,a=r.addressPort??t.port;if(i)throw new eF(`${e5(n,a)}: ${e.name} forbids TCP forwarding, without which only http, https and tcp can be tried`,{phase:"tcp"});return await tx(e,n,a,o),{socket:new tp.PassThrough,timings:{dns:0,tcp:0,tls:0},remoteAddress:void 0,certificate:void 0}}),close:()=>r.close()}}(e.session,{log:n.log,redactor:n.redactor}),[l,c]=r.connect.split(":"),d="";try{for(let o=1;o<=5;o+=1){o>1&&await n.clock.sleep(1e3,n.signal);try{let o=await i.request({url:r.url,deadline:1e4,overflow:"cut",signal:n.signal,connect:{address:l,addressPort:Number(c),insecure:!0}}),a=function(e,t){let r;if("header"===t.kind)return e.headers[t.name]?.trim();let o=e.body.toString("utf8").trim();if("body"===t.kind)return""===o?void 0:o;try{r=JSON.parse(o)}catch{return}let[n]=t.path.select(r);return"string"==typeof n||"number"==typeof n?String(n):void 0}(o,r.source);if(void 0!==a&&eM(t,a))return void n.log.info(`${e.server.name}: ${r.url} answers with version ${a}`);d=`answers ${o.status} with ${void 0===a?"no version":`version ${a}`}`}catch(e){n.signal.throwIfAborted(),d=`does not answer (${(0,a.bD)(e)})`}}}finally{await i.close()}throw new a.HR("unhealthy",`after the rollback ${r.url} ${d} on ${e.server.name}, not with version ${t}`,{remedy:"Look at what the proxy leads to; `version-from` or `verify-url` may name the wrong place.",outputs:s})}function rl(e,t){let r=e=>/^\d+(?=-)/.exec(e)?.[0];return e===t||void 0!==r(e)&&r(e)===r(t)}let rc={from:void 0,to:void 0,mode:void 0,"elapsed-ms":void 0,reason:void 0,report:void 0};async function rd(e,t,r){let s=t.clock.now(),i=(0,o.U2)(e),l=r??(e=>(0,o.fA)(e,{clock:t.clock,log:t.log,signal:t.signal})),c=[],d=async e=>{let t=await l(e);return c.push(t),t},$=()=>Math.round(t.clock.now()-s);try{var f,h,u,_,p,m,g,w,y,v;let r,o,s,l,c=function(e,t){if(void 0!==e)return e;if(""===t.runId)return`local-${(0,n.randomBytes)(6).toString("hex")}`;let r=`${t.runId}-${t.job||"job"}`.toLowerCase().replace(/[^a-z0-9._-]+/g,"-");return r.length<=63?r:`${r.slice(0,58)}${r.slice(-5)}`}(e["deployment-id"],t.workflow),k=await Promise.all(i.map(async r=>{let o=await d(r),n=await rh(r,o,e,t);if(e.list||e.plan)return{...n,gaveBack:!1};let{changed:a,gaveBack:s}=await ru(n,c,e,t,d);return{...a?await rh(r,o,e,t):n,gaveBack:s}}));if(e.list)return function(e,t,r){let o=[];for(let{server:n,look:s}of e){let e=tS(s),i=tR(e),l=tH(s,t),c=tT(s).reverse();for(let d of(0===c.length&&r.log.info(`${n.name}: no release is recorded`),c)){let c=Date.parse(d.created),$=Number.isNaN(c)?"–":`${(0,a.a3)(Math.max(0,r.clock.wall().getTime()-c))} ago`,f=tC(s,t)?M.find(e=>ec(s,t,e)===d.id):void 0,h=[d.id===l?"serves now":"",f?`in ${f}`:"",i.has(d.id)?"bad":e.findLast(e=>e.release===d.id)?.outcome??"recorded"].filter(e=>""!==e),u=Object.entries(d.images).map(([e,t])=>`${e} ${t.replace(/^sha256:/,"").slice(0,12)}`);r.log.info(`${n.name}: ${d.id}  ${d.version}  ${$}  ${u.join(", ")}  ${h.join(", ")}`),o.push([n.name,d.id,d.version,$,u.join(", "),h.join(", ")].map(a.FV))}}r.summary(`### What can be rolled back to

${(0,a.Qj)(["Server","Release","Version","Age","Images","State"],o)}
`);let n=e[0]?tH(e[0].look,t):"";return{from:n,to:n,mode:"list","elapsed-ms":void 0,reason:"only listed",report:void 0}}(k,e.project,t);let b=function(e,t,r){let{runUrl:o}=t.workflow;return{to:e.to,mode:e.mode,project:e.project,isOwn:e=>rl(e.deployment_id,r)||""!==o&&e.run_url===o,pastMigration:e["allow-past-migration"]||e["down-migrate"].length>0||e["restore-backup"].length>0,now:Math.floor(t.clock.wall().getTime()/1e3),runsHooks:e["down-migrate"].length+e["restore-backup"].length>0}}(e,t,c),x=k.map(e=>(function(e,t,r){try{return function(e,t,r=!1){return void 0===t.to?function(e,t){let{project:r}=t,o=tS(e),n=o.filter(e=>t.isOwn(e)),a=n.find(e=>("switch"===e.operation||"rollback"===e.operation)&&"succeeded"===e.outcome&&e.from!==e.to&&void 0!==e.from);if(a?.from!==void 0&&q(a.from)){let s=q(a.from);if(e.share===a.from)return{kind:"nothing",reason:`this run moved the traffic and it is back on ${a.from} already`};let i=o.slice(o.lastIndexOf(n.at(-1))+1).find(e=>!t.isOwn(e)&&"succeeded"===e.outcome);return i?{kind:"nothing",reason:`a later run (${i.run_url||i.deployment_id}) has changed what is served since`}:tD(e,r,s.weight>=50?s.color:P(s.color),`this run moved the traffic from ${a.from}`,t)}let s=q(e.share??"");if(s&&s.weight<100&&n.some(e=>"switch"===e.operation))return tD(e,r,P(s.color),"this run left a canary",t);let i=tT(e),l=tH(e,r),c=n.find(e=>"deploy"===e.operation&&"succeeded"===e.outcome);if(!c){let e=n.find(e=>"deploy"===e.operation);return{kind:"nothing",reason:e?`the deploy of this run ${tL[e.outcome]??`ended as ${e.outcome}`}, and nothing of it serves`:"this run has changed nothing on the server"}}if(c.release!==l)return{kind:"nothing",reason:`${c.release} of this run does not serve (it is ${l||"nothing"})`};let d=i.find(e=>e.id===c.release)?.previous,$=i.find(e=>e.id===d);return $?tM(e,$,l,`this run deployed ${c.release}`,t):{kind:"nothing",reason:"there is no earlier release to go back to"}}(e,t):function(e,t,r,o){var n;let{project:s}=t,i=tT(e),l=tH(e,s),c=(n=tS(e),new Map([...[...tA(n)].map(e=>[e,"nobody confirmed"]),...[...tR(n)].map(e=>[e,"is marked bad"])])),d="previous"===r||"last-good"===r,$=function(e,t,r,o,n){if("previous"===o||"last-good"===o){let o=t=>e.find(e=>e.id===t),a=o(n(t)),s=new Set([t]);for(;a&&r.has(a.id)&&!s.has(a.id);)s.add(a.id),a=o(n(a.id));return a&&!r.has(a.id)?a:void 0}let a=[...e].reverse();return a.find(e=>e.id===o)??a.find(e=>e.version===o)??a.find(e=>/^[0-9a-f]{7,40}$/i.test(o)&&eM(e.sha,o))}(i,l,c,r,tI(e,i)),f=P(ef(e));if(d&&o&&!c.has(l))return{kind:"nothing",reason:`a switch was under way: it was stopped, and ${l||e.share} has all the traffic again`};let h=q(e.share??"");if(h&&h.weight<100&&"redeploy"!==t.mode){let o=P(h.color),n=ec(e,s,o);if(d?void 0===n||!c.has(n):void 0!==$&&$.id===n)return tD(e,s,o,`${r} was asked for during a canary`,t)}if(!$){if(d&&tC(e,s)&&tz(e,s,f)){let o=ec(e,s,f),n=void 0===o?void 0:c.get(o);return void 0!==n?{kind:"nothing",reason:`${f} holds ${o}, which ${n}, and there is no other release to go back to`}:tD(e,s,f,`${r} was asked for`,t)}if(d)return{kind:"nothing",reason:"there is no earlier release to go back to"};throw new a.HR("input",`no release on the server is ${r}`,{input:"to",remedy:0===i.length?"There is none at all: see list: true.":`There are: ${i.map(e=>`${e.id} (${e.version})`).join(", ")}.`})}return $.id===l?{kind:"nothing",reason:`${$.id} serves already`}:tC(e,s)&&ec(e,s,f)===$.id&&"redeploy"!==t.mode?tD(e,s,f,`${r} was asked for`,t):tM(e,$,l,`${r} was asked for`,t)}(e,t,t.to,r)}(e.look,t,e.gaveBack)}catch(t){if(!r||!(t instanceof a.HR))throw t;throw new a.HR(t.kind,`${e.server.name}: ${t.message}. Nothing was changed on any server`,{...t,cause:t.cause})}})(e,b,i.length>1));for(let[e,r]of x.entries()){_=k[e].server.name,p=r,m=i.length>1,t.log.info(`${m?`${_}: `:""}${rs(p)}`)}let j=x.flatMap((e,t)=>"nothing"===e.kind?[]:[{decision:e,...k[t]}]),[E]=j;if(!E||e.plan){let{reason:e}=x[0];return{...rc,mode:E?r$(E.decision):"none",...r_(x[0]),"elapsed-ms":$(),reason:e,report:(0,a.l4)((f=(E??{decision:x[0]}).decision,h=$(),{kind:"rollback",ok:!0,summary:rs(f),elapsedMs:h,checks:[]}))}}let S=function(e,t,r){let[o]=["down-migrate","restore-backup"].filter(e=>r[e].length>0);if(void 0===o||"each"===r["migrate-on"]||t.length<2)return;let n=t[0].name,[s,...i]=e;if(s?.server.name!==n)throw new a.HR("input",`\`${o}\` runs on ${n} for all servers, and nothing is to be rolled back there`,{input:o,remedy:"If it has run there before, leave it out and set allow-past-migration: true; if each server has a database of its own, set migrate-on: each."});let l=i.find(({decision:e})=>e.kind!==s.decision.kind);if(l)throw new a.HR("refused",`${n} and ${l.server.name} go back in different ways, so the other servers cannot wait for \`${o}\``,{input:o,remedy:"Undo the migrations in a step of its own, then roll back with allow-past-migration: true."});return n}(j,i,e),T=j.map(t=>(function(e,t){let r,{"version-from":o,"verify-url":n}=t;if(void 0===o)return;try{r=function(e){if("body"===e)return{kind:"body"};let[,t,r]=/^(header|json):(.+)$/s.exec(e)??[];if("header"===t&&/^[\w!#$%&'*+.^`|~-]+$/.test(r))return{kind:t,name:r.toLowerCase()};if("json"===t)try{return{kind:t,path:function(e){let t;var r,o,n,a=(r=e).startsWith("$")?r:r.startsWith("[")?`$${r}`:`$.${r}`;let s=new eD(a),i=(o=s,n=a,o.expect("$"),t=o.segments(),{text:n.slice(0,o.position),singular:ej(t),select:e=>eE(t,e,e)});if(!s.done)throw s.wrong("unexpected text");return i}(r)}}catch(e){if(!(e instanceof ex))throw e;throw Error(`"${r}" is no JSONPath: ${e.message}`,{cause:e})}throw Error("should be header:NAME, json:PATH or body, such as json:version or header:X-App-Version")}(o)}catch(e){throw new a.HR("input",`input \`version-from\` ${(0,a.bD)(e)}`,{input:"version-from"})}if(void 0!==n)return{source:r,url:n,connect:function(e){let{protocol:t,port:r}=new URL(e);return`127.0.0.1:${r||("https:"===t?443:80)}`}(n)};let{proxy:s}=e.look;if(s)return{source:r,url:s.url,connect:s.connect};throw new a.HR("input","nothing says where the version of `version-from` is to be asked for",{input:"verify-url",remedy:"Give `verify-url`, such as https://shop.example.org/version: no proxy was prepared here that would tell."})})(t,e)),R=await rf(j,S,e,t,c,d),N=R.map(e=>(function(e,t,r,o,n,s,i){let{server:l,session:c}=e,d={...t8(l,n,r,o),name:"rollback"},$="flip"===t.kind?function(e,t,r,o,n,s){var i,l;if(r["down-migrate"].length+r["restore-backup"].length>0)throw new a.HR("input","`down-migrate` and `restore-backup` cannot run while the traffic is only moved",{input:"down-migrate",remedy:"Use mode: redeploy, or migrate down in a step of its own and set allow-past-migration: true."});let{site:c,place:d,prepared:$}=function(e,t){let r=e.proxy;if(!r)throw new a.HR("refused",`no proxy was prepared for ${t} on this server`,{remedy:"Run blue-green-switch once with install: true."});let o=""!==r.container,n=e.proxies.find(e=>e.name===r.container);if(o&&!n)throw new a.HR("refused",`the proxy's container ${r.container} does not run`,{remedy:"Start it, or prepare another one with install: true."});return{site:{project:t,routes:function(e,t,r,o){let n=ed(e,t,"blue"),s=ed(e,t,"green"),i=r.length>0?r:function(e){let t=new Map;for(let r of e)for(let e of r.published.keys()){let o=`${r.service}:${e}`,n=1===r.published.size;t.has(o)||t.set(o,{name:n?r.service:`${r.service}-${e}`,service:r.service,port:e})}return[...t.values()]}([...s,...n]);if(0===i.length)throw new a.HR("input","no service of the colours publishes a port, so there is nothing to route",{input:"routes",remedy:"Write `routes` as lines `name: service:port`."});let l=({service:t,port:r})=>[...e.proxy?.routes.find(e=>e.service===t&&e.port===r)?.plain??[],...e.traffic?.routes.find(e=>e.service===t&&e.port===r)?.blue??[]];return i.map(r=>{let i=e.traffic?.routes.find(e=>e.service===r.service&&e.port===r.port);if(o)return{...r,blue:[`${r.service}-blue:${r.port}`],green:[`${r.service}-green:${r.port}`],plain:[`${r.service}:${r.port}`,`${r.service}-blue:${r.port}`,...n.filter(e=>e.service===r.service).map(e=>`${e.name}:${r.port}`),...l(r)].filter((e,t,r)=>r.indexOf(e)===t)};let c=(e,t)=>{let o=eh(e,r);return o.length>0?o:[...i?.[t]??[]]},d={blue:c(n,"blue"),green:c(s,"green")};for(let e of["blue","green"])if(!(d[e].length>0))throw new a.HR("refused",`route ${r.name}: ${e} publishes no port of ${r.service}:${r.port} yet`,{input:"routes",remedy:`Deploy with \`color: ${e}\` first (ssh-compose-deploy): the ports are set aside then.`});let $=e.containers.filter(e=>e.project===t);return{...r,...d,plain:[...new Set([...eh($,r),...d.blue,...l(r)])]}})}(e,t,r.routes.map(({name:e,service:t,port:r})=>({name:e,service:t,port:r})),o),folder:r.folder,fallback:r.fallback,header:r.header,sticky:r.sticky,token:r.token,contained:o,...r.traefik&&{traefik:r.traefik}},prepared:r,place:{kind:r.kind,container:n?.id??"",containerName:r.container,configFile:r.configFile,configInside:r.configInside,socket:r.socket,watched:r.watched,canaryLog:r.canaryLog,canaryWhy:r.canaryWhy}}}(e.look,r.project),f=[...new Set(e.look.containers.filter(e=>"true"===e.labels["deploy-actions.live-only"]).map(e=>e.service))],h={...(i={url:$.url,connect:$.connect,version:"",seconds:30},{docker_host:e.server.dockerHost??"",project:c.project,proxy:d.kind,proxy_container:d.container,proxy_name:d.containerName,folder:c.folder,share_names:G(U).map(F).join(" "),header:c.header??W,header_probe:B,token:c.token,config_file:d.configFile,config_inside:d.configInside,error_log:"nginx"===d.kind?"/var/log/nginx/error.log":"/nonexistent",socket:d.socket,watched:d.watched,canary_log:d.canaryLog,canary_why:d.canaryWhy,mechanism:({nginx:"flag",caddy:"flag",managed:"flag",haproxy:"map",traefik:"file"})[d.kind],verify_url:i.url,verify_connect:i.connect,verify_seconds:String(i.seconds),expect_version:i.version,routes:c.routes.map(e=>[e.name,e.service,e.port,e.blue.join(","),e.green.join(",")].join(" ")).join(`
`),routes_json:JSON.stringify(c.routes.map(({name:e,service:t,port:r,blue:o,green:n})=>({name:e,service:t,port:r,blue:o,green:n})))}),...{target:(l={target:t.to,liveOnly:f,trafficFirst:!0,hosts:n,goSeconds:120,actor:o.workflow.actor,runUrl:o.workflow.runUrl,reason:t.reason}).target,steps:(l.steps??[100]).join(" "),step_seconds:String(l.stepSeconds??0),drain_seconds:String(l.drainSeconds??0),stop_after:void 0===l.stopAfter?"":String(l.stopAfter),confirm_seconds:String(l.confirmSeconds??0),live_only:(l.liveOnly??[]).join(" "),traffic_first:l.trafficFirst?"1":"0",hosts:String(l.hosts??1),go_seconds:String(l.goSeconds??0),max_error_rate:void 0===l.maxErrorRate?"":String(Math.round(1e4*l.maxErrorRate)),max_p95:void 0===l.maxP95?"":String(l.maxP95),min_requests:String(l.minRequests??1),watch_runner:String(l.watchRunner??0),actor:ea(l.actor),run_url:ea(l.runUrl),reason:ea(l.reason),start_target:"",marks_bad:"",marks_good:""},start_target:String(Math.ceil(r["wait-timeout"]/1e3)),marks_bad:t.fromRelease,expect_slot:t.slot};return{...s,body:eo[d.kind]+Q+en+Y+ey,parameters:h,files:"traefik"===d.kind?G().map(e=>({name:`shares/${F(e)}.yml`,content:function(e,t){let r={},o={},n={},a=e.header??W;for(let s of e.routes){let i=X(e,s);for(let n of(r[i]={weighted:{services:M.map(e=>{var r;return{name:`${i}-${e}`,weight:(r=t,e===r.color?r.weight:100-r.weight)}}),...void 0===e.sticky||100===t.weight?{}:{sticky:{cookie:{name:e.sticky,httpOnly:!0,sameSite:"lax"}}}}},o[Z(e,s)]=V(a,F(t)),M))r[`${i}-${n}`]={loadBalancer:{...e.traefik?.balancers[s.name],servers:("blue"===n?s.blue:s.green).map(e=>({url:`http://${e}`}))}},o[`${i}-${n}`]=V(a,n);for(let[t,{settings:r}]of(e.traefik?.routers.filter(e=>e.route===s.name)??[]).entries()){let o=(e,t,o)=>{var n;return{...r,rule:function(e,t){let r="v2"===e.ruleSyntax?"Headers":"Header";return`(${String(e.rule)}) && ${r}(\`${B}\`, \`${t}\`)`}(r,e),priority:function(e){let t=Number(e.priority??0);return 0===t?Buffer.byteLength(String(e.rule)):t}(r)+1,middlewares:[o,...(n=r.middlewares,Array.isArray(n)?n.filter(e=>"string"==typeof e):[])],service:t}};for(let r of M){let a=`${i}-${r}`;n[`${i}-${t}-${r}`]=o(`${e.token}-${r}`,a,a)}void 0===e.header&&(n[`${i}-${t}`]=o(e.token,i,Z(e,s)))}}let s={...Object.keys(n).length>0?{routers:n}:{},middlewares:o,services:r};return`${JSON.stringify({http:s},null,2)}
# deploy-actions ${e.project} ${F(t)}
`}(c,e)})):[],inputHash:eg(["flip",t.to,e.look.share,e.look.traffic?.fence??0])}}(e,t,r,o,s.hosts,d):function(e,t,r,o,{hosts:n,database:a},s){return{...s,body:t4,parameters:{project:r.project,base_project:r.project,color:"",release:t.release.id,failed_release:t.from,docker_host:e.server.dockerHost??"",wait_timeout:String(Math.ceil(r["wait-timeout"]/1e3)),stop_timeout:"",remove_orphans:"true",migration_reversible:"true",keep_releases:"5",hosts:String(n),go_seconds:String(120),database_elsewhere:void 0===a||a===e.server.name?"":re(a),database_seconds:String(3600),takes_back:"",actor:re(o.workflow.actor),run_url:re(o.workflow.runUrl),reason:re(t.reason)},files:rt(r),inputHash:eg(["redeploy",t.release.id,t.from,e.look.history.length])}}(e,t,r,o,s,d);return{name:l.name,session:c,reopen:()=>i(l),operation:$}})(e,e.decision,e.inputs,t,c,{hosts:j.length,database:j.length>1?S:void 0},d)),O={clock:t.clock,log:t.log,signal:t.signal,aliveEvery:0},A=void 0!==S&&j.length>1&&"redeploy"===E.decision.kind?await eb(N,S,O):await e_(N,O),I={...rc,...r_(R[0].decision),mode:r$(E.decision),"elapsed-ms":$(),reason:E.decision.reason,report:(0,a.l4)((u=$(),l=(s=(o=R.flatMap(({server:e,decision:t})=>{let r=A.find(t=>t.name===e.name);if(!r)return[];let o=C(r);return[{name:e.name,ok:o,attempts:1,elapsedMs:r.result?.elapsedMs??0,detail:o?rs(t):L(r).message}]})).filter(({ok:e})=>!e)).length>0?`the rollback failed on ${s.map(({name:e})=>e).join(", ")}: ${s[0].detail}`:`rolled back in ${(0,a.a3)(u)}: ${o[0]?.detail??""}`,{kind:"rollback",ok:0===s.length,summary:l,elapsedMs:u,checks:o}))};g=R,w=new Map(A.map(e=>[e.name,C(e)?"done":L(e).message])),y=$(),v=t,r=g.map(({server:e,decision:t})=>{let{from:r="",to:o=""}=r_(t);return[e.name,t.kind,String(r),String(o),w.get(e.name)??"not started"].map(a.FV)}),v.summary(`### Rollback, ${(0,a.a3)(y)}

${(0,a.Qj)(["Server","How","From","To","Outcome"],r)}
`);let H=z(A,I,N.length>1);if(H)throw await ep(N,A,(t,r)=>{let o=R.findIndex(({server:e})=>e.name===t.name);if(!(rt(e).length>0))return function(e,{operation:t},r){let o=function(e,t,r){if("flip"===e.kind){let t=q(r.from??"");if("true"!==r.changed||!t)return;return{target:t.color,steps:String(t.weight),expect_slot:"*",marks_bad:"",marks_good:e.fromRelease}}if("redeploy"===e.kind&&""!==e.from&&!t.files?.some(({name:e})=>e.startsWith("hooks/")))return{release:e.from,failed_release:e.release.id,database_elsewhere:"",takes_back:"1"}}(e,t,r.result.fields);return o&&{...t,parameters:{...t.parameters,...o,hosts:"1",reason:"another server failed"},inputHash:eg([t.inputHash,"back"])}}(R[o].decision,t,r)},O),H;return await Promise.all(R.map(async(e,r)=>{let o=T[r],n=function({decision:e,look:t}){return"redeploy"===e.kind?e.release.version:tT(t).find(t=>"flip"===e.kind&&t.id===e.release)?.version}(e);o&&void 0!==n?await ri(e,n,o,t,I):o&&t.log.warning(`${e.server.name}: the version was not proven, because none is recorded`)})),I}finally{await Promise.all(c.map(e=>e.close()))}}function r$(e){return"recolor"===e.kind?"redeploy":e.kind}async function rf(e,t,r,o,n,s){let i={clock:o.clock,log:o.log,signal:o.signal,aliveEvery:0},l=[],c=new Map;for(let i of e){let{decision:e,server:d,session:$}=i;if("recolor"!==e.kind)continue;let f=await ra(i,e,r.project,o);c.set(d.name,f.release);let h=function(e,t,r,o){let{to:n,fromRelease:s}=t,{project:i,common:l}=o,c=e.look.releases.find(e=>e.id===s),d=c?.color;if(o.hooks.length>0&&void 0===c)throw new a.HR("refused","what serves now is no recorded release, so no command can run in it",{input:"down-migrate",remedy:"Run it by hand on the server, and set allow-past-migration: true."});return{...l,name:"redeploy",body:ro,parameters:{project:tK(i,n),base_project:i,color:n,shared_services:"keep",source:t.release.id,release:r.release,failed_release:s,failed_project:"blue"===d||"green"===d?tK(i,d):i,docker_host:e.server.dockerHost??"",wait_timeout:String(o.waitSeconds),stop_timeout:"",remove_orphans:"true",migration_reversible:"true",keep_releases:"5",actor:o.actor,run_url:o.runUrl,reason:o.reason},files:[...r.uploads,...o.hooks],inputHash:eg(["recolor",t.release.id,n,e.look.traffic?.fence??0,e.look.history.length])}}(i,e,f,{project:r.project,common:t8(d,n,r,o),waitSeconds:Math.ceil(r["wait-timeout"]/1e3),hooks:rt(ev(r,d.name,t)),actor:re(o.workflow.actor),runUrl:re(o.workflow.runUrl),reason:re(e.reason)});l.push({name:d.name,session:$,reopen:()=>s(d),operation:h})}let d=({name:e})=>e===t;for(let e of[l.filter(d),l.filter(e=>!d(e))]){if(0===e.length)continue;let t=z(await e_(e,{...i,alone:!0}),{});if(t)throw t}return await Promise.all(e.map(async e=>{let{decision:n}=e;if("recolor"!==n.kind)return{...e,inputs:ev(r,e.server.name,t)};let a=c.get(e.server.name),s={...n,kind:"flip",release:a,slot:a},i={...r,"down-migrate":[],"restore-backup":[]};return{...await rh(e.server,e.session,r,o),decision:s,inputs:i}}))}async function rh(e,t,r,o){return await eu(e,t,{project:r.project,wantsConfig:!1},{signal:o.signal})}async function ru(e,t,r,o,n){let{server:a,session:s,look:i}=e,[l,c]=[!1,!1];for(let e of i.unfinished.filter(({running:e})=>e)){var d;let i=(d=void 0!==r.to,rl(e.deploymentId,t)?"rollback"===e.operation||"redeploy"===e.operation?"await":"stop":d&&"switch"===e.operation?"stop":"leave");if("leave"===i)continue;l=!0;let $={...e,path:a.path,number:Number(/\d+$/.exec(e.directory)?.[0])},f=rl(e.deploymentId,t)?"this workflow run":e.deploymentId;o.log.info(`${a.name}: ${"stop"===i?"stops":"waits for the end of"} ${e.operation} of ${f}, which is still under way`),"stop"===i&&await g(s,$);let h=await (function(e,t,r){let o=k(t,e,r);return o.fresh=!1,E(o,"reattached",b(o,void 0,r))})(s,$,{clock:o.clock,signal:o.signal,reopen:()=>n(a)}).result.catch(()=>void 0);c||="switch"===e.operation&&h?.outcome==="failed"&&void 0!==h.fields.switched_from}return{changed:await ew(e,t8(a,t,r,o),()=>n(a),{clock:o.clock,log:o.log,signal:o.signal})||l,gaveBack:c}}function r_(e){return"flip"===e.kind?{from:e.fromRelease||e.from,to:e.release||e.to}:"recolor"===e.kind?{from:e.fromRelease,to:e.release.id}:"redeploy"===e.kind?{from:e.from,to:e.release.id}:{from:void 0,to:void 0}}}};
