'use strict';
// The reporter for slow suites: a line for each test, not for each file alone.
const Reporter = require('./reporter.cjs');

module.exports = class extends Reporter {
  constructor(globalConfig) {
    super(globalConfig, { each: true });
  }
};
