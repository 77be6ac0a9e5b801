"use strict";exports.id=805,exports.ids=[805],exports.modules={2805:(e,t,r)=>{r.d(t,{deploy:()=>eq});var n=r(6146),o=r(6012),a=r(7598),s=r(8779);function i(e){let t={};for(let r=0;r<e.length;){let n=e.indexOf(10,r),o=/^([A-Za-z_][A-Za-z0-9_-]*) (\d{1,10})$/.exec(e.toString("latin1",r,n<0?r:n)),a=n+1+Number(o?.[2]);if(!o||a>=e.length||10!==e[a])throw Error("the result on the server is damaged");let[,s]=o;if(!(s.startsWith("_")&&s in t&&"_details"!==s)){let r=e.toString("utf8",n+1,a);t[s]="_details"===s&&t[s]?`${t[s]}
${r}`:r}r=a+1}return t}let l=["input","refused","unhealthy","remote","lost","busy"];function c(e){return l.find(t=>t===e)??"remote"}function d(e,t,r){let n=i(e),o="succeeded"!==n._outcome;return{reference:t,outcome:o?"failed":"succeeded",...o?{failure:{kind:c(n._kind),message:n._message||"the run failed without a word",...n._remedy?{remedy:n._remedy}:{},...n._details?{details:n._details}:{}}}:{},fields:Object.fromEntries(Object.entries(n).filter(([e])=>!e.startsWith("_"))),phases:(n._phases??"").split(`
`).map(e=>/^(.*) (\d+)$/.exec(e)).filter(e=>null!==e).map(([,e,t])=>({name:e,ms:Number(t)})),elapsedMs:Number(n._elapsed??0),recovered:"_recovered"in n,fresh:r}}function $(){return(0,a.randomBytes)(12).toString("hex")}async function u(e,t,r){var n;let a,i,l,d,$={},u=[],h=(n=e=>{"kind"===e.type||"message"===e.type||"remedy"===e.type?$[e.type]=e.payload.toString("utf8"):r(e)},i=[],l=0,d=1,e=>{if(i.push(e),(l+=e.length)<d)return;let t=1===i.length?i[0]:Buffer.concat(i);for(d=1;;){let e=t.indexOf(10);if(e<0){if(t.length>200)throw Error("the server answered something else than a frame");break}let r=/^([a-z]+) (\d{1,10})$/.exec(t.toString("latin1",0,Math.min(e,200))),o=Number(r?.[2]);if(!r||o>0x10000000)throw Error("the server answered something else than a frame");let a=e+1+o+1;if(t.length<a){d=a;break}n({type:r[1],payload:Buffer.from(t.subarray(e+1,e+1+o))}),t=t.subarray(a)}i=t.length>0?[t]:[],l=t.length}),{code:f}=await e.run({...t,onStdout(e){if(void 0===a)try{h(e)}catch(e){a=e}},onStderr(e){t.onStderr&&t.onStderr(e),u.length<50&&u.push(e.subarray(0,4e3))}}),_=Buffer.concat(u).toString("utf8").trim();if(void 0!==$.kind)throw new s.HR(c($.kind),$.message??"the server refused",{remedy:$.remedy||void 0,details:_||void 0});if(void 0!==a)throw a;if(0!==f)throw new o.fm("lost",`a program on ${e.name} was ended early (exit code ${f})`,{details:_||void 0})}let h=`frame() {
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
`,_=`umask 077
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
`,p=`_program() {
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
`;function m(e,t=""){return`${_}${h}
${t}
exec 3>&1 1>&2
${e} "$@"
`}function*g(e){for(let{name:t,content:r,mode:n=384}of e){!function(e){let t=e.split("/");if(""===e||/[\0-\x1f\x7f\\]/.test(e)||t.some(e=>""===e||"."===e||".."===e)||e.startsWith("-"))throw new s.HR("input",`a file with the name ${JSON.stringify(e)} cannot be sent to a server`,{remedy:"Use relative names without control characters and backslashes."})}(t);let e=Buffer.from(r),o=(0,a.createHash)("sha256").update(e).digest("hex");yield Buffer.from(`file ${n.toString(8)} ${e.length} ${o}
${t}
`),e.length>0&&(yield e)}yield Buffer.from(`end
`)}async function v(e,t){return await k(e,"_go",t)}async function w(e,t){await k(e,"_cancel",t)}async function k(e,t,r){let n;if(await u(e,{script:m(t),args:[r.directory]},({type:e,payload:t})=>{"answer"===e&&(n=t.toString("latin1"))}),void 0===n)throw new o.fm("lost",`${e.name} gave no answer`);return n}async function y(e,t,r,n){let a=!1;if(await u(e,{script:m("_upload"),args:[t,r,$()],input:g(n)},({type:e})=>{a||="answer"===e}),!a)throw new o.fm("lost",`${e.name} did not confirm the upload`)}function b(e,t){let r=Buffer.alloc(0),n=void 0===e?void 0:`\x1e${e} `,o=e=>{let r=e.toString("utf8").replace(/\r+$/,"");if(void 0===n||!r.startsWith(n))return void t?.({type:"line",text:r.slice(r.lastIndexOf(`\r`)+1)});let o=r.slice(n.length),a=/^phase (\d+) (.*)$/.exec(o);a?t?.({type:"phase",name:a[2],at:Number(a[1])}):t?.({type:"warning",text:o.replace(/^warning /,"")})};return{push(e){let t=r.length>0?Buffer.concat([r,e]):e;for(let e=t.indexOf(10);e>=0;e=t.indexOf(10))o(t.subarray(0,e)),t=t.subarray(e+1);for(;t.length>65536;)o(t.subarray(0,65536)),t=t.subarray(65536);r=Buffer.from(t)},end(){r.length>0&&o(r),r=Buffer.alloc(0)}}}async function j(e,t,r){let n=t??x(e,r);for(let t=0;;){try{await n}catch(n){if(r.signal?.throwIfAborted(),!(n instanceof o.fm&&"lost"===n.code))throw n;if(e.session.gone.aborted)await S(e,n,r);else if(++t>=5)throw n}let a=e.ended();if(a)return a;n=x(e,r)}}async function x(e,t){let{directory:r}=e.reference;await u(e.session,{script:m("_follow"),args:[r,String(e.offset())],signal:t.signal},e.onFrame)}async function S(e,t,r){let{clock:n,reopen:a,reconnectFor:i=12e4,signal:l,onEvent:c}=r,d=n.now(),$=t;for(let t=1;a;t+=1){let r=(0,s.EY)({initial:500,max:1e4},t);if(n.now()-d+r>i)break;await n.sleep(r,l);try{let r=e.session;e.session=await a(),await r.close(),c?.({type:"reconnected",attempt:t});return}catch(e){var u;if(l?.throwIfAborted(),!(e instanceof s.HR&&("lost"===e.kind||(u=e)instanceof o.fm&&"connection-refused"===u.code)))throw e;$=e}}let h=a?` and could not be restored within ${(0,s.a3)(i)}`:"";throw new o.fm("lost",`the connection to ${e.session.name} was lost${h}: ${(0,s.bD)($)}`,{cause:$,remedy:`The run goes on there by itself (${e.reference.directory}). Run this again with the same \`deployment-id\`: it reattaches and reports the outcome.`})}let E=new Set("path run files operation deployment_id run_number lock_timeout holder_actor holder_url order_key order_number order_attempt allow_older".split(" "));function R(e){return Object.entries(e).map(([e,t])=>`${e}=${(0,o.hD)([t])||"''"}
`).join("")}function O(e={}){for(let t of Object.keys(e))if(!/^[a-z][a-z0-9_]*$/.test(t)||E.has(t))throw new s.HR("input",`${JSON.stringify(t)} cannot be a parameter of a program on the server`);return R(e)}let z=/^[a-z0-9][a-z0-9._-]{0,62}$/;async function I(e,t,r){var n;let a,i,l,c,h;!function(e){let{name:t,deploymentId:r,inputHash:n,order:o}=e;if(!/^[a-z][a-z-]*$/.test(t))throw TypeError(`${t} is no name of an operation`);if(!z.test(r))throw new s.HR("input",`the deployment id ${JSON.stringify(r)} is not usable`,{input:"deployment-id",remedy:"Use up to 63 lower-case letters, digits, dots, hyphens and underscores; begin with a letter or digit."});if(!/^[0-9a-f]{16,64}$/.test(n))throw TypeError("the input hash is not hexadecimal");if(o&&!(/^[A-Za-z0-9._-]+$/.test(o.key)&&Number.isInteger(o.number+o.attempt)))throw TypeError("the order key must be plain, number and attempt whole numbers")}(t);let v=$(),w=[...function*(e){var t;let{holder:r,order:n,lockTimeout:o=6e5,allowOlder:a=!1}=e;for(let s of(yield{name:"program",content:(t=e.body,`${_}${f}${p}
${t}
_program "$@"
`),mode:448},yield{name:"token",content:`${$()}
`},yield{name:"hash",content:`${e.inputHash}
`},yield{name:"parameters",content:R({path:e.path,deployment_id:e.deploymentId,operation:e.name,lock_timeout:String(Math.ceil(o/1e3)),holder_actor:H(r.actor),holder_url:H(r.runUrl),...n?{order_key:n.key,order_number:String(n.number),order_attempt:String(n.attempt),allow_older:a?"yes":""}:{}})+O(e.parameters)},e.secrets&&(yield{name:"secrets",content:O(e.secrets)}),e.files??[]))yield{...s,name:`files/${s.name}`}}(t)],k=void 0===t.resumeOnBoot?"":t.resumeOnBoot?"yes":"no",y=(n={path:t.path,deploymentId:t.deploymentId,operation:t.name,number:0,directory:""},c=0,h={reference:n,fresh:!0,session:e,offset:()=>c,ended:()=>l,onFrame({type:e,payload:t}){switch(e){case"token":a??=b(t.toString("latin1"),r.onEvent);break;case"log":c+=t.length,a?.push(t);break;case"state":{let e=t.toString("latin1");e!==i&&r.onEvent?.({type:"state",state:e}),i=e;break}case"result":a?.end(),l=d(t,h.reference,h.fresh);break;case"dead":{let e=t.toString("utf8");throw new s.HR("lost",`the program on ${h.session.name} was killed${e?` after ${e}`:""} and left no result`,{remedy:"Run it again: the next run on this server first finishes or reverts what this one began."})}}}});for(let e=!1;;e=!0){let n,a=new Promise(e=>{n=e}),s=u(y.session,{script:m("_launch"),args:[t.path,t.deploymentId,t.name,v,t.staging??"",k,e?"again":""],input:g(w),signal:r.signal},e=>{if("run"!==e.type)return void y.onFrame(e);let[,t,r,o]=/^(\d+) (\w+) (.*)$/s.exec(e.payload.toString("utf8"));Object.assign(y.reference,{number:Number(t),directory:o}),y.fresh="started"===r,n(r)});s.catch(()=>{});try{let e=await Promise.race([a,s.then(()=>a)]);return function(e,t,r){return r.catch(()=>{}),{reference:e.reference,disposition:t,get session(){return e.session},result:r}}(y,e,j(y,s,r))}catch(e){if(r.signal?.throwIfAborted(),!(e instanceof o.fm&&"lost"===e.code&&y.session.gone.aborted))throw e;await S(y,e,r)}}}function H(e){return e.replace(/[\0-\x1f\x7f]+/g," ").trim()}async function M(e,{clock:t,signal:r}){for(;!e.outcome;)try{await v(e.run.session,e.run.reference);return}catch(e){if(!(e instanceof s.HR&&"lost"===e.kind))throw e;await t.sleep(200,r)}}function F(e){return e.result?.outcome==="succeeded"}function N(e){return e.result?function(e){let{kind:t="remote",message:r="the run failed",remedy:n,details:o}=e.failure??{};return new s.HR(t,r,{remedy:n,details:o})}(e.result):e.lost instanceof s.HR?e.lost:new s.HR("lost",`the outcome on ${e.name} is not known: ${(0,s.bD)(e.lost)}`,{cause:e.lost,remedy:"Run it again: it finishes what was begun, or gives it back."})}async function T(e,t){let r,n,{path:a,body:l,files:d=[],timeout:h,signal:f}=t,_=$(),p=b(_,t.onEvent);if(await u(e,{script:m("_inspect",l),args:[a,$(),_],input:g([{name:"parameters",content:O(t.parameters)},...t.secrets?[{name:"secrets",content:O(t.secrets)}]:[],...d.map(e=>({...e,name:`files/${e.name}`}))]),timeout:h,signal:f,followed:t.followed,onStderr:p.push},({type:e,payload:t})=>{"staging"===e&&(r=t.toString("utf8")),"result"===e&&(n=i(t))}),p.end(),void 0===r||void 0===n)throw new o.fm("lost",`looking at ${e.name} ended without an answer`);if(void 0!==n._message)throw new s.HR(c(n._kind),n._message,{remedy:n._remedy,details:n._details});return{staging:r,fields:n}}async function A(e,t){let r,n=!1,o={},a=[];return await u(e,{script:m("_status"),args:[t]},({type:e,payload:s})=>{let i=s.toString("utf8"),l=a.at(-1);switch(e){case"lock":n="held"===i;break;case"holder":{let e=new Map(i.split(`
`).map(e=>[e.split(" ",1)[0],e.replace(/^\S+ ?/,"")])),t=t=>e.get(t)??"";r={actor:t("actor"),runUrl:t("url"),since:t("since"),run:t("run")};break}case"order":for(let[,e,t,r]of i.matchAll(/^(\S+) (\d+) (\d+)$/gm))o[e]={number:Number(t),attempt:Number(r)};break;case"run":{let e=function(e,t){let r=/\/([^/]+)\/([a-z][a-z-]*)-(\d+)$/.exec(t);if(r)return{path:e,deploymentId:r[1],operation:r[2],number:Number(r[3]),directory:t}}(t,i);e&&a.push({reference:e,state:"ended",result:void 0,began:"",lastEvent:""});break}case"result":l&&(l.result=d(s,l.reference,!1));break;case"state":l&&(l.state=i.trim());break;case"began":l&&(l.began=i);break;case"event":l&&(l.lastEvent=i.replace(/^\S+ /,""))}}),a.sort((e,t)=>t.began.localeCompare(e.began)),{lock:n?r??{actor:"",runUrl:"",since:"",run:""}:void 0,runs:a,order:o}}let D=`bring_up() {
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
`,L=`live_color() {
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
`,C=`operate() {
  begin
  phase preflight
  if [ -n "$color" ]; then check_color; else check_stack_is_ours; fi
  check_disk "$files/release"
  phase pull
  pull_images "$files/release"
  if [ -n "$color" ] && [ -s "$files/release/shared/services" ]; then
    [ "$shared_services" = update ] || [ "$pull" = never ] || pull=missing
    pull_images "$files/release/shared"
  fi
  stop_if_cancelled
  keep_images "$release" "$files/release" 9>&- &
  survey "$scratch/containers" || fail remote 'docker ps failed'
  wait
  if is_unchanged; then
    say "nothing differs from the release $previous: nothing is recreated"
    drop_sent
    forget_tags
    pass_first_gate || stop_without_go
    pass_last_gate || stop_without_go
    result release "$previous"
    result changed false
    result_file images "$path/releases/$previous/images"
    result_file digests "$files/release/digests"
    record_history unchanged
    return 0
  fi
  place_release || fail remote "the release could not be written to $path"
  if [ -z "$(current_release)" ] && [ -d "$files/release-adopted" ]; then adopt_stack; fi
  pass_first_gate || stop_without_go
  [ "$gates" = true ] || surveyed=yes
  make_ready
}
make_ready() {
  directory=$path/releases/$release
  if [ -n "$color" ]; then
    phase shared
    surveyed=
    prepare_color "$directory" || abandon
  fi
  if has_hooks "$directory" before-up; then
    phase before-up
    surveyed=
    run_hooks "$directory" before-up || abandon
  fi
  if has_hooks "$directory" migrate; then
    phase migrate
    surveyed=
    migrate "$directory" || abandon
  fi
  phase up
  journalled up:begin || journal up:begin
  bring_up "$directory" || undo
  echo "$changed_services" >"$run/changed"
  phase wait
  wait_healthy "$directory" || undo
  say 'every service is healthy'
  if has_hooks "$directory" after-up; then
    phase after-up
    run_hooks "$directory" after-up || undo
  fi
  pass_last_gate || {
    result stopped true
    problem='another server failed, or the runner was lost'
    undo
  }
  finish
}
begin() {
  begin_work
  if [ -f "$run/previous" ]; then
    previous=$(cat "$run/previous")
  else
    previous=$(slot_release)
    printf '%s' "$previous" >"$run/previous"
  fi
  result previous "$previous"
}
adopt_stack() {
  _adopted=$path/releases/adopted
  rm -rf "$_adopted"
  if ! { cp -R "$files/release-adopted" "$_adopted" && cp "$_adopted/images" "$_adopted/digests" &&
    write_release_json "$_adopted" '' && : >"$_adopted/deployed" && switch_current adopted; }; then
    fail remote "the running stack could not be recorded in $path"
  fi
  keep_images adopted "$_adopted"
  if [ -z "$color" ]; then
    previous=adopted
    printf '%s' "$previous" >"$run/previous"
    result previous "$previous"
  fi
  say 'the running stack is recorded as the release adopted'
}
check_stack_is_ours() {
  [ -z "$previous" ] || return 0
  [ "$adopt" != true ] || return 0
  survey "$scratch/containers" || fail remote 'docker ps failed'
  awk '$3 == "-"' "$scratch/containers" >"$scratch/foreign"
  [ -s "$scratch/foreign" ] || return 0
  stop refused "the project $project has containers that this action did not start: $(awk '{ printf "%s%s", separator, substr($12, 2); separator = ", " }' "$scratch/foreign")" \\
    'Set adopt: true once to take the running stack over as it is, or give another project.'
}
is_unchanged() {
  [ -n "$previous" ] || return 1
  _old=$path/releases/$previous
  cmp -s "$_old/services" "$files/release/services" || return 1
  [ -z "$(not_current "$files/release")" ] || return 1
  [ "$remove_orphans" != true ] || [ -z "$(orphans "$files/release")" ]
}
forget_tags() {
  [ -f "$files/release/images" ] || return 0
  while read -r _service _id _image; do
    unlocked clean_env docker image rm "$(image_tag "$release" "$_service")" >/dev/null 2>&1 &
  done <"$files/release/images"
  wait
}
pass_first_gate() {
  [ "$gates" = true ] || return 0
  phase ready
  wait_until "$go_deadline" 'the other servers' test -f "$run/proceed"
}
pass_last_gate() {
  [ "$gates" = true ] || return 0
  phase all-ready
  await_go "$go_deadline"
}
stop_without_go() {
  result stopped true
  forget_tags
  stop refused 'nothing was changed here, because another server failed or the runner was lost'
}
tell_digests() {
  [ ! -f "$files/release/digests" ] || result_file digests "$files/release/digests"
}
abandon() {
  tell_digests
  [ -z "$bad_services" ] || gather_evidence "$bad_services"
  record_history failed true
  result changed false
  forget_tags
  if [ -n "$previous" ]; then _serving="$previous goes on serving; nothing was recreated"; else _serving='Nothing was recreated'; fi
  if schema_allows_old; then
    schema_settled
    fail unhealthy "$problem. $_serving" 'Mend the cause and deploy again.'
  fi
  fail unhealthy "$problem. $_serving, but the migrations may have changed the schema under it" \\
    'Check the database, mend the migration and deploy again.'
}
undo() {
  tell_digests
  [ -z "$bad_services" ] || gather_evidence "$bad_services"
  cause=$problem
  journalled undo:begin || journal undo:begin
  if [ "$on_failure" = keep ]; then
    [ -z "$color" ] || rm -f "$path/.deploy/color-$color"
    record_history failed true
    fail unhealthy "$cause. Nothing was restored, as on-failure: keep says" 'Look at the containers on the server, then deploy or roll back.'
  fi
  if [ -n "$color" ] && { [ -z "$previous" ] || ! schema_allows_old; }; then
    take_down_color
    record_history failed true
    fail unhealthy "$cause. $color was taken down again; traffic was not touched" 'Mend the cause and deploy again.'
  fi
  if [ -z "$previous" ]; then
    record_history failed true
    fail unhealthy "$cause. There is no earlier release to restore; the containers are left as they are" 'Mend the cause and deploy again.'
  fi
  if ! schema_allows_old; then
    record_history failed true
    fail unhealthy "$cause. $previous was not restored: the migrations changed the schema, and nothing says that the old code runs on it" \\
      'Mend the release and deploy again; or, if the old code can run on the new schema, set migration-reversible: true and roll back.'
  fi
  phase restore
  restore "$previous"
}
restore() {
  rm -f "$run/cancel"
  say "restores the release $1"
  _back=$path/releases/$1
  restore_references "$_back" "$1" || warn "an image of $1 could not be found again"
  awk 'FILENAME == ARGV[1] { known[$7] = 1; next } !($7 in known) { print $7 }' "$_back/services" \\
    "$path/releases/$release/services" >"$scratch/only-new"
  survey "$scratch/containers"
  while read -r _name; do
    for _id in $(ids_of "$_name"); do
      say "removes $_name, which $1 does not have"
      unlocked clean_env docker rm --force "$_id" >/dev/null 2>&1
    done
  done <"$scratch/only-new"
  remove_orphans=false
  if bring_up "$_back" && wait_healthy "$_back"; then
    [ "$(slot_release)" = "$1" ] || fill_slot "$1"
    schema_settled
    result restored true
    record_history restored true
    forget_tags
    say "$1 is restored and healthy"
    fail unhealthy "$cause. $1 was restored and is healthy" 'The last lines and the health log of what failed are below.'
  fi
  result restored false
  gather_evidence "$bad_services"
  record_history failed true
  fail unhealthy "$cause. Restoring $1 failed as well: $problem" 'The site may be down: look at the containers on the server now.'
}
finish() {
  phase finish
  still_runs || undo
  write_release_json "$directory" "$previous" || undo
  : >"$directory/deployed"
  if [ "$(slot_release)" != "$release" ]; then
    fill_slot "$release" || undo
  fi
  schema_settled
  journalled committed || journal committed
  record_history succeeded
  retain
  tell_success
  say "$release is deployed"
}
still_runs() {
  has_hooks "$directory" after-up || [ "$gates" = true ] || return 0
  survey "$scratch/containers" || return 0
  [ -n "$(not_current "$directory")" ] || return 0
  say 'something stopped since it was healthy; it is started again'
  bring_up "$directory" && wait_healthy "$directory"
}
tell_success() {
  _changed=$(cat "$run/changed" 2>/dev/null)
  result release "$release"
  result changed "$(if [ -n "$_changed" ]; then echo true; else echo false; fi)"
  result changed_services "$_changed"
  result_file images "$directory/images"
  result_file digests "$directory/digests"
}
recover() {
  begin
  if journalled committed; then
    directory=$path/releases/$release
    record_history succeeded
    tell_success
    return 0
  fi
  if journalled undo:begin; then
    cause='the deployment had failed when it was interrupted'
    if [ "$on_failure" = restore ] && [ -n "$previous" ] && schema_allows_old; then restore "$previous"; fi
    record_history failed true
    fail unhealthy "$cause"
  fi
  if ! journalled up:begin; then
    for _hook in "$files"/release/hooks/*; do
      [ -f "$_hook" ] || continue
      _left=$(container_of "$_hook")
      clean_env docker container inspect "$_left" >/dev/null 2>&1 || continue
      run "$_left, which was interrupted" clean_env docker wait "$_left"
      clean_env docker logs "$_left" >"$run/$(basename "$_hook").log" 2>&1
      unlocked clean_env docker rm --force "$_left" >/dev/null 2>&1
    done
    [ ! -f "$files/release/images" ] || forget_tags
    record_history interrupted
    fail lost 'the deployment was interrupted before anything was recreated' 'Deploy again.'
  fi
  say 'goes on with the interrupted deployment'
  make_ready
}
`,P=`run_hooks() {
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
`,q=`check_disk() {
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
`,B=`use_engine() {
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
`,U=`current_release() {
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
`,G=[B,U,`inspect() {
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
`),X=[B,U,D,P,q,L].join(`
`),V=`${X}
${C}`;function W(e){return String(Math.ceil(e/1e3))}function K(e){return Object.keys(e.services).map(t=>`${[t,...(0,n.hk)(e,[t])].join(" ")}
`).join("")}function Z(e){return Object.entries(e.services).map(([e,{depends_on:t={}}])=>[e,...Object.keys(t).filter(e=>t[e].restart)]).filter(e=>e.length>1).map(e=>`${e.join(" ")}
`).join("")}function J(e){return Object.entries(e.services).filter(([,e])=>(0,n.zD)(e).length>0).map(([e])=>`${e}
`).join("")}function Y(e){return[...new Set(e.map(e=>`${e.image}
`))].join("")}var Q=r(9254);async function ee(e,t,r={}){let o=eo(t.path),a=`project/${o}`,s=new Map;for(let e of[...t.files,...t.composeFiles])s.set(e.path,e);let i=[...s.values()].map(e=>({name:`${a}/${e.path}`,content:e.content,mode:e.executable?448:384})),l=await T(e,{path:t.path,files:i,body:G,parameters:{want:"deploy",folder:o,project_given:t.project,compose_files:t.composeFiles.map(e=>e.path).join(`
`),profiles:t.profiles.join(`
`),env_file:t.envFile,adopt:String(t.adopt),docker_host:t.dockerHost??"",container_template:n.zm},secrets:{env_text:(0,n.R_)(t.env)},timeout:6e5,...r}),c=e=>l.fields[e]??"",d=e=>new Set(ea(c("present")).flatMap(t=>t.startsWith(`${e} `)?[t.slice(e.length+1)]:[])),$=(0,n.Xh)(c("config"));return{...en(l.fields),staging:l.staging,stage:c("stage"),stageName:a,config:$,dormant:ea(c("all_services")).filter(e=>void 0===$.services[e]),shared:d("shared"),old:d("old"),oldFolder:c("old_folder"),envFiles:[...d("env")],same:new Set(ea(c("same"))),stack:function(e,t,r){let o=es(t);if(0!==o.length)return{model:(0,n.t2)(e,o,es(r)),containers:o}}(c("project"),c("stack"),c("stack_images")),originalHashes:new Map(ea(c("original_hashes")).flatMap(e=>{let[t,r]=e.split(" ");return t&&r?[[t,r]]:[]}))}}async function et(e,t){await e.run({script:'case $1 in /*/.deploy/incoming/*/files) rm -rf -- "${1%/files}" ;; esac',args:[t]}).catch(()=>void 0)}async function er(e,t,r={}){let o=await T(e,{path:t.path,files:[],body:G,parameters:{want:"status",folder:eo(t.path),project_given:t.project,compose_files:"",profiles:"",env_file:"",adopt:"false",docker_host:t.dockerHost??"",container_template:n.zm},secrets:{env_text:""},timeout:6e5,...r});return await et(e,o.staging),en(o.fields)}function en(e){var t;let r,o=e.previous_config;return{project:e.project??"",containers:(0,n.eQ)(e.containers??""),images:(0,n.B2)(e.images??""),current:e.current??"",adopted:ea(e.adopted??""),share:(t=e.traffic_json??"","string"==typeof(r=es(t)[0]?.share)?r:""),ports:(0,n.Kq)(e.ports??""),listening:new Set(ea(e.listening??"").map(e=>Number.parseInt(e,16))),colors:Object.fromEntries(n.lm.flatMap(t=>{let r=(e[`color_${t}`]??"").trim();return""===r?[]:[[t,r]]})),previousConfig:o?(0,n.Xh)(o):void 0,previousRelease:e.previous_release?es(e.previous_release)[0]:void 0,history:es(e.history??""),releases:es(e.releases??"")}}function eo(e){return e.slice(e.lastIndexOf("/")+1)}function ea(e){return e.split(`
`).filter(e=>""!==e)}function es(e){return ea(e).flatMap(e=>{try{return[JSON.parse(e)]}catch{return[]}})}let ei="adopted";function el(e,t,r){if(!e.stack)return[];let o=[],a=new Set([...r.shared.filter(t=>e.old.has(t.path)&&"."!==t.path).map(e=>e.path),...e.envFiles]);if(a.size>0){let t=[...a].map(t=>`${e.oldFolder}/${t}	${t}
`);o.push({name:"release/links",content:t.join("")})}let{model:s,containers:i}=e.stack,l=i.filter(e=>"exited"===e.State.Status&&0===e.State.ExitCode).map(e=>e.Config.Labels?.["com.docker.compose.service"]??"").filter(e=>s.services[e]),c=(0,n.d4)(s,l),d=i.filter(e=>e.Config.Labels?.["com.docker.compose.oneoff"]!=="True"),$=e=>e.Config.Labels?.["com.docker.compose.service"]??"",u=d.flatMap(e=>{let t=c.services.find(t=>t.name===$(e));return t?[`${e.Id} ${t.hash}
`]:[]});u.push(...[...ec(e,t,r)].map(e=>`${e}
`));let h=c.services.flatMap(e=>{let t=d.find(t=>$(t)===e.name);return t?[`${e.name} ${t.Image} ${e.image}
`]:[]}),f="release-adopted";return o.push({name:"release/adopted",content:u.join("")},{name:`${f}/compose.json`,content:c.json},{name:`${f}/services`,content:(0,n.lt)(c.services)},{name:`${f}/images`,content:h.join("")},{name:`${f}/needs`,content:K(s)},{name:`${f}/restarts`,content:Z(s)},{name:`${f}/joins`,content:J(s)},{name:`${f}/trees`,content:""},{name:`${f}/release.head`,content:JSON.stringify({id:ei,version:ei,project:e.project,services:c.services.map(({name:e,image:t,replicas:r,hash:n,kind:o})=>({name:e,image:t,replicas:r,hash:n,kind:o}))}).slice(0,-1)}),o}function ec(e,t,r){let n=new Set(r.sent.filter(({path:t})=>r.trees.filter(e=>e.path===t).some(t=>t.files.some(t=>!e.same.has(t.path)))).map(({service:e})=>e));return new Set(e.containers.filter(e=>""===e.hash&&!e.oneOff&&""!==e.composeHash).filter(t=>e.originalHashes.get(t.service)===t.composeHash&&!n.has(t.service)).flatMap(e=>{let r=t.find(t=>t.name===e.service);return r?[`${e.id} ${r.hash}`]:[]}))}function ed(e){return e.replace(/^.*@/,"")}async function e$(e,t){let{clock:r,signal:n,teller:o}=t,a=function(e){let{signal:t}=e,r=[],n=new Set,o=!1,a=()=>{for(let e of[...n])e()};async function s(n){let o={member:n,run:void 0,state:"none",phase:"",outcome:void 0};o.run=await I(n.session,n.operation,{clock:e.clock,signal:t,reopen:n.reopen,onEvent(t){"state"===t.type&&(o.state=t.state),"phase"===t.type&&(o.phase=t.name),e.onEvent?.(n.name,t),a()}}),r.push(o),e.onStart?.(n.name,o.run.reference);let s=e=>{o.outcome=e,a()};return o.run.result.then(e=>s({name:n.name,result:e}),e=>s({name:n.name,lost:e})),o}let i={runs:r,async start(e,t){for(let r of[...e].sort((e,t)=>e.name<t.name?-1:1)){let e=await s(r);if(t&&(await i.until(()=>void 0!==e.outcome||function({state:e}){return"none"!==e&&"waiting"!==e&&"ended"!==e}(e)),e.outcome&&!F(e.outcome)))break}o=r.length<e.length},async until(e){for(;!e();)t.throwIfAborted(),await new Promise(e=>{let r=()=>{n.delete(r),t.removeEventListener("abort",r),e()};n.add(r),t.addEventListener("abort",r)})},failed:()=>o||r.some(({outcome:e})=>e&&!F(e)),async cancel(e=r){await Promise.all(e.filter(({outcome:e})=>!e).map(({run:e})=>w(e.session,e.reference).catch(()=>void 0)))},async go(){await Promise.all(r.map(t=>M(t,e)))}};return i}({clock:r,signal:n,onEvent:o.tell,onStart:t.onStart}),s=e.length>1,i=()=>e.flatMap(e=>a.runs.filter(t=>t.member.name===e.name));try{await a.start(e,s),s&&await eu(a,i(),t),await a.until(()=>a.runs.every(({outcome:e})=>void 0!==e))}catch(e){throw await ef(a,e,n.aborted)}finally{await o.close()}if(n.aborted&&a.runs.some(({outcome:e})=>!e?.result))throw await ef(a,n.reason,!0);return i().map(({outcome:e})=>e)}async function eu(e,t,r){let n=e=>void 0!==e.outcome||"ready"===e.phase||ep(e,"ready"),o=e=>void 0!==e.outcome||"all-ready"===e.phase&&"ready"===e.state,a=async t=>(await e.until(()=>e.failed()||t()),!e.failed()),s="same",i=async e=>{if(e.outcome)return;let{path:t,directory:r}=e.run.reference;await y(e.run.session,t,r,[{name:"proceed",content:`${s}
`}])},l=async()=>{if(!await a(()=>t.every(n)))return!1;let[e,...l]=t,c=[...t];if(r.migratesFirst&&e&&(await i(e),!await a(()=>o(e)||ep(e,"migrate"))||(s=await eh(e),c=l,1===r.parallel&&!await a(()=>o(e)))))return!1;for(;c.length>0;){let e=c.splice(0,r.parallel);if(await Promise.all(e.map(i)),!await a(()=>e.every(o)))return!1}return await a(()=>t.every(o))};await l()?await e.go():await e.cancel()}async function eh(e){let{code:t,stdout:r}=await e.run.session.run({script:'if [ -f "$1/schema" ]; then cat "$1/schema"; else echo same; fi',args:[e.run.reference.directory]}),n=r.toString("utf8").trim();return 0===t&&"same"===n?"same":"migrated"}async function ef(e,t,r){if(!r)return e.runs.length>1&&await e.cancel(),t;let n=e.runs.filter(e=>!e.outcome?.result),o=n.filter(t=>e.runs.length>1||"waiting"===t.state||!ep(t,"pull"));await e.cancel(o);let a=n.filter(e=>!o.includes(e)).map(e=>`${e.member.name} (in ${e.phase||"preflight"})`),i=a.length>0?`the deployment goes on by itself on ${a.join(", ")}: it finishes, or restores the release before`:"nothing was changed, or it is being restored now";return new s.HR("lost",`${(0,s.bD)(t)}; ${i}`,{remedy:"Run the step again with the same deployment-id to see the outcome",cause:t})}let e_=["preflight","pull","ready","shared","before-up","migrate","up","wait","after-up","all-ready","finish","restore"];function ep({phase:e},t){return e_.indexOf(e)>e_.indexOf(t)}var em=r(1455),eg=r(6760);async function ev(e,t){await (0,em.mkdir)(e,{recursive:!0});let r=(0,eg.join)(e,`deployment-record-${t.deployment_id}.json`);return await (0,em.writeFile)(r,`${JSON.stringify(t,null,2)}
`),r}var ew=r(5524);function ek(e){if(""===e)return"";let t=e.indexOf("@sha256:");return t<0?e:`${e.slice(0,t)}@${e.slice(t+1,t+20)}…`}function ey(e,t){let r;if(""===e||e.includes("@sha256:"))return e;try{r=(0,ew.F2)(e)}catch{return e}let n=t.find(e=>{if(""===e.digest||e.tag!==(r.tag??"latest"))return!1;try{return(0,ew.F2)(e.repository).repository===r.repository}catch{return!1}});return n?`${e}@${n.digest}`:e}function eb(e){return(0,s.Qj)(["Service","Action","Image before","Image after","Because of"],e.map(e=>[(0,s.SS)(e.service),e.action,(0,s.SS)(ek(e.from)),(0,s.SS)(ek(e.to)),e.reasons.map(e=>(0,s.SS)(e)).join(", ")]))}async function ej(e,t,r,n,o,a,i){let l=t[0],c=e[0]?.result,d=e.length===t.length&&e.every(F),$=e.some(e=>e.result?.fields.restored==="true"),u=e.some(e=>e.result?.fields.changed==="true"),h=c?.fields.release??o.release,f=l.prepared.color?l.found.current:c?.fields.previous??l.found.current,_=ex(l.prepared.changes,l.found,c?.fields.digests),p=eS(n,i),m=function(e,{ok:t,restored:r,isUnchanged:n}){return t?n?"unchanged":"success":r?"restored":e.some(e=>void 0!==e.lost)?"unknown":"failure"}(e,{ok:d,restored:$,isUnchanged:!u&&h!==o.release}),g=t.map(t=>{let r=e.find(e=>e.name===t.server.name);return{name:t.server.name,...function(e){if(!e)return{outcome:"not started",detail:""};if(!e.result)return{outcome:"not known",detail:(0,s.bD)(e.lost)};let t=e.result.failure?.message??"";return F(e)?{outcome:"deployed",detail:t}:{outcome:"true"===e.result.fields.restored?"restored":"failed",detail:t}}(r)}}),v=await ev(n.workflow.temp,{timestamp:n.clock.wall().toISOString(),deployment_id:String(a["deployment-id"]),environment:r.environment??"",status:m,git_sha:n.workflow.sha,git_ref:n.workflow.ref,version:o.version,release:h,previous_release:f,color:l.prepared.color??"",actor:n.workflow.actor,run_url:n.workflow.runUrl,duration_ms:p,services_deployed:Object.entries(_).map(([e,t])=>({service:e,image:t.to,action:t.action})),health_checks:l.prepared.services.filter(e=>"long"===e.kind).map(e=>({service:e.name,healthy:d})),rollback_available:""!==f&&f!==h,servers:g.map(({name:e,outcome:t})=>({name:e,outcome:t}))}),w=function(e,{release:t,version:r,duration:n}){return"unchanged"===e?`Nothing changed: ${t} runs already`:"success"===e?`Deployed ${r} in ${(0,s.a3)(n)}`:"unknown"===e?`What became of the deployment of ${r} is not known`:`The deployment of ${r} failed${"restored"===e?" and the release before it was restored":""}`}(m,{release:h,version:o.version,duration:p});return n.log.info(w),n.summary(`### ${d?"✅":"❌"} ${w}
`),t.length>1&&n.summary(`${(0,s.Qj)(["Server","Outcome","Detail"],g.map(e=>[(0,s.SS)(e.name),(0,s.FV)(e.outcome),(0,s.FV)(e.detail)]))}
`),n.summary(`${eb(Object.entries(_).map(([e,t])=>({service:e,...t})))}
`),n.summary(`${function(e){let t=[];for(let{result:r}of e)for(let{name:e}of r?.phases??[])t.includes(e)||t.push(e);let r=e.length>1;return(0,s.Qj)(["Phase",...e.map(({name:e})=>r?(0,s.FV)(e):"Duration")],[...t.map(t=>[t,...e.map(({result:e})=>{let r;return 0===(r=(e?.phases??[]).filter(e=>e.name===t)).length?"":(0,s.a3)(r.reduce((e,t)=>e+t.ms,0))})]),["**total**",...e.map(({result:e})=>e?`**${(0,s.a3)(e.elapsedMs)}**`:"not known")]])}(e.map(e=>({name:e.name,result:e.result})))}
`),{...a,release:h,"previous-release":f,changed:u,services:_,record:v,duration:p}}function ex(e,t,r=""){let n=new Map(r.split(`
`).map(e=>{let[t="",...r]=e.split(" ");return[t,r.filter(e=>""!==e)]}));return Object.fromEntries(e.map(({service:e,action:r,from:o,to:a,reasons:s})=>[e,{action:r,from:ey(o,t.images),to:function(e,t){if(e.includes("@sha256:"))return e;try{let{repository:r}=(0,ew.F2)(e),n=t?.map(ew.F2).find(e=>e.repository===r);return n?.digest&&`${e}@${n.digest}`}catch{return}}(a,n.get(e))??ey(a,t.images),reasons:s}]))}function eS(e,t){return Math.round(e.clock.now()-t)}let eE={preflight:"Look before anything changes",pull:"Pull the images",ready:"Ready to change; waiting for the other servers",shared:"Networks, volumes and shared services","before-up":"Before up",migrate:"Migrate",up:"Bring up what changed",wait:"Wait until every service is healthy","after-up":"After up","all-ready":"Healthy; waiting for the other servers",restore:"Restore the release before",finish:"Finish"};function eR(e){let t=e.toLowerCase().replace(/[^a-z0-9._-]+/g,"-").replace(/^[^a-z0-9]+/,"");return t.length<=63?t||"x":`${t.slice(0,58)}${t.slice(-5)}`}async function eO(e,t,r,n){var o;let a,i=t.clock.now();for(let o of r){let r=await n(o);try{let n=await er(r,{path:o.path,project:e.project??"",dockerHost:o.dockerHost},{signal:t.signal}),i=await A(r,o.path);a??=n,function(e,t,r,n){var o;let a=n.clock.wall().getTime(),{log:i}=n,l=""===t.current?"no release yet":`release ${t.current}`,c=(o=r.lock)?`the lock is held by ${o.actor||"somebody"} since ${o.since}${o.runUrl?` (${o.runUrl})`:""}`:"nobody holds the lock";i.info(`${e}: project ${t.project}, ${l}; ${c}`);let d=t.containers.filter(e=>!e.oneOff);for(let e of d)i.info(`  ${e.name}  ${ez(e)}, ${eI(e.startedAt,a)}  ${ek(ey(e.image,t.images))}`);for(let e of(0===d.length&&i.info("  no container of the project is there"),t.releases))i.info(`  kept: ${eH(e.id)}  version ${eH(e.version)}, of ${eH(e.created)}${e.id===t.current?"  (current)":""}`);for(let e of t.history.slice(-5))i.info(`  was: ${eH(e.at)}  ${eH(e.operation)} of ${eH(e.release)} ${eH(e.outcome)}, by ${eH(e.actor)}`);n.summary(`### ${(0,s.FV)(e)}: ${(0,s.FV)(l)}

${(0,s.FV)(c)}
`),n.summary(`${(0,s.Qj)(["Container","State","Since","Image"],d.map(e=>[(0,s.SS)(e.name),ez(e),eI(e.startedAt,a),(0,s.SS)(ek(ey(e.image,t.images)))]))}
`),n.summary(`${(0,s.Qj)(["Kept release","Version","Created"],t.releases.map(e=>[(0,s.SS)(eH(e.id)),(0,s.SS)(eH(e.version)),(0,s.FV)(eH(e.created))]))}
`)}(o.name,n,i,t)}finally{await r.close()}}return{"deployment-id":void 0,release:a?.current,version:eH(a?.previousRelease?.version),"previous-release":eH(a?.previousRelease?.previous),changed:!1,services:a&&Object.fromEntries((o=a).containers.filter(e=>!e.oneOff).map(e=>[e.service,{image:ey(e.image,o.images),state:ez(e)}])),record:void 0,duration:Math.round(t.clock.now()-i),color:void 0,"color-urls":void 0}}function ez(e){return"exited"===e.status?`exited (${e.exitCode})`:e.health?`${e.status}, ${e.health}`:e.status}function eI(e,t){let r=Date.parse(e);return r>0?`since ${(0,s.a3)(Math.max(0,t-r))}`:"never started"}function eH(e){return"string"==typeof e?e:""}async function eM(e,t,r=""){if(!(e instanceof s.HR)||!e.message.startsWith("the compose configuration is not valid"))return e;let n=t.composeFiles.find(t=>e.message.includes(`/${t.path}:`))??t.composeFiles[0],o=""===t.folder?"":`${t.folder}/`,a={file:o+n.path,...await eF(n.content.toString("utf8"),e.message)},i=e.message.replace(""===r?/\/[^\s:]*\/files\/project\/[^\s:/]+\//g:`${r}/`,o);return new s.HR(e.kind,i,{input:"compose-file",remedy:e.remedy??`Try it where the file is: docker compose -f ${a.file} config`,details:e.details,cause:e.cause,place:a})}async function eF(e,t){let n=/\bline (\d+)/.exec(t);if(n)return{line:Number(n[1])};let{parseDocument:o}=await r.e(333).then(r.bind(r,2333));try{return(await o(e,{merge:!0})).place(function(e){let t=/\bservice "([^"]+)"/.exec(e);if(t)return["services",t[1]];let r=/\b((?:services|networks|volumes|configs|secrets)\.[A-Za-z0-9_.-]+)/.exec(e),n=r?r[1].replace(/\.+$/,"").split("."):[],o=/Additional property (\S+) is not allowed/.exec(e);return o?[...n,o[1]]:n}(t),"key")}catch(t){let e=t.problems?.[0];return e?{line:e.line,column:e.column}:{line:1}}}async function eN(e,t){let r=[],n=await (0,s.dz)(e,10,async e=>{try{return[await t(e)]}catch(t){return r.push({server:e,error:t}),[]}});if(0===r.length)return n.flat();let o=r[0];if(1===e.length||!(o.error instanceof s.HR))throw o.error;throw new s.HR(o.error.kind,`${o.server.name}: ${o.error.message}. Nothing was changed on any server`,{...o.error,details:[o.error.details,...r.slice(1).map(e=>`${e.server.name}: ${(0,s.bD)(e.error)}`)].filter(Boolean).join(`
`),cause:o.error.cause})}async function eT(e,t,r,a,i,l){let c,d;try{c=await ee(t,{path:e.path,project:r.project??"",composeFiles:i.composeFiles,profiles:r.profiles,env:r.env,envFile:r["env-file"]??"",files:i.files,adopt:r.adopt||void 0!==r.color,dockerHost:e.dockerHost},{signal:a.signal,onEvent:e=>"warning"===e.type&&a.log.warning(e.text),followed:!0})}catch(e){for(let e of r.env.values())a.addSecret(e);throw await eM(e,i)}for(let e of($=r.env,d=Object.values((u=c.config).services).map(e=>e.image??""),[...[...$.values()].filter(e=>!(/^\d{1,5}$/.test(e)||d.some(t=>""!==e&&t.includes(e)))),...function(e){let t=[];for(let r of Object.values(e.services))for(let[e,n]of Object.entries(r.environment??{})){if("string"!=typeof n)continue;let r=n.replaceAll("$$","$");/pass|secret|token|key|credential|auth|dsn|salt|private/i.test(e)&&t.push(r);let o=/^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(r);o&&t.push(o[1],function(e){try{return decodeURIComponent(e)}catch{return e}}(o[1]))}return t.filter(e=>""!==e)}(u)]))a.addSecret(e);try{var $,u,h,f=c,_=r;let a=f.containers.filter(e=>""===e.hash&&!e.oneOff);if(""===f.current&&0!==a.length&&!_.adopt&&!_.color)throw new s.HR("refused",`the project ${f.project} has containers that this action did not start: ${a.map(e=>e.name).join(", ")}`,{input:"adopt",remedy:"Set `adopt: true` once to take the running stack over as it is, or give another `project`."});let d=new Set;for(let e of(h=c,Object.values(h.config.services).flatMap(e=>(e.volumes??[]).flatMap(e=>"bind"===e.type&&e.source?.startsWith(`${h.stage}/`)?[e.source.slice(h.stage.length+1)]:[]))))await i.has(e)&&d.add(e);let p=function(e,t,r){var a,i,l,c,d,$,u,h,f,_;let p,m,g,v,w=(0,n.Zo)(e.config,r.services),{model:k,notes:y}=(0,n.B)(w,r.images,r.digestRule),b=(0,n.sU)(k,{stage:e.stage,path:t,shared:e.shared},r.files);y.push(...(a=b,i=e,l=r.workspaceFiles,(0,n.wE)(a.shared,new Set([...i.shared,...i.old])).map(e=>{if(l.has(e.path))throw new s.HR("input",`${e.service} mounts ./${e.path}, which is in the repository but not among \`files\``,{input:"files",remedy:`Add ${e.path} to \`files\`.`});return`${e.service} mounts ./${e.path}, which is neither among \`files\` nor on the server in shared/: Docker will make an empty folder of it`})));let j=r.color?(c=e,d=b,$=r,u=r.color,p=function(e,t,r,a,i){let l=r.services.length>0?r.services:(0,n.ck)(t,a),c=e.containers.some(e=>e.project===t.name&&l.includes(e.service)&&"running"===e.status),d=(0,n.Kz)(e.share,c);if(/-\d+$/.test(e.share))throw new s.HR("refused",`a canary is on (${e.share}): traffic goes to both colours`,{remedy:"Finish it with blue-green-switch first: `to: blue` or `to: green`."});if(r.color===d)throw new s.HR("refused",`${d} is live${""===e.share?" (the plain stack counts as blue until the first switch)":""}`,{input:"color",remedy:"Deploy the other colour; `color: auto` chooses it."});let $="auto"!==r.color?r.color:d?(0,n.IP)(d):"blue",u=(0,n.V9)($,e.ports,e.listening,r.range,c),h=(0,n.B1)(t,{color:$,services:l,liveOnly:r.liveOnly},u),f=i.filter(e=>l.includes(e)),_=(0,n.d4)(h.color,f),p=_.services.filter(e=>!r.liveOnly.includes(e.name)),m=_.services.filter(e=>r.liveOnly.includes(e.name)),g=Object.keys(h.shared.services).length>0,v=g?(0,n.d4)(h.shared,i.filter(e=>!l.includes(e))):{json:`{}
`,services:[]},w=[{name:"release/compose.json",content:_.json},{name:"release/services",content:(0,n.lt)(p)},{name:"release/live-only",content:(0,n.lt)(m)},{name:"release/pulls",content:Y(_.services)},{name:"release/needs",content:K(h.color)},{name:"release/restarts",content:Z(h.color)},{name:"release/joins",content:J(h.color)},{name:"release/ports",content:(0,n._3)(h.ports)},{name:"release/shared/compose.json",content:v.json},{name:"release/shared/services",content:(0,n.lt)(v.services)},{name:"release/shared/pulls",content:Y(v.services)},{name:"release/shared/needs",content:g?K(h.shared):""},{name:"release/shared/joins",content:g?J(h.shared):""},...h.volumes.map((e,r)=>{var n,a;let s;return{name:`release/volumes-${r+1}`,content:(n=t.name,a=e,s=[...""===a.driver?[]:["--driver",a.driver],...Object.entries(a.options).flatMap(([e,t])=>["--opt",`${e}=${t}`]),"--label",`com.docker.compose.project=${n}`,"--label",`com.docker.compose.volume=${a.key}`,a.name],`volume_name=${(0,o.hD)([a.name])}
set -- ${(0,o.hD)(s)}
`)}})];return{color:$,project:(0,n.t_)(t.name,$),model:h.color,services:p,liveOnly:m,shared:v.services,ports:h.ports,notes:h.notes,uploads:w}}(c,d.model,u,$.images,$.oneShot),m=(0,n.XA)({model:p.model,services:p.services,previous:void 0,containers:c.containers.filter(e=>e.project===p.project),images:c.images,adopted:new Set,removeOrphans:$.removeOrphans}),g=c.containers.filter(e=>e.project===d.model.name),v=(0,n.XA)({model:d.model,services:p.shared,previous:void 0,containers:g,images:c.images,adopted:new Set([...c.adopted,...ec(c,p.shared,d)]),removeOrphans:!1}).map(e=>"keep"===u.shared&&"recreate"===e.action?{...e,action:"keep",to:e.from}:e),{project:p.project,color:p.color,ports:p.ports,model:p.model,services:p.services,notes:p.notes,changes:[...m,...v],uploads:[...p.uploads,...el(c,p.shared,d)]}):function(e,t,r){var o,a,s;let i=(o=t.model,a=r,s=e.previousConfig,0===a.services.length||s?.name!==o.name?o:{...o,services:{...s.services,...o.services},...function(e,t){let r={};for(let n of["networks","volumes","configs","secrets"])t[n]&&(r[n]={...t[n],...e[n]});return r}(o,s)}),{json:l,services:c}=(0,n.d4)(i,r.oneShot),d=c.filter(({name:e})=>void 0!==t.model.services[e]);return{project:i.name,color:void 0,ports:[],model:i,services:c,notes:[],changes:(0,n.XA)({model:i,services:c,previous:e.previousConfig,containers:e.containers.filter(t=>t.project===i.name&&!e.dormant.includes(t.service)),images:e.images,adopted:new Set([...e.adopted,...ec(e,c,t)]),removeOrphans:r.removeOrphans}),uploads:[{name:"release/compose.json",content:l},{name:"release/services",content:(0,n.lt)(c)},{name:"release/dormant",content:e.dormant.map(e=>`${e}
`).join("")},{name:"release/pulls",content:Y(d)},{name:"release/needs",content:K(i)},{name:"release/restarts",content:Z(i)},{name:"release/joins",content:J(i)},...el(e,c,t)]}}(e,b,r),x=j.services.map(e=>e.name),S=[...j.uploads,{name:"release/trees",content:function(e,t){let r="";for(let n of e)for(let e of n.files){if(/[\t\n]/.test(e.path))throw new s.HR("input",`the name of ${JSON.stringify(e.path)} has a tab or a newline in it`,{input:"files"});let o=`${n.name}${e.path.slice(n.path.length)}`;r+=`${n.sha256}	${e.executable?"0755":"0644"}	${o}	${t}/${e.path}
`}return r}(b.trees,e.stageName)}];for(let[e,t]of Object.entries(r.hooks))(0,Q.TD)(e,t,x),t.forEach((t,r)=>{let n=String(r+1).padStart(2,"0");S.push({name:`release/hooks/${e}-${n}`,content:(0,Q.OY)(t)})});return S.push({name:"release/release.head",content:(h=r,f=b.model.name,_=j,JSON.stringify({id:h.release,version:h.version,project:f,color:_.color??"",...h.about,services:_.services.map(({name:e,image:t,replicas:r,hash:n,kind:o})=>({name:e,image:t,replicas:r,hash:n,kind:o})),files:h.files.map(e=>e.path),hooks:Object.fromEntries(Object.entries(h.hooks).map(([e,t])=>[e,t.map(e=>`${e.service}: ${e.text}`)]))}).slice(0,-1))}),{...j,baseProject:b.model.name,table:S.filter(e=>/\/(services|live-only|ports)$/.test(e.name)).map(e=>String(e.content)).join(""),notes:[...y,...j.notes],warnings:function(e,t){let r=new Map,n=new Map,o=[];for(let t of e){var a;let e=String(t.release),s=(a=t.digests,"object"!=typeof a||null===a?[]:Object.values(a).filter(e=>"string"==typeof e).map(ed));s.length>0&&n.set(e,s);let i=n.get(e)??[],{outcome:l}=t;if(!0===t.bad&&"rolled-back"===l)for(let t of i)r.set(t,`${e}, which was rolled back`);else if(!0===t.bad)for(let t of i)o.includes(t)||r.set(t,`${e}, which failed`);else if("succeeded"===l||"taken-back"===l){for(let e of i)r.delete(e);i.length>0&&(o=i)}}return t.flatMap(({name:e,image:t})=>{let n=r.get(ed(t));return void 0===n?[]:[`the image of ${e} was part of the release ${n}`]})}(e.history,j.services),uploads:S}}(c,e.path,{...l,workspaceFiles:d});return{server:e,session:t,found:c,prepared:p}}catch(e){throw await et(t,c.staging),e}}let eA=["compose.yaml","compose.yml","docker-compose.yaml","docker-compose.yml"];async function eD(e,t,r){let n=t.length>0?t:[await eL(e)],o=n[0],a=o.includes("/")?o.slice(0,o.lastIndexOf("/")):"",i=(0,eg.join)(e,a),l=e=>{if(""===a)return e;if(e.startsWith(`${a}/`))return e.slice(a.length+1);throw new s.HR("input",`input \`compose-file\`: ${e} is not in the folder of the first one, ${a}`,{input:"compose-file",remedy:"Keep the compose files of one application in one folder."})},c=[];for(let t of n)c.push(await eP(i,l(t),e,"compose-file"));let d=new Map;for(let t of r){let r=await eC(i,t);if(0===r.length)throw new s.HR("input",`input \`files\`: nothing matches ${t} in ${""===a?"the checkout":a}`,{input:"files",remedy:"Paths are relative to the folder of the compose file. Is the repository checked out (actions/checkout)?"});for(let t of r)d.set(t,await eP(i,t,e,"files"))}let $=[...d.values()].reduce((e,t)=>e+t.content.length,0);if($>0x4000000)throw new s.HR("input",`input \`files\`: ${d.size} files of ${Math.round($/1048576)} MiB are more than the ${64} MiB that go with a release`,{input:"files",remedy:"Put large content into an image or a volume."});return{folder:a,composeFiles:c,files:[...d.values()].sort((e,t)=>e.path<t.path?-1:1),has:async e=>(await (0,em.stat)((0,eg.join)(i,e)).catch(()=>void 0))?.isFile()??!1}}async function eL(e){for(let t of eA)if((await (0,em.stat)((0,eg.join)(e,t)).catch(()=>void 0))?.isFile())return t;throw new s.HR("input",`there is no compose file: none of ${eA.join(", ")} is in ${e}`,{input:"compose-file",remedy:"Check out the repository first (actions/checkout), or name the file in `compose-file`."})}async function eC(e,t){let r=new Set,n=async o=>{for await(let a of(0,em.glob)(o,{cwd:e,withFileTypes:!0})){let s=(0,eg.relative)(e,(0,eg.join)(a.parentPath,a.name)).split(eg.sep).join("/");if(".git"===s||s.startsWith(".git/"))continue;let i=await (0,em.stat)((0,eg.join)(e,s)).catch(()=>void 0);i?.isFile()?r.add(s):i?.isDirectory()&&o===t&&!t.endsWith("**")&&await n(`${s}/**`)}};return await n(t),[...r]}async function eP(e,t,r,n){let o=(0,eg.join)(e,t),[a,i]=await Promise.all([(0,em.realpath)(o).catch(()=>""),(0,em.realpath)(r)]);if(""===a)throw new s.HR("input",`input \`${n}\`: there is no ${t} in the checkout`,{input:n,remedy:"Is the repository checked out (actions/checkout), and is the path relative to its root?"});if(a!==i&&!a.startsWith(i+eg.sep))throw new s.HR("input",`input \`${n}\`: ${t} is a link out of the checkout`,{input:n});let l=await (0,em.stat)(a);return{path:t,content:await (0,em.readFile)(a),executable:(73&l.mode)!=0&&"win32"!==process.platform}}async function eq(e,t,r){var i;let l=t.clock.now(),c=(e,t,r)=>new s.HR("input",`input \`${e}\` ${t}`,{input:e,remedy:r});if(e.plan&&e.status)throw c("plan","and `status` are both set","Set one of them.");if(void 0!==e["registry-password"]&&void 0===e["registry-username"])throw c("registry-username","is missing beside `registry-password`","For ghcr.io it is ${{ github.actor }}.");if(void 0!==e["registry-username"]&&void 0===e["registry-password"])throw c("registry-password","is missing or empty beside `registry-username`","For ghcr.io it is ${{ secrets.GITHUB_TOKEN }}.");if(void 0!==e["registry-password"]&&void 0===e.registry)throw c("registry","is missing beside `registry-password`","Write the host, such as ghcr.io or docker.io.");if(e["migration-state"].length>1)throw c("migration-state","holds more than one command");if(1===e["migration-state"].length&&0===e.migrate.length)throw c("migration-state","is given without `migrate`");if(e["migration-reversible"]&&0===e.migrate.length)throw c("migration-reversible","is set without `migrate`");let d=void 0!==e.color;for(let t of["color-services","live-only-services"])if(!d&&e[t].length>0)throw c(t,"is given without `color`");if(d&&e.services.length>0)throw c("services","cannot be combined with `color`","Name the services that change in `color-services`.");if(d&&e.adopt)throw c("adopt","cannot be combined with `color`: the first colour deploy takes the running stack as the live one");let $=(0,o.U2)(e),u=r??(e=>(0,o.fA)(e,{clock:t.clock,log:t.log,signal:t.signal}));if(e.status)return await eO(e,t,$,u);let h=await eD(t.workflow.workspace,e["compose-file"],e.files),f=await eB(e,t,h),_=(i=t.workflow,void 0!==e["deployment-id"]?e["deployment-id"]:""===i.runId?`local-${(0,a.randomBytes)(6).toString("hex")}`:eR(`${i.runId}-${i.job||"job"}`)),p={"deployment-id":_,release:void 0,version:f.version,"previous-release":void 0,changed:!1,services:void 0,record:void 0,duration:void 0,color:void 0,"color-urls":void 0},m=[];try{let r=await eN($,async r=>{let n=await u(r);return m.push(n),await eT(r,n,e,t,h,f)}),o=r[0];if(p["previous-release"]=o.found.current,p.color=o.prepared.color,o.prepared.color&&(p["color-urls"]=(0,n.eX)(o.prepared.ports)),p.services=ex(o.prepared.changes,o.found),function(e,t){for(let r of new Set(e.flatMap(e=>e.prepared.notes)))t.log.info(r);for(let r of new Set(e.flatMap(e=>e.prepared.warnings)))t.log.warning(r)}(r,t),e.plan)return await Promise.all(r.map(e=>et(e.session,e.found.staging))),function(e,t,r,n){for(let{server:t,prepared:n,found:o}of(r.summary(`### Plan: nothing was changed
`),e)){let a=n.changes.map(e=>({...e,from:ey(e.from,o.images),to:ey(e.to,o.images)}));for(let e of(r.log.info(`${t.name}: what a deployment would do (nothing is changed)`),function(e){let t=Math.max(...e.map(e=>e.service.length));return e.map(e=>{let r=e.from===e.to?ek(e.to):[ek(e.from),ek(e.to)].filter(Boolean).join(" -> "),n=e.reasons.length>0?` (${e.reasons.join(", ")})`:"";return`${e.service.padEnd(t)}  ${e.action.padEnd(8)}  ${r}${n}`})}(a)))r.log.info(`  ${e}`);r.summary(`${e.length>1?`**${t.name}**

`:""}${eb(a)}
`)}let o=["before-up","migrate","after-up"].flatMap(e=>t[e].map(t=>`${e}: ${t.service}: ${t.text}`));for(let e of o)r.log.info(`  would run ${e}`);o.length>0&&r.summary(`Would run:

${o.map(e=>`- ${e.replace(/[\\`*_<>|[\]]/g,"\\$&")}`).join(`
`)}
`);let a=e.some(e=>e.prepared.changes.some(e=>"keep"!==e.action));return{...n,changed:a}}(r,e,t,{...p,duration:eS(t,l)});let a=await eX(r,e,t,f,_,u,m);t.saveState("ended","true"),await eU(a,r,t,p);let i=await ej(a,r,e,t,f,p,l),c=function(e,t,r=e.length>1){let n=e.filter(e=>!F(e));if(0===n.length)return;let o=n.find(e=>e.result?.fields.stopped!=="true")??n[0],a=N(o),i=e.filter(e=>e!==o).map(e=>`${e.name}: ${F(e)?"done":N(e).message}`);return new s.HR(a.kind,`${r?`${o.name}: `:""}${a.message}`,{remedy:a.remedy,details:[a.details,...i].filter(Boolean).join(`
`)||void 0,outputs:t,cause:a.cause})}(a,i,r.length>1);if(c)throw c;return i}catch(e){if(e instanceof s.HR&&void 0===e.outputs){let r={...p,duration:eS(t,l)};throw new s.HR(e.kind,e.message,{...e,cause:e.cause,outputs:r})}throw e}finally{await Promise.all(m.map(e=>e.close()))}}async function eB(e,t,r){let n,{workflow:o}=t,s=e.version??(""===o.sha?"unversioned":o.sha.slice(0,12));return{release:(n=t.clock.wall().toISOString().replace(/[-:]/g,"").replace("T","-").slice(0,15),eR(`${n}-${s}-${(0,a.randomBytes)(2).toString("hex")}`)),version:s,images:e.images,digestRule:void 0===e["require-digest"]?"named":e["require-digest"]?"all":"off",services:e.services,oneShot:e["one-shot"],files:r.files,workspaceFiles:new Set,hooks:{"before-up":e["before-up"],migrate:e.migrate,"migration-state":e["migration-state"],"after-up":e["after-up"]},removeOrphans:e["remove-orphans"]&&0===e.services.length,color:e.color&&{color:e.color,services:e["color-services"],liveOnly:e["live-only-services"],shared:e["shared-services"],range:e["port-range"]},about:{environment:e.environment??"",repository:o.repository,ref:o.ref,sha:o.sha,actor:o.actor,run_url:o.runUrl,compose_files:r.composeFiles.map(e=>e.path),profiles:e.profiles,env_file:e["env-file"]??""}}}async function eU(e,t,r,n){for(let{name:o,result:a}of e){let e=t.find(({server:e})=>e.name===o);if(!a||a.fresh||"succeeded"!==a.outcome)continue;let i=a.fields.release??"";if(r.log.info(`${o}: this deployment has succeeded before, as the release ${i}; nothing was done`),void 0!==e.prepared.color)continue;let l=await eG(e);if(void 0!==l&&l!==i)throw new s.HR("refused",`${o}: this deployment has succeeded before, as the release ${i}, but by now ${l} runs there`,{remedy:"To deploy this version again, start a new workflow run or give another `deployment-id`.",outputs:n})}}async function eG({session:e,server:t}){try{let{stdout:r}=await e.run({script:'readlink "$1/current"',args:[t.path],timeout:3e4});return r.toString("utf8").trim().replace(/^releases\//,"")}catch{return}}async function eX(e,t,r,o,a,i,l){var c,d,$;let u,h,f,_,p,m,g,{workflow:v}=r,w=e.length>1,k=function(e){let{registry:t,"registry-username":r,"registry-password":n}=e;return t&&r&&n?{host:t,username:r,password:n}:void 0}(t),y=(c=t.parallel,d=e.length,u=Number.parseInt(c,10),h=c.endsWith("%")?Math.floor(d*u/100):u,Math.min(d,Math.max(1,h))),b=Math.ceil(e.length/y)+1,j=e.map((e,r)=>{var s,c,d,$,u,h,f;let _;return{name:e.server.name,session:e.session,reopen:async()=>{let t=await i(e.server);return l.push(t),t},operation:(s=e.prepared,_=(c={path:e.server.path,deploymentId:a,staging:e.found.staging,dockerHost:e.server.dockerHost,adopt:t.adopt,pull:t.pull,pullTimeout:t["pull-timeout"],registry:k,minFreeDisk:t["min-free-disk"],waitTimeout:t["wait-timeout"],stopTimeout:t["stop-timeout"],onFailure:t["on-failure"],keepReleases:t["keep-releases"],removeOrphans:o.removeOrphans,migrationReversible:t["migration-reversible"],goDeadline:w?12e4+b*(t["wait-timeout"]+3e5):void 0,migratesElsewhere:w&&r>0&&"first"===t["migrate-on"],order:v.runNumber>0?{key:(d=v,`${d.repository}/${d.workflow}`.replace(/[^A-Za-z0-9._-]+/g,"-")),number:v.runNumber,attempt:v.runAttempt}:void 0,allowOlder:t["allow-older"],lockTimeout:t["lock-timeout"],holder:{actor:v.actor||"somebody",runUrl:v.runUrl},resumeOnBoot:t["resume-on-boot"]}).migratesElsewhere?s.uploads.filter(e=>!/^release\/hooks\/migrat/.test(e.name)):s.uploads,{name:"deploy",path:c.path,deploymentId:c.deploymentId,body:V,parameters:{project:s.project,base_project:s.baseProject,color:s.color??"",shared_services:o.color?.shared??"keep",release:o.release,docker_host:c.dockerHost??"",adopt:String(c.adopt),pull:c.pull,pull_timeout:W(c.pullTimeout),registry:c.registry?.host??"",min_free_disk:String(c.minFreeDisk),wait_timeout:W(c.waitTimeout),stop_timeout:void 0===c.stopTimeout?"":W(c.stopTimeout),on_failure:c.onFailure,keep_releases:String(c.keepReleases),remove_orphans:String(c.removeOrphans),migration_reversible:String(c.migrationReversible),gates:String(void 0!==c.goDeadline),go_deadline:W(c.goDeadline??0),history_head:function(e,t,r){let{sha:n,ref:o,actor:a,run_url:s,environment:i}=t.about;return JSON.stringify({operation:"deploy",deployment_id:r.deploymentId,release:t.release,color:e.color??"",version:t.version,environment:i,sha:n,ref:o,actor:a,run_url:s}).slice(0,-1)}(s,o,c)},secrets:{registry_config:c.registry?JSON.stringify({auths:{["docker.io"===($=c.registry).host?"https://index.docker.io/v1/":$.host]:{auth:Buffer.from(`${$.username}:${$.password}`).toString("base64")}}}):""},files:_,staging:c.staging,inputHash:(u=s,h=o,f=c,(0,n.sc)((0,n.$N)({table:u.table,project:u.project,version:h.version,hooks:h.hooks,onFailure:f.onFailure,removeOrphans:f.removeOrphans,adopt:f.adopt}))),order:c.order,allowOlder:c.allowOlder,lockTimeout:c.lockTimeout,holder:c.holder,resumeOnBoot:c.resumeOnBoot})}}),x=($=r.log,_=Promise.resolve(),p=Promise.resolve(),m=e=>{_=_.then(e)},g=async()=>{f?.(),f=void 0,await p},{tell(e,t){let r=w?`${e} | `:"";m(async()=>{switch(t.type){case"line":$.info(r+t.text);break;case"warning":$.warning(r+t.text);break;case"phase":{let e=`${eE[t.name]??t.name} (at ${(0,s.a3)(t.at)})`;if(w){$.info(`${r}${e}`);break}await g(),p=$.group(e,()=>new Promise(e=>f=e));break}case"reconnected":$.info(`${r}the connection dropped; following again (attempt ${t.attempt})`)}})},async close(){m(g),await _}}),S=[];return await e$(j,{clock:r.clock,signal:r.signal,teller:x,parallel:y,migratesFirst:t.migrate.length>0&&"first"===t["migrate-on"],onStart(e,t){S.push({name:e,...t}),r.saveState("runs",JSON.stringify(S))}})}}};
