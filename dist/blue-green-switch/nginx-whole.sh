# shellcheck shell=dash
# nginx's whole configuration.

# whole_nginx [CONTAINER]: what `nginx -T` prints; without root, what it would print of the files that everybody may read.
whole_nginx() {
  if [ -n "${1-}" ]; then
    engine_in "$1" nginx -T 2>/dev/null
  else
    (umask 022 && as_root nginx -T) 2>/dev/null || readable_nginx /etc/nginx/nginx.conf
  fi
}

# readable_nginx FILE: it and what it includes, each with its name before it as nginx -T does it, as far as they can be read.
readable_nginx() {
  [ -r "$1" ] || return 0
  printf '# configuration file %s:\n' "$1"
  cat "$1"
  echo
  # shellcheck disable=SC2086 # a pattern for several files
  sed -n 's/^[[:space:]]*include[[:space:]]\{1,\}\([^;#]*\);.*/\1/p' "$1" | while read -r readable_include; do
    case $readable_include in /*) ;; *) readable_include=/etc/nginx/$readable_include ;; esac
    for readable_file in $readable_include; do
      if grep -qxF "$readable_file" "$staging_fields/read" 2>/dev/null; then continue; fi
      printf '%s\n' "$readable_file" >>"$staging_fields/read"
      readable_nginx "$readable_file"
    done
  done
}
