'use strict';

const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The files that may take the longest come first, those that may take the same in Jest's own order: a long one that begins last
 * would be waited for alone.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const allowed = new Map(
      tests.map(({ path, context }) => [
        path,
        allowedTime(readFileSync(path, 'utf8'), context.config.testTimeout),
      ]),
    );
    return super.sort(tests).sort((one, other) => allowed.get(other.path) - allowed.get(one.path));
  }
};

/** The milliseconds that the tests of a file may take: what they and their hooks ask for, and the usual limit for each other one. */
function allowedTime(text, usual) {
  const limits = [...text.matchAll(/^\s*(?:\},? )?(\d+_000),?\)?;?$/gm)].map(([, limit]) =>
    Number(limit.replace('_', '')),
  );
  const tests = [...text.matchAll(/^test\w*(?:\.each)?\(/gm)].length;
  return limits.reduce((sum, limit) => sum + limit, 0) + Math.max(0, tests - limits.length) * usual;
}
