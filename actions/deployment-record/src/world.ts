import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { openGitHub } from '@deploy-actions/github';
import { openHttp } from '@deploy-actions/http';
import { Failure } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { openSession, serversOf } from '@deploy-actions/shell';
import type { ServerHistory, World } from './deployment-record.ts';
import type { RecordInputs } from './fields.ts';

/** Largest file that is read as a record, report or notes, in bytes. */
const LARGEST = 16 * 2 ** 20;

/** Bytes of a log's end that are looked at. */
const TAIL = 64 * 1024;

/** Lines of history.jsonl that are read: a deployment leaves one to three. */
const HISTORY_LINES = 1000;

/** The real world around deployment-record. */
export function openWorld(inputs: RecordInputs, ports: Ports): World & { close(): Promise<void> } {
  const { workflow, redactor, clock, log, signal } = ports;
  const http = openHttp({ env: process.env, redactor });
  const { apiUrl, repository } = workflow;
  const pathOf = (path: string) => resolve(workflow.workspace, path);
  let folder: string | undefined;
  return {
    github() {
      const token = inputs['github-token'];
      if (token === undefined || repository === '')
        throw new Failure('input', 'input `github-token` is empty, and GitHub must be asked', {
          input: 'github-token',
          remedy: "Leave it out: the job's own token is its default.",
        });
      return openGitHub({ apiUrl, repository, token, exchange: http, clock, log, signal, patience: 30_000 });
    },
    async histories() {
      const servers = serversOf(inputs);
      const [server] = servers;
      if (server === undefined || server.path === '')
        throw new Failure(
          'input',
          `\`history: server\` needs \`${server === undefined ? 'host' : 'path'}\``,
          {
            input: server === undefined ? 'host' : 'path',
            remedy:
              'Add the server inputs, or the `DEPLOY_…` variables of the job: host, user, ssh-key, known-hosts, path.',
          },
        );
      const { readServerHistory } = await import('@deploy-actions/release/history');
      return await Promise.all(
        servers.map(async (one): Promise<ServerHistory> => {
          try {
            const session = await openSession(one, { clock, log, signal });
            try {
              const reading = await readServerHistory(session, one.path, HISTORY_LINES, { signal });
              return { server: one.name, read: () => reading };
            } finally {
              await session.close();
            }
          } catch (error) {
            return {
              server: one.name,
              read() {
                throw error;
              },
            };
          }
        }),
      );
    },
    readFile(path) {
      const { size } = statSync(pathOf(path));
      if (size > LARGEST) throw new Error('the file is too large');
      return readFileSync(pathOf(path), 'utf8');
    },
    readTail(path) {
      const file = openSync(pathOf(path), 'r');
      try {
        const { size } = fstatSync(file);
        const bytes = Buffer.alloc(Math.min(size, TAIL));
        readSync(file, bytes, 0, bytes.length, size - bytes.length);
        return bytes.toString('utf8');
      } finally {
        closeSync(file);
      }
    },
    isFile(path) {
      try {
        return statSync(pathOf(path)).isFile();
      } catch {
        return false;
      }
    },
    write(name, text) {
      folder ??= mkdtempSync(join(workflow.temp, 'deployment-record-'));
      const file = join(folder, name);
      writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
      return file;
    },
    close: () => http.close(),
  };
}
