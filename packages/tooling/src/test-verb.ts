import { formatDuration, messageOf } from '@deploy-actions/kit';
import { UsageError } from './usage-error.ts';
import { type Suite, SUITES } from './suites.ts';
import { newTally } from './tally.ts';
import { installDebian } from './tools.ts';

/** Programs of Debian that suites use, and the packages that bring them. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  shellcheck: { shellcheck: 'shellcheck', busybox: 'busybox-static', dash: 'dash' },
  unit: {
    shellcheck: 'shellcheck',
    busybox: 'busybox-static',
    dash: 'dash',
    ssh: 'openssh-client',
    fish: 'fish',
    csh: 'csh',
    // What the corpus of proxies' configurations is held against.
    nginx: 'nginx-light',
    haproxy: 'haproxy',
    caddy: 'caddy',
    openssl: 'openssl',
    // Asked the same as ghcr-verify-image.
    skopeo: 'skopeo',
  },
  contract: { ssh: 'openssh-client', chromium: 'chromium', busybox: 'busybox-static', dash: 'dash' },
  lab: { ssh: 'openssh-client' },
};

/**
 * `npm test [-- suite… [pattern…]]`: every suite, or the named ones, in order; a pattern selects test files. The last
 * line is `N passed, N failed` or `N passed, N failed, N skipped`.
 */
export async function run(args: string[]): Promise<number> {
  const { suites, patterns } = choose(args);
  const say = (line: string) => console.log(line);
  const tally = newTally(say);
  const rows: string[] = [];
  const started = Date.now();
  await installDebian(Object.assign({}, ...suites.map(({ name }) => PROGRAMS[name])), say);
  // The first one begins at once.
  const prepared = new Map(
    suites.slice(1).map(({ name, prepare }) => [name, prepare?.(say).catch(() => undefined)]),
  );
  for (const suite of suites) {
    await prepared.get(suite.name);
    say(`\n=== ${suite.name}: ${suite.title}`);
    const before = { ...tally.counts };
    const begun = Date.now();
    try {
      await suite.run({ tally, say, patterns });
    } catch (error) {
      tally.failed(suite.name, error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error));
    }
    const { passed, failed, skipped } = tally.counts;
    rows.push(
      [
        suite.name.padEnd(12),
        formatDuration(Date.now() - begun).padStart(10),
        `${passed - before.passed} passed`.padStart(13),
        `${failed - before.failed} failed`.padStart(10),
        `${skipped - before.skipped} skipped`.padStart(11),
      ].join(' '),
    );
    say(rows.at(-1)!);
  }
  say(`\n${rows.join('\n')}\nin all ${formatDuration(Date.now() - started)}\n`);
  say(tally.summary());
  const { passed, failed } = tally.counts;
  return failed > 0 || passed === 0 ? 1 : 0;
}

function choose(args: readonly string[]): { suites: readonly Suite[]; patterns: string[] } {
  const named = SUITES.filter((suite) => args.includes(suite.name));
  const patterns = args.filter((arg) => !SUITES.some((suite) => suite.name === arg));
  const odd = patterns.find((pattern) => !/[./]/.test(pattern));
  if (odd !== undefined) {
    throw new UsageError(
      `"${odd}" is neither a suite (${SUITES.map((suite) => suite.name).join(', ')}) nor a part of a test file's path`,
    );
  }
  if (patterns.length > 0 && named.length === 0)
    throw new UsageError('name the suite before the files: npm test -- unit path');
  return { suites: named.length > 0 ? named : SUITES, patterns };
}
