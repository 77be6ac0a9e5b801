import type { Source } from '@deploy-actions/archive';
import { type Field, FieldError, linesOf, quote } from '@deploy-actions/kit';

const KINDS = ['postgres'] as const;
const SERVICE = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/;
/** It becomes part of a file's name, and a word of a command. */
const DATABASE = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const REMEDY = 'Write service: postgres, and the names of databases behind it where not all are meant.';

/** `service: kind [name…]` lines. */
export function databases(): Field<Source[]> {
  const field = linesOf(parseDatabase);
  return {
    ...field,
    parse(text) {
      const sources = field.parse(text);
      const twice = sources.find((one, index) =>
        sources.slice(0, index).some(({ service }) => service === one.service),
      );
      if (twice) {
        throw new FieldError(`${twice.service} is named twice`, {
          remedy: `Write all its databases in one line: ${twice.service}: ${twice.kind} one two`,
        });
      }
      return sources;
    },
  };
}

function parseDatabase(line: string): Source {
  const [, service = '', kindText = '', rest = ''] = /^([^\s:]+)\s*:\s*(\S+)(.*)$/.exec(line) ?? [];
  if (!SERVICE.test(service)) {
    throw new FieldError(`${quote(line)} is not service: kind [names]`, { remedy: REMEDY });
  }
  const kind = KINDS.find((one) => one === kindText);
  if (kind === undefined) {
    throw new FieldError(`${quote(kindText)} is no kind of database that is known (${KINDS.join(', ')})`, {
      remedy: REMEDY,
    });
  }
  const names = rest.split(/[\s,]+/).filter((one) => one !== '');
  const odd = names.find((one) => !DATABASE.test(one));
  if (odd !== undefined) {
    throw new FieldError(`${quote(odd)} is no name of a database of plain characters`, {
      remedy: 'Only letters, digits and . _ - are taken.',
    });
  }
  return { kind, service, names };
}
