import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { shellsHere } from '@deploy-actions/host/testing';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';

jest.setTimeout(30_000);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'patience-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const PARTS = ['postgres-login', 'postgres-databases', 'mysql']
  .map((name) => readFileSync(join(__dirname, `sh/${name}.sh`), 'utf8'))
  .join('');

test.each(shellsHere())('with %s as sh: a database that never answers is given up', (shell) => {
  writeFileSync(join(home, 'docker'), '#!/bin/sh\nexec sleep 60\n');
  chmodSync(join(home, 'docker'), 0o755);
  const [command, ...words] = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
  const begun = Date.now();
  const { stdout, status } = spawnSync(
    command!,
    [
      ...words,
      '-c',
      `set -u
${ENGINE_CONTAINERS.source()}
${PARTS}
echo "$postgres_patience"
postgres_patience=1
postgres_databases one || echo "given up $(($? != 0))"`,
    ],
    { encoding: 'utf8', env: { ...process.env, PATH: `${home}:${process.env['PATH']}` } },
  );
  expect({ stdout, status }).toEqual({ stdout: '900\ngiven up 1\n', status: 0 });
  expect(Date.now() - begun).toBeLessThan(20_000);
});
