import { DATABASE_KINDS, type DatabaseKind, type Source } from '@deploy-actions/archive';
import { type Field, FieldError, linesOf, quote } from '@deploy-actions/kit';

const SERVICE = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/;
/** It becomes part of a file's name, and a word of a command. */
const DATABASE = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const FILE_IN_CONTAINER = /^(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/;
const REMEDY = 'Write service: postgres, and the names of databases behind it where not all are meant.';

/** What may stand behind a kind, by its pattern; and whether something must. */
const NAMES: Readonly<Record<DatabaseKind, { pattern?: RegExp; what: string; needed?: boolean }>> = {
  postgres: { pattern: DATABASE, what: 'no name of a database of plain characters' },
  mysql: { pattern: DATABASE, what: 'no name of a database of plain characters' },
  mariadb: { pattern: DATABASE, what: 'no name of a database of plain characters' },
  redis: { what: 'not taken: a Redis is saved whole' },
  sqlite: { pattern: FILE_IN_CONTAINER, what: 'no absolute path of plain characters', needed: true },
};

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
  const kind = DATABASE_KINDS.find((one) => one === kindText);
  if (kind === undefined) {
    throw new FieldError(
      `${quote(kindText)} is no kind of database that is known (${DATABASE_KINDS.join(', ')})`,
      {
        remedy: `${REMEDY} Others are saved by the input commands.`,
      },
    );
  }
  const names = rest.split(/[\s,]+/).filter((one) => one !== '');
  const { pattern, what, needed } = NAMES[kind];
  const odd = names.find((one) => !pattern?.test(one));
  if (odd !== undefined) {
    throw new FieldError(`${quote(odd)} is ${what}`, {
      remedy: pattern ? 'Only letters, digits and . _ - are taken.' : `Write ${service}: ${kind}`,
    });
  }
  if (needed && names.length === 0) {
    throw new FieldError(`${service}: ${kind} names no file`, {
      remedy: `Write its path in the container: ${service}: ${kind} /data/app.db`,
    });
  }
  return { kind, service, names };
}
