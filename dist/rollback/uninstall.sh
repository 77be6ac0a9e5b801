# shellcheck shell=dash
# Takes our parts out of a proxy again: $files/site is the user's file without them. Parameters: see preparation.sh.

# The status of COUNT answers in a row, one a line, and the colour's header of each where there is one.
plain_answers() { ask '' "$1" | awk '{ print $1, $3 }'; }

# Every answer has the status that it had before, and none has the colour's header.
answers_plainly() {
  plain_now=$(plain_answers 5)
  plain_wrong=$(printf '%s\n' "$plain_now" | awk -v status="$status_before" '$1 != status || $2 != "-" { print; exit }')
  [ -n "$plain_now" ] && [ -z "$plain_wrong" ]
}

told_steps() { :; }

operate() {
  look_at_tools
  phase prepare
  share=$(traffic_observe) || share=
  result from "$share"
  # What was seen before under the lock may be another share by now: the file leads to one colour only.
  [ -z "$share" ] || [ "$share" = "$first_share" ] ||
    fail refused traffic-elsewhere "traffic is on $share, but $config_file as it was leads to $first_share: nothing was changed" "Move the traffic first (to: $first_share)."
  if [ -f .deploy/confirm ]; then
    fail refused confirmation-pending 'a switch waits to be confirmed: nothing was changed' 'Confirm it (to: confirm), or wait until it was taken back.'
  fi
  status_before=$(plain_answers 1 | awk '{ print $1 }')
  case $status_before in
    '' | 000 | 5??) fail unhealthy site-unwell "$verify_url answers ${status_before:-nothing} already, so nobody could tell whether it answers as before: nothing was changed" 'Mend the site first, or give verify-url.' ;;
  esac
  phase write
  read_before
  write_config
  [ "$config_changed" = true ] || say "$config_file has no parts of $project."
  result changed "$config_changed"
  check_config
  phase reload
  reload_config
  phase prove
  if ! wait_until "$verify_seconds" "$verify_url to answer as before" answers_plainly; then
    # shellcheck disable=SC2086 # the words of one answer
    set -- $plain_wrong
    [ "$reload_code" = 0 ] || fail refused proxy-config-not-loaded "$verify_url does not answer by the configuration that is in $config_file (status ${1:-none}, colour ${2:-none}), and $login cannot reload $proxy" "$(by_hand)"
    restore_config
    await_parts || warn "$proxy was not seen to answer by its parts again: look at its log"
    fail unhealthy site-unwell "without our parts $verify_url does not answer as before (status ${1:-none} instead of $status_before, colour ${2:--}): $config_file has them again" "What $config_file leads to without them must answer: look at it."
  fi
  journal proven
  uninstalled
}

# After a failed proof the colours answer again, once the proxy goes by its parts.
await_parts() { wait_until "$verify_seconds" "$proxy to answer by its parts again" answers_steadily "$(told_by_header)" 3; }

# What nobody asks any more goes away; what we may not remove is left to an administrator.
uninstalled() {
  phase clean
  remains=
  forget_proxy
  remove_or_tell "$folder"
  [ -z "$canary_log" ] || remove_or_tell "$canary_log"
  rm -f .deploy/proxy.json
  result to "$first_share"
  result remains "$remains"
  record_switch "$first_share" "$first_share" uninstalled "$reason"
  say "$config_file is as it was before, and $verify_url answers as before."
  if [ -n "$remains" ]; then
    warn "of no use any more, and for an administrator to remove: rm -rf$remains"
  fi
}

recover() {
  if journalled proven; then
    look_at_tools
    uninstalled
    return 0
  fi
  put_back_whole
  fail lost interrupted 'the removal was cut off before it was proven: the parts are in place again' 'Run it again.'
}
