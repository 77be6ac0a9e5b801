import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { backupRecord } from '@deploy-actions/ledger/testing';
import { type ShopServer, shopsForEach } from '@deploy-actions/traffic/testing';
import { rollbackRig } from './testing/rollback-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach, 'dash');
const OLD = '20260101-000000-aaaa';
const NEW = '20260102-000000-bbbb';

/** PostgreSQL as far as a restore asks it: databases are files of the test's host. */
const TOOLS: Readonly<Record<string, string>> = {
  psql: String.raw`for word; do case $word in
  --set=name=*) name=${'$'}{word#--set=name=} ;; --set=new=*) new=${'$'}{word#--set=new=} ;; --set=old=*) old=${'$'}{word#--set=old=} ;;
esac; done
case "$*" in *'SELECT datname'*) ls "$HOME/databases"; exit 0 ;; *ANALYZE*) exit 0 ;; esac
while IFS= read -r line; do case $line in
  'CREATE DATABASE '*) : >"$HOME/databases/$new" ;;
  'DROP DATABASE '*) rm -f "$HOME/databases/$new" ;;
  *'RENAME TO :"old"'*) mv "$HOME/databases/$name" "$HOME/databases/$old" ;;
  *'RENAME TO :"name"'*) mv "$HOME/databases/$new" "$HOME/databases/$name" ;;
esac; done
exit 0`,
  pg_restore: `for word; do case $word in --dbname=*) database=\${word#--dbname=} ;; esac; done
cat >"$HOME/loading"
case "$*" in
  *--schema-only*) printf -- '-- Name: shop; Type: DATABASE; Schema: -; Owner: shop\\nCREATE DATABASE shop WITH TEMPLATE = template0;\\n' ;;
  *) cp "$HOME/loading" "$HOME/databases/$database" ;;
esac`,
};

/** A server where v2 replaced v1, whose migration spoilt the data that were saved before. */
async function migrated() {
  const rig = rollbackRig(await shopsWith<'web1'>(['web1']));
  const { web1 } = rig.servers;
  await web1.putVersions();
  for (const [name, text] of Object.entries(TOOLS)) web1.host.tool(name, text);
  mkdirSync(path.join(web1.host.home, 'databases'));
  writeFileSync(path.join(web1.host.home, 'databases/shop'), 'migrated');
  backedUp(web1, OLD, 'long ago');
  backedUp(web1, NEW, 'before the migration');
  return { ...rig, web1 };
}

function backedUp({ host }: ShopServer, id: string, content: string): void {
  const folder = path.join(host.path, 'backups', id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'api.shop.pgdump'), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const created = `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T00:00:00Z`;
  const bytes = content.length;
  // In the order in which the server writes them.
  const file = { name: 'api.shop.pgdump', kind: 'postgres', service: 'api', source: 'shop', bytes, sha256 };
  const record = backupRecord(id, { created, bytes, files: [{ ...file, tool: '', answer: '' }] });
  writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(record)}\n`);
}

const data = ({ host }: ShopServer) => readFileSync(path.join(host.home, 'databases/shop'), 'utf8');

test('restore-backup: latest brings the data of the newest whole backup back, then the release before', async () => {
  const { web1, go } = await migrated();
  const { failure, log } = await go({ to: 'previous', 'restore-backup': 'latest' });
  expect([failure?.message, failure?.details]).toEqual([undefined, undefined]);
  expect(data(web1)).toBe('before the migration');
  expect(web1.version()).toBe('v1');
  expect(log).toContain(
    `the data of the backup ${NEW} came back; those from before are kept as api/shop_before_`,
  );
  expect(web1.history().map(({ operation, outcome }) => `${operation} ${outcome}`)).toContain(
    'restore succeeded',
  );
});

test('restore-backup takes the id of a backup, and one that is not there rolls nothing back', async () => {
  const { web1, go } = await migrated();
  const { failure } = await go({ to: 'previous', 'restore-backup': '20250101-000000-cccc' });
  expect(failure).toMatchObject({
    code: 'backup-unknown',
    message: expect.stringContaining('nothing was rolled back'),
  });
  expect(web1.version()).toBe('v2');
  expect(data(web1)).toBe('migrated');
  expect((await go({ to: 'previous', 'restore-backup': OLD })).failure).toBeUndefined();
  expect(data(web1)).toBe('long ago');
  expect(web1.version()).toBe('v1');
});

test('while the traffic is only moved, the data of a backup are not brought back', async () => {
  const rig = rollbackRig(await shopsWith<'web1'>(['web1']));
  await rig.servers.web1.putMoved('101-deploy');
  const { failure } = await rig.go({ mode: 'flip', 'restore-backup': 'latest' });
  expect(failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining('while the traffic is only moved'),
  });
  expect(existsSync(path.join(rig.servers.web1.host.path, 'backups'))).toBe(false);
});
