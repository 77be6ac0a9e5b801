import { randomUUID } from 'node:crypto';
import { complaintOf } from '@deploy-actions/engine/complaint';
import { READ_CONTAINER_LOG } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, type LogSource, READ_WITHIN, wholeLines } from './stretch.ts';

/** What a container logs to its output. */
export function containerLog(
  session: Session,
  { container, text }: Extract<LogPlace, { kind: 'container' }>,
  dockerHost: string | undefined,
): LogSource {
  let since: string | undefined;
  let id: string | undefined;
  const ask = async (last: boolean, signal?: AbortSignal) => {
    const mark = randomUUID();
    const { code, stdout, stderr } = await session.run({
      script: READ_CONTAINER_LOG.text(),
      args: [dockerHost ?? '', container, mark, since ?? '', String(LARGEST_STRETCH), last ? 'last' : ''],
      timeout: READ_WITHIN,
      signal,
    });
    if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, dockerHost);
    const said = stdout.toString('utf8');
    const end = said.indexOf('\n');
    const [, now, of] = /^\S+ now (\d{1,12}) ([0-9a-f]{12,64})$/.exec(said.slice(0, Math.max(0, end))) ?? [];
    if (now === undefined || !said.startsWith(mark))
      throw new Error(`${session.name} did not tell of ${text}`);
    const body = said.slice(end + 1);
    const at = body.lastIndexOf(`\n${mark} end `);
    const exit = at < 0 ? undefined : body.slice(at + mark.length + ' end '.length + 1).trim();
    return { now, of: of!, exit, body: at < 0 ? body : body.slice(0, at) };
  };
  return {
    async begin(signal) {
      const { now, of, exit, body } = await ask(false, signal);
      if (exit !== undefined && exit !== '0')
        throw new Failure('input', `what the container ${container} of ${session.name} logs cannot be read`, {
          input: 'access-log',
          remedy:
            'See `docker logs` there: a logging driver such as syslog or none keeps nothing that can be read.',
        });
      since = now;
      id = of;
      return wholeLines(body);
    },
    async read(last, signal) {
      const { now, of, exit, body } = await ask(last, signal);
      since = now;
      const gaps = [
        ...(of === id
          ? []
          : ['is that of another container by now: what the one before logged last is gone']),
        ...(exit === undefined ? [`is more than ${LARGEST_STRETCH / 2 ** 20} MiB in an interval`] : []),
        ...(exit === undefined || exit === '0' ? [] : [`could not be read (exit code ${exit})`]),
      ];
      id = of;
      const whole = exit === undefined ? body.slice(0, body.lastIndexOf('\n') + 1) : body;
      return { lines: wholeLines(whole), gaps, behind: 0 };
    },
  };
}
