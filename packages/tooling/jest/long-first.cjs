'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The long files come first, each kind in Jest's own order (without times of an earlier run: by size, and some of these are
 * small): those of the actions, which wait for programs for up to a minute each, and those of the tooling, which read every
 * source and every program for servers. One that begins last would be waited for alone.
 */
module.exports = class LongFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => path.includes('/actions/') || path.includes('/packages/tooling/');
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
