# shellcheck shell=dash
# A rollback is decided before the lock is held, so it looks again under it. Parameter: expect_slot, what the deploy
# to the target noted (empty: nothing; ANY_RELEASE: not asked). A deploy takes the note away before it changes
# anything there.

operate() {
  if [ "$expect_slot" != '*' ]; then
    slot_now=
    { read -r slot_now <"$path/.deploy/color-$target"; } 2>/dev/null || true
    [ "$slot_now" = "$expect_slot" ] ||
      fail refused color-changed "$target holds ${slot_now:-no whole release} by now, not ${expect_slot:-what was there}: another run deployed to it meanwhile, and no traffic was moved" 'Run it again: it decides by what is there now.'
  fi
  move_traffic
}
