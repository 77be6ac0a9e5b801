# shellcheck shell=dash
# Prepares a proxy once. Parameters: see preparation.sh.

told_steps() { prepare_steps; }

operate() {
  look_at_tools
  phase prepare
  if group_is_own "$login" "$login_group"; then group_own=yes; fi
  prepare_steps
  phase write
  read_before
  write_config
  [ "$config_changed" = true ] || say "$config_file has all parts already."
  result changed "$config_changed"
  check_config
  whole_now=$(traffic_whole)
  if [ -n "$whole_now" ] && ! printf '%s\n' "$whole_now" | grep -q "deploy-actions $project begin"; then
    restore_config
    fail refused proxy-config-not-loaded "$proxy does not include $config_file, which is as it was again" 'Name in site-config the file that it loads.'
  fi
  phase reload
  reload_config
  phase prove
  if ! wait_until "$verify_seconds" "$proxy to answer by the new configuration" answers_steadily "$(told_by_header)" 5; then
    # shellcheck disable=SC2086 # the words of one answer
    set -- $steady_wrong
    why=$(lies)
    if [ -n "$generation" ] && [ "$(traffic_generation)" = "$generation" ]; then why="its workers are the same as before the reload, which it did not carry out. $why"; fi
    [ "$reload_code" = 0 ] || fail refused proxy-config-not-loaded "$verify_url does not answer by the configuration that is in $config_file (status ${1:-none}, colour ${3:-none}), and $login cannot reload $proxy: $why" "$(by_hand)"
    case ${3:--} in *fallback) why="it cannot read the flags in $folder: every folder above needs mode 0755, and a container needs the folder as a mount." ;; esac
    restore_config
    fail refused proxy-config-not-loaded "$proxy was reloaded, but $verify_url (asked at $verify_connect) does not answer by the new configuration (status ${1:-none}, colour ${3:-none}), so $config_file is as it was again: $why" 'If the site answers elsewhere, say so in verify-url.'
  fi
  proven
  write_file .deploy/proxy.json <"$files/proxy.json"
  share=$(traffic_observe)
  result to "$share"
  keep_traffic "$share"
  record_switch "$share" "$share" installed "$reason"
  say "$proxy chooses by $folder now: traffic is on $share."
}

recover() {
  put_back_whole
  fail lost interrupted 'the installation was cut off' 'Run it again.'
}
