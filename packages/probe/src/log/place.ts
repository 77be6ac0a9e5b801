import { FieldError, quote } from '@deploy-actions/kit';

/** Where a log lies on a server. */
export type LogPlace = { text: string } & (
  | { kind: 'file'; path: string; container: string | undefined }
  | { kind: 'container'; container: string }
  | { kind: 'journal'; identifier: string }
);

const NAME = '[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}';
const PATH = '(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._@+:-]+)+';

/**
 * Reads `/var/log/…`, `container://NAME` (what it logs), `container://NAME/path` (a file in it) or `journal://IDENTIFIER`. Throws
 * FieldError.
 */
export function parseLogPlace(text: string): LogPlace {
  const [, container, inside] = new RegExp(`^container://(${NAME})(${PATH})?$`).exec(text) ?? [];
  if (container !== undefined)
    return inside === undefined
      ? { text, kind: 'container', container }
      : { text, kind: 'file', path: inside, container };
  const [, identifier] = new RegExp(`^journal://(${NAME})$`).exec(text) ?? [];
  if (identifier !== undefined) return { text, kind: 'journal', identifier };
  if (new RegExp(`^${PATH}$`).test(text)) return { text, kind: 'file', path: text, container: undefined };
  throw new FieldError(`${quote(text)} is no place of a log`, {
    remedy:
      'Write such as /var/log/proxy/access.log, container://proxy for what a container logs, container://proxy/logs/access.log for a file in it, or journal://NAME for what the journal has of it.',
  });
}
