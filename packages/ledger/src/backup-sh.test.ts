import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { readBackups } from './backup-record.ts';
import { ACTOR, SHA256, SHELLS, folderForEach, headOf, recordOf } from './testing/application-folder.ts';

const folder = folderForEach(beforeEach, afterEach);
const { at, read, write } = folder;

describe.each(SHELLS)('%s', (shell) => {
  const run = (body: string, args?: readonly string[]) => folder.run(shell, body, args);

  test('the manifest of a backup is one that is read again, with what served then', async () => {
    write('releases/r1/release.json', `${headOf('r1')},"created":"x"}\n`);
    write('services', `db postgres:17 ${SHA256} running\n`);
    const sum = 'b'.repeat(64);
    write(
      'files',
      `db.shop.pgdump\tpostgres\tdb\tshop\t5000000000\t${sum}\tpg_dump (PostgreSQL) 17.2\titems 3\\n\\"a\\"\n` +
        `db.globals.sql\tpostgres-globals\tdb\t\t12\t${sum}\tpg_dumpall\t\n`,
    );
    mkdirSync(at('backups'));
    run('write_manifest backups b1 2026-01-01T00:00:00Z shop r1 restore services files');
    const { records, unread } = readBackups(read('backups/manifest.json'));
    expect(unread).toEqual([]);
    const file = { service: 'db', sha256: sum };
    expect(records).toEqual([
      {
        id: 'b1',
        created: '2026-01-01T00:00:00Z',
        deployment_id: '7-deploy',
        project: 'shop',
        release: 'r1',
        version: recordOf('r1').version,
        sha: recordOf('r1').sha,
        actor: ACTOR,
        run_url: 'https://github.example/o/r/actions/runs/7',
        verified: 'restore',
        bytes: 5_000_000_012,
        services: [{ name: 'db', image: 'postgres:17', image_id: SHA256, state: 'running' }],
        files: [
          {
            ...file,
            name: 'db.shop.pgdump',
            kind: 'postgres',
            source: 'shop',
            bytes: 5_000_000_000,
            tool: 'pg_dump (PostgreSQL) 17.2',
            answer: 'items 3\n"a"',
          },
          {
            ...file,
            name: 'db.globals.sql',
            kind: 'postgres-globals',
            source: '',
            bytes: 12,
            tool: 'pg_dumpall',
            answer: '',
          },
        ],
      },
    ]);
    const schema = JSON.parse(
      readFileSync(join(__dirname, '../schema/backup.schema.json'), 'utf8'),
    ) as Schema;
    expect(await validateSchema(schema, JSON.parse(read('backups/manifest.json')))).toEqual([]);
  });

  test('a backup is whole where every file that its manifest names can be read and is there', () => {
    write('services', '');
    write('files', `a.dump\tcommand\tapi\tx\t3\t${'b'.repeat(64)}\tsh\t{\\"name\\":1}\n`);
    write('backups/b1/a.dump', 'abc');
    run('write_manifest backups/b1 b1 2026-01-01T00:00:00Z shop "" read services files');
    const manifest = read('backups/b1/manifest.json');
    const isWhole = (changed: string) => {
      write('backups/b1/manifest.json', changed);
      return run('if is_whole "$path/backups/b1"; then echo whole; else echo not; fi').trim();
    };
    expect(isWhole(manifest)).toBe('whole');
    for (const changed of [
      manifest.replace('"bytes":3,"sha256"', '"bytes":4,"sha256"'),
      manifest.replace('"kind":"command","service":"api"', '"service":"api","kind":"command"'),
      manifest.replace(/"files":\[.*\]/, '"files":[]'),
      manifest.replace('"id":"b1"', '"id":"b2"'),
      manifest.slice(0, -2),
    ]) {
      expect(changed).not.toBe(manifest);
      expect(isWhole(changed)).toBe('not');
    }
    expect(isWhole(manifest)).toBe('whole');
    renameSync(at('backups/b1/a.dump'), at('elsewhere'));
    symlinkSync(at('elsewhere'), at('backups/b1/a.dump'));
    expect(isWhole(manifest)).toBe('not');
  });

  test('a folder whose name is no id is no backup, whatever its manifest says', () => {
    write('services', '');
    write('files', `a.dump\tcommand\tapi\tx\t3\t${'b'.repeat(64)}\tsh\t\n`);
    for (const name of ['b1 b2', '.b1', 'B1', 'b1*']) {
      write(`backups/${name}/a.dump`, 'abc');
      run(`write_manifest "backups/$1" "$1" 2026-01-01T00:00:00Z shop "" read services files`, [name]);
      expect(run('if is_whole "$path/backups/$1"; then echo whole; else echo not; fi', [name]).trim()).toBe(
        'not',
      );
    }
  });
});
