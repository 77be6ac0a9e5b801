import { randomUUID } from 'node:crypto';
import { complaintOf } from '@deploy-actions/engine/complaint';
import { READ_LOGS } from '@deploy-actions/engine/watch';
import type { Session } from '@deploy-actions/shell';
import type { ContainerScope } from './container.ts';

/** What a container logged in a stretch of time. */
export interface LogPart {
  id: string;
  name: string;
  service: string;
  text: string;
  /** Why `text` is not all of it, as the end of a sentence; undefined when it is. */
  gap: string | undefined;
}

export interface LogRead {
  /** The server's time, in seconds: where the next stretch begins. */
  until: number;
  parts: LogPart[];
}

/** Bytes of one container's log that are read at a time. */
const LARGEST = 2 ** 20;

/**
 * What the containers of the scope logged since a time of the server's, in seconds; undefined asks for that time alone.
 * One stretch follows the other without a gap; the last one has no end. Throws a Failure when the engine does not answer.
 */
export async function readLogs(
  session: Session,
  scope: ContainerScope,
  since: number | undefined,
  last: boolean,
  signal?: AbortSignal,
): Promise<LogRead> {
  const mark = randomUUID();
  const { code, stdout, stderr } = await session.run({
    script: READ_LOGS.text(),
    args: [
      scope.dockerHost ?? '',
      scope.project,
      mark,
      since === undefined ? '' : String(since),
      String(LARGEST),
      last ? 'last' : '',
    ],
    timeout: 60_000,
    signal,
  });
  if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, scope.dockerHost);
  const [head, ...rest] = stdout.toString('utf8').split(`${mark} log `);
  const until = Number(/ now (\d+)\n/.exec(head!)?.[1] ?? NaN);
  if (!Number.isSafeInteger(until)) throw new Error(`${session.name} did not tell its time`);
  const parts = rest.map((part) => partOf(part, mark));
  return {
    until,
    parts: parts.filter(({ service }) => scope.services.length === 0 || scope.services.includes(service)),
  };
}

function partOf(part: string, mark: string): LogPart {
  const end = part.indexOf('\n');
  const [id = '', name = '', service = ''] = part.slice(0, end).split(' ');
  const body = part.slice(end + 1);
  const at = body.lastIndexOf(`\n${mark} end `);
  const code = at < 0 ? undefined : body.slice(at + 1 + mark.length + ' end '.length).trim();
  const gap =
    code === undefined
      ? 'is more than 1 MiB at a time'
      : code === '0'
        ? undefined
        : `could not be read (exit code ${code})`;
  return {
    id,
    name: name.replace(/^\//, ''),
    service,
    text: at < 0 ? body : body.slice(0, at),
    gap,
  };
}
