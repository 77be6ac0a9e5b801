import { expect, test } from '@jest/globals';
import { type Difference, tellDiffs } from './difference.ts';

const difference = (server: string, more: Partial<Difference> = {}): Difference => ({
  server,
  file: '/etc/nginx/sites/shop.conf',
  changes: ['The location / goes to the live colour.'],
  diff: ['- proxy_pass http://127.0.0.1:8080;', '+ proxy_pass http://$deploy_shop;'],
  ...more,
});

function told(differences: readonly Difference[]): { lines: string[]; summary: string } {
  const lines: string[] = [];
  let summary = '';
  const log = { info: (line: string) => void lines.push(line) };
  tellDiffs(differences, {
    log,
    summary: (text: string) => void (summary += text),
  } as unknown as Parameters<typeof tellDiffs>[1]);
  return { lines, summary };
}

test('a difference is printed once, for all servers that have the same', () => {
  const { lines, summary } = told([difference('web1'), difference('web2')]);
  expect(lines).toEqual([
    'web1, web2: /etc/nginx/sites/shop.conf',
    '  The location / goes to the live colour.',
    '- proxy_pass http://127.0.0.1:8080;',
    '+ proxy_pass http://$deploy_shop;',
  ]);
  // The summary says what they mean, and does not print them again.
  expect(summary).not.toContain('proxy_pass');
  expect(summary).toContain('1 lines are added and 1 removed');
  expect(summary.match(/^### /gm)).toHaveLength(1);
});

test('servers that differ are told each by itself', () => {
  const { lines, summary } = told([difference('web1'), difference('web2', { diff: ['+ listen 81;'] })]);
  expect(lines.filter((line) => /^web\d: /.test(line))).toHaveLength(2);
  expect(summary.match(/^### /gm)).toHaveLength(2);
});
