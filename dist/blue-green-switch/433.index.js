"use strict";exports.id=433,exports.ids=[433],exports.modules={7433:(e,t,r)=>{r.d(t,{blueGreenSwitch:()=>rA});var o=r(6012),n=r(7598),a=r(8779);function i(e){let t={};for(let r=0;r<e.length;){let o=e.indexOf(10,r),n=/^([A-Za-z_][A-Za-z0-9_-]*) (\d{1,10})$/.exec(e.toString("latin1",r,o<0?r:o)),a=o+1+Number(n?.[2]);if(!n||a>=e.length||10!==e[a])throw Error("the result on the server is damaged");let[,i]=n;if(!(i.startsWith("_")&&i in t&&"_details"!==i)){let r=e.toString("utf8",o+1,a);t[i]="_details"===i&&t[i]?`${t[i]}
${r}`:r}r=a+1}return t}let s=["input","refused","unhealthy","remote","lost","busy"];function l(e){return s.find(t=>t===e)??"remote"}function d(){return(0,n.randomBytes)(12).toString("hex")}async function c(e,t,r){var n;let i,s,d,c,f={},h=[],u=(n=e=>{"kind"===e.type||"message"===e.type||"remedy"===e.type?f[e.type]=e.payload.toString("utf8"):r(e)},s=[],d=0,c=1,e=>{if(s.push(e),(d+=e.length)<c)return;let t=1===s.length?s[0]:Buffer.concat(s);for(c=1;;){let e=t.indexOf(10);if(e<0){if(t.length>200)throw Error("the server answered something else than a frame");break}let r=/^([a-z]+) (\d{1,10})$/.exec(t.toString("latin1",0,Math.min(e,200))),o=Number(r?.[2]);if(!r||o>0x10000000)throw Error("the server answered something else than a frame");let a=e+1+o+1;if(t.length<a){c=a;break}n({type:r[1],payload:Buffer.from(t.subarray(e+1,e+1+o))}),t=t.subarray(a)}s=t.length>0?[t]:[],d=t.length}),{code:$}=await e.run({...t,onStdout(e){if(void 0===i)try{u(e)}catch(e){i=e}},onStderr(e){t.onStderr&&t.onStderr(e),h.length<50&&h.push(e.subarray(0,4e3))}}),p=Buffer.concat(h).toString("utf8").trim();if(void 0!==f.kind)throw new a.HR(l(f.kind),f.message??"the server refused",{remedy:f.remedy||void 0,details:p||void 0});if(void 0!==i)throw i;if(0!==$)throw new o.fm("lost",`a program on ${e.name} was ended early (exit code ${$})`,{details:p||void 0})}let f=`frame() {
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
`,h=`_read_holder() {
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
`,u=`umask 077
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
`,$=`_program() {
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
`;function p(e,t=""){return`${u}${f}
${t}
exec 3>&1 1>&2
${e} "$@"
`}function*m(e){for(let{name:t,content:r,mode:o=384}of e){!function(e){let t=e.split("/");if(""===e||/[\0-\x1f\x7f\\]/.test(e)||t.some(e=>""===e||"."===e||".."===e)||e.startsWith("-"))throw new a.HR("input",`a file with the name ${JSON.stringify(e)} cannot be sent to a server`,{remedy:"Use relative names without control characters and backslashes."})}(t);let e=Buffer.from(r),i=(0,n.createHash)("sha256").update(e).digest("hex");yield Buffer.from(`file ${o.toString(8)} ${e.length} ${i}
${t}
`),e.length>0&&(yield e)}yield Buffer.from(`end
`)}async function _(e,t){return await w(e,"_go",t)}async function g(e,t){await w(e,"_cancel",t)}async function w(e,t,r){let n;if(await c(e,{script:p(t),args:[r.directory]},({type:e,payload:t})=>{"answer"===e&&(n=t.toString("latin1"))}),void 0===n)throw new o.fm("lost",`${e.name} gave no answer`);return n}async function y(e,t,r,n){let a=!1;if(await c(e,{script:p("_upload"),args:[t,r,d()],input:m(n)},({type:e})=>{a||="answer"===e}),!a)throw new o.fm("lost",`${e.name} did not confirm the upload`)}function v(e,t){let r=Buffer.alloc(0),o=void 0===e?void 0:`\x1e${e} `,n=e=>{let r=e.toString("utf8").replace(/\r+$/,"");if(void 0===o||!r.startsWith(o))return void t?.({type:"line",text:r.slice(r.lastIndexOf(`\r`)+1)});let n=r.slice(o.length),a=/^phase (\d+) (.*)$/.exec(n);a?t?.({type:"phase",name:a[2],at:Number(a[1])}):t?.({type:"warning",text:n.replace(/^warning /,"")})};return{push(e){let t=r.length>0?Buffer.concat([r,e]):e;for(let e=t.indexOf(10);e>=0;e=t.indexOf(10))n(t.subarray(0,e)),t=t.subarray(e+1);for(;t.length>65536;)n(t.subarray(0,65536)),t=t.subarray(65536);r=Buffer.from(t)},end(){r.length>0&&n(r),r=Buffer.alloc(0)}}}function k(e,t,r){let o,n,s,d=0,c={reference:e,fresh:!0,session:t,offset:()=>d,ended:()=>s,onFrame({type:e,payload:t}){switch(e){case"token":o??=v(t.toString("latin1"),r.onEvent);break;case"log":d+=t.length,o?.push(t);break;case"state":{let e=t.toString("latin1");e!==n&&r.onEvent?.({type:"state",state:e}),n=e;break}case"result":var f,h;let u,$;o?.end(),f=c.reference,h=c.fresh,s={reference:f,outcome:($="succeeded"!==(u=i(t))._outcome)?"failed":"succeeded",...$?{failure:{kind:l(u._kind),message:u._message||"the run failed without a word",...u._remedy?{remedy:u._remedy}:{},...u._details?{details:u._details}:{}}}:{},fields:Object.fromEntries(Object.entries(u).filter(([e])=>!e.startsWith("_"))),phases:(u._phases??"").split(`
`).map(e=>/^(.*) (\d+)$/.exec(e)).filter(e=>null!==e).map(([,e,t])=>({name:e,ms:Number(t)})),elapsedMs:Number(u._elapsed??0),recovered:"_recovered"in u,fresh:h};break;case"dead":{let e=t.toString("utf8");throw new a.HR("lost",`the program on ${c.session.name} was killed${e?` after ${e}`:""} and left no result`,{remedy:"Run it again: the next run on this server first finishes or reverts what this one began."})}}}};return c}async function b(e,t,r){let n=t??x(e,r);for(let t=0;;){try{await n}catch(n){if(r.signal?.throwIfAborted(),!(n instanceof o.fm&&"lost"===n.code))throw n;if(e.session.gone.aborted)await j(e,n,r);else if(++t>=5)throw n}let a=e.ended();if(a)return a;n=x(e,r)}}async function x(e,t){let{directory:r}=e.reference;await c(e.session,{script:p("_follow"),args:[r,String(e.offset())],signal:t.signal},e.onFrame)}async function j(e,t,r){let{clock:n,reopen:i,reconnectFor:s=12e4,signal:l,onEvent:d}=r,c=n.now(),f=t;for(let t=1;i;t+=1){let r=(0,a.EY)({initial:500,max:1e4},t);if(n.now()-c+r>s)break;await n.sleep(r,l);try{let r=e.session;e.session=await i(),await r.close(),d?.({type:"reconnected",attempt:t});return}catch(e){var h;if(l?.throwIfAborted(),!(e instanceof a.HR&&("lost"===e.kind||(h=e)instanceof o.fm&&"connection-refused"===h.code)))throw e;f=e}}let u=i?` and could not be restored within ${(0,a.a3)(s)}`:"";throw new o.fm("lost",`the connection to ${e.session.name} was lost${u}: ${(0,a.bD)(f)}`,{cause:f,remedy:`The run goes on there by itself (${e.reference.directory}). Run this again with the same \`deployment-id\`: it reattaches and reports the outcome.`})}function S(e,t,r){return r.catch(()=>{}),{reference:e.reference,disposition:t,get session(){return e.session},result:r}}let E=new Set("path run files operation deployment_id run_number lock_timeout holder_actor holder_url order_key order_number order_attempt allow_older".split(" "));function T(e){return Object.entries(e).map(([e,t])=>`${e}=${(0,o.hD)([t])||"''"}
`).join("")}function N(e={}){for(let t of Object.keys(e))if(!/^[a-z][a-z0-9_]*$/.test(t)||E.has(t))throw new a.HR("input",`${JSON.stringify(t)} cannot be a parameter of a program on the server`);return T(e)}let O=/^[a-z0-9][a-z0-9._-]{0,62}$/;async function A(e,t,r){!function(e){let{name:t,deploymentId:r,inputHash:o,order:n}=e;if(!/^[a-z][a-z-]*$/.test(t))throw TypeError(`${t} is no name of an operation`);if(!O.test(r))throw new a.HR("input",`the deployment id ${JSON.stringify(r)} is not usable`,{input:"deployment-id",remedy:"Use up to 63 lower-case letters, digits, dots, hyphens and underscores; begin with a letter or digit."});if(!/^[0-9a-f]{16,64}$/.test(o))throw TypeError("the input hash is not hexadecimal");if(n&&!(/^[A-Za-z0-9._-]+$/.test(n.key)&&Number.isInteger(n.number+n.attempt)))throw TypeError("the order key must be plain, number and attempt whole numbers")}(t);let n=d(),i=[...function*(e){var t;let{holder:r,order:o,lockTimeout:n=6e5,allowOlder:a=!1}=e;for(let i of(yield{name:"program",content:(t=e.body,`${u}${h}${$}
${t}
_program "$@"
`),mode:448},yield{name:"token",content:`${d()}
`},yield{name:"hash",content:`${e.inputHash}
`},yield{name:"parameters",content:T({path:e.path,deployment_id:e.deploymentId,operation:e.name,lock_timeout:String(Math.ceil(n/1e3)),holder_actor:R(r.actor),holder_url:R(r.runUrl),...o?{order_key:o.key,order_number:String(o.number),order_attempt:String(o.attempt),allow_older:a?"yes":""}:{}})+N(e.parameters)},e.secrets&&(yield{name:"secrets",content:N(e.secrets)}),e.files??[]))yield{...i,name:`files/${i.name}`}}(t)],s=void 0===t.resumeOnBoot?"":t.resumeOnBoot?"yes":"no",l=k({path:t.path,deploymentId:t.deploymentId,operation:t.name,number:0,directory:""},e,r);for(let e=!1;;e=!0){let a,d=new Promise(e=>{a=e}),f=c(l.session,{script:p("_launch"),args:[t.path,t.deploymentId,t.name,n,t.staging??"",s,e?"again":""],input:m(i),signal:r.signal},e=>{if("run"!==e.type)return void l.onFrame(e);let[,t,r,o]=/^(\d+) (\w+) (.*)$/s.exec(e.payload.toString("utf8"));Object.assign(l.reference,{number:Number(t),directory:o}),l.fresh="started"===r,a(r)});f.catch(()=>{});try{let e=await Promise.race([d,f.then(()=>d)]);return S(l,e,b(l,f,r))}catch(e){if(r.signal?.throwIfAborted(),!(e instanceof o.fm&&"lost"===e.code&&l.session.gone.aborted))throw e;await j(l,e,r)}}}function R(e){return e.replace(/[\0-\x1f\x7f]+/g," ").trim()}async function C(e,{clock:t,signal:r}){for(;!e.outcome;)try{await _(e.run.session,e.run.reference);return}catch(e){if(!(e instanceof a.HR&&"lost"===e.kind))throw e;await t.sleep(200,r)}}function I(e){return e.result?.outcome==="succeeded"}function L(e,t,r=e.length>1){let o=e.filter(e=>!I(e));if(0===o.length)return;let n=o.find(e=>e.result?.fields.stopped!=="true")??o[0],i=P(n),s=e.filter(e=>e!==n).map(e=>`${e.name}: ${I(e)?"done":P(e).message}`);return new a.HR(i.kind,`${r?`${n.name}: `:""}${i.message}`,{remedy:i.remedy,details:[i.details,...s].filter(Boolean).join(`
`)||void 0,outputs:t,cause:i.cause})}function P(e){return e.result?function(e){let{kind:t="remote",message:r="the run failed",remedy:o,details:n}=e.failure??{};return new a.HR(t,r,{remedy:o,details:n})}(e.result):e.lost instanceof a.HR?e.lost:new a.HR("lost",`the outcome on ${e.name} is not known: ${(0,a.bD)(e.lost)}`,{cause:e.lost,remedy:"Run it again: it finishes what was begun, or gives it back."})}async function H(e,t){let r,n,{path:s,body:f,files:h=[],timeout:u,signal:$}=t,_=d(),g=v(_,t.onEvent);if(await c(e,{script:p("_inspect",f),args:[s,d(),_],input:m([{name:"parameters",content:N(t.parameters)},...t.secrets?[{name:"secrets",content:N(t.secrets)}]:[],...h.map(e=>({...e,name:`files/${e.name}`}))]),timeout:u,signal:$,followed:t.followed,onStderr:g.push},({type:e,payload:t})=>{"staging"===e&&(r=t.toString("utf8")),"result"===e&&(n=i(t))}),g.end(),void 0===r||void 0===n)throw new o.fm("lost",`looking at ${e.name} ended without an answer`);if(void 0!==n._message)throw new a.HR(l(n._kind),n._message,{remedy:n._remedy,details:n._details});return{staging:r,fields:n}}class M extends Error{column;constructor(e,t){super(`${e} at column ${t}`),this.name="JsonPathError",this.column=t}}function z(e){return e.every(e=>e.singular&&!e.descendants)}function D(e,t,r){let o=[t];for(let t of e){let e=[];for(let n of o)for(let o of t.descendants?function(e){let t=[],r=e=>{for(let o of(t.push(e),U(e)))r(o)};return r(e),t}(n):[n])for(let n of t.selectors){for(let t of n(o,r))e.push(t);if(e.length>1e6)throw new M("selects more than a million nodes",1)}o=e}return o}function U(e){return Array.isArray(e)?e:F(e)?Object.values(e):[]}function F(e){return"object"==typeof e&&null!==e&&!Array.isArray(e)}let q=e=>t=>F(t)&&Object.hasOwn(t,e)?[t[e]]:[],B=Symbol("nothing"),W=(e,t,r)=>{let o=e.of(t,r);return"nodes"===e.kind?o.length>0:!0===o};function X(e,t,r){let o=e.of(t,r);return"nodes"!==e.kind?o:1===o.length?o[0]:B}function G(e,t){if(e===t)return!0;if(Array.isArray(e)&&Array.isArray(t))return e.length===t.length&&e.every((e,r)=>G(e,t[r]));if(F(e)&&F(t)){let r=Object.keys(e);return r.length===Object.keys(t).length&&r.every(r=>Object.hasOwn(t,r)&&G(e[r],t[r]))}return!1}function V(e,t){return"number"==typeof e&&"number"==typeof t?e<t:"string"==typeof e&&"string"==typeof t&&0>Buffer.compare(Buffer.from(e),Buffer.from(t))}let Z={"==":G,"!=":(e,t)=>!G(e,t),"<":V,">":(e,t)=>V(t,e),"<=":(e,t)=>V(e,t)||G(e,t),">=":(e,t)=>V(t,e)||G(e,t)};function Y(e,t){if("string"!=typeof e)return;let r="",o=!1;for(let t=0;t<e.length;t+=1){let n=e[t];"\\"===n?(r+=n+(e[t+1]??""),t+=1):"."!==n||o?("["===n&&(o=!0),"]"===n&&(o=!1),r+=n):r+="[^\\n\\r]"}try{return RegExp(t?`^(?:${r})$`:r,"u")}catch{return}}let K={length:{takes:["value"],gives:"value",call:e=>"string"==typeof e?[...e].length:Array.isArray(e)?e.length:F(e)?Object.keys(e).length:B},count:{takes:["nodes"],gives:"value",call:e=>e.length},match:{takes:["value","value"],gives:"logical",call:(e,t)=>"string"==typeof e&&(Y(t,!0)?.test(e)??!1)},search:{takes:["value","value"],gives:"logical",call:(e,t)=>"string"==typeof e&&(Y(t,!1)?.test(e)??!1)},value:{takes:["nodes"],gives:"value",call:e=>1===e.length?e[0]:B}};class J{at=0;depth=0;text;constructor(e){this.text=e}get done(){return this.at>=this.text.length}get position(){return this.at}wrong(e){return new M(e,this.at+1)}peek(e){return this.text.startsWith(e,this.at)}take(e){return!!this.peek(e)&&(this.at+=e.length,!0)}expect(e){if(!this.take(e))throw this.wrong(`expected "${e}"`)}match(e){e.lastIndex=this.at;let t=e.exec(this.text)?.[0];return void 0!==t&&(this.at+=t.length),t}blank(){this.match(/[ \t\n\r]*/y)}segments(){let e=[];for(;;){let t=this.at;if(this.blank(),this.take(".."))e.push({...this.peek("[")?this.bracketed():this.dotted(),descendants:!0});else if(this.take("."))e.push(this.dotted());else{if(!this.peek("["))return this.at=t,e;e.push(this.bracketed())}}}dotted(){if(this.take("*"))return{selectors:[U],descendants:!1,singular:!1};let e=this.match(/[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}][\w\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]*/uy);if(void 0===e)throw this.wrong("expected a name or *");return{selectors:[q(e)],descendants:!1,singular:!0}}bracketed(){this.expect("[");let e=[],t=!0;do{this.blank();let r=this.selector();e.push(r.selector),t&&=r.singular,this.blank()}while(this.take(","))return this.expect("]"),{selectors:e,descendants:!1,singular:t&&1===e.length}}selector(){let e,t;if(this.take("*"))return{selector:U,singular:!1};if(this.peek('"')||this.peek("'"))return{selector:q(this.string()),singular:!0};if(this.take("?")){this.blank();let e=this.logicalOr();return{selector:(t,r)=>U(t).filter(t=>W(e,t,r)),singular:!1}}let r=this.integer(),o=this.at;if(this.blank(),!this.take(":")){if(this.at=o,void 0===r)throw this.wrong("expected a name, an index, a slice, * or ?");return{selector:e=>{if(!Array.isArray(e))return[];let t=r<0?e.length+r:r;return t>=0&&t<e.length?[e[t]]:[]},singular:!0}}this.blank();let n=this.integer();return this.blank(),this.take(":")&&(this.blank(),e=this.integer()),{selector:(t=e??1,e=>{if(!Array.isArray(e)||0===t)return[];let o=e.length,a=e=>e>=0?e:o+e,i=[];if(t>0){let s=Math.min(Math.max(a(r??0),0),o),l=Math.min(Math.max(a(n??o),0),o);for(let r=s;r<l;r+=t)i.push(e[r])}else{let s=Math.min(Math.max(a(r??o-1),-1),o-1),l=Math.min(Math.max(void 0===n?-1:a(n),-1),o-1);for(let r=s;r>l;r+=t)i.push(e[r])}return i}),singular:!1}}integer(){let e=this.match(/-?\d+/y);if(void 0!==e){if(!/^(0|-?[1-9]\d*)$/.test(e)||!Number.isSafeInteger(Number(e)))throw this.wrong(`${e} is no index`);return Number(e)}}string(){let e=this.text[this.at];this.at+=1;let t="";for(;!this.take(e);){let r=this.match('"'===e?/[^"\\\0-\x1f]+/y:/[^'\\\0-\x1f]+/y);if(void 0!==r){t+=r;continue}let o=this.match(/\\(?:[bfnrt/\\]|u[0-9A-Fa-f]{4})/y);if(void 0!==o)t+=JSON.parse(`"${o}"`);else if(this.take(`\\${e}`))t+=e;else throw this.wrong("the text in quotes does not end or holds what must be escaped")}if(!t.isWellFormed())throw this.wrong("half of a surrogate pair");return t}deeper(e){if(this.depth+=1,this.depth>64)throw this.wrong("nested too deeply");let t=e();return this.depth-=1,t}logicalOr(){return this.deeper(()=>this.chain("||",()=>this.chain("&&",()=>this.basic())))}chain(e,t){let r=[t()];for(;;){let o=this.at;if(this.blank(),!this.take(e)){this.at=o;break}this.blank(),r.push(t())}return 1===r.length?r[0]:{kind:"logical",of:(t,o)=>"||"===e?r.some(e=>W(e,t,o)):r.every(e=>W(e,t,o))}}basic(){if(this.take("!")){this.blank();let e=this.peek("(")?this.parenthesis():this.test();return{kind:"logical",of:(t,r)=>!W(e,t,r)}}if(this.peek("("))return this.parenthesis();let e=this.operand(),t=this.at;this.blank();let r=this.match(/==|!=|<=|>=|<|>/y);if(void 0===r)return this.at=t,this.asTest(e);this.blank();let o=this.operand();for(let t of[e,o])if("logical"===t.kind||"nodes"===t.kind&&!t.singular)throw this.wrong("only single values can be compared");let n=Z[r];return{kind:"logical",of:(t,r)=>n(X(e,t,r),X(o,t,r))}}parenthesis(){this.expect("("),this.blank();let e=this.logicalOr();return this.blank(),this.expect(")"),{kind:"logical",of:(t,r)=>W(e,t,r)}}test(){return this.asTest(this.operand())}asTest(e){if(e.literal||"value"===e.kind)throw this.wrong("a value alone is no condition; compare it");return e}operand(){let e=e=>({kind:"value",of:()=>e,literal:!0});if(this.peek('"')||this.peek("'"))return e(this.string());let t=this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);if(void 0!==t)return e(Number(t));if(this.peek("@")||this.peek("$"))return this.query();let r=this.match(/[a-z][a-z0-9_]*/y);if(void 0===r)throw this.wrong("expected a value, @, $ or a function");if(this.peek("("))return this.call(r);if("true"===r||"false"===r||"null"===r)return e(JSON.parse(r));throw this.wrong(`unknown word "${r}"`)}query(){let e=this.take("@");e||this.expect("$");let t=this.deeper(()=>this.segments());return{kind:"nodes",singular:z(t),of:(r,o)=>D(t,e?r:o,o)}}call(e){let t=Object.hasOwn(K,e)?K[e]:void 0;if(!t)throw this.wrong(`unknown function ${e}()`);this.expect("(");let r=[];if(this.blank(),!this.peek(")"))do this.blank(),r.push(this.deeper(()=>this.argument())),this.blank();while(this.take(","))if(this.expect(")"),r.length!==t.takes.length)throw this.wrong(`${e}() takes ${t.takes.length} arguments`);for(let[o,n]of t.takes.entries()){let t=r[o];if(!("nodes"===n?"nodes"===t.kind:"value"===t.kind||"nodes"===t.kind&&t.singular))throw this.wrong(`argument ${o+1} of ${e}() must be ${"nodes"===n?"a query":"a single value"}`)}return{kind:t.gives,of:(e,o)=>t.call(...r.map((r,n)=>"nodes"===t.takes[n]?r.of(e,o):X(r,e,o)))}}argument(){let e=this.at,t=this.operand();return(this.blank(),this.peek(",")||this.peek(")"))?t:(this.at=e,this.logicalOr())}}!function(e){let t=[];for(let r of e.split(/[\s,]+/).filter(e=>""!==e)){let e=/^([1-5])xx$/i.exec(r)??/^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(r);if(!e)return;let o=1===e[1].length?100*Number(e[1]):Number(e[1]),n=1===e[1].length?o+99:Number(e[2]??e[1]);if(n<o)return;t.push([o,n])}0!==t.length&&e.trim()}("200-399");var Q=r(8522),ee=r.n(Q);class et extends Error{phase;code;timedOut;sent;status;constructor(e,t){super(e,void 0===t.cause?void 0:{cause:t.cause}),this.name="HttpError",this.phase=t.phase,this.code=t.code,this.timedOut=t.timedOut??!1,this.sent=t.sent??!1,this.status=t.status}}function er(e){return e instanceof AggregateError&&e.errors.length>0?er(e.errors[0])??eo(e):eo(e)}function eo(e){if("object"==typeof e&&null!==e&&"code"in e)return"string"==typeof e.code?e.code:void 0}let en={ECONNREFUSED:"connection refused",ECONNRESET:"connection reset",EPIPE:"connection closed by the other side",ETIMEDOUT:"connection timed out",EHOSTUNREACH:"host unreachable",ENETUNREACH:"network unreachable",EADDRNOTAVAIL:"address not available here",ENOTFOUND:"the name does not resolve",EAI_AGAIN:"the name server does not answer",CERT_HAS_EXPIRED:"the certificate has expired",CERT_NOT_YET_VALID:"the certificate is not valid yet",DEPTH_ZERO_SELF_SIGNED_CERT:"the certificate is self-signed",SELF_SIGNED_CERT_IN_CHAIN:"the certificate chain ends in an unknown self-signed certificate",UNABLE_TO_VERIFY_LEAF_SIGNATURE:"the certificate is signed by an unknown authority, or its chain is incomplete",UNABLE_TO_GET_ISSUER_CERT_LOCALLY:"the certificate is signed by an unknown authority",ERR_TLS_CERT_ALTNAME_INVALID:"the certificate is for another name",ERR_SSL_WRONG_VERSION_NUMBER:"the other side does not speak TLS",ERR_SSL_PACKET_LENGTH_TOO_LONG:"the other side does not speak TLS",EPROTO:"the TLS handshake failed"};function ea(e){let t=er(e),r=void 0===t?void 0:en[t];if(r)return`${r} (${t})`;let o=e instanceof Error?e.message:String(e);return t&&!o.includes(t)?`${o} (${t})`:o}let ei=new Set(["gzip","x-gzip","deflate","br",..."createZstdDecompress"in ee()?["zstd"]:[]]);function es(e,t){return new et(`${e}: the answer's Content-Encoding "${t}" is not known`,{phase:"body",code:"UNDECODABLE",sent:!0})}var el=r(1553),ed=r(7030),ec=r(1692);class ef extends Error{ms;constructor(e){super(`no answer within ${e} ms`),this.name="TimeLimit",this.ms=e}}class eh{reason;#e=!1;#t=new Set;get ended(){return this.#e}throwIfEnded(){if(this.#e)throw this.reason}onEnd(e){return this.#t.add(e),()=>this.#t.delete(e)}end(e){if(!this.#e){for(let t of(this.#e=!0,this.reason=e,[...this.#t]))t();this.#t.clear()}}}let eu=new WeakMap;async function e$(e,t,r){let o,n=new eh;e instanceof eh?(e.throwIfEnded(),o=e.onEnd(()=>n.end(e.reason))):e&&(e.throwIfAborted(),o=function(e,t){let r=eu.get(e);if(!r){let t=new Set;e.addEventListener("abort",()=>[...t].forEach(t=>t.end(e.reason)),{once:!0}),eu.set(e,t),r=t}return r.add(t),()=>r.delete(t)}(e,n));let a=setTimeout(()=>n.end(new ef(t)),t);try{return await r(n)}finally{clearTimeout(a),o?.()}}function ep(e,t){return new Promise((r,o)=>{let n=()=>o(t.reason);t.ended&&n();let a=t.onEnd(n);e.then(r,o).finally(a)})}function em(e,t){return`${e.includes(":")?`[${e}]`:e}:${t}`}async function e_(e,t,r){var o,n,a,i,s,l,d,c;let f,h,u;r.throwIfEnded();let $=t.address??e.host,p=t.addressPort??e.port,m={dns:0,tcp:0,tls:0},_=performance.now();if(t.dial)f=await ev(t.dial,$,p,r);else{let e=await ey($,t.family,r);m.dns=performance.now()-_,f=await (o=$,n=p,a=e,i=r,new Promise((e,t)=>{let r=(0,ed.connect)({host:o,port:n,lookup:(e,t,r)=>{t.all?r(null,a):r(null,a[0].address,a[0].family)},autoSelectFamily:!0,noDelay:!0}),s=i.onEnd(()=>{r.destroy(),t(ex("tcp",em(o,n),i))});r.once("connect",()=>{s(),r.removeAllListeners("error"),e(r)}),r.once("error",e=>{s(),t(new et(`${em(o,n)}: ${ea(e)}`,{phase:"tcp",code:er(e),cause:e}))})}))}m.tcp=performance.now()-_-m.dns;let g="remoteAddress"in f?f.remoteAddress:void 0;if(!e.secure)return{socket:f,timings:m,remoteAddress:g,certificate:void 0};let w=performance.now(),y=await (s=f,l=e,d=t,c=r,h=d.servername??l.host,u=em(l.host,l.port),new Promise((e,t)=>{var r;let o,n=(0,ec.connect)({socket:s,host:h,servername:0===(0,ed.isIP)(h)?h:"",ALPNProtocols:["http/1.1"],rejectUnauthorized:!d.insecure,checkServerIdentity:(e,t)=>d.insecure?void 0:(0,ec.checkServerIdentity)(h,t),...d.ca?{secureContext:(r=d.ca,(o=ek.get(r))||(o=(0,ec.createSecureContext)({ca:[...(0,ec.getCACertificates)("default"),r]}),ek.set(r,o)),o)}:{}}),a=()=>{l(),n.removeAllListeners("error"),n.removeAllListeners("close"),n.on("error",()=>{})},i=e=>{a(),n.destroy(),s.destroy(),t(e)},l=c.onEnd(()=>i(ex("tls",u,c)));n.once("secureConnect",()=>{a(),e(n)}),n.once("error",e=>{i(new et(`${u}: ${ea(e)}`,{phase:"tls",code:er(e),cause:e}))}),n.once("close",()=>{i(new et(`${u}: connection closed during the TLS handshake`,{phase:"tls",code:"ECONNRESET"}))})}));return m.tls=performance.now()-w,{socket:y,timings:m,remoteAddress:g,certificate:function(e){let t=e.getPeerCertificate();if(!t||0===Object.keys(t).length)return;let r=e=>Object.entries(e??{}).map(([e,t])=>`${e}=${String(t)}`).join(", ");return{subject:r(t.subject),issuer:r(t.issuer),names:t.subjectaltname??"",validFrom:new Date(t.valid_from),validTo:new Date(t.valid_to),fingerprint256:t.fingerprint256,serialNumber:t.serialNumber}}(y)}}let eg=[{address:"127.0.0.1",family:4},{address:"::1",family:6}],ew=new Map;async function ey(e,t,r){let o=(0,ed.isIP)(e);if(0!==o){if(void 0!==t&&o!==t)throw new et(`${e} is not an IPv${t} address`,{phase:"dns"});return[{address:e,family:o}]}if("localhost"===e.toLowerCase())return eg.filter(e=>void 0===t||e.family===t);let n=`${t??0} ${e}`,a=ew.get(n);a||(a=(0,el.lookup)(e,{all:!0,family:t??0}).finally(()=>ew.delete(n)),ew.set(n,a));try{return await ep(a,r)}catch(n){if(r.ended)throw ex("dns",e,r);let o=t&&"ENOTFOUND"===er(n)?`no IPv${t} address (ENOTFOUND)`:ea(n);throw new et(`${e}: ${o}`,{phase:"dns",code:er(n),cause:n})}}async function ev(e,t,r,o){let n=e(t,r);try{return await ep(n,o)}catch(e){if(o.ended)throw n.then(e=>e.destroy()).catch(()=>{}),ex("tcp",em(t,r),o);if(e instanceof et)throw e;throw new et(`${em(t,r)}: ${ea(e)}`,{phase:"tcp",code:er(e),cause:e})}}let ek=new Map,eb={dns:"the name did not resolve",tcp:"no connection",proxy:"no answer from the proxy",tls:"no TLS handshake",http:"no answer",body:"the answer did not end",redirect:"no answer"};function ex(e,t,r,o={}){let{reason:n}=r;return n instanceof ef?new et(`${t}: ${eb[e]} within ${Math.round(n.ms)} ms`,{phase:e,timedOut:!0,...o}):n}class ej extends Error{}async function eS(){return(await Promise.resolve().then(r.t.bind(r,3701,23))).default}async function eE(e,t){let r=await eS(),o=!1;return{client:new r(`http://${t}`,{pipelining:1,headersTimeout:0,bodyTimeout:0,keepAliveTimeout:4e3,maxHeaderSize:65536,connect:(t,r)=>{if(o)return r(new ej("closed"),null);o=!0,r(null,e.socket)}}),connection:e,openedAt:performance.now()}}let eT=new Set(["UND_ERR_INVALID_ARG","UND_ERR_NOT_SUPPORTED","UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);function eN([e,t]){return"transfer-encoding"===e||"content-length"===e&&!/^0+$/.test(t)}function eO(e){let t="https:"===e.protocol||"wss:"===e.protocol;return{host:e.hostname.replace(/^\[(.*)\]$/,"$1"),port:""===e.port?t?443:80:Number(e.port),secure:t}}async function eA(e,t,r,o){let{socket:n}=await e_(e.endpoint,{ca:r.ca},o),a=em(t.host,t.port),i=`proxy ${em(e.endpoint.host,e.endpoint.port)}`,s=[`CONNECT ${a} HTTP/1.1`,`Host: ${a}`,...e.authorization?[`Proxy-Authorization: ${e.authorization}`]:[],"",""].join(`\r
`),{status:l,rest:d}=await function(e,t,r,o,n="proxy"){return new Promise((a,i)=>{let s=Buffer.alloc(0),l=()=>{c(),e.removeListener("data",u),e.removeListener("error",f),e.removeListener("close",h),e.pause()},d=t=>{l(),e.on("error",()=>{}),e.destroy(),i(t)},c=o.onEnd(()=>d(ex(n,r,o,{sent:"http"===n}))),f=e=>d(new et(`${r}: ${e.message}`,{phase:n,cause:e,sent:"http"===n})),h=()=>d(new et(`${r}: connection closed before an answer`,{phase:n,sent:"http"===n})),u=e=>{let t=(s=Buffer.concat([s,e])).indexOf(`\r
\r
`);if(t<0){s.length>65536&&d(new et(`${r}: the head of the answer is too long`,{phase:n}));return}let o=s.subarray(0,t).toString("latin1").split(`\r
`),i=/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(o[0])?.[1];if(void 0===i)return d(new et(`${r}: the answer is not HTTP/1`,{phase:n}));l(),a({status:Number(i),lines:o.slice(1),rest:s.subarray(t+4)})};e.on("data",u),e.on("error",f),e.on("close",h),e.write(t)})}(n,s,i,o);if(l<200||l>299){n.destroy();let e=407===l?": it wants a user and password in the proxy variable":"";throw new et(`${i} refused a tunnel to ${a} with status ${l}${e}`,{phase:"proxy",status:l})}return d.length>0&&n.unshift(d),n}let eR=new Set(["accept","accept-language","accept-encoding","user-agent","cache-control","pragma","range","content-type"]);function eC(e,t,r={},o){if(e===t||e.origin===t.origin)return r;let n=eO(e),a=e.hostname===t.hostname,i=o?.(n);if(void 0!==i){let{family:e,ca:t,dial:o}=r;return a?{...r,address:i,addressPort:void 0}:{family:e,ca:t,dial:o,address:i}}if(!a)return{family:r.family,ca:r.ca,dial:r.dial};if(void 0===r.addressPort)return r;let{host:s,port:l}=eO(t);throw new et(`${em(s,l)}: the redirect leads away from the given address ${em(r.address??s,r.addressPort)}, to ${e.protocol}//${em(n.host,n.port)}`,{phase:"redirect",sent:!0})}async function eI(e,t,r){if(0===t)return{answer:await r(e),hop:e,redirects:0};let o=e,n=new Set,a=new Set;for(let e=0;;e+=1){var i;let s=await r(o),l=s.headers.find(([e])=>"location"===e)?.[1];if(301!==(i=s.status)&&302!==i&&303!==i&&307!==i&&308!==i||void 0===l)return{answer:s,hop:o,redirects:e};let{host:d,port:c}=eO(o.url),f=em(d,c),h={phase:"redirect",status:s.status,sent:!0},u=`${o.method} ${o.url.href}`;if(!a.has(u)&&s.headers.some(([e])=>"set-cookie"===e)?(a.add(u),n.clear()):n.add(u),o=function(e,t,r,o){let n,a=e=>new et(`${o}: redirect (${t}) ${e}`,{phase:"redirect",status:t,sent:!0});try{n=new URL(r,e.url)}catch{throw a("to something that is not a URL")}if("http:"!==n.protocol&&"https:"!==n.protocol)throw a(`to ${n.protocol} is not followed`);if("https:"===e.url.protocol&&"http:"===n.protocol)throw a("from https to http is not followed");n.username="",n.password="",n.hash="";let i=303===t&&"GET"!==e.method&&"HEAD"!==e.method||(301===t||302===t)&&"POST"===e.method,s=i?"GET":e.method,l=i?void 0:e.body,d=n.origin===e.url.origin;if(!d&&void 0!==l)throw a("would carry the body to another origin and is not followed");let c=e.headers.filter(([e])=>(d||eR.has(e))&&!(void 0===l&&e.startsWith("content-")));return{method:s,url:n,headers:d?c:c.filter(([e])=>"host"!==e),body:l}}(o,s.status,l,f),n.has(`${o.method} ${o.url.href}`))throw new et(`${f}: redirects go round in a circle, ${e+1} of them`,h);if(e+1>t)throw new et(`${f}: more than ${t} redirects`,h)}}async function eL(e,t,r,o){let n=eO(e);return t?n.secure?await e_(n,{...r,dial:()=>eA(t,n,r,o)},o):await e_(t.endpoint,{ca:r.ca},o):await e_(n,r,o)}function eP(e,t){let r;try{r=new URL(e.url)}catch{throw new et("the address is not a URL",{phase:"http"})}if("http:"!==r.protocol&&"https:"!==r.protocol)throw new et(`${r.protocol}// is not http:// or https://`,{phase:"http"});let o=[],n=e=>o.some(([t])=>t===e);for(let[t,r]of Object.entries(e.headers??{})){let e=t.toLowerCase();for(let a of Array.isArray(r)?r:void 0===r?[]:[r]){if(eH.has(e)&&n(e))throw new et(`header ${t} is given twice: leave one out`,{phase:"http"});o.push([e,function(e,t,r){if(!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(e))throw new et("a header name holds a character that is not allowed",{phase:"http"});if(/[\0-\x08\n-\x1f\x7f]/.test(r)){let t=/[\0\r\n]/.test(r)?"line break or NUL":"control character";throw new et(`header ${e} holds a ${t}`,{phase:"http"})}let o=eM.get(t);if(void 0!==o)throw new et(`header ${e} cannot be sent: leave it out, ${o}`,{phase:"http"});if("connection"===t&&!/^(close|keep-alive)$/i.test(r))throw new et(`header ${e} can only be close or keep-alive`,{phase:"http"});return/^[\x00-\xff]*$/.test(r)?r:Buffer.from(r,"utf8").toString("latin1")}(t,e,a)])}}if(n("user-agent")||o.push(["user-agent",t]),n("accept-encoding")||!1===e.decode||o.push(["accept-encoding","gzip, deflate, br"]),""!==r.username&&!n("authorization")){let e=`${decodeURIComponent(r.username)}:${decodeURIComponent(r.password)}`;o.push(["authorization",`Basic ${Buffer.from(e).toString("base64")}`])}""!==r.username&&(r.username=""),""!==r.password&&(r.password=""),""!==r.hash&&(r.hash="");let a=void 0===e.body?void 0:Buffer.from(e.body);return{method:(e.method??"GET").toUpperCase(),url:r,headers:o,body:a}}let eH=new Set(["host","content-length"]),eM=new Map([["expect","the body is sent at once"],["transfer-encoding","the body goes with its length"],["upgrade","only HTTP/1.1 is spoken"],["keep-alive","connections are kept without it"]]);var ez=r(7075);let eD=`command -v curl >/dev/null 2>&1 || exit 127
exec curl --config -
`,eU=`command -v wget >/dev/null 2>&1 || exit 127
exec wget -q -S -O - -T "$1" "$2"
`,eF={5:["proxy","the proxy does not resolve"],6:["dns","the name does not resolve"],7:["tcp","connection refused or unreachable"],18:["body","connection closed in the middle of the answer"],35:["tls","the TLS handshake failed"],51:["tls","the certificate is for another name"],52:["http","connection closed without an answer"],56:["http","connection reset"],60:["tls","the certificate is not trusted, has expired or is for another name"],61:["body","the answer cannot be decoded"]};async function eq(e,t){let r=performance.now()+(t.deadline??3e4),o=eP(t,"deploy-actions"),{answer:n,hop:a,redirects:i}=await eI(o,t.redirects??0,async n=>{let a=await eB(e,{...t,method:n.method,url:n.url,headers:function(e){let t={};for(let[r,o]of e)(t[r]??=[]).push(o);return t}(n.headers),body:n.body,connect:eC(n.url,o.url,t.connect,t.addressFor),deadline:Math.max(1,r-performance.now())});return{response:a,status:a.status,headers:a.headerList}});return{...n.response,url:a.url.href,redirects:i}}async function eB(e,t){var r;let o,n,a,i=new URL(t.url),{host:s,port:l}=eO(i),d=`${em(s,l)} (curl on the server)`,c=t.deadline??3e4,f=t.maxBytes??0xa00000,h=performance.now(),u=(r=f+65536,o=[],n=0,{push:e=>(n<r&&o.push(e),(n+=e.length)<r),bytes:()=>Buffer.concat(o)}),$=new AbortController,p="";try{let r=await e.run({script:eD,input:function(e,t,r){let o=e=>`"${e.replace(/[\\"]/g,"\\$&").replace(/\n/g,"\\n").replace(/\r/g,"\\r").replace(/\t/g,"\\t")}"`,{connect:n={}}=e,a=eO(t),i=""===t.username?void 0:`${decodeURIComponent(t.username)}:${decodeURIComponent(t.password)}`,s=new URL(t);s.username="",s.password="";let l=[`url = ${o(s.href)}`,"silent","show-error","include","globoff","http1.1",'noproxy = "*"',`request = ${o((e.method??"GET").toUpperCase())}`,`max-time = ${(r/1e3).toFixed(3)}`,'header = "Accept-Encoding: identity"','user-agent = "deploy-actions"'];for(let[t,r]of("HEAD"===(e.method??"GET").toUpperCase()&&l.push("head"),void 0!==i&&l.push(`user = ${o(i)}`),Object.entries(e.headers??{})))for(let e of Array.isArray(r)?r:void 0===r?[]:[r]){if(/[\r\n\0]/.test(t+e))throw new et(`header ${t} holds a line break or NUL`,{phase:"http"});"accept-encoding"!==t.toLowerCase()&&l.push(`header = ${o(""===e?`${t};`:`${t}: ${e}`)}`)}if(void 0!==e.body){let t=Buffer.from(e.body).toString("utf8");if(t.includes("\0"))throw new et("a body with NUL cannot be sent by curl on the server",{phase:"http"});l.push(`data-raw = ${o(t)}`),Object.keys(e.headers??{}).some(e=>"content-type"===e.toLowerCase())||l.push('header = "Content-Type:"')}if(void 0!==n.address||void 0!==n.addressPort){let e=em(n.address??a.host,n.addressPort??a.port);l.push(`connect-to = ${o(`${em(a.host,a.port)}:${e}`)}`)}if(n.family&&l.push(`ipv${n.family}`),n.insecure&&l.push("insecure"),n.ca)throw new et("`ca` cannot be given to curl on the server; add it to the trusted ones there",{phase:"tls"});if(n.servername&&a.secure)throw new et("`servername` cannot be given to curl on the server",{phase:"tls"});return`${l.join(`
`)}
`}(t,i,c),timeout:c+5e3,signal:t.signal?AbortSignal.any([$.signal,t.signal]):$.signal,onStdout(e){u.push(e)||$.abort(Error("enough"))}});a=r.code,p=r.stderr.toString("utf8").trim()}catch(e){if(!$.signal.aborted)throw e;a=0}if(127===a)return await eX(e,t,i,d,c);if(0!==a)throw eW(a,p,d,c);return eV(u.bytes(),i,d,f,performance.now()-h)}function eW(e,t,r,o){if(28===e)return new et(`${r}: no answer within ${Math.round(o)} ms`,{phase:"http",timedOut:!0,sent:!0});let n=eF[e],a=t.replace(/^curl: \(\d+\) /,"").split(`
`)[0]??"";return n?new et(`${r}: ${n[1]} (curl exit code ${e})`,{phase:n[0],sent:"http"===n[0]||"body"===n[0]}):new et(`${r}: curl ended with exit code ${e}: ${a}`,{phase:"http",sent:!0})}async function eX(e,t,r,o,n){let a=(t.method??"GET").toUpperCase(),i=Object.keys(t.headers??{}).filter(e=>!/^(accept|user-agent|accept-encoding)$/i.test(e));if("GET"!==a||0!==i.length||void 0!==t.body||""!==r.search||""!==r.username||t.connect?.address!==void 0||t.connect?.addressPort!==void 0||void 0!==t.addressFor&&(t.redirects??0)!==0)throw new et(`${o}: the server forbids TCP forwarding and has no curl, and wget would show headers, query or body to everybody on the server and takes no address; install curl there`,{phase:"tcp"});let s=performance.now(),{code:l,stdout:d,stderr:c}=await e.run({script:eU,args:[String(Math.max(1,Math.ceil(n/1e3))),r.href],timeout:n+5e3,signal:t.signal}),f=c.toString("utf8");if(127===l)throw new et(`${o}: the server forbids TCP forwarding and has neither curl nor wget; install curl there`,{phase:"tcp"});let h=[...f.matchAll(/HTTP\/1\.[01] (\d{3})/g)].at(-1)?.[1];if(void 0===h&&0!==l){let e=/resolv|bad address/i.test(f)?"dns":/ssl|tls|certificate/i.test(f)?"tls":/refused|unreachable|connect/i.test(f)?"tcp":"http";throw new et(`${o}: ${f.trim().split(`
`).at(-1)??`wget ended with exit code ${l}`}`,{phase:e})}let u=f.split(`
`).filter(e=>/^\s+[\w-]+: /.test(e)).map(e=>e.trim()),$=Buffer.from(`HTTP/1.1 ${h??200} \r
${u.map(e=>`${e}\r
`).join("")}\r
`,"latin1");return eV(Buffer.concat([$,d]),r,o,t.maxBytes??0xa00000,performance.now()-s)}async function eG(e,t,r,o){let n=`${em(t,r)} (curl on the server)`,a=(Math.max(100,o)/1e3).toFixed(3),{code:i,stderr:s}=await e.run({script:`command -v curl >/dev/null 2>&1 || exit 127
curl -sS --noproxy '*' --connect-timeout "$1" --max-time "$1" "telnet://$2" </dev/null >/dev/null
`,args:[a,em(t,r)],timeout:o+5e3});if(127===i)throw new et(`${n}: the server forbids TCP forwarding and has no curl; install it there`,{phase:"tcp"});let l=s.toString("utf8");if(!(0===i||28===i&&!/connect/i.test(l)||56===i))throw eW(i,l,n,o)}function eV(e,t,r,o,n){let a=e;for(;;){let e=a.indexOf(`\r
\r
`),i=a.subarray(0,Math.max(0,e)).toString("latin1").split(`\r
`),[,s,l]=/^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(i[0])??[];if(e<0||void 0===s)throw new et(`${r}: the answer is not HTTP`,{phase:"http",sent:!0});if(a=a.subarray(e+4),200>Number(s)&&101!==Number(s))continue;let d=i.slice(1).map(e=>{let t=e.indexOf(":");return[e.slice(0,t).toLowerCase(),e.slice(t+1).trim()]}),c={};for(let[e,t]of d)c[e]=e in c?`${c[e]}, ${t}`:t;return{status:Number(s),statusText:l??"",headers:c,headerList:d,body:a.subarray(0,o),truncated:a.length>o,timings:{dns:0,tcp:0,tls:0,firstByte:n,total:n},url:t.href,redirects:0,remoteAddress:void 0,certificate:void 0}}}let eZ="FORWARD_FORBIDDEN";var eY=r(7206);let eK="X-Deploy-Probe",eJ="X-Deploy-Color";function eQ(...e){let t=e.join("_").replace(/[^a-z0-9]/g,"_");if(1===e.length&&t===e[0]&&t.length<=16)return t;let r=(0,n.createHash)("sha256").update(e.join("/")).digest("hex").slice(0,6);return`${t.slice(0,16)}_${r}`}function e0(e,t){return"blue"===t?e.blue:e.green}function e1(e,t){let r=1;for(let o=e.indexOf(`
`);-1!==o&&o<t;o=e.indexOf(`
`,o+1))r+=1;return r}function e2(e,t,r,o){return new a.HR("input",`${r}${void 0===o?"":`, line ${o}`}: ${e}`,{input:"site-config",remedy:t,place:void 0===o?{file:r}:{file:r,line:o}})}function e3(e,t){let r=e;for(let{start:e,end:o,text:n}of[...t].sort((e,t)=>t.start-e.start))r=r.slice(0,e)+n+r.slice(o);return r}function e5(e,t){return`deploy-${eQ(e.project,t.name)}`}function e9(e,t){return`${e5(e,t)}-share`}function e4(e){return(0,eY.Be)().map(t=>({name:`shares/${(0,eY.pt)(t)}.yml`,content:function(e,t){let r={},o={},n={},a=e.header??eJ;for(let i of e.routes){let s=e5(e,i);for(let n of(r[s]={weighted:{services:eY.lm.map(e=>{var r;return{name:`${s}-${e}`,weight:e===(r=t).color?r.weight:100-r.weight}}),...void 0===e.sticky||100===t.weight?{}:{sticky:{cookie:{name:e.sticky,httpOnly:!0,sameSite:"lax"}}}}},o[e9(e,i)]=e7(a,(0,eY.pt)(t)),eY.lm))r[`${s}-${n}`]={loadBalancer:{...e.traefik?.balancers[i.name],servers:e0(i,n).map(e=>({url:`http://${e}`}))}},o[`${s}-${n}`]=e7(a,n);for(let[t,{settings:r}]of(e.traefik?.routers.filter(e=>e.route===i.name)??[]).entries()){let o=(e,t,o)=>({...r,rule:function(e,t){let r="v2"===e.ruleSyntax?"Headers":"Header";return`(${String(e.rule)}) && ${r}(\`${eK}\`, \`${t}\`)`}(r,e),priority:function(e){let t=Number(e.priority??0);return 0===t?Buffer.byteLength(String(e.rule)):t}(r)+1,middlewares:[o,...e6(r.middlewares)],service:t});for(let r of eY.lm){let a=`${s}-${r}`;n[`${s}-${t}-${r}`]=o(`${e.token}-${r}`,a,a)}void 0===e.header&&(n[`${s}-${t}`]=o(e.token,s,e9(e,i)))}}let i={...Object.keys(n).length>0?{routers:n}:{},middlewares:o,services:r};return`${JSON.stringify({http:i},null,2)}
# deploy-actions ${e.project} ${(0,eY.pt)(t)}
`}(e,t)}))}function e7(e,t){return{headers:{customResponseHeaders:{[e]:t}}}}function e6(e){return Array.isArray(e)?e.filter(e=>"string"==typeof e):[]}function e8(e){return e.raw[0].replace(/\\\$\{/g,"${").replace(/\\`/g,"`").replace(/^\n/,"")}let te=e8`
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
`,tt=e8`
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
`,tr=e8`
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
`,to=e8`
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
`,tn=e8`
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
`,ta=e8`
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
`,ti=e8`
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
`,ts={nginx:tn+ta,caddy:tn+ti,managed:tn+ti,haproxy:tn+e8`
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
`,traefik:tn+e8`
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
`},tl=e8`
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
`,td=e8`
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
`,tc=e8`
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
`,tf=e8`
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
`;function th(e,t,r,o){return{docker_host:o??"",project:e.project,proxy:t.kind,proxy_container:t.container,proxy_name:t.containerName,folder:e.folder,share_names:(0,eY.Be)(eY.Vc).map(eY.pt).join(" "),header:e.header??eJ,header_probe:eK,token:e.token,config_file:t.configFile,config_inside:t.configInside,error_log:"nginx"===t.kind?"/var/log/nginx/error.log":"/nonexistent",socket:t.socket,watched:t.watched,canary_log:t.canaryLog,canary_why:t.canaryWhy,mechanism:({nginx:"flag",caddy:"flag",managed:"flag",haproxy:"map",traefik:"file"})[t.kind],verify_url:r.url,verify_connect:r.connect,verify_seconds:String(r.seconds),expect_version:r.version,routes:e.routes.map(e=>[e.name,e.service,e.port,e.blue.join(","),e.green.join(",")].join(" ")).join(`
`),routes_json:JSON.stringify(e.routes.map(({name:e,service:t,port:r,blue:o,green:n})=>({name:e,service:t,port:r,blue:o,green:n})))}}function tu(e){return{target:e.target,steps:(e.steps??[100]).join(" "),step_seconds:String(e.stepSeconds??0),drain_seconds:String(e.drainSeconds??0),stop_after:void 0===e.stopAfter?"":String(e.stopAfter),confirm_seconds:String(e.confirmSeconds??0),live_only:(e.liveOnly??[]).join(" "),traffic_first:e.trafficFirst?"1":"0",hosts:String(e.hosts??1),go_seconds:String(e.goSeconds??0),max_error_rate:void 0===e.maxErrorRate?"":String(Math.round(1e4*e.maxErrorRate)),max_p95:void 0===e.maxP95?"":String(e.maxP95),min_requests:String(e.minRequests??1),watch_runner:String(e.watchRunner??0),actor:t$(e.actor),run_url:t$(e.runUrl),reason:t$(e.reason),start_target:"",marks_bad:"",marks_good:""}}function t$(e){return e.replace(/[^A-Za-z0-9 _.,:/@+=-]/g,"_").slice(0,300)}function tp(e,t){return"switch"===e?`${ts[t]+to+tl+te}operate() { move_traffic; }
`:ts[t]+to+tl+({install:tt+tf,confirm:tc})[e]}function tm(e){return e.split(`
`).flatMap(e=>{if(""===e.trim())return[];try{let t=JSON.parse(e);return"object"==typeof t&&null!==t?[t]:[]}catch{return[]}})}function t_(e){var t;let r=e.labels??{},o=e=>r[`com.docker.compose.${e}`]??"",n=new Map;for(let t of[e.bindings,e.ports])for(let[e,r]of Object.entries(t??{})){let t=/^(\d+)\/tcp$/.exec(e)?.[1],o=[...new Set((r??[]).map(e=>Number(e.HostPort)).filter(e=>e>0))];void 0!==t&&o.length>0&&n.set(Number(t),o)}return{id:String(e.id),name:String(e.name).replace(/^\//,""),project:o("project"),service:o("service"),number:Number(o("container-number"))||1,status:String(e.status),health:String(e.health),started:String(e.started),image:String(e.image),imageId:String(e.imageId),release:void 0!==(t=r["deploy-actions.release"])&&/^[a-z0-9][a-z0-9._-]{0,62}$/.test(t)?t:void 0,labels:r,published:n}}function tg(e){let t=e.mounts??[],r=new Map;for(let[t,o]of Object.entries(e.ports??{})){let e=Number(/^(\d+)\/tcp$/.exec(t)?.[1]),n=Number(o?.[0]?.HostPort);e>0&&n>0&&r.set(e,n)}return{name:String(e.name),mounts:t.map(e=>({source:String(e.Source??""),destination:String(e.Destination??"")})),published:r,networks:Object.keys(e.networks??{})}}function tw(e,t){let r=t.mounts.filter(({source:t})=>e===t||e.startsWith(`${t.replace(/\/$/,"")}/`)).sort((e,t)=>t.source.length-e.source.length)[0];return r&&r.destination.replace(/\/$/,"")+e.slice(r.source.replace(/\/$/,"").length)}function ty(e,t,r){let o=e.containers.filter(e=>e.project===`${t}-${r}`);if(o.length>0||"green"===r)return tv(o);let n=new Set(e.containers.filter(e=>e.project===`${t}-green`).map(e=>e.service));return tv(e.containers.filter(e=>e.project===t&&(0===n.size||n.has(e.service))))}function tv(e){return e.sort((e,t)=>e.service<t.service?-1:e.service>t.service?1:e.number-t.number)}function tk(e){return`/var/lib/deploy-actions/${e}`}function tb(e){let t=(0,eY.n8)(e.share??e.traffic?.share??"blue");return t?t.weight>=50?t.color:(0,eY.IP)(t.color):"blue"}function tx(e,t,r,o){let n=ty(e,t,"blue"),i=ty(e,t,"green"),s=r.length>0?r:function(e){let t=new Map;for(let r of e)for(let e of r.published.keys()){let o=`${r.service}:${e}`,n=1===r.published.size;t.has(o)||t.set(o,{name:n?r.service:`${r.service}-${e}`,service:r.service,port:e})}return[...t.values()]}([...i,...n]);if(0===s.length)throw new a.HR("input","no service of the colours publishes a port, so there is nothing to route",{input:"routes",remedy:"Write `routes` as lines `name: service:port`."});let l=({service:t,port:r})=>[...e.proxy?.routes.find(e=>e.service===t&&e.port===r)?.plain??[],...e.traffic?.routes.find(e=>e.service===t&&e.port===r)?.blue??[]];return s.map(r=>{let s=e.traffic?.routes.find(e=>e.service===r.service&&e.port===r.port);if(o)return{...r,blue:[`${r.service}-blue:${r.port}`],green:[`${r.service}-green:${r.port}`],plain:[`${r.service}:${r.port}`,`${r.service}-blue:${r.port}`,...n.filter(e=>e.service===r.service).map(e=>`${e.name}:${r.port}`),...l(r)].filter((e,t,r)=>r.indexOf(e)===t)};let d=(e,t)=>{let o=tj(e,r);return o.length>0?o:[...s?.[t]??[]]},c={blue:d(n,"blue"),green:d(i,"green")};for(let e of["blue","green"])if(!(c[e].length>0))throw new a.HR("refused",`route ${r.name}: ${e} publishes no port of ${r.service}:${r.port} yet`,{input:"routes",remedy:`Deploy with \`color: ${e}\` first (ssh-compose-deploy): the ports are set aside then.`});let f=e.containers.filter(e=>e.project===t);return{...r,...c,plain:[...new Set([...tj(f,r),...c.blue,...l(r)])]}})}function tj(e,t){return e.filter(e=>e.service===t.service).flatMap(e=>e.published.get(t.port)??[]).sort((e,t)=>e-t).map(e=>`127.0.0.1:${e}`)}let tS={nginx(e,{project:t}){let r=e.split(/^\s*server\s*\{/m).find(e=>e.includes(`# deploy-actions ${t} begin`)&&/\blisten\b/.test(e)),o=/^\s*listen\s+(?:\S*:)?(\d+)\b([^;]*);/m.exec(r??"");if(!o)return;let n=/^\s*server_name\s+([a-z0-9][a-z0-9.-]*\.[a-z0-9-]+)[\s;]/im.exec(r??"")?.[1];return{port:Number(o[1]),tls:/\bssl\b/.test(o[2]),host:n}},haproxy(e,{project:t}){let r=e.split(/^(?=frontend|listen|backend|global|defaults)/m).find(e=>/^(?:frontend|listen)/.test(e)&&e.includes(`# deploy-actions ${t} begin`)),o=/^\s*bind\s+(?:\S*:)?(\d+)\b(.*)$/m.exec(r??"");return o?{port:Number(o[1]),tls:/\bssl\b/.test(o[2]),host:void 0}:void 0},caddy(e,{project:t}){let r=e.slice(0,Math.max(0,e.indexOf(`# deploy-actions ${t} begin`))),o=/^(?:(https?):\/\/)?([a-z0-9.-]*)(?::(\d+))?[^\n]*\{\s*$/im.exec(r.split(/\n(?=\S)/).filter(e=>/\{\s*$/m.test(e)).at(-1)??"");if(!o)return;let[,n,a,i]=o,s="http"===n||"80"===i||""===a&&void 0!==i&&"443"!==i;return{port:void 0===i?s?80:443:Number(i),tls:!s,host:""===a?void 0:a}},traefik(e,t){let r=t.traefik?.routers.map(({settings:e})=>e)??[],o=r.find(e=>void 0!==e.tls)??r[0];if(!o)return;let n=void 0!==o.tls;return{port:n?443:80,tls:n,host:/\bHost\(\s*["`]([a-z0-9][a-z0-9.-]*)["`]/i.exec(String(o.rule))?.[1]}}};async function tE(e,t,r,o={}){let n=await H(t,{path:e.path,body:tr,parameters:{project:r.project,folder:r.folder??tk(r.project),share_names:(0,eY.Be)(eY.Vc).map(eY.pt).join(" "),docker_host:e.dockerHost??"",site_config:r.siteConfig??"",wants_config:r.wantsConfig?"1":"0"},...o});return{server:e,session:t,look:function(e){let t=t=>e[t]??"",[r,o]=[t("confirm").split(" ")[1],t("confirm").trim().split(" ")[2]],n=new Map;for(let[r,o]of(""!==t("whole")&&n.set("",t("whole")),Object.entries(e)))r.startsWith("whole_")&&n.set(r.slice(6),o);return{containers:tm(t("containers")).map(t_),proxies:t("proxies").split(`
`).map(e=>e.split(" ")).filter(([e])=>"host"===e||"container"===e).map(([,e,t="",r=""])=>({kind:e,id:t,name:r})),mounts:tm(t("mounts")).map(tg),traffic:tm(t("traffic"))[0],proxy:tm(t("proxy"))[0],confirm:void 0===r||void 0===o?void 0:{until:Number(r),from:o},unfinished:[...t("unfinished").matchAll(/^(\w+) (.*\/([^/\n]+)\/([a-z][a-z-]*)-\d+)$/gm)].map(([,e,t,r,o])=>({running:"running"===e,deploymentId:r,operation:o,directory:t})),history:tm(t("history")),releases:tm(t("releases")),current:t("current"),slots:{blue:t("slot_blue"),green:t("slot_green")},user:t("user"),group:t("group"),folderState:t("folder_state")||"absent",share:t("mechanism_share").split(`
`)[0]||t("map")||void 0,configFile:t("config_file"),config:e.config,whole:n}}(n.fields)}}function tT(e,t){let r=e.proxy;if(!r)throw new a.HR("refused",`no proxy was prepared for ${t} on this server`,{remedy:"Run blue-green-switch once with install: true."});let o=""!==r.container,n=e.proxies.find(e=>e.name===r.container);if(o&&!n)throw new a.HR("refused",`the proxy's container ${r.container} does not run`,{remedy:"Start it, or prepare another one with install: true."});return{site:{project:t,routes:tx(e,t,r.routes.map(({name:e,service:t,port:r})=>({name:e,service:t,port:r})),o),folder:r.folder,fallback:r.fallback,header:r.header,sticky:r.sticky,token:r.token,contained:o,...r.traefik&&{traefik:r.traefik}},prepared:r,place:{kind:r.kind,container:n?.id??"",containerName:r.container,configFile:r.configFile,configInside:r.configInside,socket:r.socket,watched:r.watched,canaryLog:r.canaryLog,canaryWhy:r.canaryWhy}}}async function tN(e,t){let{clock:r,log:o,signal:n}=t,a=e.length>1&&!t.alone,i=function(e){let{signal:t}=e,r=[],o=new Set,n=!1,a=()=>{for(let e of[...o])e()};async function i(o){let n={member:o,run:void 0,state:"none",phase:"",outcome:void 0};n.run=await A(o.session,o.operation,{clock:e.clock,signal:t,reopen:o.reopen,onEvent(t){"state"===t.type&&(n.state=t.state),"phase"===t.type&&(n.phase=t.name),e.onEvent?.(o.name,t),a()}}),r.push(n),e.onStart?.(o.name,n.run.reference);let i=e=>{n.outcome=e,a()};return n.run.result.then(e=>i({name:o.name,result:e}),e=>i({name:o.name,lost:e})),n}let s={runs:r,async start(e,t){for(let r of[...e].sort((e,t)=>e.name<t.name?-1:1)){let e=await i(r);if(t&&(await s.until(()=>void 0!==e.outcome||function({state:e}){return"none"!==e&&"waiting"!==e&&"ended"!==e}(e)),e.outcome&&!I(e.outcome)))break}n=r.length<e.length},async until(e){for(;!e();)t.throwIfAborted(),await new Promise(e=>{let r=()=>{o.delete(r),t.removeEventListener("abort",r),e()};o.add(r),t.addEventListener("abort",r)})},failed:()=>n||r.some(({outcome:e})=>e&&!I(e)),async cancel(e=r){await Promise.all(e.filter(({outcome:e})=>!e).map(({run:e})=>g(e.session,e.reference).catch(()=>void 0)))},async go(){await Promise.all(r.map(t=>C(t,e)))}};return s}({clock:r,signal:n,onEvent:(e,r)=>{var n,i,s;return n=o,i=a||t.alone?`${e} | `:"",void("line"===(s=r).type?n.info(i+s.text):"warning"===s.type?n.warning(i+s.text):"phase"===s.type?n.info(`${i}— ${s.name} (at ${s.at} ms)`):"reconnected"===s.type&&n.info(`${i}the connection dropped; following again (attempt ${s.attempt})`))}});try{var s,l;let r;await i.start(e,a),a&&(await i.until(()=>i.failed()||i.runs.every(({state:e,outcome:t})=>t||"ready"===e)),i.failed()?await i.cancel():await i.go());let o=t.aliveEvery>0?(s=i.runs,l=t,r=new AbortController,(async()=>{for(let e=1;!r.signal.aborted;e+=1){for(let{run:t,outcome:r}of s)r||await y(t.session,t.reference.path,t.reference.directory,[{name:"alive",content:`${e}
`}]).catch(()=>void 0);await l.clock.sleep(l.aliveEvery,r.signal).catch(()=>void 0)}})(),()=>r.abort()):void 0;await i.until(()=>i.runs.every(({outcome:e})=>void 0!==e)),o?.()}catch(e){throw await i.cancel(),e}return i.runs.map(({outcome:e})=>e)}async function tO(e,t,r,o){let n=t.flatMap(t=>{let n=e.find(e=>e.name===t.name),a=n&&I(t)?r(n,t):void 0;return n&&a?(o.log.info(`${n.name}: goes back to how it was, because another server failed`),[{...n,operation:a}]):[]});if(0!==n.length)for(let e of(await tN(n,{...o,alone:!0})))I(e)||o.log.warning(`${e.name} could not go back to how it was (${P(e).message}): run the action again`)}function tA(e){return(0,n.createHash)("sha256").update(JSON.stringify(e)).digest("hex")}async function tR({server:e,session:t,look:r},o,n,a){if(!r.unfinished.some(({running:e})=>!e))return!1;a.log.info(`${e.name}: an earlier run was cut off: it is finished or given back first`);let i=L(await tN([{name:e.name,session:t,reopen:n,operation:{...o,path:e.path,name:"settle",body:`operate() { :; }
`,inputHash:tA([o.deploymentId,a.clock.wall().getTime()])}}],{...a,aliveEvery:0}),{});if(i)throw i;return!0}let tC=e8`
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
`;function tI(e,t){if(void 0!==e)return e;if(""===t.runId)return`local-${(0,n.randomBytes)(6).toString("hex")}`;let r=`${t.runId}-${t.job||"job"}`.toLowerCase().replace(/[^a-z0-9._-]+/g,"-");return r.length<=63?r:`${r.slice(0,58)}${r.slice(-5)}`}class tL extends Error{offset;constructor(e,t){super(e),this.offset=t}}function tP(e){let t=0,r=()=>{for(;;){for(;t<e.length&&/\s/.test(e[t]);)t+=1;if("#"!==e[t])return;for(;t<e.length&&`
`!==e[t];)t+=1}},o=()=>{let r=e[t],o="";if('"'===r||"'"===r){let n=t;for(t+=1;e[t]!==r;t+=1){if(t>=e.length)throw new tL("a quote is not closed",n);"\\"===e[t]&&t+1<e.length&&e[t+=1]!==r&&"\\"!==e[t]&&(o+="\\"),o+=e[t]}return t+=1,o}for(;t<e.length&&!/[\s;]/.test(e[t])&&("{"!==e[t]||"$"===e[t-1]);){if("\\"===e[t]&&t+1<e.length&&(o+=e[t++]),"{"===e[t]){let r=e.indexOf("}",t);if(-1===r)throw new tL("a brace is not closed",t);o+=e.slice(t,r+1),t=r+1;continue}o+=e[t++]}return o},n=(o,n)=>{let i=[];for(;;){if(r(),t>=e.length){if(o)throw new tL("a block is not closed",n);return i}if("}"===e[t]){if(!o)throw new tL("a closing brace has no opening one",t);return t+=1,i}i.push(a())}},a=()=>{let a=t,s=[];for(;;){r();let l=e[t];if(void 0===l||"}"===l)throw new tL(`directive "${s[0]??""}" is not ended by ";"`,a);if(";"===l||"{"===l){if(0===s.length)throw new tL(`"${l}" is not expected here`,t);t+=1;let[e="",...r]=s;if(";"===l)return{name:e,args:r,start:a,end:t};let o=t,d=e.endsWith("_by_lua_block")?i(a):n("}",a);return{name:e,args:r,start:a,end:t,block:d,inner:o}}s.push(o())}},i=r=>{for(let o=1;o>0;t+=1){if(t>=e.length)throw new tL("a block is not closed",r);"{"===e[t]&&(o+=1),"}"===e[t]&&(o-=1)}return[]};return n(void 0,0)}function tH(e){return`${[e.name,...e.args.map(tM)].join(" ")};`}function tM(e){return""===e||/[\s;{}"'#\\]/.test(e)?`"${e.replace(/\\(?=["\\])|"/g,e=>`\\${e}`)}"`:e}function tz(e,t){let r=[...t.keys()][0]?.replace(/\/[^/]*$/,"")??"/etc/nginx",o=(e,n)=>e.flatMap(e=>{let a;if("include"!==e.name||n>8)return[e];let i=(a=(e.args[0].startsWith("/")?e.args[0]:`${r}/${e.args[0]}`).replace(/[.+^${}()|\\]/g,"\\$&").replace(/\*/g,"[^/]*").replace(/\?/g,"[^/]"),RegExp(`^${a}$`));return[...t].filter(([e])=>i.test(e)).flatMap(([,e])=>o(e,n+1))});return o(e,0)}let tD=e=>`# deploy-actions ${e} begin`,tU=e=>`# deploy-actions ${e} end`;function tF(e,t,r,o){let n=tZ(e,t.start),a=JSON.stringify(e.slice(t.start,t.end)),i=/^[^\r\n]*\S/.test(e.slice(t.end)),s=tB(n,r,` ${i?"+":""}${a}`,o).slice(n.length);return{...t,text:i?`${s}
`:s}}function tq(e,t,r,o,n){let a=e.lastIndexOf(`
`,t-1)+1;return{start:a,end:a,text:`${tB(o,r,"",n)}
`}}function tB(e,t,r,o){return[`${tD(t)}${r}`,...o,tU(t)].map(t=>""===t?"":e+t).join(`
`)}function tW(e,t){let r="",o=0;for(;;){let n=tV(e,tD(t),o);if(-1===n)return r+e.slice(o);let a=e.indexOf(`
`,n),i=-1===a?-1:tV(e,tU(t),a);if(-1===i)throw new tG(e1(e,n));let s=e.slice(n+tD(t).length,a).trim(),l=e.lastIndexOf(`
`,n)+1;if(""===s){r+=e.slice(o,l);let t=e.indexOf(`
`,i);o=-1===t?e.length:t+1}else{let a=s.startsWith("+");r+=e.slice(o,n)+String(JSON.parse(a?s.slice(1):s)),o=i+tU(t).length+ +!!a}}}function tX(e,t,r){try{return tW(e,t)}catch(e){if(!(e instanceof tG))throw e;throw e2(e.message,"Restore the file from its backup beside it.",r,e.line)}}class tG extends Error{line;constructor(e){super(`the part of deploy-actions that begins in line ${e} has no end`),this.line=e}}function tV(e,t,r){for(let o=e.indexOf(t,r);-1!==o;o=e.indexOf(t,o+1)){let r=e[o+t.length];if(void 0===r||" "===r||`
`===r||`\r`===r)return o}return -1}function tZ(e,t){let r=e.lastIndexOf(`
`,t-1)+1;return/^[ \t]*/.exec(e.slice(r,t))[0]}let tY="/var/log/deploy-actions";function tK(e,t){return[...e.flatMap(e=>"http"===e.name?e.block??[]:[e]),...t].filter(e=>"upstream"===e.name)}let tJ=/^(https?):\/\/([^/]+)(\/.*)?$/;function tQ(e){let t=e.replace(/^(localhost|\[::1\]|0\.0\.0\.0)(?=:|$)/,"127.0.0.1");return/:\d+$/.test(t)?t:`${t}:80`}function t0(e,t){for(let r of e){let e=r.filter(e=>e.name===t);if(e.length>0)return e}return[]}function t1(e){return!e[0].some(e=>"access_log"===e.name&&"off"===e.args[0])&&t0(e,"access_log").length>0}function t2(e,t){return e[0].some(e=>e.name===t)?[]:t0(e,t).map(tH)}function t3(e){return 1===e.args.length&&e.args[0].startsWith("/")?e.args[0]:2===e.args.length&&("^~"===e.args[0]||"="===e.args[0])?e.args[1]:void 0}let t5=/^(global|defaults|frontend|backend|listen|resolvers|userlist|peers|mailers|program|cache|ring|fcgi-app|http-errors|log-forward|crt-store|traces|acme|log-profile|crt-list)$/,t9=e=>e.lines.filter(e=>"server"===e.words[0]||"server-template"===e.words[0]),t4=e=>("server"===e.words[0]?e.words[2]:e.words[3])??"";function t7(e,t){let r=e=>e.replace(/^(?:localhost|ipv4@)/,"127.0.0.1").replace(/^127\.0\.0\.1(?=\d+\.)/,"");return t.plain.map(r).includes(r(t4(e)))}let t6=/^(mode|balance|hash-type|option|timeout|retries|retry-on|http-reuse|default-server|fullconn|cookie)$/,t8={kind:"caddy",install(e,t,r){let o=tX(e,t.project,r.file),n=function(e){let t=[],r=[],o=0,n="";for(let[a,i]of e.split(`
`).entries()){let s=o+/^\s*/.exec(i)[0].length,l=i.trim();if(o+=i.length+1,""!==n){(l===n||l.startsWith(`${n} `))&&(n="");continue}let d=l.replace(/(^|\s)#.*$/,"").match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\S+/g)??[];if(0===d.length)continue;if(n=/^<<([A-Za-z0-9_-]+)$/.exec(d.at(-1))?.[1]??"","}"===d[0]){r.pop();continue}let c={number:a+1,words:d,start:s,end:s+d.join(" ").length,next:Math.min(o,e.length),site:r[0],parent:r.at(-1)};c.end=s+l.replace(/(^|\s)#.*$/,"").trimEnd().length,t.push(c),"{"===d.at(-1)&&r.push(c)}return t}(o),a={text:o,changes:[],warnings:[]},i=[],s=new Set;for(let e of t.routes){let h=n.filter(t=>re(t).some(t=>rt(t,e)));if(0===h.length)throw function(e,t,r){let o=t.flatMap(e=>re(e).map(t=>`line ${e.number} ${t}`)).join(", ");return e2(`no reverse_proxy leads to route ${e.name} (${e.plain.join(" or ")||"no address known"})`,""===o?"Name in `site-config` the Caddyfile that has the site.":`It has ${o}: correct \`routes\`.`,r)}(e,n,r.file);for(let n of h){var l,d,c,f;let h=n.site;if(void 0===h||h.words[0].startsWith("("))throw e2("this reverse_proxy stands in no site block of its own","Give the site braces, or move the directive out of the snippet into the site.",r.file,n.number);s.add(h);let u=e0(e,"blue").map((r,o)=>`{${rr(t,e,o)}}`),$=n.words.filter(t=>!rt(t,e)||!re(n).includes(t)),p=n.words.findIndex(t=>re(n).includes(t)&&rt(t,e));$.splice(p,0,...u),i.push(...(l=o,d=n,c=t.project,f=$.join(" "),[tF(l,{start:d.start,end:d.end},c,[f])])),a.changes.push(`line ${n.number}: ${n.words.join(" ")} becomes a choice between ${e.name} blue and green`)}}for(let e of s){let r=`${tZ(o,e.start)}	`;i.push(tq(o,e.next,t.project,r,function(e){let t=`deploy_${eQ(e.project)}`,r=`{http.vars.${t}_share}`,o=`{http.request.header.${eK}}`,n=(0,eY.Be)().filter(e=>e.weight<100),a=e.header??eJ,i=[`@${t}_flag file {`,`	root ${e.folder}`,`	try_files ${(0,eY.Be)().map(e=>`/${(0,eY.pt)(e)}`).join(" ")}`,"}",`vars @${t}_flag ${t}_share {http.matchers.file.relative}`],s="{http.request.uuid}";for(let a of(void 0!==e.sticky&&(s=`{${t}_key}`,i.push(`map {http.request.cookie.${e.sticky}} ${s} {`,"	~^([0-9a-f-]{36})$ ${1}","	default {http.request.uuid}","}",`@${t}_new {`,"	file {",`		root ${e.folder}`,`		try_files ${n.map(e=>`/${(0,eY.pt)(e)}`).join(" ")}`,"	}",`	not header_regexp Cookie (^|[;\\s])${e.sticky}=`,"}",`header @${t}_new +Set-Cookie "${e.sticky}={http.request.uuid}; Path=/; HttpOnly; SameSite=Lax"`)),i.push(`map "${o}:${r}:${s}" {${t}_color} {`,...eY.lm.map(t=>`	~^${e.token}-${t}: ${t}`),...eY.lm.map(e=>`	~^[^:]*:/${e}: ${e}`),...n.flatMap(e=>[`	~^[^:]*:/${(0,eY.pt)(e)}:${function(e){let t=Math.round(4096*e.weight/100).toString(16).padStart(3,"0"),r=[...t].flatMap((e,r)=>{var o;let n=parseInt(e,16);return 0===n?[]:[`${t.slice(0,r)}${1===(o=n)?"0":o<=10?`[0-${o-1}]`:11===o?"[0-9a]":`[0-9a-${(o-1).toString(16)}]`}`]});return`(?:${r.join("|")})`}(e)} ${e.color}`,`	~^[^:]*:/${(0,eY.pt)(e)}: ${(0,eY.IP)(e.color)}`]),`	default ${e.fallback}`,"}",`map ${r} {${t}_mark} {`,'	~^$ ";fallback"','	default ""',"}"),e.routes))for(let[r,o]of e0(a,"blue").entries()){let n=e0(a,"green")[r]??e0(a,"green")[0];i.push(`map {${t}_color} {${rr(e,a,r)}} {`,`	blue ${o}`,`	default ${n}`,"}")}return void 0===e.header&&i.push(`@${t}_probe header ${eK} ${e.token}*`),i.push(`header${void 0===e.header?` @${t}_probe`:""} {`,`	${a} {${t}_color}{${t}_mark}`,"	defer","}"),i}(t))),a.changes.push(`line ${e.number}: ${e.words.slice(0,-1).join(" ")} looks for the flags in ${t.folder}`)}return{...a,text:e3(o,i)}},uninstall:(e,t)=>tW(e,t.project)};function re(e){let[t,...r]=e.words;return"to"===t&&e.parent?.words[0]==="reverse_proxy"?r:"reverse_proxy"!==t?[]:r.filter((e,t)=>"{"!==e&&!(0===t&&/^[@/*]/.test(e)))}function rt(e,t){let r=e=>e.replace(/^http:\/\//,"").replace(/^(?:localhost|\[::1\])?(?=:)/,"127.0.0.1").replace(/\/$/,"");return t.plain.map(r).includes(r(e))}function rr(e,t,r){return`deploy_${eQ(e.project,t.name)}_${r+1}`}class ro extends Error{problems;constructor(e){super(e.map(rn).join(`
`)),this.name="DocumentError",this.problems=e}}function rn(e){let t=e.path.map((e,t)=>"number"==typeof e?`[${e}]`:/^[A-Za-z_$][\w$-]*$/.test(e)?0===t?e:`.${e}`:`[${JSON.stringify((0,a.Jj)(e,60))}]`).join("");return`line ${e.line}, column ${e.column}${""===t?"":`, ${t}`}: ${e.message}`}async function ra(e,t={}){var o,n,a;let i,s,l,d,c,f,h,{size:u=1048576,depth:$=64,values:p=1e5}=t.limits??{},m=t.lineOffset??0,_=(e,t=[],r={line:1+m,column:1})=>new ro([{message:e,path:t,...r}]);if(e.length>u)throw _(`the document has ${e.length} characters; at most ${u} are read`);let g=function(e,t){let r=0,o=1,n=0,a=4*t;for(let t=0;t<e.length;t+=1){let i=e.charCodeAt(t);if(10===i)o+=1,n=t+1;else if(91===i||123===i){if((r+=1)>a)return{line:o,column:t-n+1}}else(93===i||125===i)&&r>0&&(r-=1)}let i=/^[ ]*(?:[-?][ ]+){200}/m.exec(e);if(i)return{line:e.slice(0,i.index).split(`
`).length,column:1}}(e,$);if(g)throw _(`nested deeper than ${$} levels`,[],{line:g.line+m,column:g.column});let w=await r.e(815).then(r.t.bind(r,8815,19)),y=new w.LineCounter,v=e=>{let{line:t,col:r}=y.linePos(e);return{line:Math.max(1,t)+m,column:Math.max(1,r)}};try{f=w.parseDocument(e,{lineCounter:y,prettyErrors:!1,strict:!0,uniqueKeys:!0,stringKeys:!0,merge:t.merge??!1,logLevel:"error"})}catch(e){if(e instanceof RangeError)throw _(`nested deeper than ${$} levels`);throw _(`not YAML: ${e instanceof Error?e.message:String(e)}`)}let k=[...f.errors,...f.warnings];if(k.length>0)throw new ro(k.slice(0,20).map(t=>({message:function(e,t){if("DUPLICATE_KEY"===e.code){let r=/^["']?([^:"'\n]{1,60})/.exec(t.slice(e.pos[0]))?.[1]?.trim()??"";return`the key "${r}" stands twice in the same mapping; keep one`}if("TAG_RESOLVE_FAILED"===e.code)return`${e.message.replace(/\.$/,"")}; text that begins with ! must stand in quotes`;let r=ri[e.code];return r||e.message.split(`
`)[0]}(t,e),path:[],...v(t.pos[0])})));try{h=f.toJS({maxAliasCount:1e3})}catch(e){if(e instanceof RangeError)throw _(`nested deeper than ${$} levels`);throw _(/alias count/i.test(String(e))?"aliases unfold to too many values":String(e.message))}let b=(e,t="value")=>{let r=function(e,t,r,o){let n=e.contents,a=n?.range?.[0];for(let[i,s]of t.entries()){let l=i===t.length-1;if(o.isAlias(n)&&(n=n.resolve(e)),o.isMap(n)){let e=n.items.find(({key:e})=>String(o.isScalar(e)?e.value:e)===String(s));if(!e)return a;let t=e.key,i=e.value;a=(l&&"key"===r?t.range?.[0]:void 0)??i?.range?.[0]??t.range?.[0]??a,n=i}else if(o.isSeq(n)){let e=n.items[Number(s)];if(void 0===e)return a;a=e?.range?.[0]??a,n=e}else break}return a}(f,e,t,w);return void 0===r?{line:1+m,column:1}:v(r)},x=(o=h,n=$,a=p,i=0,s=[],l=new Set,void 0===(c=(d=e=>{if((i+=1)>a)return`more than ${a} values, aliases unfolded`;if("object"==typeof e&&null!==e){if(l.has(e))return"an alias that contains itself";if(s.length>=n)return`nested deeper than ${n} levels`;for(let[t,r]of(l.add(e),Array.isArray(e)?e.entries():Object.entries(e))){s.push(t);let e=d(r);if(e)return e;s.pop()}l.delete(e)}})(o))?void 0:{message:c,path:s});if(x)throw _(x.message,x.path,b(x.path));return{value:h,place:b}}let ri={TAB_AS_INDENT:"a tab stands where YAML wants spaces; indent with spaces",BLOCK_AS_IMPLICIT_KEY:'a value with ": " in it must stand in quotes, or a line is indented wrongly',BAD_INDENT:"this line is indented unlike its neighbours",MULTIPLE_DOCS:'only one document is read; remove the line "---" and what follows',MULTILINE_IMPLICIT_KEY:'a key without ":" or a value that goes on where a key should stand; is a ":" or a quote missing?',NON_STRING_KEY:"a key must be text",BAD_ALIAS:"an alias (*name) that is not defined above; text that begins with * must stand in quotes"};async function rs(e,t,r,o){if(/\.toml$/i.test(o))throw e2("TOML is not changed by install","Write the site as YAML (a file NAME.yml).",o);let n=await rc(tX(e,t,o),o),a=ru(n.value,"http"),i=ru(a,"services"),s=[],l={};for(let e of r){let t=Object.keys(i).filter(t=>(function(e,t){let r=ru(e,"loadBalancer").servers;return!!Array.isArray(r)&&r.some(e=>t.plain.includes(rh(e)))})(ru(i,t),e)),r=Object.entries(ru(a,"routers")).filter(([,e])=>t.some(t=>[t,`${t}@file`].includes(String(e?.service))));if(0===r.length)throw e2(`no router leads to route ${e.name} (${e.plain.join(" or ")||"no address known"})`,`Write a router and a service with a server at that address into this file. A router in a container's labels would go with the container: write it here, and \`traefik.enable=false\` at ${e.service}.`,o);for(let[t,a]of r)s.push(function(e,t,r,o,n){let a=["http","routers",t],i=(t,r)=>e.place([...a,...t],r).line,s=i(["service"],"key");if(s===i([],"key"))throw e2(`router ${t} stands on one line`,"Write each of its settings on a line of its own.",n,s);if(JSON.stringify(o).includes("{{"))throw e2(`router ${t} is a Go template`,"Write what it stands for.",n,s);let l=void 0===o.middlewares?void 0:{line:i(["middlewares"],"key"),firstLine:i(["middlewares",0],"value")};return{name:t,route:r,settings:o,serviceLine:s,middlewares:l}}(n,t,e,a,o));let d=[...new Set(r.map(([,e])=>String(e.service)))];l[e.name]=function(e,t,r,o){let[n,...a]=t.map(t=>{let n=t.replace(/@file$/,""),{servers:a,...i}=ru(ru(e,n),"loadBalancer"),s=a.map(rh).find(e=>!r.plain.includes(e));if(void 0===s)return{name:n,balancer:i};throw e2(`service ${n} also sends to ${s}, which is none of ${r.name}'s addresses`,"Take that server out first: the colours are on this server alone.",o)}),i=a.find(({balancer:e})=>rd(e)!==rd(n.balancer));if(!i)return n.balancer;throw e2(`the services ${n.name} and ${i.name} both lead to ${r.name}, with different settings`,"Let all of its routers use one service.",o)}(i,d,e,o)}return{routers:s,value:n.value,parts:{routers:s.map(({route:e,settings:t})=>({route:e.name,settings:t})),balancers:l}}}async function rl(e,t,r,o){let n=structuredClone(t.value),a=ru(ru(n,"http"),"routers");for(let{name:e,route:o,settings:n}of t.routers)a[e]={...n,service:e5(r,o),...void 0===r.header?{}:{middlewares:[e9(r,o),...e6(n.middlewares)]}};let i=await ra(e,{merge:!0}).catch(()=>void 0);if(i&&rd(i.value)===rd(n))return;let{name:s,serviceLine:l}=t.routers[0];throw e2(`router ${s} cannot be changed without changing something else`,"Write each router that leads to the application for itself: a setting on a line, its value behind it, no aliases (*name), and one route only.",o,l)}function rd(e){return JSON.stringify(e,(e,t)=>"object"!=typeof t||null===t||Array.isArray(t)?t:Object.fromEntries(Object.entries(t).sort(([e],[t])=>e<t?-1:1)))}async function rc(e,t){try{return await ra(e,{merge:!0})}catch(n){if(!(n instanceof ro))throw n;let[{message:r,line:o}]=n.problems;throw e2(r,e.includes("{{")?"It is a Go template: write the site into a file of its own without one.":"Mend it, or write the site into a file of its own.",t,o)}}function rf(e,t){let r=0;for(let o=1;o<t;o+=1)r=e.indexOf(`
`,r)+1;let o=e.indexOf(`
`,r),n=e.slice(r,-1===o?e.length:o);return{start:r+/^\s*/.exec(n)[0].length,end:r+n.trimEnd().length}}function rh(e){let t=String(e?.url);return(/^http:\/\/([^/]+)/.exec(t)?.[1]??t).replace(/^localhost(?=:)/,"127.0.0.1")}function ru(e,t){let r=e?.[t];return"object"!=typeof r||null===r||Array.isArray(r)?{}:r}class r${diff(e,t,r={}){let o;"function"==typeof r?(o=r,r={}):"callback"in r&&(o=r.callback);let n=this.castInput(e,r),a=this.castInput(t,r),i=this.removeEmpty(this.tokenize(n,r)),s=this.removeEmpty(this.tokenize(a,r));return this.diffWithOptionsObj(i,s,r,o)}diffWithOptionsObj(e,t,r,o){var n;let a=e=>(e=this.postProcess(e,r),o)?void setTimeout(function(){o(e)},0):e,i=t.length,s=e.length,l=1,d=i+s;null!=r.maxEditLength&&(d=Math.min(d,r.maxEditLength));let c=null!=(n=r.timeout)?n:1/0,f=Date.now()+c,h=[{oldPos:-1,lastComponent:void 0}],u=this.extractCommon(h[0],t,e,0,r);if(h[0].oldPos+1>=s&&u+1>=i)return a(this.buildValues(h[0].lastComponent,t,e));let $=-1/0,p=1/0,m=()=>{for(let o=Math.max($,-l);o<=Math.min(p,l);o+=2){let n,l=h[o-1],d=h[o+1];l&&(h[o-1]=void 0);let c=!1;if(d){let e=d.oldPos-o;c=d&&0<=e&&e<i}let f=l&&l.oldPos+1<s;if(!c&&!f){h[o]=void 0;continue}if(n=!f||c&&l.oldPos<d.oldPos?this.addToPath(d,!0,!1,0,r):this.addToPath(l,!1,!0,1,r),u=this.extractCommon(n,t,e,o,r),n.oldPos+1>=s&&u+1>=i)return a(this.buildValues(n.lastComponent,t,e))||!0;h[o]=n,n.oldPos+1>=s&&(p=Math.min(p,o-1)),u+1>=i&&($=Math.max($,o+1))}l++};if(o)!function e(){setTimeout(function(){if(l>d||Date.now()>f)return o(void 0);m()||e()},0)}();else for(;l<=d&&Date.now()<=f;){let e=m();if(e)return e}}addToPath(e,t,r,o,n){let a=e.lastComponent;return a&&!n.oneChangePerToken&&a.added===t&&a.removed===r?{oldPos:e.oldPos+o,lastComponent:{count:a.count+1,added:t,removed:r,previousComponent:a.previousComponent}}:{oldPos:e.oldPos+o,lastComponent:{count:1,added:t,removed:r,previousComponent:a}}}extractCommon(e,t,r,o,n){let a=t.length,i=r.length,s=e.oldPos,l=s-o,d=0;for(;l+1<a&&s+1<i&&this.equals(r[s+1],t[l+1],n);)l++,s++,d++,n.oneChangePerToken&&(e.lastComponent={count:1,previousComponent:e.lastComponent,added:!1,removed:!1});return d&&!n.oneChangePerToken&&(e.lastComponent={count:d,previousComponent:e.lastComponent,added:!1,removed:!1}),e.oldPos=s,l}equals(e,t,r){return r.comparator?r.comparator(e,t):e===t||!!r.ignoreCase&&e.toLowerCase()===t.toLowerCase()}removeEmpty(e){let t=[];for(let r=0;r<e.length;r++)e[r]&&t.push(e[r]);return t}castInput(e,t){return e}tokenize(e,t){return Array.from(e)}join(e){return e.join("")}postProcess(e,t){return e}get useLongestToken(){return!1}buildValues(e,t,r){let o,n=[];for(;e;)n.push(e),o=e.previousComponent,delete e.previousComponent,e=o;n.reverse();let a=n.length,i=0,s=0,l=0;for(;i<a;i++){let e=n[i];if(e.removed)e.value=this.join(r.slice(l,l+e.count)),l+=e.count;else{if(!e.added&&this.useLongestToken){let o=t.slice(s,s+e.count);o=o.map(function(e,t){let o=r[l+t];return o.length>e.length?o:e}),e.value=this.join(o)}else e.value=this.join(t.slice(s,s+e.count));s+=e.count,e.added||(l+=e.count)}}return n}}let rp=new class extends r${tokenize(e){return e.slice()}join(e){return e}removeEmpty(e){return e}},rm={nginx:{kind:"nginx",install(e,t,r){var o;let n,a,i=tX(e,t.project,r.file),s=function(e,t){try{return tP(e)}catch(r){if(!(r instanceof tL))throw r;throw e2(r.message,"nginx would not load this file either: `nginx -t` says more.",t,e1(e,r.offset))}}(i,r.file),l=void 0===r.whole?new Map:function(e){let t=new Map,r=e.split(/^# configuration file (\/.*):$/m);for(let e=1;e+1<r.length;e+=2)try{t.set(r[e],tP(r[e+1]))}catch(e){if(!(e instanceof tL))throw e}return t}(r.whole),d=(o=s,n=[],(a=(e,t)=>{for(let r of e){if("proxy_pass"===r.name){let e=t.find(e=>"server"===e.name);e&&n.push({directive:r,server:e,chain:t.slice(0,t.indexOf(e)+1)})}r.block&&"stream"!==r.name&&a(r.block,[r,...t])}})(o,[]),n),c={text:i,changes:[],warnings:[]},f=[],h=new Set,u=[],$=function(e){let[t]=[...e.values()],r=t?.find(e=>"http"===e.name);return tz(r?.block??[],e)}(l);for(let e of t.routes){let o=d.filter(({directive:t})=>(function(e,t,r){let o=tJ.exec(e.args[0]??"")?.[2];if(void 0===o)return!1;let n=r.find(e=>e.args[0]===o),a=n?(n.block??[]).filter(e=>"server"===e.name).map(e=>e.args[0]):[o],i=t.plain.map(tQ);return a.some(e=>i.includes(tQ(e)))})(t,e,tK(s,$)));if(0===o.length)throw function(e,t,r,o){let n=t.map(({directive:e})=>`line ${e1(r,e.start)} ${e.args[0]}`).join(", ");return e2(`no proxy_pass leads to route ${e.name} (${e.plain.join(" or ")||"no address known"})`,""===n?`Name in \`site-config\` the file whose \`proxy_pass\` serves ${e.service}.`:`It has ${n}: correct \`routes\`, or name the file that serves ${e.service}.`,o)}(e,d,i,r.file);for(let n of o){h.add(n.server);let o=n.chain.map(e=>tz(e.block??[],l)).concat([$]);t1(o)||u.push(n),f.push(tF(i,n.directive,t.project,function(e,t,r,o,n,a){let i=eQ(r.project),[,s,l,d]=tJ.exec(e.directive.args[0]),c=[],f=e.chain[0];if(void 0!==d&&c.push(...function(e,t,r,o){let n="location"===t.name?t3(t):void 0;if(void 0===n||/\$/.test(e))throw e2(`proxy_pass has the path ${e}, which cannot be kept in this place`,"Move it into a location with a plain prefix, or leave the path out and use `rewrite`.",r,o);if(n===e)return[];let a=n.replace(/[.*+?^${}()|[\]\\]/g,"\\$&");return[`rewrite "^${a}(.*)$" "${e.replace(/["\\]/g,"\\$&")}$1" break;`]}(d,f,n.file,e1(a,e.directive.start))),r.contained?(c.push("resolver 127.0.0.11 valid=1s ipv6=off;"),c.push(`proxy_pass ${s}://$deploy_${eQ(r.project,t.name)};`)):c.push(`proxy_pass ${s}://deploy_${eQ(r.project,t.name)}_$deploy_${i}_color;`),0===t0(o,"proxy_redirect").length){let e="location"===f.name?t3(f)??"/":"/";c.push(`proxy_redirect ${s}://${l}${d??"/"} ${void 0===d?"/":e};`)}return t0(o,"proxy_set_header").some(e=>"host"===e.args[0].toLowerCase())||c.push(...t2(o,"proxy_set_header"),`proxy_set_header Host ${l};`),"https"===s&&0===t0(o,"proxy_ssl_name").length&&c.push(`proxy_ssl_name ${l.replace(/:\d+$/,"")};`),c.push(...t2(o,"add_header")),c.push(`add_header ${r.header??eJ} $deploy_${i}_header always;`),void 0!==r.sticky&&c.push(`add_header Set-Cookie $deploy_${i}_cookie always;`),void 0!==r.canaryLog&&t1(o)&&(c.push(...t2(o,"access_log").filter(e=>"access_log off;"!==e)),c.push(`access_log ${r.canaryLog} deploy_${i} if=$deploy_${i}_logged;`)),c}(n,e,t,o,r,i))),c.changes.push(`line ${e1(i,n.directive.start)}: ${tH(n.directive)} becomes a choice between ${e.name} blue and green`)}}for(let e of(t.contained&&f.push(...function(e,t,r,o,n){let a=tK(t,[]),i=[];for(let t of o){let o=(t.block??[]).filter(e=>"server"===e.name&&r.routes.some(t=>t.plain.map(tQ).includes(tQ(e.args[0]))));if(0!==o.length){if(!a.includes(t))throw e2(`the upstream ${t.args[0]} stands in another file, and would keep nginx from starting once ${o[0].args[0]} is gone`,"Move the upstream into this file.",n.file);i.push(...o.map(t=>tF(e,t,r.project,["server 127.0.0.1:9 down;"])))}}return i}(i,s,t,tK(s,$),r)),h)){let o=function(e,t){let r=t.block?.[0];return r?tZ(e,r.start):`${tZ(e,t.start)}    `}(i,e),n=i.indexOf(`
`,e.inner)+1;if(/\S/.test(i.slice(e.inner,n).replace(/#.*/,"")))throw e2("something follows the opening brace of the server on its line","Put it on a line of its own.",r.file,e1(i,e.start));let a=function(e,t,r,o,n){let a=e=>"open_file_cache"===e.name&&"off"!==e.args[0];if(tz(e.block??[],t).some(a))throw e2("open_file_cache is on for the server, so that a flag would be seen late","Move `open_file_cache` into the locations that serve files.",n,e1(o,e.start));return r.some(a)}(e,l,$,i,r.file);f.push(tq(i,n,t.project,o,function(e,t){let r=eQ(e.project),o=t=>`if (-f ${e.folder}/${t}) { set $deploy_${r}_share ${t}; }`,n=eY.lm,a=(0,eY.Be)().map(eY.pt).filter(e=>!n.includes(e));return[...t?["open_file_cache off;"]:[],`set $deploy_${r}_share "";`,...a.map(o),...n.map(o),o(n[0]),...void 0===e.canaryLog?[]:[`set $deploy_${r}_watched "";`,`if (-f ${e.folder}/watch) { set $deploy_${r}_watched 1; }`]]}(t,a))),a&&c.warnings.push(`open_file_cache is on: it is turned off for the server in line ${e1(i,e.start)}, because a cached look at a flag would delay a switch`)}let[p]=[...h].sort((e,t)=>e.start-t.start),m=tK(s,$);f.push(tq(i,p.start,t.project,tZ(i,p.start),function(e,t){let r=eQ(e.project),o=`$deploy_${r}_color`,n=`$deploy_${r}_share`,a=`$http_${eK.toLowerCase().replace(/-/g,"_")}`,i=[];for(let r of e.routes){let n=`deploy_${eQ(e.project,r.name)}`;if(e.contained){i.push(`map ${o} $${n} {`,...eY.lm.map(e=>`    ${e} ${e0(r,e)[0]};`),"}");continue}let a=t.find(e=>(e.block??[]).some(e=>"server"===e.name&&r.plain.map(tQ).includes(tQ(e.args[0])))),s=(a?.block??[]).filter(e=>"server"!==e.name&&"zone"!==e.name&&!e.block);for(let e of eY.lm)i.push(`upstream ${n}_${e} {`,...s.map(e=>`    ${tH(e)}`),...e0(r,e).map(e=>`    server ${e};`),"}")}let s=`$deploy_${r}_key`;if(void 0===e.sticky)i.push(`map "" ${s} { default $request_id; }`);else{let t=`$cookie_${e.sticky}`;i.push(`map ${t} ${s} { "" $request_id; default ${t}; }`,`map "$deploy_${r}_canary:${t}" $deploy_${r}_cookie { "1:" "${e.sticky}=$request_id; Path=/; HttpOnly; SameSite=Lax"; default ""; }`)}for(let e of eY.Vc)for(let t of eY.lm){let o="blue"===t?"green":"blue";i.push(`split_clients ${s} $deploy_${r}_${t}_${e} { ${e}% ${t}; * ${o}; }`)}return i.push(`map ${a} $deploy_${r}_probe { "${e.token}-blue" blue; "${e.token}-green" green; "${e.token}" seen; default ""; }`,`map "$deploy_${r}_probe:${n}" ${o} {`,`    default ${e.fallback};`,...eY.lm.map(e=>`    "~^${e}:" ${e};`),...(0,eY.Be)().map(e=>{let t=100===e.weight?e.color:`$deploy_${r}_${e.color}_${e.weight}`;return`    "~^[a-z]*:${(0,eY.pt)(e)}$" ${t};`}),"}",`map ${n} $deploy_${r}_canary { "~-" 1; default ""; }`,`map ${n} $deploy_${r}_seen { "" "${o};fallback"; default ${o}; }`,void 0===e.header?`map $deploy_${r}_probe $deploy_${r}_header { "" ""; default $deploy_${r}_seen; }`:`map "" $deploy_${r}_header { default $deploy_${r}_seen; }`),void 0!==e.canaryLog&&i.push(`map "$deploy_${r}_watched:$deploy_${r}_probe:${n}" $deploy_${r}_logged { "~^1::.*-" 1; default ""; }`,`log_format deploy_${r} '${o} $status $request_time';`),i}(t,m))),c.changes.push(`line ${e1(i,p.start)}: the upstreams and the canary ladder of ${t.project} are declared`);let[_]=u,g=_?`the location in line ${e1(i,_.chain[0].start)} of ${r.file} has no access_log, or turns it off itself`:"on";return{...c,text:e3(i,f),canaryLog:g}},uninstall:(e,t)=>tW(e,t.project)},caddy:t8,haproxy:{kind:"haproxy",install(e,t,r){let o=tX(e,t.project,r.file),n=function(e){let t=[],r=0;for(let o of e.split(`
`)){let e=r+(/^\s*/.exec(o)[0].length??0);r+=o.length+1;let n=function(e){let t=[],r="",o="";for(let n=0;n<e.length;n+=1){let a=e[n];if("\\"===a&&"'"!==o)r+=a+(e[n+=1]??"");else if(""!==o)r+=a,a===o&&(o="");else if('"'===a||"'"===a)o=a,r+=a;else if("#"===a)break;else/\s/.test(a)?(""!==r&&t.push(r),r=""):r+=a}return""!==r&&t.push(r),t}(o);if(0!==n.length)if(t5.test(n[0]))t.push({kind:n[0],name:n[1]??"",start:e,inner:r,lines:[]});else{let a=e+o.slice(e-(r-o.length-1)).replace(/\s+$/,"").length;t.at(-1)?.lines.push({words:n,start:e,end:a})}}return t}(o),a={text:o,changes:[],warnings:[]},i=[],s=new Map,l=(e,t)=>s.set(e,[...s.get(e)??[],...t]),d=[];for(let e of t.routes){let s=n.filter(t=>(function(e,t){return("backend"===e.kind||"listen"===e.kind)&&t9(e).some(e=>t7(e,t))})(t,e));if(0===s.length)throw function(e,t,r){let o=t.flatMap(e=>t9(e).map(t=>`${e.name} ${t4(t)}`)).join(", ");return e2(`no server leads to route ${e.name} (${e.plain.join(" or ")||"no address known"})`,""===o?"Name in `site-config` the file that has the backend.":`It has ${o}: correct \`routes\`.`,r)}(e,n,r.file);for(let c of s){if("listen"===c.kind)l(c,[e]);else{let s=function(e,t){return e.filter(e=>"frontend"===e.kind||"listen"===e.kind).flatMap(e=>e.lines.filter(e=>/^(default_backend|use_backend)$/.test(e.words[0])&&e.words[1]===t).map(t=>({section:e,line:t})))}(n,c.name);if(0===s.length)throw e2(`backend ${c.name} is named by no frontend`,"Add `default_backend` or `use_backend` with its name to the frontend.",r.file,e1(o,c.start));for(let{section:r,line:n}of s){let s=`deploy_${eQ(t.project,e.name)}`,[d,,...c]=n.words,f="default_backend"===d;l(r,f?[e]:[]);let h=f?[`default_backend ${s}_${t.fallback}`]:[`use_backend ${s}_%[var(txn.deploy_${eQ(t.project)}_color)] ${c.join(" ")}`];i.push(tF(o,n,t.project,h)),a.changes.push(`line ${e1(o,n.start)}: ${n.words.join(" ")} leads to the colours of ${e.name}`)}}d.push(...function(e,t,r){let o=`deploy_${eQ(r.project,t.name)}`,n=`deploy_${eQ(r.project)}`,a=r.header??eJ,i=e.lines.filter(e=>!/^server/.test(e.words[0])).filter(t=>"backend"===e.kind||t6.test(t.words[0])),[s]=t9(e),l=function(e){let t=[];for(let r=0;r<e.length;r+=1)["cookie","id","track","resolvers","init-addr","resolve-prefer"].includes(e[r])?r+=1:["backup","disabled"].includes(e[r])||t.push(e[r]);return t}(s.words.slice("server"===s.words[0]?3:4)),d=[];for(let e of(r.contained&&d.push(`resolvers ${o}`,"    nameserver docker 127.0.0.11:53","    hold valid 1s","    hold nx 0s","    hold obsolete 0s","    timeout resolve 1s","    accepted_payload_size 8192"),eY.lm))d.push(`backend ${o}_${e}`,...i.map(e=>`    ${e.words.join(" ")}`),`    http-after-response set-header ${a} ${e}%[var(txn.${n}_mark)]${void 0===r.header?` if { var(txn.${n}_probe) -m found }`:""}`),void 0!==r.sticky&&d.push(`    http-after-response add-header Set-Cookie "${r.sticky}=%[var(txn.${n}_key)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.${n}_limit) -m found } !{ var(txn.${n}_known) -m found }`),d.push(...function(e,t,r,o,n){return r.contained?[`    server-template ${[e,"1-8",e0(t,e)[0],...n].join(" ")} resolvers ${o} resolve-prefer ipv4 init-addr none`]:e0(t,e).map((t,r)=>`    server ${[`${e}${r+1}`,t,...n].join(" ")}`)}(e,t,r,o,l));return d}(c,e,t)),t.contained&&i.push(...function(e,t,r,o){return t9(t).filter(e=>t7(e,r)&&!e.words.includes("init-addr")).map(t=>tF(e,t,o,[`${t.words.join(" ")} init-addr last,libc,none`]))}(o,c,e,t.project))}}for(let[e,l]of s){!function(e,t,r,o){let n=t.slice(0,t.indexOf(e)).filter(e=>"defaults"===e.kind).at(-1);if("http"!==[...n?.lines??[],...e.lines].filter(e=>"mode"===e.words[0]).at(-1)?.words[1])throw e2(`${e.kind} ${e.name} is not in HTTP mode, so that requests cannot be told apart`,"Write `mode http` in it or in `defaults`.",o,e1(r,e.start))}(e,n,o,r.file);let[s]=e.lines,d=s?tZ(o,s.start):"    ",c=e.lines.at(-1);i.push(tq(o,e.inner,t.project,d,function(e){let t=`deploy_${eQ(e.project)}`,r=e=>`txn.${t}_${e}`,o=(e,t,o="")=>`http-request set-var(${r(e)}) ${t}${o&&` if ${o}`}`,n=`{ var(${r("share")}) -m sub -- - }`;return[o("share",`str(${e.project}),map(${e.folder}/haproxy.map)`),o("color",`str(${e.fallback})`),o("mark","str(;fallback)",`!{ var(${r("share")}) -m found }`),o("color",`var(${r("share")}),field(1,-)`,`{ var(${r("share")}) -m found }`),o("limit",`var(${r("share")}),field(2,-),mul(100)`,n),...void 0===e.sticky?[o("key","uuid()",n)]:[o("known",`req.cook(${e.sticky})`),o("key","uuid()",n),o("key",`var(${r("known")})`,`{ var(${r("known")}) -m found }`)],o("bucket",`var(${r("key")}),xxh32(0),mod(10000),sub(${r("limit")})`,n),o("color",`var(${r("color")}),regsub(^blue$,x),regsub(^green$,blue),regsub(^x$,green)`,`${n} { var(${r("bucket")}) -m int ge 0 }`),...eY.lm.map(t=>{let r;return o("color",`str(${t})`,(r=`${e.token}-${t}`,`{ req.hdr(${eK}) -m str ${r} }`))}),o("probe","bool(true)",`{ req.hdr(${eK}) -m beg ${e.token} }`)]}(t))),l.length>0&&c&&i.push(tq(o,function(e,t){let r=e.indexOf(`
`,t);return -1===r?e.length:r+1}(o,c.end),t.project,d,l.map(e=>`use_backend deploy_${eQ(t.project,e.name)}_%[var(txn.deploy_${eQ(t.project)}_color)]`))),a.changes.push(`line ${e1(o,e.start)}: ${e.kind} ${e.name} asks the map for the colour`)}if(r.socket){let{path:e,group:s}=r.socket,l=n.find(e=>"global"===e.kind),d=`stats socket ${e} mode 660 ${void 0===s?"":`group ${s} `}level admin`,c=l?[d]:["global",`    ${d}`];i.push(tq(o,l?.inner??0,t.project,l?"    ":"",c)),a.changes.push(`a runtime socket ${e}${void 0===s?"":` for the group ${s}`}`)}let c=e3(o.endsWith(`
`)?o:`${o}
`,i),f=tq("",0,t.project,"",d).text;return{...a,text:`${c}${f}`}},uninstall:(e,t)=>tW(e,t.project)},traefik:{kind:"traefik",install(e,t,r){let o=tX(e,t.project,r.file),n={text:o,changes:[],warnings:[]},a=(r.traefik?.routers??[]).flatMap(e=>(n.changes.push(`line ${e.serviceLine}: router ${e.name} becomes a choice between ${e.route.name} blue and green`),function(e,t,r,o){let{project:n}=r,a=`service: ${e5(r,e.route)}`,i=e9(r,e.route),s=rf(t,e.serviceLine);if(void 0===r.header)return[tF(t,s,n,[a])];let{middlewares:l}=e;if(!l)return[tF(t,s,n,[a,"middlewares:",`  - ${i}`])];let d=[tF(t,s,n,[a])],c=rf(t,l.firstLine);if(l.firstLine>l.line&&t.startsWith("- ",c.start))return[...d,tq(t,c.start,n,tZ(t,c.start),[`- ${i}`])];let f=rf(t,l.line);if(!/^middlewares:\s*(?:\[[^\]]*\]\s*)?(?:#.*)?$/.test(t.slice(f.start,f.end)))throw e2(`the middlewares of router ${e.name} stand on several lines in brackets`,"Write each on a line of its own, with a dash before it.",o,l.line);let h=[i,...e6(e.settings.middlewares)];return[...d,tF(t,f,n,[`middlewares: ${JSON.stringify(h)}`])]}(e,o,t,r.file)));return{...n,text:e3(o,a)}},uninstall:(e,t)=>tW(e,t.project)},managed:t8},r_={nginx:"flag",caddy:"flag",managed:"flag",haproxy:"map",traefik:"file"};async function rg(e,t){var r,o,i,s;let l,{project:d}=t,c=function(e,t,r){let o=e.traffic,n="auto"===t?o?.proxy:t,i="managed"===n?"caddy":n,s=`${r}-proxy`,l=e.proxies.filter(e=>(void 0===i||e.kind===i)&&("managed"!==n||e.name===s)),[d]=l;if(1===l.length&&d)return d;let c=l.find(e=>void 0!==o&&e.name===o.container);if(c)return c;if(0===l.length)throw new a.HR("refused",void 0===i?"no proxy runs on the server":`no ${i} runs on the server`,{input:"proxy",remedy:"Start nginx, Caddy, HAProxy or Traefik in front of the application, or use proxy: managed."});let f=l.map(e=>""===e.id?`${e.kind} on the host`:`${e.kind} in ${e.name}`);throw new a.HR("input",`several proxies run on the server: ${f.join(", ")}`,{input:"proxy",remedy:"Name the kind in `proxy`, and stop the ones that are not used."})}(e,t.proxy,d),f=""!==c.id,h=e.mounts.find(e=>e.name===c.name),u=tk(d);if(void 0===e.config)throw new a.HR("refused",`${t.siteConfig} cannot be read on the server`,{input:"site-config",remedy:`It does not exist, or ${e.user} may neither read it nor use sudo without a password.`});let $=f?tw(e.configFile,h):e.configFile;if(void 0===$)throw new a.HR("input",`${t.siteConfig} is in no mount of the container ${c.name}`,{input:"site-config",remedy:"Name the file on the server that the container mounts."});let p="traefik"===c.kind?e.configFile.replace(/\/[^/]*$/,""):"";if(""!==p&&f&&void 0===tw(`${p}/new.yml`,h))throw new a.HR("refused",`the container ${c.name} sees ${e.configFile}, but not its folder`,{input:"site-config",remedy:`Mount the folder ${p} instead of the single file, name it in providers.file.directory, and recreate the container once.`});if(f&&"traefik"!==c.kind&&tw(`${u}/blue`,h)!==`${u}/blue`)throw new a.HR("refused",`the container ${c.name} does not see the folder of the flags, ${u}`,{remedy:`Add the volume ${u}:${u}:ro to it (the folder, not a file), and recreate it once.`});let m=f?(r=d,eY.lm.map(e=>`zz_${r}_${e}`)).filter(e=>!h.networks.includes(e)):[];if(m.length>0)throw new a.HR("refused",`the container ${c.name} is not on the network ${m.join(" and ")}, so it cannot reach the colours`,{remedy:`Add ${m.length>1?"them":"it"} to its compose file as external, and now: ${m.map(e=>`docker network connect ${e} ${c.name}`).join("; ")}`});let _="haproxy"!==c.kind?void 0:f?(o=h.mounts,i=d,(l=o.find(({destination:e})=>/^\/(?:var\/)?run\/haproxy\/?$/.test(e)))&&rw(l.source.replace(/\/$/,""),l.destination.replace(/\/$/,""),i)):rw("/run/haproxy","/run/haproxy",d),g=function(e,t,r){let o=`${tY}/${r}.log`,n=e=>({path:"",inside:"",why:e});if("nginx"!==e.kind)return n(`${e.kind} has no log of its own for a colour`);if(""===e.id)return{path:o,inside:o,why:""};let a=t&&tw(o,t);return void 0!==a?{path:o,inside:a,why:""}:n(`${e.name} has no volume ${tY}:${tY}`)}(c,h,d),w=tx(e,d,t.routes,f),y="traefik"===c.kind?await rs(e.config,d,w,e.configFile):void 0,v={project:d,routes:w,folder:u,fallback:tb(e),header:t.header,sticky:t.sticky,token:e.proxy?.token??(s=e.config,(function(e,t){let r=[];for(let o=tV(e,tD(t),0);-1!==o;o=tV(e,tD(t),o)){let n=e.indexOf(`
`,o),a=-1===n?-1:tV(e,tU(t),n);if(-1===a)break;r.push(e.slice(n+1,a)),o=a}return r})(s,d).map(e=>/\b([0-9a-f]{24})-(?:blue|green)\b/.exec(e)?.[1]).find(e=>void 0!==e))??(0,n.randomBytes)(12).toString("hex"),contained:f,...""===g.inside?{}:{canaryLog:g.inside},...y&&{traefik:y.parts}},k=e.whole.get(c.name),b=rm[c.kind].install(e.config,v,{file:e.configFile,...void 0===k?{}:{whole:k},...y&&{traefik:y},..._&&{socket:{path:_.inside,group:f?void 0:e.group}}});y&&await rl(b.text,y,v,e.configFile);let x="haproxy"===c.kind&&f?_?.folder??`${u}.haproxy`:"";"haproxy"!==c.kind||_||b.warnings.push(`the runtime socket of HAProxy in ${c.name} cannot be reached from the server, so each switch has to reload it, which closes idle connections of clients. To have none: add the volume ${x}:/run/haproxy to the container, recreate it once, and run install again`);let j=""===g.why&&"on"!==b.canaryLog?b.canaryLog??"":g.why;""!==j&&b.changes.push(`a canary is judged by probing: ${j}`);let S=function(e,t,r,o){let n=tS[e]?.(t,r);if(!n)return;let a=void 0===o?n.port:o.get(n.port);if(void 0===a)return;let i=n.host??"127.0.0.1",s=n.tls?443:80;return{url:`${n.tls?"https":"http"}://${i}${n.port===s?"":`:${n.port}`}/`,connect:`127.0.0.1:${a}`}}(c.kind,b.text,v,f?h.published:void 0),E=t.verifyUrl??S?.url;if(void 0===E)throw new a.HR("input",`where ${c.kind} answers cannot be read from ${e.configFile}`,{input:"verify-url",remedy:"Give `verify-url`, such as https://shop.example.org/health."});let T={kind:c.kind,container:c.id,containerName:c.name,configFile:e.configFile,configInside:$,socket:_?.path??"",watched:p,canaryLog:""===j?g.path:"",canaryWhy:j},N={kind:c.kind,container:c.name,configFile:e.configFile,configInside:$,socket:T.socket,watched:p,folder:u,fallback:v.fallback,header:v.header,sticky:v.sticky,token:v.token,url:E,connect:("traefik"===c.kind&&void 0!==t.verifyUrl?void 0:S?.connect)??function(e){let{protocol:t,port:r}=new URL(e);return`127.0.0.1:${r||("https:"===t?443:80)}`}(E),routes:v.routes,canaryLog:T.canaryLog,canaryWhy:j,...y&&{traefik:y.parts}};return{site:v,place:T,prepared:N,socketFolder:x,edit:b,diff:function(e,t){var r;let[o,n]=[e.split(`
`),t.split(`
`)],a=(r={maxEditLength:500},rp.diff(o,n,r));return void 0===a?[...o.map(e=>`- ${e}`),...n.map(e=>`+ ${e}`)]:a.flatMap(({added:e,removed:t,value:r})=>e?r.map(e=>`+ ${e}`):t?r.map(e=>`- ${e}`):[])}(e.config,b.text),fresh:void 0!==e.proxy&&r_[e.proxy.kind]!==r_[c.kind],oldSum:(0,n.createHash)("sha256").update(e.config).digest("hex"),files:[{name:"site",content:b.text},{name:"proxy.json",content:`${JSON.stringify(N)}
`},..."traefik"===c.kind?e4(v):[]]}}function rw(e,t,r){let o=`deploy-${r}.sock`;return{path:`${e}/${o}`,folder:e,inside:`${t}/${o}`}}function ry(e,t,r){if("blue"===t||"green"===t)return t;let o=new Set(e.map(({look:e})=>{var t;let o;return(void 0===r?void 0:function({history:e,share:t},r){let o=e.filter(e=>e.deployment_id===r).findLast(e=>"confirm"!==e.operation||"returned"===e.outcome),n=o?.operation==="switch"&&"succeeded"===o.outcome&&o.to===t,a=(0,eY.n8)(n?t??"":"");return a?.weight===100?a.color:void 0}(e,r))??(t=e,(o=(0,eY.n8)(t.share??""))&&o.weight<100?o.color:(0,eY.IP)(tb(t)))})),[n]=o;if(o.size>1||void 0===n)throw new a.HR("refused",`the servers do not agree which colour is idle: ${e.map(({server:e,look:t})=>`${e.name}: ${t.share??"none"}`).join(", ")}`,{input:"to",remedy:"Say which one in `to`: those that have it already stay as they are."});return n}async function rv(e,t,r,o,n,i){let s,l,d,c=n.clock.now(),f=e.map(e=>{var t,r;let{site:n,place:i,prepared:s}=tT(e.look,o.project),l=function(e,t){for(let r of e.routes){let e=t.traffic?.routes.find(e=>e.name===r.name);if(e){for(let t of["blue","green"])if([...e[t]].sort().join()!==[...r[t]].sort().join())return`${r.name} of ${t} is at ${r[t].join(", ")}, but the proxy was prepared for ${e[t].join(", ")}`}}}({...n,routes:n.routes},e.look);if(void 0!==l)throw new a.HR("refused",`${e.server.name}: ${l}`,{remedy:"Run this action with install: true once more."});return{...e,site:n,place:i,prepared:s,liveOnly:(t=e,r=o,[...new Set([...t.look.containers.filter(e=>"true"===e.labels["deploy-actions.live-only"]).map(e=>e.service),...r["live-only-services"]])].sort())}});await Promise.all(f.map(e=>rb(e,t,r,o,n)));let h=o.weight.length>1,u={target:t,steps:o.weight,stepSeconds:Math.ceil(o["step-interval"]/1e3),drainSeconds:Math.ceil(o["drain-timeout"]/1e3),stopAfter:rx(o),confirmSeconds:Math.ceil((o["confirm-within"]??0)/1e3),hosts:e.length,goSeconds:120,maxErrorRate:o["max-error-rate"],maxP95:o["max-p95"],minRequests:o["min-requests"],watchRunner:30*!!h,actor:n.workflow.actor,runUrl:n.workflow.runUrl,reason:"switch"};if(o.plan){var $=f,p=t,m=o.weight,_=n;let e=m.map(e=>`${e} %`).join(", ");for(let{server:t,look:r}of $)_.log.info(`${t.name}: traffic is on ${r.share}; ${p} would get ${e}. Nothing was changed.`);return{...rS,from:$[0].look.share,to:p,weight:0}}let g=f.map(e=>{let r={url:o["verify-url"]??e.prepared.url,connect:e.prepared.connect,version:o["expect-version"]??"",seconds:Math.ceil(o["verify-timeout"]/1e3)},a={...th(e.site,e.place,r,e.server.dockerHost),...tu({...u,liveOnly:e.liveOnly})};return{name:e.server.name,session:e.session,reopen:()=>i(e.server),operation:{name:"switch",path:e.server.path,deploymentId:tI(o["deployment-id"],n.workflow),body:tp("switch",e.place.kind),parameters:a,files:[rj(e,e.place.kind,a,tI(o["deployment-id"],n.workflow)),..."traefik"===e.place.kind?e4(e.site):[]],inputHash:tA([t,o.weight,e.look.share,e.look.traffic?.fence??0]),lockTimeout:o["lock-timeout"],holder:{actor:n.workflow.actor,runUrl:n.workflow.runUrl},resumeOnBoot:o["resume-on-boot"]}}}),w=await tN(g,{clock:n.clock,log:n.log,signal:n.signal,aliveEvery:5e3*!!h}),y=function(e,t){let r,[o]=e,n=o?.result?.fields??{},i=e.flatMap(e=>e.result?.fields.overlap_ms===void 0?[]:[Number(e.result.fields.overlap_ms)]);return{from:n.from,to:n.to,weight:(void 0===n.weight?void 0:Number(n.weight))??100*("false"===n.changed),"switched-at":n.switched_at,"overlap-ms":0===i.length?void 0:Math.max(...i),drained:(r=e.map(e=>e.result?.fields.drained)).every(e=>"true"===e)?"true":r.find(e=>"false"===e)??r.find(e=>"true"!==e),report:(0,a.l4)(rE(e,t))}}(w,Math.round(n.clock.now()-c));n.summary((s=w.map(e=>{let t=t=>(0,a.FV)(e.result?.fields[t]??"–"),r=e.result?.fields.overlap_ms;return[(0,a.FV)(e.name),t("from"),t("to"),t("mechanism"),void 0===r?"–":(0,a.a3)(Number(r)),t("drain_left"),(0,a.a3)(e.result?.elapsedMs??0),I(e)?"false"===e.result.fields.changed?"nothing to do":"switched":(0,a.FV)(e.result?.failure?.message??"lost")]}),d=0===(l=w.flatMap(e=>(e.result?.fields.gates??"").split(";").flatMap(t=>{let[r,o,n,i,...s]=t.split(" ");return r&&void 0!==o?[[(0,a.FV)(e.name),(0,a.FV)(r),o,`${Number(n)/100} %`,`${i} ms`,(0,a.FV)(s.join(" "))]]:[]}))).length?"":`

${(0,a.Qj)(["Server","Share","Requests","Failed","p95","Seen by"],l)}`,`### Traffic to ${t}

${(0,a.Qj)(["Server","From","To","How","Overlap","Left on the old colour","Time","Outcome"],s)}${d}
`));let v=L(w,y,g.length>1);if(v)throw await tO(g,w,rk,{clock:n.clock,log:n.log,signal:n.signal,aliveEvery:0}),v;return y}function rk(e,t){let{fields:r}=t.result,o=(0,eY.n8)(r.from??"");if("true"!==r.changed||!o)return;let{operation:n}=e;return{...n,parameters:{...n.parameters,target:o.color,steps:String(o.weight),hosts:"1",confirm_seconds:"0",stop_after:"",traffic_first:"1",expect_version:"",reason:"another server failed"},inputHash:tA([n.inputHash,"back"])}}async function rb({site:e,prepared:t,...r},n,i,s,l){let d=s["expect-version"];if(void 0===d||e.contained)return;let c=e.routes[0][n][0],{pathname:f,search:h}=new URL(s["verify-url"]??t.url),u=function(e,t){let r=function(e={}){let t=new Map,r=new Set,o=e=>{r.delete(e),e.connection.socket.on("error",()=>{}),e.client.destroy().catch(()=>{}),e.connection.socket.destroy()};async function n(n,a,i,s){let l=eO(n.url),d=em(l.host,l.port),c="none"===i.proxy||a.address||a.addressPort||a.dial?void 0:function(e,t){let r,o,n="https:"===e.protocol,a=n?t.https_proxy??t.HTTPS_PROXY:t.http_proxy??t.HTTP_PROXY;if(!a||"localhost"===(r=e.hostname.toLowerCase())||r.endsWith(".localhost")||"[::1]"===r||/^127\.\d+\.\d+\.\d+$/.test(r)||function(e,t){let{host:r,port:o}=eO(t),n=r.toLowerCase().replace(/\.$/,"");return e.split(/[\s,]+/).some(e=>{let t=e.toLowerCase();if(""===t)return!1;if("*"===t)return!0;let[,r,a]=/^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(t)??[];if(void 0===r||void 0!==a&&Number(a)!==o)return!1;let i=r.replace(/^\[(.*)\]$/,"$1");if(i.includes("/"))return function(e,t){let[r,o]=t.split("/");if(4!==(0,ed.isIP)(e)||4!==(0,ed.isIP)(r)||!/^\d+$/.test(o)||Number(o)>32)return!1;let n=e=>e.split(".").reduce((e,t)=>256*e+Number(t),0),a=2**(32-Number(o));return Math.floor(n(e)/a)===Math.floor(n(r)/a)}(n,i);if(0!==(0,ed.isIP)(i))return i===n;let s=i.replace(/^\*?\./,"");return""!==s&&(n===s||n.endsWith(`.${s}`))})}(t.no_proxy??t.NO_PROXY??"",e))return;try{o=new URL(a.includes("://")?a:`http://${a}`)}catch{throw new et(`the environment's ${n?"HTTPS_PROXY":"HTTP_PROXY"} is not a URL`,{phase:"proxy"})}if("http:"!==o.protocol&&"https:"!==o.protocol)throw new et(`a proxy of kind ${o.protocol}// is not supported`,{phase:"proxy"});let i=decodeURIComponent(o.username);return{endpoint:eO(o),authorization:""===i?void 0:`Basic ${Buffer.from(`${i}:${decodeURIComponent(o.password)}`).toString("base64")}`}}(n.url,e.env??{}),f=a.dial?0:i.maxConnectionAge??1/0,h=JSON.stringify([n.url.origin,c?.endpoint,a]),u=void 0!==c&&!l.secure,$=n.headers.flat();n.headers.some(([e])=>"host"===e)||$.unshift("host",n.url.host),u&&c.authorization&&$.push("proxy-authorization",c.authorization);let p=n.url.pathname+n.url.search,m=async e=>{let r=!1;try{let t=await function(e,t){let{where:r,limit:o}=t;return new Promise((n,a)=>{let i,s,l=performance.now(),d=!1,c=!1,f=0,h="",u=[],$=0,p=!t.last,m=e=>{c||(c=!0,w(),e())},_=()=>{let t=ex(s?"body":"http",r,o,{sent:d,...f?{status:f}:{}});m(()=>a(t)),s?.destroy(),i?i(Error("aborted")):e.client.destroy()},g=()=>{s.end().then(({body:e,truncated:t})=>m(()=>n({status:f,statusText:h,headers:u,body:e,truncated:t,firstByteMs:$,reusable:p&&!t})),e=>m(()=>a(e)))},w=o.onEnd(_);if(o.ended)return _();e.client.dispatch({method:t.method,path:t.path,headers:t.headers,body:t.body,reset:t.last,idempotent:!0},{onConnect(e){i=e,d=!0},onHeaders(e,o,n,d){if(e<200)return!0;f=e,h=d,$=performance.now()-l,(u=function(e){let t=[];for(let r=0;r+1<e.length;r+=2)t.push([e[r].toString("latin1").toLowerCase(),e[r+1].toString("latin1")]);return t}(o)).some(([e,t])=>"connection"===e&&/\bclose\b/i.test(t))&&(p=!1);let c=204===e||304===e;try{let e=t.decode&&"HEAD"!==t.method&&!c?u.filter(([e])=>"content-encoding"===e).map(([,e])=>e).join(", "):"";s=function(e,t,r,o){var n,a,i,s,l,d;let c,f,h,u,$,p,m,_,g,w=e.split(",").map(e=>e.trim().toLowerCase()).filter(e=>""!==e&&"identity"!==e),y=(n=t,a=r,i=o,c=[],f=0,h=!1,{push(e){if(h)return!1;let t=n-f;return h=e.length>t,c.push(h?e.subarray(0,t):e),f+=Math.min(e.length,t),!h},async end(){if(h&&"error"===a)throw new et(`${i}: the answer is larger than ${n} bytes`,{phase:"body",code:"TOO_LARGE",sent:!0});let e=Buffer.concat(c,f);return c=[],{body:e,truncated:h}},destroy(){c=[]}});if(0===w.length)return y;let v=w.find(e=>!ei.has(e));if(void 0!==v||w.length>2)throw es(o,v??w.join(", "));return s=w.reverse(),l=y,d=o,p=!1,m=0,_=[],g=Promise.resolve(),{push:e=>!p&&!u&&(0===e.length||(m+=e.length,$||(e=>{for(let t of s)_.push(function(e,t,r){switch(e){case"gzip":case"x-gzip":return ee().createGunzip();case"deflate":return(15&t[0])==8?ee().createInflate():ee().createInflateRaw();case"br":return ee().createBrotliDecompress();case"zstd":if("createZstdDecompress"in ee())return ee().createZstdDecompress()}throw es(r,e)}(t,e,d));$=_[0];for(let e=1;e<_.length;e+=1)_[e-1].pipe(_[e]);g=new Promise(e=>{for(let t of _)t.on("error",t=>{u??=t,e()});_.at(-1).on("data",t=>{if(!p&&!l.push(t)){for(let e of(p=!0,_))e.destroy();e()}}).on("end",e)})})(e),$.write(e),!0)),async end(){if(!(m>0)||p||u||$.end(),await g,u&&!p)throw new et(`${d}: the ${s.join(", ")} answer cannot be decoded: ${u.message}`,{phase:"body",code:"UNDECODABLE",sent:!0,cause:u});return await l.end()},destroy(){for(let e of _)e.destroy();l.destroy()}}}(e,t.maxBytes,t.overflow,r)}catch(e){return m(()=>a(e)),i(Error("aborted")),!0}return c&&"HEAD"!==t.method&&u.some(eN)&&(p=!1,g(),i(Error("enough"))),!0},onData:e=>!!c||(s.push(e)||(p=!1,g(),i(Error("enough"))),!0),onComplete(){c||g()},onError(e){if(c)return;if(!d&&eT.has(er(e)??"")){let t=`${r}: the request cannot be sent: ${e.message}`;return m(()=>a(new et(t,{phase:"http",cause:e})))}if(e instanceof ej||!d)return m(()=>a(new ej("closed")));let t=s?"body":"http";(!s||p||"enough"!==e.message)&&m(()=>{var o,n;let i;return a(new et(`${r}: ${(o=e,n=void 0!==s,i=er(o)??"","UND_ERR_SOCKET"===i?n?"connection closed in the middle of the answer":"connection closed without an answer":"ECONNRESET"===i||"EPIPE"===i?n?`connection reset in the middle of the answer (${i})`:`connection reset without an answer (${i})`:i.startsWith("HPE_")?n?`the answer is broken HTTP (${i})`:`the answer is not HTTP (${i})`:"UND_ERR_HEADERS_OVERFLOW"===i?"the headers of the answer are larger than 64 KiB":"UND_ERR_RES_CONTENT_LENGTH_MISMATCH"===i?"the answer is shorter than its Content-Length":ea(o))}`,{phase:t,code:er(e),sent:d,cause:e,...f?{status:f}:{}}))})}})})}(e,{method:n.method,path:u?n.url.origin+p:p,headers:$,body:n.body,maxBytes:i.maxBytes??0xa00000,overflow:i.overflow??"error",decode:i.decode??!0,where:d,limit:s,last:0===f});return r=t.reusable,t}finally{r?((e,r)=>{let n=t.get(e)??[];if(n.length>=64)return o(r);n.push(r),t.set(e,n)})(h,e):o(e)}},_=f>0?((e,r)=>{for(let n=t.get(e)?.pop();n;n=t.get(e)?.pop()){if(!n.connection.socket.destroyed&&!n.client.destroyed&&performance.now()-n.openedAt<=r)return n;o(n)}})(h,f):void 0;if(_)try{return{answer:await m(_),connection:_.connection,fresh:!1}}catch(e){var g,w;if(!(e instanceof ej||(g=e)instanceof et&&"http"===g.phase&&!g.timedOut&&/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(g.code??"")&&("GET"===(w=n.method)||"HEAD"===w||"OPTIONS"===w)))throw e}let y=await e$(s,i.connectTimeout??1e4,e=>eL(n.url,c,a,e)),v=await eE(y,d);r.add(v);try{return{answer:await m(v),connection:y,fresh:!0}}catch(e){if(!(e instanceof ej))throw e;throw new et(`${d}: connection closed before the request was sent`,{phase:"http",code:"ECONNRESET"})}}async function a(t,r){let o=performance.now(),a=eP(t,e.userAgent??"deploy-actions"),{answer:i,hop:s,redirects:l}=await eI(a,t.redirects??0,async e=>{let o=eC(e.url,a.url,t.connect,t.addressFor),i=await n(e,o,t,r);return{...i,status:i.answer.status,headers:i.answer.headers}});return function(e,t,r,o,n,a){let i=Object.create(null);for(let[t,r]of e.headers)i[t]=t in i?`${i[t]}, ${r}`:r;return{status:e.status,statusText:e.statusText,headers:i,headerList:e.headers,body:e.body,truncated:e.truncated,timings:{...r?t.timings:{dns:0,tcp:0,tls:0},firstByte:e.firstByteMs,total:a},url:o.href,redirects:n,remoteAddress:t.remoteAddress,certificate:t.certificate}}(i.answer,i.connection,i.fresh,s.url,l,performance.now()-o)}return{async request(t){try{return await e$(t.signal,t.deadline??3e4,e=>a(t,e))}catch(t){var r,o;throw r=t,o=e.redactor,r instanceof et&&o&&(r.message=o.redact(r.message)),r}},async close(){for(let e of r)o(e);t.clear()}}}({redactor:t.redactor}),n=!1,a=async(t,r)=>{try{return await e.forward(t,r)}catch(e){throw function(e,t,r){if(!(e instanceof o.fm))return e;let n=`${em(t,r)} (from the server)`,a=(t,r,o)=>new et(`${n}: ${t}`,{phase:r,code:o,cause:e});switch(e.code){case"forward-refused":return a("connection refused (ECONNREFUSED)","tcp","ECONNREFUSED");case"forward-unknown-name":return a("the name does not resolve (ENOTFOUND)","dns","ENOTFOUND");case"forward-forbidden":return a(e.message,"tcp",eZ);default:return a(e.message,"tcp",e.code)}}(e,t,r)}};async function i(r,o){if(!n)try{return await r()}catch(r){var a;if(!((a=r)instanceof et&&a.code===eZ))throw r;n||t.log.info(`${e.name} forbids TCP forwarding (AllowTcpForwarding): curl or wget there asks instead, a little slower`),n=!0}return await o()}return{request:t=>i(()=>r.request({...t,proxy:"none",connect:{...t.connect,dial:a}}),()=>eq(e,t)),open:(t,r,o,n,s)=>i(()=>e$(n,o,e=>e_(t,{...r,dial:a},e)),async()=>{let n=r.address??t.host,a=r.addressPort??t.port;if(s)throw new et(`${em(n,a)}: ${e.name} forbids TCP forwarding, without which only http, https and tcp can be tried`,{phase:"tcp"});return await eG(e,n,a,o),{socket:new ez.PassThrough,timings:{dns:0,tcp:0,tls:0},remoteAddress:void 0,certificate:void 0}}),close:()=>r.close()}}(r.session,{log:l.log,redactor:l.redactor});try{let e=await u.request({url:`http://${c}${f}${h}`,deadline:1e4,overflow:"cut",signal:l.signal}),t=function(e,t){let r;if("header"===t.kind)return e.headers[t.name]?.trim();let o=e.body.toString("utf8").trim();if("body"===t.kind)return""===o?void 0:o;try{r=JSON.parse(o)}catch{return}let[n]=t.path.select(r);return"string"==typeof n||"number"==typeof n?String(n):void 0}(e,i);if(void 0!==t&&function(e,t){if(e===t)return!0;let[r,o]=e.length<t.length?[e,t]:[t,e];return/^[0-9a-f]{7,}$/i.test(r)&&/^[0-9a-f]{40}$/i.test(o)&&o.toLowerCase().startsWith(r.toLowerCase())}(d,t))return;throw new a.HR("unhealthy",`${n} at ${c} answers ${e.status} with ${void 0===t?"no version":`version ${t}`}, not ${d}; nothing was changed`,{remedy:"Deploy that version to the idle colour, or correct `expect-version` and `version-from`."})}catch(e){if(e instanceof a.HR)throw e;throw new a.HR("unhealthy",`${n} does not answer at ${c}; nothing was changed`,{cause:e})}finally{await u.close()}}function rx(e){return void 0===e["stop-old"]?void 0:Math.ceil(e["stop-old"]/1e3)}function rj({server:e},t,r,o){let n;return{name:"timer.sh",content:(n=Object.entries({...r,path:e.path,deployment_id:o}).map(([e,t])=>{var r;return`${e}=${r=t,`'${r.replace(/'/g,"'\\''")}'`}
`}).join(""),`${n}${ts[t]}${to}${tl}${td}`)}}let rS={from:void 0,to:void 0,weight:void 0,"switched-at":void 0,"overlap-ms":void 0,drained:void 0,report:void 0};function rE(e,t){let r=e.flatMap(e=>{let t=e.result?.fields??{},r=(t.gates??"").split(";").flatMap(t=>{let[r,o,n,a,...i]=t.split(" ");return r&&void 0!==o?[{name:`${e.name}: ${r}`,ok:!0,attempts:Number(o),elapsedMs:0,detail:`${o} requests, ${Number(n)/100} % failed, p95 ${a} ms, by ${i.join(" ")}`}]:[]}),o=I(e)?`${t.from} to ${t.to} by ${t.mechanism??"nothing"}${void 0===t.overlap_ms?"":`, overlap ${t.overlap_ms} ms`}${void 0===t.drain_left?"":`, ${t.drain_left} connections left on the old colour`}`:e.result?.failure?.message??"lost";return[{name:e.name,ok:I(e),attempts:1,elapsedMs:e.result?.elapsedMs??0,detail:o},...I(e)?r:r.map((e,t)=>({...e,ok:t<r.length-1}))]}),o=e.every(I),n=e[0]?.result?.fields.to??"";return{kind:"switch",ok:o,summary:o?`traffic is on ${n} after ${(0,a.a3)(t)}`:`traffic did not move to ${n}`,elapsedMs:t,checks:r}}async function rT(e,t,r,o){let n=tI(t["deployment-id"],r.workflow),i=({look:e})=>r.workflow.runAttempt>1&&function({history:e,share:t,confirm:r},o){let n=e.findLast(e=>e.deployment_id===o),a=n?.operation==="confirm"&&"confirmed"===n.outcome;return void 0===r&&a&&n.to===t}(e,n);if(e.every(i)){let{share:t}=e[0].look;r.log.info(`The switch to ${t} was confirmed by an earlier attempt of this job.`);let o={...rE([],0),summary:`traffic is on ${t}, confirmed before`};return{...rS,from:t,to:t,weight:100,report:(0,a.l4)(o)}}let s=e.filter(e=>!i(e)).map(e=>{let{site:a,place:i,prepared:s}=tT(e.look,t.project),l={...th(a,i,{url:s.url,connect:s.connect,version:"",seconds:10},e.server.dockerHost),...tu({target:"blue",stopAfter:rx(t),actor:r.workflow.actor,runUrl:r.workflow.runUrl,reason:"confirmed"})};return{name:e.server.name,session:e.session,reopen:()=>o(e.server),operation:{name:"confirm",path:e.server.path,deploymentId:n,body:tp("confirm",i.kind),parameters:l,files:[rj(e,i.kind,l,n),..."traefik"===i.kind?e4(a):[]],inputHash:tA(["confirm",e.look.share,e.look.traffic?.fence??0,e.look.confirm??""]),lockTimeout:t["lock-timeout"],holder:{actor:r.workflow.actor,runUrl:r.workflow.runUrl}}}}),l=await tN(s,{clock:r.clock,log:r.log,signal:r.signal,aliveEvery:0}),d={...rS,from:l[0]?.result?.fields.from,to:l[0]?.result?.fields.to,weight:100,report:(0,a.l4)(rE(l,0))},c=L(l,d);if(c)throw c;return d}async function rN(e,t,r,o){let n=e;"managed"===t.proxy&&(n=await rO(n,t,r,o));let i=await Promise.all(n.map(async e=>({...e,installation:await rg(e.look,{project:t.project,proxy:t.proxy,routes:t.routes,siteConfig:t["site-config"]??`${e.server.path}/proxy/Caddyfile`,header:t["color-header"],sticky:t.sticky,verifyUrl:t["verify-url"]})})));for(let{installation:e}of i)r.addSecret(e.site.token),function(e,t,r){if(void 0===t||e.site.contained)return;let[o,n]=t.split("-").map(Number);for(let a of e.site.routes)for(let e of a.green){let i=Number(e.split(":")[1]);i>=o&&i<=n||r.log.warning(`${a.name} of green is at ${e}, outside of port-range ${t}`)}}(e,t["port-range"],r);for(let{server:e,look:t,installation:o}of i)!function(e,t,r,o){let{edit:n,diff:i}=r;for(let r of(o.log.info(`${e}: ${t}`),n.changes))o.log.info(`  ${r}`);for(let e of n.warnings)o.log.warning(`${t}: ${e}`);for(let e of i)o.log.info(e);o.summary(`### ${(0,a.FV)(t)} on ${(0,a.FV)(e)}

${(0,a.DV)(i.join(`
`),"diff")}
`)}(e.name,t.configFile,o,r);if("check"===t.install||t.plan)return r.log.info("Nothing was changed."),{...rS,from:n[0].look.share,to:n[0].look.share};let s=i.map(({server:e,session:n,look:a,installation:i})=>{let s={url:i.prepared.url,connect:i.prepared.connect,version:"",seconds:Math.ceil(t["verify-timeout"]/1e3)};return{name:e.name,session:n,reopen:()=>o(e),operation:{name:"install",path:e.path,deploymentId:tI(t["deployment-id"],r.workflow),body:tp("install",i.place.kind),parameters:{...th(i.site,i.place,s,e.dockerHost),...tu({target:i.site.fallback,actor:r.workflow.actor,runUrl:r.workflow.runUrl,reason:"install"}),first_share:i.site.fallback,fresh:i.fresh?"1":"0",old_sum:i.oldSum,socket_folder:i.socketFolder,login:a.user,login_group:a.group},files:i.files,inputHash:tA([i.edit.text,i.oldSum,i.prepared,a.share??"",r.clock.wall().getTime()]),lockTimeout:t["lock-timeout"],holder:{actor:r.workflow.actor,runUrl:r.workflow.runUrl}}}}),l=await tN(s,{clock:r.clock,log:r.log,signal:r.signal,aliveEvery:0}),d={...rS,from:l[0]?.result?.fields.to,to:l[0]?.result?.fields.to,report:(0,a.l4)(rE(l,0))},c=L(l,d,s.length>1);if(c)throw c;return d}async function rO(e,t,r,o){let{managed:n,project:i,routes:s}=t,[l]=s;if(!n||1!==s.length||!l)throw new a.HR("input","a managed proxy needs `managed` and one line in `routes`",{input:n?"routes":"managed",remedy:"Write `managed: |` with `address: shop.example.org`, and `routes: site: web:8080`."});if("check"===t.install||t.plan)throw new a.HR("input","`install: check` and `plan` show what changes in a file of yours; a managed proxy has none",{input:"install"});let d=e.map(({server:e,session:s,look:d})=>{let c,f={...function(e,t,r,o){if(void 0===t.certificate!=(void 0===t.key))throw new a.HR("input","a managed proxy needs both `certificate` and `key`, or neither",{input:"managed"});return{project:e,folder:r,docker_host:o??"",image:t.image,ports:t.ports.join(" "),certificate:t.certificate??"",key:t.key??""}}(i,n,tk(i),e.dockerHost),login:d.user,login_group:d.group};return{name:e.name,session:s,reopen:()=>o(e),operation:{name:"proxy",path:e.path,deploymentId:tI(t["deployment-id"],r.workflow),body:tC,parameters:f,files:[{name:"Caddyfile",content:(c=void 0===n.certificate?[]:["	tls /etc/deploy-actions/cert.pem /etc/deploy-actions/key.pem"],[...void 0===n.email?[]:["{",`	email ${n.email}`,"}"],`${n.address} {`,...c,`	reverse_proxy ${l.service}:${l.port}`,"}",""].join(`
`))}],inputHash:tA([f,r.clock.wall().getTime()]),lockTimeout:t["lock-timeout"],holder:{actor:r.workflow.actor,runUrl:r.workflow.runUrl}}}}),c=L(await tN(d.map(e=>e),{clock:r.clock,log:r.log,signal:r.signal,aliveEvery:0}),{...rS});if(c)throw c;return await Promise.all(e.map(({server:e,session:t})=>tE(e,t,{project:i,wantsConfig:!0,siteConfig:`${e.path}/proxy/Caddyfile`},{signal:r.signal})))}async function rA(e,t,r){let n=function(e){let t=(e,t,r)=>new a.HR("input",`input \`${e}\` ${t}`,{input:e,remedy:r});if("false"!==e.install&&void 0===e["site-config"]&&"managed"!==e.proxy)throw t("site-config","is needed to install","Name the file on the server that has the site, such as /etc/nginx/sites-available/shop.");if("confirm"===e.to&&void 0!==e["confirm-within"])throw t("confirm-within","belongs to the switch, not to its confirmation");if("confirm"===e.to&&e.plan)throw t("plan","has nothing to show for a confirmation: it moves no traffic");let r=e.weight.at(-1);for(let o of["confirm-within","stop-old"])if(void 0!==e[o]&&100!==r)throw t(o,"needs a weight that ends at 100");if(void 0!==e["confirm-within"]&&void 0!==e["stop-old"])throw t("stop-old","cannot be combined with `confirm-within`: the old colour is what a missing confirmation returns to","Give `stop-old` where you confirm.");try{return function(e){if("body"===e)return{kind:"body"};let[,t,r]=/^(header|json):(.+)$/s.exec(e)??[];if("header"===t&&/^[\w!#$%&'*+.^`|~-]+$/.test(r))return{kind:t,name:r.toLowerCase()};if("json"===t)try{return{kind:t,path:function(e){let t;var r,o,n,a=(r=e).startsWith("$")?r:r.startsWith("[")?`$${r}`:`$.${r}`;let i=new J(a),s=(o=i,n=a,o.expect("$"),t=o.segments(),{text:n.slice(0,o.position),singular:z(t),select:e=>D(t,e,e)});if(!i.done)throw i.wrong("unexpected text");return s}(r)}}catch(e){if(!(e instanceof M))throw e;throw Error(`"${r}" is no JSONPath: ${e.message}`,{cause:e})}throw Error("should be header:NAME, json:PATH or body, such as json:version or header:X-App-Version")}(e["version-from"])}catch(e){throw t("version-from",e.message)}}(e),i=(0,o.U2)(e),s=r??(e=>(0,o.fA)(e,{clock:t.clock,log:t.log,signal:t.signal})),l=[],d=async e=>{let t=await s(e);return l.push(t),t};try{let r="false"!==e.install,o=(o,n)=>tE(o,n,{project:e.project,wantsConfig:r,...e["site-config"]?{siteConfig:e["site-config"]}:{}},{signal:t.signal}),s=await Promise.all(i.map(async e=>o(e,await d(e))));if(e.status)return function(e,t,r){let o=[];for(let{server:n,look:i}of e){let e=i.proxy?`${i.proxy.kind}${""===i.proxy.container?" on the host":` in ${i.proxy.container}`}`:"no proxy prepared";for(let s of(r.log.info(`${n.name}: traffic is on ${i.share??"no colour yet"} (${e}${i.traffic?`, since ${i.traffic.since}`:""})`),i.confirm&&r.log.info(`  a switch waits to be confirmed until ${new Date(1e3*i.confirm.until).toISOString()}, else traffic returns to ${i.confirm.from}`),eY.lm)){let e=ty(i,t.project,s),l=void 0!==i.share&&tb(i)===s,d=function(e,t,r){if(""!==e.slots[r])return e.slots[r];let o=ty(e,t,r),n=o.find(e=>void 0!==e.release)?.release;return void 0!==n||"green"===r||0===o.length?n:e.current.replace(/^releases\//,"")||void 0}(i,t.project,s)??"–",c=e.filter(e=>"running"===e.status&&("healthy"===e.health||"none"===e.health)).length,f=0===e.length?"absent":`${c} of ${e.length} containers well`;r.log.info(`  ${s}: ${f}, release ${d}${l?", live":""}`),o.push([(0,a.FV)(n.name),s,l?"live":"idle",(0,a.FV)(d),f])}}return r.summary(`### Colours of ${(0,a.FV)(t.project)}

${(0,a.Qj)(["Server","Colour","Traffic","Release","Containers"],o)}
`),{...rS,from:e[0].look.share,to:e[0].look.share}}(s,e,t);if("false"!==e.install)return await rN(s,e,t,d);if("confirm"===e.to)return await rT(s,e,t,d);if(e.plan)return await rv(s,ry(s,e.to),n,e,t,d);let l=tI(e["deployment-id"],t.workflow),c=t.workflow.runAttempt>1,f=await Promise.all(s.map(async r=>await rR(r,l,e,t,d)?(c=!0,await o(r.server,r.session)):r)),h=ry(f,e.to,c?l:void 0);return await rv(f,h,n,e,t,d)}finally{await Promise.all(l.map(e=>e.close()))}}async function rR(e,t,r,o,n){let{server:a,session:i,look:s}=e,l={clock:o.clock,log:o.log,signal:o.signal},d=s.unfinished.filter(e=>"idle"===r.to&&e.running&&"switch"===e.operation&&e.deploymentId===t);for(let e of d){o.log.info(`${a.name}: a switch of this job is still under way: waits for its end`);let t={...e,path:a.path,number:Number(/\d+$/.exec(e.directory)?.[0])};await (function(e,t,r){let o=k(t,e,r);return o.fresh=!1,S(o,"reattached",b(o,void 0,r))})(i,t,{...l,reopen:()=>n(a)}).result.catch(()=>void 0)}let c={deploymentId:t,lockTimeout:r["lock-timeout"],holder:{actor:o.workflow.actor,runUrl:o.workflow.runUrl}};return await tR(e,c,()=>n(a),l)||d.length>0}}};
