# shellcheck shell=dash

traffic_observe() { share_traefik | grep .; }
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
  [ "$operation" != uninstall ] || return 0
  [ ! -r "$config_file" ] || grep -q "deploy-actions $project begin" "$config_file" || {
    echo "$config_file no longer has the part that was installed: run this action with install: true"
    return 1
  }
}
traffic_whole() { :; }
traffic_generation() { :; }
traffic_reload() { :; }
why_silent() { echo "A file in $watched that Traefik cannot read, whosever it is, makes it go on with what it had; its log names the file."; }
