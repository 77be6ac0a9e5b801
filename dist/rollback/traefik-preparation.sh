# shellcheck shell=dash
# What install and uninstall do in the folder that Traefik watches. Parameters: see preparation.sh.

# share_file: Traefik's file of the share. Asked for when it is needed: a part is read before the parameters are.
share_file() { printf '%s' "$watched/deploy-actions-$project.yml"; }

# Traefik reads its folder at every change in it: of a file that is only half there it would forget the routers.
put_config() {
  # shellcheck disable=SC2016 # the inner shell expands it
  replace_words='new=$(mktemp "${2%/*}/.deploy-actions.XXXXXX") || exit 1; cp -p "$2" "$new" && cat "$1" >"$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }'
  sh -c "$replace_words" sh "$1" "$config_file" 2>/dev/null || as_root sh -c "$replace_words" sh "$1" "$config_file"
}
put_command() { printf '%s; cat %s >%s; %s' "$(shown cp -p "$config_file" "$config_file.new")" "$(shown "$1")" "$(shown "$config_file.new")" "$(shown mv "$config_file.new" "$config_file")"; }

# place_share FILE: as Traefik's file of the share. As root as long as the folder is not ours to write.
place_share() {
  # shellcheck disable=SC2016 # the inner shell expands it
  if [ -w "$watched" ]; then
    put_share "$1"
  else need_root sh -c 'new=$(mktemp "${2%/*}/.deploy-actions.XXXXXX") || exit 1; cat "$1" >"$new" && chmod 0644 "$new" && chown "$3" "$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }' sh "$1" "$(share_file)" "$login"; fi
}

# The file of the share as it was before this run: the site that is put back knows that one.
undo_prepare() {
  [ -f "$run/share-placed" ] || return 0
  if [ -f "$run/share-before" ]; then
    place_share "$run/share-before"
  else rm -f "$(share_file)" 2>/dev/null || as_root rm -f "$(share_file)"; fi
}

# Traefik's answers show that it reads the folder, before anything else is changed there.
prepare_steps() {
  share=$(traffic_observe) || share=
  if [ -z "$share" ] || [ "$fresh" = 1 ]; then share=$first_share; fi
  if [ "$root_steps" = told ]; then
    cp "$files/shares/$share.yml" ".deploy/$project.yml"
    # The services first, or the router would lead nowhere; and nothing that could be read half written.
    step install -m 0644 -o "$login" "$path/.deploy/$project.yml" "$(share_file)"
    open_folder
    return
  fi
  [ ! -f "$(share_file)" ] || cp "$(share_file)" "$run/share-before"
  true >"$run/share-placed"
  place_share "$files/shares/$share.yml" || fail refused folder-not-usable "a file cannot be renamed into $watched"
  if ! wait_until "$verify_seconds" "$proxy to read what is in $watched" reads_share; then
    undo_prepare
    fail refused watched-folder-unread "$proxy does not take up what is put into $watched (status ${read_status:-none} from $verify_url)" "It must watch that folder (providers.file.directory), no file in it may be broken, and a router needs ruleSyntax: v2 where that is the default: its log says which. If $verify_url leads elsewhere, such as from http to https, give verify-url."
  fi
  open_folder
}

# Lets the login user write in the watched folder, and nobody else besides: what is written there, Traefik does.
# Sticky: the administrator's files in it stay theirs alone.
open_folder() {
  if [ -w "$watched" ]; then
    if [ "$group_own" = no ] && [ -n "$(find "$watched" -prune -group "$login_group" -perm -0020 2>/dev/null)" ]; then
      warn "everybody in the group $login_group may write in $watched, and so tell Traefik what to do: give $login a group of its own"
    fi
    return 0
  fi
  # shellcheck disable=SC2012 # one folder, for its rights and its group
  case $(ls -ld "$watched" | awk '{ print $1, $4 }') in
    d??????r[-w][xt]*" root" | d??????r[-w][xt]*" $login_group")
      if [ "$group_own" = yes ]; then
        step chgrp "$login_group" "$watched"
        step chmod g+w,+t "$watched"
        return
      fi
      ;;
  esac
  if command -v setfacl >/dev/null 2>&1; then
    step setfacl -m "u:$login:rwx" "$watched"
    step chmod +t "$watched"
    return
  fi
  undo_prepare
  fail refused group-shared "$login may not write in $watched, and making it the group's would let others in or keep others out" "Give $login a group of its own and let the folder be root's, or install setfacl (package acl): an administrator can then run setfacl -m u:$login:rwx $watched"
}

# Whether Traefik answers by the share that was put into its folder; the status of its answer is in $read_status.
reads_share() {
  read_answer=$(ask "$(share_color "$share")" 1)
  read_status=${read_answer%% *}
  [ "$(printf '%s\n' "$read_answer" | awk '{ print $3 }')" = "$(share_color "$share")" ]
}

proven() { :; }

forget_proxy() {
  remove_or_tell "$(share_file)"
  remove_or_tell "$watched/.deploy-actions-$project"
}

# It reads what is written by itself.
check_command() { :; }
reload_command() { :; }
told_by_header() { traffic_observe; }
traffic_generation() { :; }
traffic_reload() { :; }
