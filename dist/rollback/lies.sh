# shellcheck shell=dash
# Why a proxy may go on as before although it was told otherwise; each is looked for, the first found is named.

reads_other() {
  echo "the container $proxy_container reads another $config_inside than $config_file: a single file that is mounted keeps its old content when it is replaced; mount its folder, and recreate the container."
}

# lies: a sentence on what was found.
lies() {
  if [ -n "$config_file" ] && [ -r "$config_file" ]; then
    if ! grep -q "deploy-actions $project begin" "$config_file"; then
      echo "$config_file no longer has the part that was installed: run this action with install: true."
      return
    fi
    if [ -n "$proxy_container" ]; then
      lies_inside=$(in_proxy cat "$config_inside" 2>/dev/null | cksum)
      if [ "$lies_inside" != "$(cksum <"$config_file")" ]; then
        reads_other
        return
      fi
    fi
  fi
  lies_whole=$(traffic_whole)
  if [ -n "$lies_whole" ] && ! printf '%s\n' "$lies_whole" | grep -q "deploy-actions $project begin"; then
    echo "$proxy does not include $config_file: name the file that it loads in site-config."
    return
  fi
  lies_own=$(why_silent)
  if [ -n "$lies_own" ]; then
    echo "$lies_own"
    return
  fi
  echo "Look at $proxy's log, and reload or restart it: it goes on with an older configuration."
}
