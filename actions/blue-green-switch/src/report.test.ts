import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fakePorts } from '@deploy-actions/runner/testing';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publish } from './report.ts';

test('a switch’s report is an output and a file, without secrets, and the file is the job user’s alone', () => {
  const ports = fakePorts({ temp: mkdtempSync(join(tmpdir(), 'switch-report-')) });
  ports.addSecret('correct-horse-battery');
  const check = { name: 'web1', ok: false, attempts: 1, elapsedMs: 5, detail: 'said correct-horse-battery' };
  const published = publish(
    { kind: 'switch', ok: false, summary: 'no', elapsedMs: 5, checks: [check] },
    ports,
  );
  const whole = readFileSync(published['report-file'], 'utf8');
  expect(JSON.parse(whole)).toMatchObject({ kind: 'switch', ok: false, checks: [{ name: 'web1' }] });
  expect(JSON.parse(published.report)).toMatchObject({ kind: 'switch', checks: [{ name: 'web1' }] });
  expect(whole + published.report).not.toContain('correct-horse');
  expect(statSync(published['report-file']).mode & 0o777).toBe(0o600);
});
