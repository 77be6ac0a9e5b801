# shellcheck shell=dash
# Volumes and paths come back as folders: what was saved is unpacked beside what is there, held against the list of what was
# saved, and then the two change names. Names change within one folder, so nothing is copied, and who looks sees the old or
# the new. A volume has its folder on the server, in a folder of its own that the engine keeps; that is where it happens.
# Parameters: project, min_free_disk.

# entry_of KIND NAME: where it is: $entry_parent, and its name there. What is unpacked has it below $entry_inner.
entry_of() {
  case $1 in
    volume)
      entry_volume=$(volume_of "$2") || fail_for_engine 'the volumes could not be listed'
      entry_place=$(engine_volume_place "${entry_volume:--}" 2>/dev/null)
      entry_parent=${entry_place#* }
      entry_parent=${entry_parent%/_data *}
      entry_name=_data
      entry_inner=
      ;;
    path)
      case $2 in */*) entry_parent=$path/${2%/*} ;; *) entry_parent=$path ;; esac
      entry_name=${2##*/}
      entry_inner=/$2
      ;;
    # In the container: what a database keeps as a file.
    *)
      entry_parent=${2%/*}
      entry_parent=${entry_parent:-/}
      entry_name=${2##*/}
      entry_inner=
      ;;
  esac
}

# open_entry KIND ID NAME: it can be worked at by at_entry: in a container of the image of ID, as root there, or where that is -
# by the login user. False where it cannot.
open_entry() {
  entry_of "$1" "$3"
  entry_runs=-
  entry_folder=$entry_parent
  [ "$2" != - ] || return 0
  end_trials
  entry_folder=/volume
  case $1 in
    # Where SELinux is on, it would hide the folder.
    volume | path) set -- "$2" "$3" --volume "$entry_parent:/volume" --security-opt label=disable ;;
    *)
      entry_folder=$entry_parent
      set -- "$2" "$3" --volumes-from "$2"
      ;;
  esac
  entry_image=$1
  entry_what=$(printf '%s' "$2" | tr / _)
  shift 2
  begin_helper "x$entry_what" "$entry_image" "$@" || {
    end_trials
    return 1
  }
  entry_runs=$trial
}
close_entry() {
  [ "$entry_runs" = - ] || end_trials
}

# at_entry SCRIPT WORDS…: the script runs in the folder that has the entry.
at_entry() {
  local script="cd \"\$1\" && shift || exit 1
$1"
  shift
  if [ "$entry_runs" = - ]; then
    (exec 7>&- 9>&- && exec sh -c "$script" sh "$entry_folder" "$@") </dev/null 2>"$scratch/said"
  else
    engine_in "$entry_runs" sh -c "$script" sh "$entry_folder" "$@" 2>"$scratch/said"
  fi
}

# find_file_place KIND NAME: its line of $scratch/places. Refused by name where it cannot give way.
find_file_place() {
  local id=- is_there=no users what
  what=$(title_of "$1" - "$2")
  case $1 in volume) find_volume_place "$2" ;; path) find_path_place "$2" ;; esac
  users=$(users_of "$1" "$2")
  [ -z "$users" ] || fail refused request-refused "containers work with $what: $users" \
    "Stop them on the server: docker stop $users. Run it again, and start them afterwards: docker start $users."
  open_entry "$1" "$id" "$2" || fail refused request-refused "$what cannot be reached by the image of a service, which needs sh, tar, timeout and sleep of its own: $(last_said)" \
    'Bring it back by the commands of the manual.'
  at_entry '[ -w . ] && ls -A' >"$scratch/names" ||
    fail refused request-refused "$what cannot be exchanged: nobody may write to $entry_parent: $(last_said)" 'Bring it back by the commands of the manual.'
  close_entry
  ! grep -Fqx -e "$entry_name" "$scratch/names" || is_there=yes
  choose_kept "$entry_name" "$what" <"$scratch/names"
  printf '%s - %s %s %s %s %s\n' "$1" "$id" "$2" "$(beside restore "$entry_name")" "$kept_name" "$is_there" >>"$scratch/places"
}

