import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withNeeds } from '@deploy-actions/host/part';
import { LIVE_NAMES } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'names-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Runs a call with a `docker` of the test's own; answers what that was asked to change. */
function changes(docker: string, call: string): string[] {
  writeFileSync(join(home, 'docker'), `#!/bin/sh\n${docker}\n`);
  chmodSync(join(home, 'docker'), 0o755);
  writeFileSync(join(home, 'changed'), '');
  const { stderr } = spawnSync('sh', ['-s'], {
    input: `set -u
path=${home}
say() { :; }
warn() { :; }
${withNeeds([LIVE_NAMES])
  .map((one) => one.source())
  .join('')}
${call}
`,
    encoding: 'utf8',
    cwd: home,
    env: { ...process.env, PATH: `${home}:${process.env['PATH']}` },
  });
  expect(stderr).toBe('');
  return readFileSync(join(home, 'changed'), 'utf8').split('\n').filter(Boolean);
}

const NETWORKS = ['zz_shop_live.999998.default', 'zz_shop_live.999999.default'];
const docker = (list: string) => `case "$1 $2" in
'network ls') ${list} ;;
'ps --all') echo one ;;
'network disconnect' | 'network rm') echo "$*" >>changed ;;
*) exit 1 ;;
esac`;
const listed = `printf '%s\\n' ${NETWORKS.join(' ')}`;

test('what leads to a colour that is not live any more goes, and the network that counts stays', () => {
  expect(changes(docker(listed), 'forget_names shop')).toEqual([
    'network disconnect zz_shop_live.999999.default one',
    'network rm zz_shop_live.999999.default',
  ]);
});

test('where the engine does not say which network counts, none goes', () => {
  // It answers the first time and the third.
  const once = `n=$(cat asked 2>/dev/null || echo 0); echo $((n + 1)) >asked; [ "$n" != 1 ] || exit 1; ${listed}`;
  expect(changes(docker(once), 'forget_names shop')).toEqual([]);
});
