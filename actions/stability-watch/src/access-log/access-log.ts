import { Failure, formatDuration } from '@deploy-actions/kit';
import type { LogPlace, LogSource } from '@deploy-actions/probe';
import { KNOWN_NAMES, formatOf } from './formats.ts';
import type { LogFormat, LoggedRequest } from './line.ts';

/** A proxy's log of real traffic, counted from the start of a watch on. */
export interface AccessLog {
  /** As the report names it. */
  name: string;
  /** Reads what was logged since the look before, and hands over each request that it tells of. */
  look(last: boolean, onRequest: (request: AnsweredRequest) => void, signal: AbortSignal): Promise<void>;
  /** Takes what was logged up to now for past. */
  skip(signal: AbortSignal): Promise<void>;
  /** What could not be seen, as sentences. @param elapsedMs how long the watch was */
  missing(elapsedMs: number): string[];
  /** What its lines were besides requests, for people; empty where there was nothing else. */
  detail(): string;
}

/** A request that was answered. */
export interface AnsweredRequest {
  status: number;
  ms: number | undefined;
}

/** Lines that cannot be read, as a share of all that should be requests: beyond it the log has not been understood. */
const UNREAD_SHARE = 0.01;
const UNREAD_BORNE = 3;
/** Requests that are counted of a log at most: more is more than a watch can hold. */
const MOST_REQUESTS = 2_000_000;
/** Requests that would have come in a silence, by the rate before it: so many never fail to come by chance. */
const SURELY_COME = 20;
/** Milliseconds of silence that say nothing: a proxy may hold lines back for a moment. */
const SHORT_SILENCE = 30_000;
/** nginx' status for a client that went before the answer. */
const CLIENT_GONE = 499;

/**
 * Opens the log at its end. Throws an `input` Failure where it cannot be read, where its lines are in no format that is known,
 * and where times are wanted that they do not tell.
 */
export async function openAccessLog(
  place: LogPlace,
  source: LogSource,
  { format: given, wantsTimes }: { format: LogFormat | undefined; wantsTimes: boolean },
  now: () => number,
): Promise<AccessLog> {
  const began = now();
  let format: LogFormat | undefined;
  const gaps = new Set<string>();
  const counts = { requests: 0, unread: 0, gone: 0, beyond: 0 };
  let behind = 0;
  /** Milliseconds after the beginning at which requests were seen last. */
  let heard = 0;
  let started = began;

  const settle = (lines: readonly string[]) => {
    if (format || lines.length === 0) return;
    const found = given ?? formatOf(lines);
    if (found === 'silent') return;
    if (found === 'unknown')
      throw new Failure(
        'input',
        `the lines of ${place.text} are in none of the formats that are known: ${KNOWN_NAMES}`,
        {
          input: 'access-log',
          remedy:
            'Write the text of `log_format` in `access-log-format`, where it is a log of nginx; or name another log.',
        },
      );
    if (given && !lines.some((line) => typeof given.read(line) === 'object'))
      throw new Failure('input', `no line of ${place.text} is as \`access-log-format\` says`, {
        input: 'access-log-format',
        remedy:
          'Copy the text of the `log_format` that the `access_log` of that file names. What a visitor sends must stand in quotes.',
      });
    if (wantsTimes && !found.tellsTimes)
      throw new Failure(
        'input',
        `\`max-p95\` needs times, and the lines of ${place.text} (${found.name}) have none`,
        {
          input: 'max-p95',
          remedy:
            'Add $request_time to the `log_format` of nginx, reload it, and write that format in `access-log-format`; or leave `max-p95` out.',
        },
      );
    format = found;
  };

  settle(await source.begin());
  return {
    name: logName(place),
    async skip(signal) {
      settle((await source.read(false, signal)).lines);
      started = now();
    },
    async look(last, onRequest, signal) {
      const stretch = await source.read(last, signal);
      settle(stretch.lines);
      for (const gap of stretch.gaps) gaps.add(`${place.text} ${gap}`);
      behind = stretch.behind;
      for (const line of stretch.lines) {
        const reading = format!.read(line);
        if (reading === 'other') continue;
        if (reading === undefined) counts.unread += 1;
        else if (isGone(reading)) counts.gone += 1;
        else if (counts.requests >= MOST_REQUESTS) counts.beyond += 1;
        else {
          counts.requests += 1;
          heard = now() - started;
          onRequest(reading);
        }
      }
    },
    missing(elapsedMs) {
      const { requests, unread, gone, beyond } = counts;
      const silence = elapsedMs - heard;
      return [
        ...gaps,
        ...(requests === 0 ? [`${place.text} had no request`] : []),
        ...(behind > 0
          ? [`${place.text} grew faster than it could be read: its last lines were not counted`]
          : []),
        ...(beyond > 0
          ? [`${place.text} had ${beyond} requests more than the ${MOST_REQUESTS} that can be counted`]
          : []),
        ...(unread > UNREAD_BORNE && unread > UNREAD_SHARE * (requests + unread)
          ? [`${unread} lines of ${place.text} could not be read${format ? ` as ${format.name}` : ''}`]
          : []),
        ...(gone > requests && requests > 0
          ? [
              `most requests in ${place.text} were given up by their clients before an answer: ${gone} of ${gone + requests}`,
            ]
          : []),
        ...(heard > 0 && silence > SHORT_SILENCE && (requests / heard) * silence > SURELY_COME
          ? [
              `${place.text} had no request for the last ${formatDuration(silence)}, and ${requests} before that`,
            ]
          : []),
      ];
    },
    detail: () =>
      [
        ...(counts.unread > 0 ? [`${counts.unread} lines could not be read`] : []),
        ...(counts.gone > 0 ? [`${counts.gone} were given up by their clients`] : []),
      ].join(', '),
  };
}

/** As the report and a baseline name it. */
export function logName({ text }: LogPlace): string {
  return `access log ${text}`;
}

/** Nothing was answered, so nothing is known of what it would have been. */
function isGone({ status }: LoggedRequest): boolean {
  return status === 0 || status === CLIENT_GONE;
}
