import { randomUUID } from 'node:crypto';
import { complaintOf } from '@deploy-actions/engine/complaint';
import { READ_CONTAINER_LOG } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { LogPlace } from './place.ts';
import { LARGEST_STRETCH, type LogSource, READ_WITHIN, wholeLines } from './stretch.ts';

/** A line of `docker logs --timestamps`. */
const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ?/;

/** What a container logs to its output. */
export function containerLog(
  session: Session,
  { container, text }: Extract<LogPlace, { kind: 'container' }>,
  dockerHost: string | undefined,
): LogSource {
  let since: string | undefined;
  let id: string | undefined;
  /** The time of a line that was read, of before `since`, as the engine writes it. */
  let seen: string | undefined;
  const ask = async (last: boolean, signal?: AbortSignal) => {
    const mark = randomUUID();
    const bytes = String(LARGEST_STRETCH);
    const { code, stdout, stderr } = await session.run({
      script: READ_CONTAINER_LOG.text(),
      args: [dockerHost ?? '', container, mark, since ?? '', bytes, last ? 'last' : '', seen ?? ''],
      timeout: READ_WITHIN,
      signal,
    });
    if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, dockerHost);
    const said = stdout.toString('utf8');
    const end = said.indexOf('\n');
    const [, now, of, driver, size, files] =
      /^\S+ now (\d{1,12}) ([0-9a-f]{12,64}) (\S+) (\S+) (\S+)$/.exec(said.slice(0, Math.max(0, end))) ?? [];
    if (now === undefined || !said.startsWith(mark))
      throw new Error(`${session.name} did not tell of ${text}`);
    const rest = said.slice(end + 1);
    const asked = rest.lastIndexOf(`\n${mark} kept `);
    const kept = asked < 0 ? undefined : rest.slice(asked + mark.length + ' kept '.length + 1).trim();
    const body = asked < 0 ? rest : rest.slice(0, asked + 1);
    const at = body.lastIndexOf(`\n${mark} end `);
    const exit = at < 0 ? undefined : body.slice(at + mark.length + ' end '.length + 1).trim();
    return {
      now,
      of: of!,
      exit,
      lost: seen !== undefined && kept !== 'yes',
      keeps: keptBytes(driver!, size!, files!),
      body: at < 0 ? body : body.slice(0, at),
    };
  };
  /** Goes on behind these lines: the next ones are of `now` or later, and behind the last one of before it. */
  const goOn = (lines: readonly string[], now: string) => {
    const times = lines.flatMap((line) => TIMED.exec(line)?.[1] ?? []);
    seen = times.findLast((time) => Date.parse(time) < Number(now) * 1000) ?? seen ?? times[0];
    since = now;
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
      id = of;
      const lines = wholeLines(body);
      goOn(lines, now);
      return lines.flatMap(untimed);
    },
    async read(last, signal) {
      const unseen = seen === undefined;
      const { now, of, exit, lost, keeps, body } = await ask(last, signal);
      const lines = wholeLines(exit === undefined ? body.slice(0, body.lastIndexOf('\n') + 1) : body);
      const another = of !== id;
      const gaps = [
        ...(another ? ['is that of another container by now: what the one before logged last is gone'] : []),
        ...(lost && !another
          ? [
              'was rotated by its logging driver beyond what was read last, so lines between may be lost: raise max-size or max-file of the container',
            ]
          : []),
        // Nothing was there whose absence would tell. More than can be read of an interval is told as that.
        ...(unseen && lines.length > 0 && keeps <= LARGEST_STRETCH
          ? [
              `was empty at first, and its logging driver keeps only ${keeps} bytes for sure, so that its first lines may be lost: raise max-size or max-file of the container`,
            ]
          : []),
        ...(exit === undefined ? [`is more than ${LARGEST_STRETCH / 2 ** 20} MiB in an interval`] : []),
        ...(exit === undefined || exit === '0' ? [] : [`could not be read (exit code ${exit})`]),
      ];
      id = of;
      if (another) seen = undefined;
      goOn(lines, now);
      return { lines: lines.flatMap(untimed), gaps, behind: 0 };
    },
  };
}

/** The line without the time that the engine puts before it; none where nothing is left. */
function untimed(line: string): string[] {
  const text = line.replace(TIMED, '');
  return text === '' ? [] : [text];
}

/**
 * Bytes that a container may log before its driver drops the first of them.
 * https://docs.docker.com/engine/logging/drivers/json-file/, https://docs.docker.com/engine/logging/drivers/local/
 */
function keptBytes(driver: string, size: string, files: string): number {
  if (driver !== 'json-file' && driver !== 'local') return Infinity;
  const local = driver === 'local';
  const [, figure, unit = ''] =
    /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(size === '-' && local ? '20m' : size) ?? [];
  // Without max-size it keeps everything.
  if (figure === undefined) return Infinity;
  const one = Number(figure) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ');
  const count = files === '-' ? (local ? 5 : 1) : Number(files);
  // One that has a single file empties it; of several the oldest one goes.
  return one * Math.max(1, (Number.isFinite(count) ? count : 1) - 1);
}
