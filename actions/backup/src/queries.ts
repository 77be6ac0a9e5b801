import type { Query } from '@deploy-actions/archive';
import { type Field, FieldError, linesOf, quote } from '@deploy-actions/kit';

const LINE = /^([a-zA-Z0-9_][a-zA-Z0-9._-]*)(?:\/([A-Za-z0-9_][A-Za-z0-9._-]*))?\s*:\s+(\S.*)$/;
const REMEDY = 'Write service: query, or service/database: query, such as db: SELECT count(*) FROM orders';

/** `service: query` lines. */
export function queries(): Field<Query[]> {
  const field = linesOf(parseQuery);
  return {
    ...field,
    parse(text) {
      const all = field.parse(text);
      const twice = all.find((one, index) =>
        all.slice(0, index).some(({ service, name }) => service === one.service && name === one.name),
      );
      if (twice) {
        throw new FieldError(`${twice.service}${twice.name && `/${twice.name}`} is asked twice`, {
          remedy:
            'Ask for several figures in one query: SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)',
        });
      }
      return all;
    },
  };
}

function parseQuery(line: string): Query {
  const [, service, name = '', text] = LINE.exec(line) ?? [];
  if (service === undefined || text === undefined) {
    throw new FieldError(`${quote(line)} is not service: query`, { remedy: REMEDY });
  }
  if (text.includes('\t')) {
    throw new FieldError('a tab stands in the query', { remedy: 'Write spaces.' });
  }
  return { service, name, text: text.replace(/\s*;$/, '') };
}
