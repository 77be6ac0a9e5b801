'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The tests of the actions come first, each kind in Jest's own order (without times of an earlier run: by size). They wait
 * for programs, for up to a minute a file: one that begins last would be waited for alone.
 */
module.exports = class ActionsFirst extends Sequencer {
  sort(tests) {
    const isActions = ({ path }) => path.includes('/actions/');
    const sorted = super.sort(tests);
    return [...sorted.filter(isActions), ...sorted.filter((test) => !isActions(test))];
  }
};