# find_volume_place NAME: it is there, a folder of the engine's own, and $id is a container that has it.
find_volume_place() {
  entry_of volume "$1"
  [ -n "$entry_volume" ] || fail refused request-refused "there is no volume $1 of $project, into which it could come back" 'Make its containers, and do not start them: docker compose create.'
  case $entry_place in
    "local /"*"/$entry_volume/_data "null | "local /"*"/$entry_volume/_data {}") ;;
    *)
      fail refused request-refused "the volume $1 is no folder of the engine's own (driver, folder and options: $entry_place), and so cannot be exchanged" \
        'Bring it back by the commands of the manual.'
      ;;
  esac
  id=$(engine_volume_users "$entry_volume" | head -n 1)
  [ -n "$id" ] || fail refused request-refused "no container has the volume $1, and so there is no image whose tar could write it" 'Make its containers, and do not start them: docker compose create.'
}

# find_path_place NAME: nothing on the way to it is a link; $id is - where all that was saved is the login user's own, else a
# container of the stack, since the owners of others only root can give.
find_path_place() {
  local at=$path rest=$1 each
  while :; do
    at=$at/${rest%%/*}
    if [ -L "$at" ]; then fail refused request-refused "$at is a link, and so the path $1 cannot be exchanged" 'Name what it leads to when you save, or bring it back by the commands of the manual.'; fi
    case $rest in */*) rest=${rest#*/} ;; *) break ;; esac
    if [ -e "$at" ] && [ ! -d "$at" ]; then fail refused request-refused "$at is no folder, and so the path $1 has no place" 'Look what it is.'; fi
  done
  # A folder that is gone has nothing that could be lost.
  entry_of path "$1"
  mkdir -p "$entry_parent" || fail_unwritten "$entry_parent could not be made"
  ! is_own_archive "$folder/$(file_of path - "$1")" || return 0
  for each in $(ids_of_application); do
    if open_entry path "$each" "$1"; then
      close_entry
      id=$each
      return 0
    fi
  done
  fail refused request-refused "the path $1 has files of other owners than $(id -un), which only root can give back, and no image of $project has a tar for that" \
    'Bring it back by the commands of the manual, as root.'
}

# is_own_archive FILE: whoever is root gives any owner; all others only themselves.
is_own_archive() {
  [ "$(id -u)" != 0 ] || return 0
  gzip -dc "$1" | tar --numeric-owner -tvf - | awk -v user="$(id -u)" -v groups=" $(id -G) " '
    { split($2, owner, "/"); if (owner[1] != user || !index(groups, " " owner[2] " ")) bad = 1; n++ }
    END { exit bad || !n }'
}

# users_of KIND NAME ID: names of the containers that work with it, as words: those that run or begin anew. ID is of a container
# that has it, where it is a file of one.
users_of() {
  local id each from place rest
  engine_all >"$scratch/all" || fail_for_engine 'the containers could not be listed'
  entry_of "$1" "$2"
  place=$entry_parent/$entry_name
  case $1 in
    volume) users_of_volume "$entry_volume" "$place" ;;
    path) users_of_folders ;;
    *)
      mount_of "${3-}" "$2"
      rest=${mount_line#*|}
      case $mount_line in
        volume*) users_of_volume "${rest%%|*}" "$place" ;;
        *)
          rest=${rest#*|}
          place=${rest%%|*}${2#"${rest#*|}"}
          users_of_folders
          ;;
      esac
      ;;
  esac >"$scratch/using"
  awk '
    FILENAME == ARGV[1] { if ($2 ~ /^(running|paused|restarting)$/) lives[$1] = 1; next }
    $1 in lives { print }' "$scratch/all" "$scratch/using" |
    while read -r id from; do
      is_within "$place" "$from" || continue
      engine_name "$id" | tr -d /
    done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Lines of a container, and what of the server it has.
users_of_volume() {
  local each
  for each in $(engine_volume_users "$1"); do echo "$each $2"; done
}
users_of_folders() {
  local each
  while read -r each _; do engine_mounts "$each" | sed "s/^[^ ]* /$each /"; done <"$scratch/all"
}

# mount_of ID PATH: what of the server a container has at that path of its own, into $mount_line: type, volume, folder on the
# server and in the container, with | between; empty where it is of the container alone.
mount_of() {
  mount_line=$(engine_mount_table "$1" | awk -F '|' -v path="$2" 'index(path, $4 "/") == 1 && length($4) > most { most = length($4); line = $0 } END { print line }')
}

# is_within PATH OTHER: one is the other, or within it. Both as they are on the disk, whatever links lead there.
is_within() {
  local one other
  one=$(readlink -f "$1" 2>/dev/null) || one=$1
  other=$(readlink -f "$2" 2>/dev/null) || other=$2
  case $one/ in "${other%/}/"*) return 0 ;; esac
  case $other/ in "$one/"*) return 0 ;; esac
  return 1
}

