import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const text = readFileSync(join(import.meta.dirname, 'sh/container.sh'), 'utf8');

/** Whether an entrypoint is known to run the words that it is given. */
function runsItsWords(...entrypoint: string[]): boolean {
  const input = `${text}\nruns_its_words <<'WORDS'\n${entrypoint.map((one) => `${one}\n`).join('')}WORDS\n`;
  const done = spawnSync('sh', [], { input, encoding: 'utf8' });
  if (done.stderr !== '') throw new Error(done.stderr);
  return done.status === 0;
}

test.each([
  [],
  ['docker-entrypoint.sh'],
  ['/usr/local/bin/docker-php-entrypoint'],
  ['/entrypoint'],
  ['/bin/sh', '/start'],
  ['bash'],
  ['/usr/bin/tini', '--'],
  ['tini', '-g', '--', '/app/entrypoint.sh'],
  ['dumb-init', '--'],
  ['gosu', 'app'],
  ['env', 'A=b'],
  ['/init'],
  ['/cnb/lifecycle/launcher'],
  ['sh', '-c', 'export A=b; exec "$@"'],
  ['/bin/sh', '-ec', 'exec "$0" "${@}"'],
])('an entrypoint that runs its words is not doubted: %j %j %j %j', (...words) => {
  expect(runsItsWords(...words)).toBe(true);
});

test.each([
  ['sleep', 'infinity'],
  ['node', 'server.js'],
  ['/app/server'],
  ['python', '-m', 'app'],
  // The shell form in a Dockerfile.
  ['/bin/sh', '-c', 'npm start'],
  ['bash', '-lc', 'exec gunicorn app'],
  ['/sbin/tini', '--', 'java', '-jar', 'app.jar'],
  ['su-exec', 'app', 'ruby'],
])('an entrypoint that takes its words for its own is doubted: %j %j %j %j', (...words) => {
  expect(runsItsWords(...words)).toBe(false);
});
