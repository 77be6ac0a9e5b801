/** A request, as a line of an access log tells of it. */
export interface LoggedRequest {
  /** HTTP status; 0 where the client had gone before an answer. */
  status: number;
  /** Milliseconds from the request to the end of its answer; undefined where the line does not tell. */
  ms: number | undefined;
}

/** What a line is: a request, `other` for one that the same program writes about something else, undefined for neither. */
export type Reading = LoggedRequest | 'other' | undefined;

/** One way in which a proxy writes its log. */
export interface LogFormat {
  /** As people know it. */
  name: string;
  /** Whether its lines tell how long an answer took. */
  tellsTimes: boolean;
  read(line: string): Reading;
}

/** A request of checked form; undefined for a status or a time that cannot be. */
export function requestOf(status: number, ms: number | undefined): LoggedRequest | undefined {
  const answered = Number.isInteger(status) && status >= 100 && status <= 599;
  // HAProxy writes -1 and nginx 000 where there was no answer to write a status of.
  if (!answered && status !== 0 && status !== -1) return undefined;
  if (ms !== undefined && !(ms >= 0 && ms < 86_400_000)) return undefined;
  return { status: Math.max(0, status), ms };
}