# load_files KIND ID NAME NEW: all that was saved, and nothing else.
load_files() {
  local file what need room
  what=$(title_of "$1" - "$3")
  file=$folder/$(file_of "$1" - "$3")
  open_entry "$1" "$2" "$3" || give_up "$what cannot be reached: $(last_said)"
  # shellcheck disable=SC2016 # the other shell's own
  stream_in_zipped "the list of $what" "$file" "$entry_runs" "$files_tar"'exec tar $more -tvf -'
  ended_early $? "what was saved of $what cannot be read"
  # What it calls them there: an archive may have names or numbers of owners, whatever tar has made it.
  true >"$scratch/owners" || give_up "the names of owners could not be written"
  at_entry 'cat /etc/passwd && echo - && cat /etc/group' >>"$scratch/owners" || say "what owners are called there is not known"
  listing_of <"$scratch/answer" >"$scratch/saved"
  awk -v inner="${entry_inner#/}" '
    $1 == "linked" { name = substr($0, 8) }
    $1 != "linked" { name = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", name) }
    ("/" name "/") ~ /\/\.\.\// { exit 1 }
    inner == "" && name !~ /^\.\// { exit 1 }
    inner != "" && name != inner && index(name, inner "/") != 1 { exit 1 }' "$scratch/saved" || give_up "what was saved of $what has files that are not of it"
  # shellcheck disable=SC2016 # the other shell's own
  at_entry 'df -Pk . && rm -rf -- "$1" && mkdir -m 700 -- "$1"' "$4" >"$scratch/room" || give_up "$4 could not be made beside $what: $(last_said)"
  need=$(awk '{ sum += $3 } END { printf "%.0f", sum }' "$scratch/saved")
  room=$(awk 'NR == 2 { printf "%.0f", $4 * 1024 }' "$scratch/room")
  if [ "$((room - need))" -lt "$min_free_disk" ]; then
    clear_away
    fail refused disk-full "$what takes $need bytes beside what is there, and of the $room that are free in $entry_parent $min_free_disk must stay free; $attempt_kept" \
      'Free some space there, or lower min-free-disk.'
  fi
  # shellcheck disable=SC2016 # the other shell's own
  stream_in_zipped "$what to be unpacked" "$file" "$entry_runs" "$files_tar"'exec tar -C "$1/$2" $more $take -xpf -' "$entry_folder" "$4"
  ended_early $? "$what could not be unpacked"
  # That of busybox leaves links to whoever unpacks them.
  awk -v tab="$tab" '$1 != "linked" && $1 ~ /^l/ { owner = $2; sub("/", ":", owner); sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, ""); print owner tab substr($0, 1, index($0, " -> ") - 1) }' "$scratch/saved" >"$scratch/links"
  # shellcheck disable=SC2016 # the other shell's own
  stream_in "the links of $what" "$scratch/links" "$entry_runs" "$files_tar"'[ -z "$more" ] && [ "$(id -u)" = 0 ] || exit 0
cd "$1/$2" && while IFS="$3" read -r owner name; do chown -h "$owner" "$name" || exit 1; done' "$entry_folder" "$4" "$tab"
  ended_early $? "the links of $what could not be given their owners"
  # shellcheck disable=SC2016 # the other shell's own
  stream_out "$what to be looked at" "$scratch/answer" "$entry_runs" "$files_tar"'cd "$1/$2" && tar $more -cf - "$3" | tar $more -tvf - && sync' "$entry_folder" "$4" "$(inner_or_root)"
  ended_early $? "what was unpacked of $what cannot be read"
  close_entry
  listing_of <"$scratch/answer" >"$scratch/loaded"
  settle_links "$scratch/saved" "$scratch/loaded"
  cmp -s "$scratch/saved" "$scratch/loaded" || {
    comm -3 "$scratch/saved" "$scratch/loaded" | head -n 20 >"$scratch/said"
    give_up_unproven "what was unpacked of $what is not what was saved ($(last_said))"
  }
  say "$what is unpacked: $(grep -c '' "$scratch/saved") entries, $need bytes, as they were saved"
}
inner_or_root() { if [ -n "$entry_inner" ]; then printf '%s' "${entry_inner#/}"; else printf .; fi; }

# What both tars begin with: that of GNU keeps more. Another one tells owners by names where the archive has them.
# shellcheck disable=SC2016 # the other shell's own
files_tar='more= take=
case $(tar --version 2>/dev/null) in *GNU*)
  more=--numeric-owner
  take="--same-owner --xattrs --xattrs-include=user.* --xattrs-include=security.capability --acls" ;;
