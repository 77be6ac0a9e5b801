import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MARIADB_TOOLS } from '@deploy-actions/archive/testing';
import type { HostWith } from '@deploy-actions/release/testing';
import { type BackupRig, backupRig } from './backup-rig.ts';

/** A server with a MariaDB, whose databases are folders and whose tables and views are files; see mariadb.mjs. */
export interface MysqlRig extends BackupRig {
  /** Where one of those is. */
  at(...names: string[]): string;
  put(database: string, files: Readonly<Record<string, string>>): void;
  /** What the server has: by database its tables and views. */
  all(): Record<string, Record<string, string>>;
  /** Makes the stand-in behave in another way, by the name of that. */
  how(name: string, is?: boolean): void;
}

export function mysqlRig(hostWith: HostWith): MysqlRig {
  const rig = backupRig(hostWith);
  rig.service('sales');
  for (const [name, text] of Object.entries(MARIADB_TOOLS)) rig.host.tool(name, text);
  const at = (...names: string[]) => path.join(rig.host.home, 'mysql', ...names);
  return {
    ...rig,
    at,
    put(database, files) {
      mkdirSync(at(database), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(at(database, name), text);
    },
    all: () =>
      Object.fromEntries(
        readdirSync(at())
          .filter((name) => !name.startsWith('.'))
          .map((name) => [
            name,
            Object.fromEntries(
              readdirSync(at(name))
                .sort()
                .map((one) => [one, readFileSync(at(name, one), 'utf8').trim()]),
            ),
          ]),
      ),
    how: (name, is = true) => writeFileSync(path.join(rig.host.home, 'how', name), is ? 'yes' : ''),
  };
}

/** Whether it may be written to. */
export const isWritable = (rig: MysqlRig): boolean =>
  !existsSync(rig.at('.read-only')) || readFileSync(rig.at('.read-only'), 'utf8') === 'OFF';
