import { expect, test } from '@jest/globals';
import type { ServiceChange } from '@deploy-actions/compose';
import type { RunResult } from '@deploy-actions/host';
import { digestAmong, withDigest } from './images.ts';
import { detailsMarkdown, phasesMarkdown, planLines, serversMarkdown, servicesMarkdown } from './summary.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const change: ServiceChange = {
  service: 'api',
  action: 'recreate',
  from: 'r/api:v1',
  to: `r/api@${digest}`,
  reasons: ['image', 'environment.URL'],
};

test('a tag is told with the digest that it means on the server', () => {
  const images = [
    { id: '1', repository: 'nginx', tag: 'latest', digest },
    { id: '2', repository: '<none>', tag: '', digest: '' },
  ];
  expect(withDigest('docker.io/library/nginx', images)).toBe(`docker.io/library/nginx@${digest}`);
  expect(withDigest('nginx:1', images)).toBe('nginx:1');
  expect(digestAmong('r/api:v1', [`other/api@${digest}`, `r/api@${digest}`])).toBe(`r/api:v1@${digest}`);
  expect(digestAmong('r/api:v1', [])).toBeUndefined();
});

test('a plan names what changes, in line', () => {
  expect(
    planLines([
      change,
      { ...change, service: 'db', action: 'keep', from: 'pg:16', to: 'pg:16', reasons: [] },
    ]),
  ).toEqual([
    'api  recreate  r/api:v1 -> r/api@sha256:aaaaaaaaaaaa… (image, environment.URL)',
    'db   keep      pg:16',
  ]);
});

test('nothing from outside can break a table', () => {
  const hostile = '`|<b>x</b>\n| y |';
  expect(servicesMarkdown([{ ...change, from: hostile, reasons: [hostile] }]).split('\n')).toHaveLength(3);
  const rows = serversMarkdown([{ name: hostile, outcome: 'failed', detail: hostile }]);
  expect(rows.split('\n')).toHaveLength(3);
  expect(rows).toContain('&lt;b&gt;');
});

test('the images of a service stand last: the one that stays, or the one before and the one after', () => {
  const kept = { ...change, service: 'db', action: 'keep' as const, from: 'pg:16', to: 'pg:16', reasons: [] };
  const added = { ...change, service: 'web', action: 'create' as const, from: '', to: 'web:1', reasons: [] };
  expect(servicesMarkdown([change, kept, added]).split('\n')).toEqual([
    '| Service | Action | Because of | Image |',
    '| --- | --- | --- | --- |',
    '| `api` | recreate | `image`, `environment.URL` | `r/api:v1`<br>→ `r/api@sha256:aaaaaaaaaaaa…` |',
    '| `db` | keep |  | `pg:16` |',
    '| `web` | create |  | `web:1` |',
  ]);
});

test('phases are shown with their durations, a column for each server', () => {
  const result = (ms: number) =>
    ({ phases: [{ name: 'pull', ms }], elapsedMs: ms + 1000 }) as unknown as RunResult;
  expect(
    phasesMarkdown([
      { name: 'a', result: result(1500) },
      { name: 'b', result: undefined },
    ]),
  ).toBe(
    [
      '| Phase | a | b |',
      '| --- | --- | --- |',
      '| pull | 1.5 s |  |',
      '| **total** | **2.5 s** | not known |',
    ].join('\n'),
  );
});

test('the evidence of a failure is folded, and cannot leave its block', () => {
  const text = detailsMarkdown('<web1>', 'line\n```\n</details>');
  expect(text).toContain('<summary>State and last lines of what failed on &lt;web1&gt;</summary>');
  expect(text).toContain('````\nline\n```\n</details>\n````');
});