esac
[ "$(id -u)" = 0 ] || take="${take#--same-owner}"
'

# listing_of: of tar's list on stdin a line for each entry: mode, owner (by numbers, as $scratch/owners has the names), size, date
# and name, sorted. Only a file has a date of its own that every tar gives back. What is another name of a file that of GNU
# tells as "h… name link to file", and that of busybox as an empty file "name -> file".
listing_of() {
  awk -v owners="$scratch/owners" '
    BEGIN {
      while ((getline line < owners) > 0) {
        if (line == "-") { groups = 1; continue }
        split(line, part, ":")
        if (groups) gid[part[1]] = part[3]; else uid[part[1]] = part[3]
      }
    }
    function numbered(owner,   part) {
      split(owner, part, "/")
      return ((part[1] in uid) ? uid[part[1]] : part[1]) "/" ((part[2] in gid) ? gid[part[2]] : part[2])
    }
    function linked(word,   at) { at = index($0, word); print "linked " substr($0, 1, at - 1); print "linked " substr($0, at + length(word)) }
    $1 ~ /^h/ || ($1 ~ /^-/ && $3 == 0 && index($0, " -> ")) { word = $1 ~ /^h/ ? " link to " : " -> "; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, ""); linked(word); next }
    { head = $1 " " numbered($2) " " $3; date = $1 ~ /^-/ ? $4 " " $5 : "- -"; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, ""); print head " " date " " $0 }' | LC_ALL=C sort -u
}

# settle_links ONE OTHER: which of several names of one file is told as the file, and which as links, is by chance.
settle_links() {
  cat "$1" "$2" | sed -n 's/^linked //p' | LC_ALL=C sort -u >"$scratch/linked"
  [ -s "$scratch/linked" ] || return 0
  for each in "$1" "$2"; do
    awk '
      FILENAME == ARGV[1] { linked[$0] = 1; next }
      { name = $0; if ($1 == "linked") sub(/^linked /, "", name); else sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", name) }
      name in linked { print "linked " name; next }
      { print }' "$scratch/linked" "$each" | LC_ALL=C sort -u >"$each.new"
    mv "$each.new" "$each"
  done
}

# exchange_files KIND ID NAME NEW OLD THERE
exchange_files() {
  local users
  users=$(users_of "$1" "$3")
  [ -z "$users" ] || {
    echo "containers that work with it were started meanwhile: $users" >"$scratch/said"
    return 1
  }
  open_entry "$1" "$2" "$3" || return 1
  change_names "$4" "$5" "$6"
  set -- $? "$1" "$3" "$5" "$6"
  close_entry
  [ "$1" = 0 ] || return "$1"
  [ "$5" = no ] || say "the one from before is $entry_parent/$4. Back by hand, as root, while it is not used: cd $entry_parent && mv $entry_name $entry_name.new && mv $4 $entry_name"
}

# change_names NEW OLD THERE: a file takes the place of another one in one step, and a folder in two.
# shellcheck disable=SC2016 # the other shell's own
change_names() {
  at_entry 'new=$1$2 entry=$3 old=$4
if [ -e "$old" ] || [ -L "$old" ]; then echo "$old is there already" >&2; exit 1; fi
if [ "$5" = no ] && { [ -e "$entry" ] || [ -L "$entry" ]; }; then echo "$entry is there by now" >&2; exit 1; fi
if [ "$5" = yes ] && [ -f "$entry" ] && [ -f "$new" ] && [ ! -L "$entry" ]; then
  ln -- "$entry" "$old" && mv -f -- "$new" "$entry" || { rm -f -- "$old"; exit 1; }
else
  [ "$5" = no ] || mv -- "$entry" "$old" || exit 1
  mv -- "$new" "$entry" || { [ "$5" = no ] || mv -- "$old" "$entry"; exit 1; }
fi
[ -z "$2" ] || rm -rf -- "$1"
sync' "$1" "$entry_inner" "$entry_name" "$2" "$3"
}

# files_state NEW OLD: which of the new one, the entry and the old one are there, as words.
# shellcheck disable=SC2016 # the other shell's own
files_state() {
  at_entry 'state=
if [ -e "$1$2" ] || [ -L "$1$2" ]; then state=new; fi
if [ -e "$3" ] || [ -L "$3" ]; then state="$state entry"; fi
if [ -e "$4" ] || [ -L "$4" ]; then state="$state old"; fi
echo "$state"' "$1" "$entry_inner" "$entry_name" "$2"
}

# files_are_exchanged KIND ID NAME NEW OLD THERE
files_are_exchanged() {
  local state
  open_entry "$1" "$2" "$3" || return 1
  state=$(files_state "$4" "$5")
  close_entry
  case $6$state in "no entry" | "yes entry old") return 0 ;; *) return 1 ;; esac
}

