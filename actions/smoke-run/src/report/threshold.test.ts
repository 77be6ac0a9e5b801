import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { serveHttp } from '../../../../test/support/server.ts';
import { smokeRig } from '../testing/smoke-rig.ts';

const { run } = smokeRig({ beforeEach, afterEach, afterAll, serve: serveHttp });

test('severities, fail-fast and thresholds decide what fails the run', async () => {
  const two = `
checks:
  - { name: bad, request: GET /error, SEVERITY }
  - { name: good, request: GET / }
`;
  const warned = await run({ checks: two.replace('SEVERITY', 'severity: warn') });
  expect(warned.failure).toBeUndefined();
  expect(warned.report.summary).toContain('1 warned');
  const failed = await run({ checks: two.replace(', SEVERITY', ''), 'fail-fast': 'true', concurrency: '1' });
  expect(failed.outputs).toMatchObject({ passed: 0, failed: 1, skipped: 1 });
  const tolerated = await run({ checks: `thresholds: { error-rate: 50% }${two.replace(', SEVERITY', '')}` });
  expect(tolerated.failure).toBeUndefined();
  const limits = await run({
    checks: `thresholds: { p95: 1ms, min-checks: 3 }${two.replace(', SEVERITY', ', expect: { status: 500 }')}`,
  });
  expect(limits.failure!.message).toContain('2 checks ran, wanted at least 3');
  expect(limits.report.checks.at(-1)).toMatchObject({ name: 'threshold p95' });
});

test('an error-rate that holds tolerates the failures of its own file only', async () => {
  const lenient = `thresholds: { error-rate: 50% }
checks: [{ name: tolerated, request: GET /error }, { name: good, request: GET / }]`;
  const strict = 'checks: [{ name: fatal, request: GET /missing }]';
  const file = 'lenient.yml\nstrict.yml';
  const both = await run(
    { file, 'junit-file': 'junit.xml' },
    { 'lenient.yml': lenient, 'strict.yml': strict },
  );
  expect(both.report.ok).toBe(false);
  expect(both.failure!.message).toMatch(/^2 of 3 checks failed: fatal: status is 404/);
  // Each is told when it fails, and not again at the end.
  expect(both.log.match(/^FAILED: (fatal|tolerated): /gm)).toHaveLength(2);
  expect(both.failure!.details).toBe('');
  expect(both.outputs).toMatchObject({ passed: 1, failed: 2 });
  // What is tolerated is told as a warning, wherever it is told.
  expect(both.report.checks.map(({ name, severity }) => [name, severity])).toContainEqual([
    'tolerated',
    'warn',
  ]);
  expect(both.junit).toMatch(/failures="1"[\s\S]*name="tolerated"[^>]*><system-out>/);
  expect(both.annotations.map(([level]) => level)).toEqual(['error', 'warning']);
  const fine = await run({ file }, { 'lenient.yml': lenient, 'strict.yml': strict.replace('/missing', '/') });
  expect(fine.failure).toBeUndefined();
  expect(fine.report.summary).toContain('2 of 3 checks passed');
});

test('a threshold that breaks beside tolerated failures is what fails the run', async () => {
  const { failure } = await run({
    checks: `thresholds: { error-rate: 50%, min-checks: 3 }
checks: [{ name: bad, request: GET /error }, { name: good, request: GET / }]`,
  });
  expect(failure!.message).toBe('1 of 2 checks passed, but 2 checks ran, wanted at least 3');
});

test('a warning counts in no error-rate', async () => {
  const { failure, report } = await run({
    checks: `thresholds: { error-rate: 0% }
checks: [{ name: bad, request: GET /error, severity: warn }, { name: good, request: GET / }]`,
  });
  expect(failure).toBeUndefined();
  expect(report.summary).toContain('1 warned');
});

test('a file without a selected check fails nothing, unless it has a min-checks or the whole run has none', async () => {
  const file = 'a.yml\nb.yml';
  const a = 'checks: [{ name: a, tags: [quick], request: GET / }]';
  const limits = (text: string) => `thresholds: { ${text} }\nchecks: [{ name: b, request: GET / }]`;
  const fine = await run({ file, only: 'quick' }, { 'a.yml': a, 'b.yml': limits('error-rate: 0%, p95: 5s') });
  expect(fine.failure).toBeUndefined();
  expect(fine.outputs).toMatchObject({ passed: 1, skipped: 1 });
  const own = await run({ file, only: 'quick' }, { 'a.yml': a, 'b.yml': limits('min-checks: 1') });
  expect(own.failure!.message).toContain('0 checks ran, wanted at least 1');
  const none = await run({ file, only: 'other' }, { 'a.yml': a, 'b.yml': limits('error-rate: 0%') });
  expect(none.failure!.message).toBe('0 of 0 checks passed, but 0 checks ran, wanted at least 1');
});
