import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { installDebian } from '@deploy-actions/tooling';
import { type Inputs, mustStep, serverInputs, step } from './color-rig.ts';
import { deploy, deployInputs, psql, served } from './deploy-rig.ts';

// encrypt-to by age itself, with the key on this machine and nowhere else.

let lab: Lab;
let host: Host;
let here: string;

beforeAll(async () => {
  await installDebian({ age: 'age', 'age-keygen': 'age' }, () => {});
  here = mkdtempSync(join(tmpdir(), 'deploy-actions-age-'));
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
  const { exitCode, shown } = await deploy(deployInputs(lab, 'v1', {}, [host]), { runId: '1' });
  if (exitCode !== 0) throw new Error(shown);
}, 600_000);

afterAll(async () => {
  rmSync(here, { recursive: true, force: true });
  await lab?.close();
});

const key = () => join(here, 'key');
const inputs = (): Inputs => serverInputs(lab, [host]);
const saving = (recipient: string): Inputs => ({
  ...inputs(),
  databases: 'db: postgres shop',
  'min-free-disk': '50MB',
  'encrypt-to': recipient,
});

/** Makes the key, and answers its public part. */
function recipient(): string {
  execFileSync('age-keygen', ['--output', key()], { stdio: 'ignore' });
  return execFileSync('age-keygen', ['-y', key()], { encoding: 'utf8' }).trim();
}

test('where the server has no age, nothing is saved, and it is said what to install', async () => {
  const refused = await step('backup', saving(recipient()), { runId: '2' });
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('the server has no age, which encrypt-to asks for');
  expect(refused.shown).toContain('apt-get install age');
  expect(await host.sh('ls -A /srv/deploy/shop/backups 2>/dev/null || :')).toBe('');
});

test('what is encrypted for a key is read by nobody on the server, and comes back whole where the key is', async () => {
  await host.write('/usr/local/bin/age', readFileSync('/usr/bin/age'), { mode: '0755' });
  await psql(host, "delete from items; insert into items (name) values ('kept secret')");
  rmSync(key());
  const { outputs } = await mustStep('backup', saving(recipient()), { runId: '3' });
  const folder = outputs['folder']!;
  expect((await host.sh(`ls ${folder}`)).trim().split('\n')).toEqual([
    'db.globals.sql.age',
    'db.shop.pgdump.age',
    'manifest.json',
  ]);
  expect(await host.sh(`grep -rl -e PGDMP -e 'CREATE ROLE' ${folder} || :`)).toBe('');

  const encrypted = join(here, 'db.shop.pgdump.age');
  writeFileSync(encrypted, Buffer.from(await host.sh(`base64 -w 0 ${folder}/db.shop.pgdump.age`), 'base64'));
  const plain = execFileSync('age', ['--decrypt', '--identity', key(), encrypted]);
  await host.write('/tmp/shop.pgdump', plain);
  await psql(host, 'create database shop_restored');
  await host.sh(
    'docker exec -i shop-db-1 pg_restore -U shop --exit-on-error --single-transaction --dbname=shop_restored </tmp/shop.pgdump',
  );
  expect(
    await host.sh("docker exec shop-db-1 psql -U shop -d shop_restored -Atc 'select name from items'"),
  ).toContain('kept secret');

  const back = await step('backup', { ...inputs(), restore: outputs['backup'], confirm: outputs['backup'] });
  expect(back.exitCode).toBe(1);
  expect(back.shown).toContain(
    `the backup ${outputs['backup']} is encrypted, and the server has no key to it`,
  );
  expect(await served(host)).toBe('v1');
});
