# shellcheck shell=dash
# What can be told of Traefik's configuration before it is asked. Parameters: config_file, watched.

# Without a header for visitors only this tells that their router still leads to the colours.
traffic_valid() {
  [ "$operation" != uninstall ] || return 0
  [ ! -r "$config_file" ] || grep -q "deploy-actions $project begin" "$config_file" || {
    echo "$config_file no longer has the part that was installed: run this action with install: true"
    return 1
  }
}

traffic_whole() { :; }

why_silent() { echo "A file in $watched that Traefik cannot read, whosever it is, makes it go on with what it had; its log names the file."; }
