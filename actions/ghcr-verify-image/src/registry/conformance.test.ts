import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pool } from '@deploy-actions/kit';
import { testIf } from '@deploy-actions/tooling';
import type { RegistryCase, Stubs } from '../testing/registry-cases/registry-case.ts';
import { REGISTRY_CASES } from '../testing/registry-cases/subjects.ts';
import { startRegistry } from '../testing/registry-stub.ts';
import { codes, leadTo, runVerify } from '../testing/verify-fixture.ts';

const DOC = join(__dirname, '../../../../docs/conformance.md');
/** The verdicts beside ours are this version's, Debian 12's. */
const SKOPEO = '1.9.3';
/** Milliseconds after which skopeo, which has no limit of its own, waits. */
const PATIENCE = 8000;

const CASES = REGISTRY_CASES.flatMap(([subject, cases]) => cases.map((one) => ({ subject, ...one })));

async function withStubs<T>({ serve }: RegistryCase, work: (stubs: Stubs) => Promise<T>): Promise<T> {
  const stubs = { registry: await startRegistry(), store: await startRegistry() };
  try {
    serve(stubs);
    return await work(stubs);
  } finally {
    await stubs.registry.close();
    await stubs.store.close();
  }
}

test.each(CASES.map((one) => [`${one.subject}: ${one.name}`, one] as const))(
  'a registry is taken at its word, or said what is wrong with it — %s',
  async (_name, one) => {
    await withStubs(one, async (stubs) => {
      const { host } = stubs.registry;
      const run = await runVerify({
        inputs: {
          images: `shop=${one.ghcr ? 'ghcr.io' : host}/${one.image ?? 'acme/shop:1'}`,
          platforms: 'linux/amd64',
          labels: 'rev=x',
          wait: '0',
          ...(one.password ? { 'registry-username': 'me', 'registry-password': 'the-password' } : {}),
          ...(one.ghcr ? { 'github-token': one.ghcr.token } : {}),
          ...one.inputs,
        },
        ...(one.ghcr ? { http: leadTo(host, ['ghcr.io']) } : {}),
        realTime: one.inputs?.['request-timeout'] !== undefined,
      });
      const said = run.failure ? run.failure.message : run.log.join('\n');
      expect({ verdict: codes(run)[0] ?? 'taken', said }).toEqual({ verdict: one.verdict, said });
      if (one.list) expect(/tags at all|of its \d+ tags/.test(said) ? 'taken' : 'refused').toBe(one.list);
      if (one.says) expect(said).toMatch(one.says);
      if (one.remedy) expect(run.failure!.remedy).toMatch(one.remedy);
      one.holds?.(run, stubs);
      // Whatever it does: no password and no token leaves its origin, none is shown, and nobody asks for ever.
      expect(stubs.store.requests.flatMap(({ headers }) => headers['authorization'] ?? [])).toEqual([]);
      expect(JSON.stringify(run)).not.toMatch(/the-password|gh[ps]_token/);
      expect(stubs.registry.requests.length + stubs.store.requests.length).toBeLessThan(16);
    });
  },
  20_000,
);

/** What skopeo says to the same: `list-tags` where the list is what the case is about, else `inspect`. */
async function skopeo(one: RegistryCase & { subject: string }): Promise<string> {
  return await withStubs(one, async ({ registry }) => {
    const image = `docker://${registry.host}/${one.image ?? 'acme/shop:1'}`;
    const user = one.password ? 'me:the-password' : one.ghcr?.token ? `octocat:${one.ghcr.token}` : undefined;
    const words = [
      '--override-os=linux',
      '--override-arch=amd64',
      ...(one.subject.startsWith('Tags')
        ? ['list-tags', image.replace(/:[^:]*$/, '')]
        : ['inspect', '--no-tags', image]),
      '--tls-verify=false',
      ...(user === undefined ? [] : ['--creds', user]),
    ];
    return await new Promise((done) => {
      spawn('skopeo', words, { stdio: 'ignore', timeout: PATIENCE }).on('close', (code, signal) =>
        done(signal === null ? (code === 0 ? 'taken' : 'refused') : 'waits'),
      );
    });
  });
}

function whyNoSkopeo(): string | undefined {
  try {
    const version = execFileSync('skopeo', ['--version'], { encoding: 'utf8' });
    return version.includes(` ${SKOPEO}`)
      ? undefined
      : `the verdicts are skopeo ${SKOPEO}'s, not ${version.trim()}'s`;
  } catch {
    return 'skopeo is not installed';
  }
}

testIf(test, whyNoSkopeo())(
  'the verdicts beside ours are skopeo’s own',
  async () => {
    const asked = CASES.filter((one) => one.skopeo !== undefined);
    const got = await pool(asked, 4, async (one) => `${one.subject}: ${one.name}: ${await skopeo(one)}`);
    expect(got).toEqual(asked.map((one) => `${one.subject}: ${one.name}: ${one.skopeo}`));
  },
  120_000,
);

/** What is made of it, in skopeo's three words. */
const outcome = ({ verdict, list }: RegistryCase) => list ?? (verdict === 'taken' ? 'taken' : 'refused');

test('where the two differ, it is said why', () => {
  for (const one of CASES) {
    const differ = one.skopeo !== undefined && one.skopeo !== 'waits' && one.skopeo !== outcome(one);
    expect([one.name, one.because !== undefined]).toEqual([one.name, differ]);
  }
});

test('the table of the documentation is that of the cases, with its counts', () => {
  const rows = CASES.map((one, index) => {
    const head = CASES[index - 1]?.subject === one.subject ? '' : one.subject;
    const verdict = one.verdict === 'taken' ? 'taken' : `\`${one.verdict}\``;
    const ours = one.list ? `${verdict}, the list is ${one.list}` : verdict;
    const peer = one.because === undefined ? (one.skopeo ?? '–') : `${one.skopeo}: ${one.because}`;
    return `| ${head} | ${one.name} | ${ours} | ${peer} |`;
  });
  const asked = CASES.filter(({ skopeo }) => skopeo !== undefined);
  const count = (of: readonly RegistryCase[], holds: (one: RegistryCase) => boolean) =>
    of.filter(holds).length;
  const taken = count(CASES, ({ verdict }) => verdict === 'taken');
  const table = [
    `${CASES.length} answers: ${taken} taken, ${CASES.length - taken} refused by name. Of the ${asked.length} that skopeo was asked, it`,
    `does the same with ${count(asked, (one) => one.skopeo === outcome(one))}, another thing with ${count(asked, ({ because }) => because !== undefined)}, and to ${count(asked, ({ skopeo }) => skopeo === 'waits')} it had nothing to say after ${PATIENCE / 1000} seconds.`,
    '',
    '| What | The registry | ghcr-verify-image | skopeo |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const text = readFileSync(DOC, 'utf8');
  if (process.env['UPDATE_DOCS'])
    writeFileSync(
      DOC,
      text.replace(
        /<!-- registry -->[^]*<!-- \/registry -->/,
        () => `<!-- registry -->\n\n${table}\n\n<!-- /registry -->`,
      ),
    );
  const plain = (markdown: string) => markdown.replace(/ {2,}/g, ' ').replace(/-{2,}/g, '-');
  expect(plain(readFileSync(DOC, 'utf8'))).toContain(plain(table));
});
