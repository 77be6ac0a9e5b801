import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deploymentIdOf, identifier, isId, isSameRun, releaseIdInColor, releaseIdOf } from './identity.ts';
import { releaseOfLink } from './folder.ts';
import { jsonText } from './json-text.ts';

test('the same run and job have the same deployment id, whatever the job is called', () => {
  const workflow = { runId: '42', job: 'Deploy / Production' };
  expect(deploymentIdOf(undefined, workflow)).toBe('42-deploy-production');
  expect(deploymentIdOf(undefined, { runId: '42', job: '' })).toBe('42-job');
  expect(deploymentIdOf('mine', workflow)).toBe('mine');
  expect(deploymentIdOf(undefined, { runId: '', job: 'x' })).toMatch(/^local-[0-9a-f]{12}$/);
});

test('whatever they are made of, ids are ids', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      expect(isId(identifier(text))).toBe(true);
      expect(isId(deploymentIdOf(undefined, { runId: '42', job: text }))).toBe(true);
      expect(isId(releaseIdOf(text, new Date(0)))).toBe(true);
      expect(isId(releaseIdInColor(identifier(text), 'green'))).toBe(true);
    }),
  );
});

test('release ids are in the order of time', () => {
  const at = (iso: string) => releaseIdOf('v1', new Date(iso));
  expect(at('2026-01-02T03:04:05Z')).toMatch(/^20260102-030405-v1-[0-9a-f]{4}$/);
  expect(at('2026-01-02T03:04:05Z') < at('2026-01-02T03:04:06Z')).toBe(true);
});

test('a release has one id for each colour, however often it changes', () => {
  expect(releaseIdInColor('r1', 'green')).toBe('r1-green');
  expect(releaseIdInColor('r1-green', 'blue')).toBe('r1-blue');
  const long = 'r'.repeat(63);
  expect(releaseIdInColor(long, 'green')).not.toBe(releaseIdInColor(`${long.slice(1)}x`, 'green'));
});

test('two deployments are of one run when their ids begin with its number, or the address of the run is the same', () => {
  const of = (deploymentId: string, runUrl = '') => ({ deploymentId, runUrl });
  expect(isSameRun(of('7-deploy'), of('7-rollback'))).toBe(true);
  expect(isSameRun(of('7-deploy'), of('70-deploy'))).toBe(false);
  expect(isSameRun(of('mine'), of('mine'))).toBe(true);
  expect(isSameRun(of('mine'), of('yours'))).toBe(false);
  expect(isSameRun(of('mine', 'https://ci.test/7'), of('7-job', 'https://ci.test/7'))).toBe(true);
  expect(isSameRun(of('mine', 'https://ci.test/7'), of('7-job', 'https://ci.test/8'))).toBe(false);
});

test('only a link into releases names a release', () => {
  expect(releaseOfLink('releases/r1')).toBe('r1');
  expect(releaseOfLink('/elsewhere/r1')).toBe('');
  expect(releaseOfLink('')).toBe('');
});

test('text that sh puts into JSON is what it was, in one line, unless it is too long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const inside = jsonText(text);
      expect(JSON.parse(`"${inside}"`)).toBe(text);
      expect(inside).not.toMatch(/[\0-\x1f]/);
    }),
  );
  expect(jsonText('x'.repeat(400))).toHaveLength(300);
  expect(jsonText(`${'x'.repeat(299)}\u{1f600}`)).toBe(`${'x'.repeat(299)}\\ud83d`);
});
