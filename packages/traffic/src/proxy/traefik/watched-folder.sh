# shellcheck shell=dash
# What an installation does in the folder that Traefik watches. Parameters: those of INSTALL.

# Traefik reads its folder at every change in it: of a file that is only half there it would forget the routers.
replace_config() {
  replace_words='new=$(mktemp "${2%/*}/.deploy-actions.XXXXXX") || exit 1; cp -p "$2" "$new" && cat "$1" >"$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }'
  sh -c "$replace_words" sh "$1" "$config_file" 2>/dev/null || as_root sh -c "$replace_words" sh "$1" "$config_file"
}

# place_share FILE: as Traefik's file of the share. As root as long as the folder is not ours to write.
place_share() {
  if [ -w "$watched" ]; then
    put_share "$1"
  else need_root sh -c 'new=$(mktemp "${2%/*}/.deploy-actions.XXXXXX") || exit 1; cat "$1" >"$new" && chmod 0644 "$new" && chown "$3" "$new" && mv -f "$new" "$2" || { rm -f "$new"; exit 1; }' sh "$1" "$share_file" "$login"; fi
}

# The file of the share as it was before this run: the site that is put back knows that one.
put_share_back() {
  [ "$proxy" = traefik ] && [ -f "$run/share-placed" ] || return 0
  if [ -f "$run/share-before" ]; then
    place_share "$run/share-before"
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
      *) fail refused folder-not-usable "$login may not write in $watched, and making it the group's would keep others out" "An administrator can run: setfacl -m u:$login:rwx $watched" ;;
    esac
  fi
  [ ! -f "$share_file" ] || cp "$share_file" "$run/share-before"
  : >"$run/share-placed"
  place_share "$files/shares/$share.yml" || fail refused folder-not-usable "a file cannot be renamed into $watched"
  if ! wait_until "$verify_seconds" "$proxy to read what is in $watched" reads_share; then
    put_share_back
    fail refused watched-folder-unread "$proxy does not take up what is put into $watched (status ${read_status:-none} from $verify_url)" "It must watch that folder (providers.file.directory), no file in it may be broken, and a router needs ruleSyntax: v2 where that is the default: its log says which. If $verify_url leads elsewhere, such as from http to https, give verify-url."
  fi
  if [ ! -w "$watched" ]; then
    # Sticky: the administrator's files in it stay theirs alone.
    need_root chgrp "$login_group" "$watched"
    need_root chmod g+w,+t "$watched"
  fi
}
reads_share() {
  read_answer=$(ask "$(share_color "$share")" 1)
  read_status=${read_answer%% *}
  [ "$(printf '%s\n' "$read_answer" | awk '{ print $3 }')" = "$(share_color "$share")" ]
}
