import { expect, test } from '@jest/globals';
import { DocumentError } from '@deploy-actions/document';
import { readHurl } from '../hurl/read.ts';
import { readSpecification } from './read.ts';

const YAML = `base-url: https://example.org
variables: { user: demo, n: 3 }
defaults: { timeout: 5s, headers: { X-A: "1" }, expect: { duration: 2s } }
thresholds: { p95: 800ms, error-rate: 5%, min-checks: 2 }
checks:
  - name: "page {{path}}"
    tags: [front]
    matrix: { path: [/, /about] }
    request: { url: "{{path}}", query: { a: [1, 2] }, redirects: 3 }
    expect:
      status: [200, 3xx]
      header: { content-type: { contains: html, not: { contains: json } } }
      xpath: { "count(//li)": { at-least: 2 } }
      regex: { "<title>(.*)<": { starts-with: Shop } }
  - name: journey
    retries: 2
    severity: warn
    steps:
      - request: { method: POST, url: /login, json: { user: "{{user}}" } }
        capture: { token: { jsonpath: $.token, secret: true } }
      - request: { url: /me, bearer: "{{token}}" }
        expect: { status: 200, jsonpath: { "$.roles[?@.id > 1]": { count: 2 } }, prometheus: { 'up{a="b"}': 1 } }
  - name: command
    exec: { service: web, command: [manage, check], timeout: 30s }
    expect: { exit-code: 0, output: { matches: ^ok } }
`;

const HURL = `POST http://x/login
Content-Type: application/json
[Options]
location: true
{ "a": [1, 2, {"b": "c"}] }
HTTP 200
[Captures]
token: jsonpath "$.token"
[Asserts]
jsonpath "$.items[?@.a == 'b']" count == 3
header "X" matches /^a.*$/
certificate "Expire-Date" daysAfterNow > 3

GET http://x/me
HTTP 200
`;

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '"',
  "'",
  '\n',
  '  ',
  '\t',
  '&a ',
  '*a',
  '!x ',
  '|',
  '>',
  '#',
  '{{',
  '}}',
  '\0',
  '\u2028',
  '😀',
  '$',
  '..',
  '?',
  '@',
  '/',
  '\\',
  '-1',
  '1e999',
  'null',
  'true',
  '~',
  '<<: ',
  '%',
  '`',
  'status',
  'matches',
  '(',
  '(?<',
  '[Asserts]',
  'HTTP ',
];

function mutate(text: string, next: (below: number) => number): string {
  let mutated = text;
  for (let times = 1 + next(4); times > 0; times -= 1) {
    const at = next(mutated.length + 1);
    const length = next(12);
    switch (next(5)) {
      case 0:
        mutated = mutated.slice(0, at) + mutated.slice(at + length);
        break;
      case 1:
        mutated = mutated.slice(0, at) + PIECES[next(PIECES.length)]! + mutated.slice(at);
        break;
      case 2:
        mutated =
          mutated.slice(0, at) +
          mutated.slice(next(mutated.length), next(mutated.length)) +
          mutated.slice(at);
        break;
      case 3:
        mutated =
          mutated.slice(0, at) +
          String.fromCharCode(32 + next(95)).repeat(1 + length) +
          mutated.slice(at + 1);
        break;
      default: {
        const lines = mutated.split('\n');
        const from = next(lines.length);
        const [line] = lines.splice(from, 1);
        lines.splice(next(lines.length + 1), 0, line!);
        mutated = lines.join('\n');
      }
    }
  }
  return mutated;
}

test('of 5,000 mutated files each is read or refused with a position, soon, and never anything else', async () => {
  const next = random(20261121);
  let refused = 0;
  let slowest = 0;
  for (let i = 0; i < 5000; i += 1) {
    const hurl = i % 4 === 0;
    const text = mutate(hurl ? HURL : YAML, next);
    const started = performance.now();
    try {
      if (hurl) readHurl(text, { file: 'f.hurl', name: 'f', variables: [], secrets: [] });
      else await readSpecification(text, { file: 'f.yml', variables: {} });
    } catch (error) {
      refused += 1;
      if (!(error instanceof DocumentError))
        throw new Error(`not refused but broken: ${JSON.stringify(text)}`, { cause: error });
      for (const { line, column, message } of error.problems) {
        if (!(line >= 1 && column >= 1 && message !== ''))
          throw new Error(`no position: ${message} in ${JSON.stringify(text)}`, { cause: error });
      }
    }
    slowest = Math.max(slowest, performance.now() - started);
  }
  expect(refused).toBeGreaterThan(1000);
  expect(slowest).toBeLessThan(5000);
}, 120_000);
