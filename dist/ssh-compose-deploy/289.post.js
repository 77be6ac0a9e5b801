"use strict";exports.id=289,exports.ids=[289],exports.modules={1289:(e,t,r)=>{r.d(t,{afterCancellation:()=>u});var n=r(6012);r(7598);var a=r(7331);let s=["input","refused","unhealthy","remote","lost","busy"];function o(e){return s.find(t=>t===e)??"remote"}async function l(e,t,r){var s;let l,i,$,d,u={},c=[],f=(s=e=>{"kind"===e.type||"message"===e.type||"remedy"===e.type?u[e.type]=e.payload.toString("utf8"):r(e)},i=[],$=0,d=1,e=>{if(i.push(e),($+=e.length)<d)return;let t=1===i.length?i[0]:Buffer.concat(i);for(d=1;;){let e=t.indexOf(10);if(e<0){if(t.length>200)throw Error("the server answered something else than a frame");break}let r=/^([a-z]+) (\d{1,10})$/.exec(t.toString("latin1",0,Math.min(e,200))),n=Number(r?.[2]);if(!r||n>0x10000000)throw Error("the server answered something else than a frame");let a=e+1+n+1;if(t.length<a){d=a;break}s({type:r[1],payload:Buffer.from(t.subarray(e+1,e+1+n))}),t=t.subarray(a)}i=t.length>0?[t]:[],$=t.length}),{code:_}=await e.run({...t,onStdout(e){if(void 0===l)try{f(e)}catch(e){l=e}},onStderr(e){t.onStderr&&t.onStderr(e),c.length<50&&c.push(e.subarray(0,4e3))}}),h=Buffer.concat(c).toString("utf8").trim();if(void 0!==u.kind)throw new a.HR(o(u.kind),u.message??"the server refused",{remedy:u.remedy||void 0,details:h||void 0});if(void 0!==l)throw l;if(0!==_)throw new n.fm("lost",`a program on ${e.name} was ended early (exit code ${_})`,{details:h||void 0})}let i=`frame() {
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
`,$=`umask 077
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
`;async function d(e,t){let r;return await l(e,{script:function(e,t=""){return`${$}${i}
${t}
exec 3>&1 1>&2
${e} "$@"
`}("_read_result"),args:[t.directory]},({type:e,payload:n})=>{let a,s;"result"===e&&(r={reference:t,outcome:(s="succeeded"!==(a=function(e){let t={};for(let r=0;r<e.length;){let n=e.indexOf(10,r),a=/^([A-Za-z_][A-Za-z0-9_-]*) (\d{1,10})$/.exec(e.toString("latin1",r,n<0?r:n)),s=n+1+Number(a?.[2]);if(!a||s>=e.length||10!==e[s])throw Error("the result on the server is damaged");let[,o]=a;if(!(o.startsWith("_")&&o in t&&"_details"!==o)){let r=e.toString("utf8",n+1,s);t[o]="_details"===o&&t[o]?`${t[o]}
${r}`:r}r=s+1}return t}(n))._outcome)?"failed":"succeeded",...s?{failure:{kind:o(a._kind),message:a._message||"the run failed without a word",...a._remedy?{remedy:a._remedy}:{},...a._details?{details:a._details}:{}}}:{},fields:Object.fromEntries(Object.entries(a).filter(([e])=>!e.startsWith("_"))),phases:(a._phases??"").split(`
`).map(e=>/^(.*) (\d+)$/.exec(e)).filter(e=>null!==e).map(([,e,t])=>({name:e,ms:Number(t)})),elapsedMs:Number(a._elapsed??0),recovered:"_recovered"in a,fresh:!1})}),r}async function u(e,t,r){let s=JSON.parse(r);for(let r of(0,n.U2)(e)){let e=s.find(e=>e.name===r.name);if(e)try{let a=await (0,n.fA)(r,{clock:t.clock,log:t.log,signal:t.signal});try{let n=await d(a,e);t.log.notice(n?`${r.name}: the deployment ${e.deploymentId} has ended: ${n.failure?.message??n.outcome}`:`${r.name}: the deployment ${e.deploymentId} goes on by itself; it finishes, or restores the release before. Run the step again with the same deployment-id to see its outcome.`)}finally{await a.close()}}catch(n){t.log.warning(`${r.name}: what became of the deployment ${e.deploymentId} is not known: ${(0,a.bD)(n)}`)}}}new Set("path run files operation deployment_id run_number lock_timeout holder_actor holder_url order_key order_number order_attempt allow_older".split(" "))}};
