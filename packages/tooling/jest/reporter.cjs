'use strict';
// Prints what Jest does as it happens, and never is silent for long: `npm test` is read while it runs.

const { stripVTControlCharacters } = require('node:util');

const HEARTBEAT_MS = 10_000;
/** Of a failure that is told while its file still runs, each line cut at so many characters. */
const REASON_LINES = 12;
const LINE_LENGTH = 300;

module.exports = class Reporter {
  constructor(globalConfig, options) {
    this.root = globalConfig.rootDir;
    this.each = options.each === true;
    this.running = new Map();
    this.current = new Map();
    this.done = 0;
    this.total = 0;
    this.said = Date.now();
  }

  say(line) {
    this.said = Date.now();
    process.stdout.write(`${line}\n`);
  }

  name(path) {
    return path.replace(/^.*\/(?=(?:actions|packages|test)\/)/, '');
  }

  onRunStart(results) {
    this.total = results.numTotalTestSuites;
    this.timer = setInterval(() => {
      if (Date.now() - this.said < HEARTBEAT_MS) return;
      const running = [...this.running].map(([path, since]) => {
        const test = this.current.get(path);
        return `${this.name(path)}${test ? ` › ${test}` : ''} (${Math.round((Date.now() - since) / 1000)} s)`;
      });
      this.say(`  … ${this.done} of ${this.total} files; running: ${running.join(', ')}`);
    }, 1000);
    this.timer.unref();
  }

  onTestFileStart(test) {
    this.running.set(test.path, Date.now());
  }

  onTestCaseStart(test, info) {
    this.current.set(test.path, info.title);
  }

  onTestCaseResult(test, result) {
    if (result.status === 'failed') {
      this.say(`  ✗ ${this.name(test.path)} › ${result.fullName}`);
      if (this.each) this.say(this.reason(result));
    } else if (this.each && result.status === 'passed') {
      this.say(`  ✓ ${result.fullName} (${((result.duration ?? 0) / 1000).toFixed(1)} s)`);
    }
  }

  /** How the failure of a test begins: a slow file has an hour to go before it is told whole. */
  reason({ failureMessages }) {
    const lines = stripVTControlCharacters(failureMessages.join('\n')).split('\n');
    return lines
      .filter((line) => line.trim() !== '')
      .slice(0, REASON_LINES)
      .map((line) => `      ${line.slice(0, LINE_LENGTH)}`)
      .join('\n');
  }

  onTestFileResult(test, result) {
    this.done += 1;
    this.running.delete(test.path);
    this.current.delete(test.path);
    const { numPassingTests: passed, numFailingTests: failed } = result;
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    const counts = result.testExecError
      ? 'did not run'
      : `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`;
    this.say(`  ${this.done}/${this.total} ${this.name(test.path)}: ${counts} in ${seconds} s`);
    if (result.failureMessage) this.say(result.failureMessage);
  }

  onRunComplete() {
    clearInterval(this.timer);
  }
};
