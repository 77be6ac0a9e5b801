# shellcheck shell=dash
# When nginx took its configuration: a reload starts new workers. One that died is started anew with what its master has, so
# it is the oldest that tells; those that shut down are of a configuration before.

# loaded_nginx CONTAINER PROCESSES…: a step that cannot go on has said why.
loaded_nginx() {
  nginx_container=$1
  shift
  if nginx_processes "$@" && nginx_has_file; then nginx_tells; fi
}

# nginx_tells: when it took its files, and when each of them was changed.
nginx_tells() {
  echo "loaded $nginx_loaded"
  [ -z "$nginx_told" ] || printf 'main %s\n' "$nginx_told"
  if [ -n "$nginx_container" ]; then nginx_files_inside; else
    : >"$loaded_folder/nginx"
    nginx_walk "$nginx_file"
    nginx_list=$(sort -u "$loaded_folder/nginx")
  fi
  if [ -z "$nginx_list" ]; then
    echo 'unknown its files cannot be listed: nginx -T fails there'
    return 0
  fi
  # shellcheck disable=SC2046 # names with spaces are told as not seen
  tell_files "$nginx_container" $(printf '%s\n' "$nginx_list")
}

# nginx_processes PROCESSES…: sets $nginx_loaded, when the oldest worker was started, and $nginx_told, the file that the
# master was started with (empty where it was told none).
nginx_processes() {
  nginx_told=
  nginx_loaded=
  for nginx_pid in "$@"; do
    nginx_title=$(tr '\0' ' ' 2>/dev/null <"/proc/$nginx_pid/cmdline" | sed 's/ *$//')
    case $nginx_title in
      'nginx: worker process')
        nginx_at=$(started_at "$nginx_pid") || continue
        if [ -z "$nginx_loaded" ] || [ "$nginx_at" -lt "$nginx_loaded" ]; then nginx_loaded=$nginx_at; fi
        ;;
      *' -p '*)
        echo 'unknown it was started with another prefix (-p)'
        return 1
        ;;
      *' -c '*)
        nginx_told=${nginx_title#* -c }
        nginx_told=${nginx_told%% *}
        ;;
    esac
  done
  [ -z "$nginx_loaded" ] || return 0
  echo 'unknown no worker of it is seen'
  return 1
}

# nginx_has_file: sets $nginx_file, the absolute path of what nginx reads first.
nginx_has_file() {
  nginx_file=${nginx_told:-/etc/nginx/nginx.conf}
  case $nginx_file in
    /*) ;;
    *)
      echo "unknown it was started with a file that has no absolute path: $nginx_file"
      return 1
      ;;
  esac
}

# Into $nginx_list: the files that nginx itself says it would read, and the folders that they are looked for in.
nginx_files_inside() {
  nginx_whole=$(engine_in "$nginx_container" nginx -T -c "$nginx_file" 2>/dev/null)
  nginx_list=$({
    printf '%s\n' "$nginx_whole" | sed -n 's/^# configuration file \(.*\):$/\1/p'
    printf '%s\n' "$nginx_whole" | nginx_includes | sed -n 's|^\(.*\)/[^/]*[*?[][^/]*$|\1|p'
  } | sort -u)
}

# nginx_includes: what a text includes, one a line, with absolute paths.
nginx_includes() {
  awk '{ sub(/#.*/, ""); gsub(/[;{}]/, "\n"); print }' | sed -n 's/^[[:space:]]*include[[:space:]]\{1,\}//p' | tr -d "\"'" |
    awk -v folder="${nginx_file%/*}" '{ sub(/[[:space:]]+$/, "") } /^\// { print; next } { print folder "/" $0 }'
}

# nginx_walk FILE: it, and all that it includes, into $loaded_folder/nginx.
nginx_walk() {
  ! grep -qxF "$1" "$loaded_folder/nginx" || return 0
  printf '%s\n' "$1" >>"$loaded_folder/nginx"
  if [ ! -r "$1" ]; then
    echo "unknown the login may not read $1, which may include others"
    return 0
  fi
  nginx_includes <"$1" | while read -r walk_pattern; do
    case $walk_pattern in
      *[*?[]*)
        walk_folder=${walk_pattern%/*}
        if [ ! -d "$walk_folder" ]; then continue; fi
        printf '%s\n' "$walk_folder" >>"$loaded_folder/nginx"
        [ -r "$walk_folder" ] || echo "unknown the login may not look into $walk_folder"
        for walk_file in $walk_pattern; do
          if [ -e "$walk_file" ]; then nginx_walk "$walk_file"; fi
        done
        ;;
      *) nginx_walk "$walk_pattern" ;;
    esac
  done
}