# settle_files KIND ID NAME NEW OLD THERE: cut off between its two steps, the second one is done. Cut off within a file's one, its
# second name goes.
settle_files() {
  open_entry "$1" "$2" "$3" || {
    warn "$(title_of "$1" - "$3") could not be looked at: $(last_said)"
    return 0
  }
  # shellcheck disable=SC2016 # the other shell's own
  case $6$(files_state "$4" "$5") in
    "yesnew old") at_entry 'mv -- "$1$2" "$3" && { [ -z "$2" ] || rm -rf -- "$1"; }' "$4" "$entry_inner" "$entry_name" || warn "$(title_of "$1" - "$3") could not be given its name: $(last_said)" ;;
    "yesnew entry old") at_entry 'rm -f -- "$1"' "$5" || warn "$5 could not be removed: $(last_said)" ;;
  esac
  close_entry
}

# drop_files KIND ID NAME WHICH: where it is there.
drop_files() {
  local code
  open_entry "$1" "$2" "$3" || return 1
  # shellcheck disable=SC2016 # the other shell's own
  at_entry 'rm -rf -- "$1"' "$4"
  code=$?
  close_entry
  return "$code"
}

# let_files_go KIND NAME: what restores of this backup have replaced goes; a line of $scratch/gone for each.
let_files_go() {
  local id=- old kept=''
  entry_of "$1" "$2"
  if [ "$1" = volume ]; then
    [ -n "$entry_volume" ] || return 0
    id=$(engine_volume_users "$entry_volume" | head -n 1)
    [ -n "$id" ] || fail refused request-refused "no container has the volume $2, and so there is no image that could remove what it had before" 'Make its containers: docker compose create.'
  elif [ ! -d "$entry_parent" ]; then
    return 0
  fi
  open_entry "$1" "$id" "$2" || fail refused request-refused "$(title_of "$1" - "$2") cannot be reached: $(last_said)" 'Remove what is kept there by hand.'
  at_entry 'ls -A' >"$scratch/names" || fail remote backup-failed "$entry_parent could not be read: $(last_said)" 'Look at it on the server.'
  close_entry
  for old in $(kept_names "$entry_name"); do ! grep -Fqx -e "$old" "$scratch/names" || kept="$kept $old"; done
  for old in $kept; do
    drop_files "$1" "$id" "$2" "$old" || drop_files_of_others "$1" "$id" "$2" "$old" ||
      fail remote backup-failed "$entry_parent/$old could not be removed: $(last_said)" 'Remove it by hand, as root.'
    echo "$entry_parent/$old" >>"$scratch/gone"
  done
}

# drop_files_of_others KIND ID NAME WHICH: a path's, by the image of a service.
drop_files_of_others() {
  local each
  [ "$2" = - ] || return 1
  for each in $(ids_of_application); do
    ! drop_files "$1" "$each" "$3" "$4" || return 0
  done
  return 1
}
