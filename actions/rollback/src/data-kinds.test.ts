import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, jest, test } from '@jest/globals';
import { MARIADB_TOOLS, REDIS_TOOLS } from '@deploy-actions/archive/testing';
import { backupRecord } from '@deploy-actions/ledger/testing';
import { runningContainer } from '@deploy-actions/release/testing';
import { type ShopServer, shopsForEach } from '@deploy-actions/traffic/testing';
import { rollbackRig } from './testing/rollback-rig.ts';

// What restore-backup brings back beside PostgreSQL. Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach, 'dash');
const ID = '20260102-000000-bbbb';
const DUMP =
  '-- Table structure for table `orders`\nFILL `orders` before the migration;\n-- Dump completed on 2026-01-02\n';

/** A server where v2 replaced v1, whose api has a MariaDB and a Redis in it that were saved before, and spoilt since. */
async function migrated() {
  const rig = rollbackRig(await shopsWith<'web1'>(['web1']));
  const { web1 } = rig.servers;
  await web1.putVersions();
  const { host, docker } = web1;
  for (const [name, text] of Object.entries({ ...MARIADB_TOOLS, ...REDIS_TOOLS })) host.tool(name, text);
  const at = (...names: string[]) => path.join(host.home, ...names);
  mkdirSync(at('mysql/shop'), { recursive: true });
  mkdirSync(at('redis'));
  mkdirSync(at('how'), { recursive: true });
  writeFileSync(at('mysql/shop/orders.table'), 'migrated');
  writeFileSync(at('redis/memory'), 'REDIS0012 migrated');
  writeFileSync(at('redis/dump.rdb'), 'REDIS0012 of long ago');
  const folder = at('redis');
  docker.put(
    runningContainer('cache', {
      image: 'redis:8',
      program: 'redis-server',
      mounts: [{ Type: 'bind', Name: '', Source: folder, Destination: folder }],
    }),
  );
  backedUp(web1, [
    { name: 'api.shop.sql.gz', kind: 'mariadb', service: 'api', source: 'shop', content: gzipSync(DUMP) },
    {
      name: 'cache.rdb',
      kind: 'redis',
      service: 'cache',
      source: '',
      content: Buffer.from('REDIS0012 before'),
    },
  ]);
  return { ...rig, web1, at };
}

interface Saved {
  name: string;
  kind: string;
  service: string;
  source: string;
  content: Buffer;
}

function backedUp({ host }: ShopServer, saved: readonly Saved[]): void {
  const folder = path.join(host.path, 'backups', ID);
  mkdirSync(folder, { recursive: true });
  const files = saved.map(({ content, ...file }) => {
    writeFileSync(path.join(folder, file.name), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { ...file, bytes: content.length, sha256, tool: '', answer: '' };
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const record = backupRecord(ID, { created: '2026-01-02T00:00:00Z', release: 'v1', bytes, files });
  writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(record)}\n`);
}

const word = ID.replaceAll('-', '_');

test('restore-backup brings a MariaDB and a Redis back with the release, and keeps what was there', async () => {
  const { go, web1, at } = await migrated();
  const { failure, log } = await go({ to: 'v1', 'restore-backup': ID });
  expect([failure?.message, failure?.details]).toEqual([undefined, undefined]);
  expect(web1.version()).toBe('v1');
  const text = (...names: string[]) => readFileSync(at(...names), 'utf8').trim();
  expect(text('mysql/shop/orders.table')).toBe('before the migration');
  expect(text(`mysql/shop_before_${word}/orders.table`)).toBe('migrated');
  expect(text('redis/dump.rdb')).toBe('REDIS0012 before');
  expect(text(`redis/dump.rdb_before_${word}`)).toBe('REDIS0012 migrated');
  expect(log).toContain(
    `those from before are kept as api/shop_before_${word} cache/dump.rdb_before_${word}`,
  );
  expect(web1.history().at(-1)).toMatchObject({ data_taken_back: true });
});

test('where one of them cannot give way, neither is touched, and the release that serves stays', async () => {
  const { go, web1, at } = await migrated();
  writeFileSync(at('how/redis-aof'), 'yes');
  const { failure } = await go({ to: 'v1', 'restore-backup': ID });
  expect(failure?.message).toContain('keeps an append-only file');
  expect(web1.version()).toBe('v2');
  expect(readdirSync(at('mysql'))).toEqual(['shop']);
  expect(readFileSync(at('mysql/shop/orders.table'), 'utf8')).toBe('migrated');
  expect(readdirSync(at('redis')).sort()).toEqual(['dump.rdb', 'memory']);
});
