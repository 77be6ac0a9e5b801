/** Something that a backup saves. */
export interface Source {
  kind: 'postgres';
  /** The service that has it. */
  service: string;
  /** The databases; empty: all. */
  names: readonly string[];
}

/** What the data are asked when they are saved, and again where they were loaded. */
export interface Query {
  service: string;
  /** The database; empty: the one that the image was made with. */
  name: string;
  /** One line. */
  text: string;
}

/** The file that the programs on the server read: kind, service and names, a line each. None of them has a space. */
export function sourceFile(sources: readonly Source[]): string {
  return sources.map(({ kind, service, names }) => `${[kind, service, ...names].join(' ')}\n`).join('');
}

/** The same of the queries: service, name (- for the usual one) and query, with tabs between. */
export function queryFile(queries: readonly Query[]): string {
  return queries.map(({ service, name, text }) => `${service}\t${name || '-'}\t${text}\n`).join('');
}
