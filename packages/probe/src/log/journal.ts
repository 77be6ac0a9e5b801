import { randomUUID } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { READ_JOURNAL } from '../questions.ts';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, type LogSource, READ_WITHIN } from './stretch.ts';

/** As systemd writes it, of which nothing acts in a shell's argument: `s=…;i=…`. */
const CURSOR = /^[A-Za-z0-9=;_-]{1,500}$/;

/** What the server's journal has under an identifier of syslog. */
export function journalLog(
  session: Session,
  { identifier }: Extract<LogPlace, { kind: 'journal' }>,
): LogSource {
  let cursor = '';
  let since = '';
  const ask = async (signal?: AbortSignal) => {
    const mark = randomUUID();
    const { stdout } = await session.run({
      script: READ_JOURNAL.text(),
      args: [identifier, mark, cursor, since, String(LARGEST_STRETCH)],
      timeout: READ_WITHIN,
      signal,
    });
    const [head, ...lines] = stdout.toString('utf8').split('\n');
    const now = /^\S+ now (\d{1,12})$/.exec(head ?? '')?.[1];
    if (head === `${mark} absent` || now === undefined)
      throw new Failure('input', `${session.name} has no journal to read: journalctl is not there`, {
        input: 'access-log',
        remedy: 'Name the file that the proxy logs to, such as /var/log/proxy.log.',
      });
    const ended = lines.findLast((line) => line.startsWith(`${mark} end `));
    const code = ended?.slice(`${mark} end `.length).trim();
    const entries = lines.flatMap((line) => entryOf(line) ?? []);
    cursor = entries.at(-1)?.cursor ?? cursor;
    return { now, code, entries: entries.map(({ message }) => message) };
  };
  return {
    async begin(signal) {
      const { now, code, entries } = await ask(signal);
      if (code !== '0' && entries.length === 0)
        throw new Failure(
          'input',
          `the journal of ${session.name} cannot be read (exit code ${code ?? 'unknown'})`,
          {
            input: 'access-log',
            remedy: 'Let the login user read it: usermod -aG systemd-journal deploy.',
          },
        );
      since = now;
      return entries;
    },
    async read(_last, signal) {
      const { code, entries } = await ask(signal);
      // Cut, it goes on behind the last whole entry at the next look; how much that is nobody knows.
      const gaps = code === undefined || code === '0' ? [] : [`could not be read (exit code ${code})`];
      return { lines: entries, gaps, behind: code === undefined ? 1 : 0 };
    },
  };
}

function entryOf(line: string): { cursor: string; message: string } | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { __CURSOR: cursor, MESSAGE: message } = (entry ?? {}) as Record<string, unknown>;
  if (typeof cursor !== 'string' || !CURSOR.test(cursor)) return undefined;
  // Bytes that are no UTF-8 come as numbers: no line of a proxy's.
  return { cursor, message: typeof message === 'string' ? message : '(no text)' };
}
