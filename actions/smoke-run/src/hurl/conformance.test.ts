import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DocumentError } from '@deploy-actions/document';
import { Failure, systemClock } from '@deploy-actions/kit';
import { fromRunner } from '@deploy-actions/probe';
import { serveHttp } from '../../../../test/support/server.ts';
import { type Runtime, runCheck } from '../run-check.ts';
import { testIf } from '@deploy-actions/tooling';
import { HURL_CASES, type HurlCase } from '../testing/hurl-cases.ts';
import { hurlServer } from '../testing/hurl-server.ts';
import { readHurl } from './read.ts';

const DOC = join(__dirname, '../../../../docs/conformance.md');
const reach = fromRunner();
let server: Awaited<ReturnType<typeof serveHttp>>;

beforeAll(async () => {
  server = await serveHttp(hurlServer());
});
afterAll(async () => {
  await reach.close();
  await server.close();
});

function variables({ url, port } = server): [string, string][] {
  return [
    ['url', url],
    ['port', String(port)],
    ['name', 'Bob'],
    ['three', '3'],
    ['text_three', '"3"'],
    ['quote', '"""'],
    ['open', '{{'],
  ];
}

async function ours({ text }: HurlCase): Promise<string> {
  const runtime: Runtime = {
    clock: systemClock,
    signal: AbortSignal.timeout(30_000),
    reach,
    conformance: undefined as never,
    readFile(path) {
      if (path === 'data.txt') return Buffer.from('from a file');
      throw new Error(`no ${path}`);
    },
    exec: undefined as never,
    addSecret() {},
    baseUrl: undefined,
    connect: {},
  };
  let check;
  try {
    check = readHurl(text, { file: 'a.hurl', name: 'a', variables: variables(), secrets: [] });
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    expect(error.problems[0]!.line).toBeGreaterThan(0);
    return `refused: ${error.message}`;
  }
  const specification = {
    baseUrl: undefined,
    variables: {},
    headers: {},
    timeout: 10_000,
    redirects: 0,
    thresholds: {},
    checks: [check],
  };
  try {
    const { ok, failure } = await runCheck(check, specification, runtime);
    return ok ? 'pass' : `fail: ${failure!.detail}`;
  } catch (error) {
    // What is wrong with the user's files ends the run, by name.
    if (error instanceof Failure && error.kind === 'input') return `fail: ${error.message}`;
    throw error;
  }
}

test.each(HURL_CASES.map((one, index) => [`${one.feature} ${index}`, one] as const))(
  '%s: as hurl, or refused by name',
  async (_name, one) => {
    const got = await ours(one);
    if (one.refused) {
      expect(got).toMatch(/^refused: /);
      expect(got).toMatch(one.refused);
    } else expect(`${got.split(':')[0]}\n${got}\n${one.text}`).toBe(`${one.hurl}\n${got}\n${one.text}`);
  },
);

const peer = process.env['HURL'];
testIf(test, peer === undefined ? 'hurl is built with cargo: HURL names its program' : undefined)(
  'the verdicts beside the files are hurl’s own',
  async () => {
    // Its own, since some answers depend on how often they were asked for.
    const own = await serveHttp(hurlServer());
    const folder = mkdtempSync(join(tmpdir(), 'hurl-'));
    writeFileSync(join(folder, 'data.txt'), 'from a file');
    const wrong: string[] = [];
    for (const one of HURL_CASES) {
      writeFileSync(join(folder, 'a.hurl'), one.text);
      const words = variables(own).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
      const code = await new Promise<number | null>((done) =>
        spawn(peer!, ['--no-output', '--max-time', '20', ...words, 'a.hurl'], {
          cwd: folder,
          stdio: 'ignore',
        }).on('close', done),
      );
      const verdict = code === 0 ? 'pass' : code === 2 ? 'invalid' : 'fail';
      if (verdict !== one.hurl) wrong.push(`${verdict}, not ${one.hurl}: ${one.text}`);
    }
    await own.close();
    expect(wrong).toEqual([]);
  },
  300_000,
);

test('the counts of the documentation are those of the files', () => {
  const features = [...new Set(HURL_CASES.map(({ feature }) => feature))];
  const row = (feature: string, cases: HurlCase[]) => {
    const count = (holds: (one: HurlCase) => boolean) => cases.filter(holds).length;
    return `| ${feature} | ${cases.length} | ${count(({ refused }) => !refused)} | ${count(({ refused, hurl }) => Boolean(refused) && hurl !== 'invalid')} | ${count(({ hurl }) => hurl === 'invalid')} | 0 |`;
  };
  const table = [
    '| Feature | Files | As hurl | Refused by name | Invalid for both | Different |',
    '| --- | --: | --: | --: | --: | --: |',
    ...features.map((feature) =>
      row(
        feature,
        HURL_CASES.filter((one) => one.feature === feature),
      ),
    ),
    row('all', HURL_CASES),
  ].join('\n');
  const text = readFileSync(DOC, 'utf8');
  if (process.env['UPDATE_DOCS'])
    writeFileSync(
      DOC,
      text.replace(/<!-- hurl -->[^]*<!-- \/hurl -->/, `<!-- hurl -->\n\n${table}\n\n<!-- /hurl -->`),
    );
  const plain = (markdown: string) => markdown.replace(/ {2,}/g, ' ').replace(/:?-{2,}:?/g, '-');
  expect(plain(readFileSync(DOC, 'utf8'))).toContain(plain(table));
});
