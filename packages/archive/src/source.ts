/** The kinds of databases that are saved by their own tools. */
export const DATABASE_KINDS = ['postgres', 'mysql', 'mariadb', 'redis', 'sqlite'] as const;
export type DatabaseKind = (typeof DATABASE_KINDS)[number];

/** Those that can be loaded into a throw-away container, and asked by `verify-query`. */
export const LOADABLE_KINDS: readonly string[] = ['postgres', 'mysql', 'mariadb'] satisfies DatabaseKind[];

/** Those that `restore` brings back. */
export const RETURNING_KINDS: readonly string[] = [...DATABASE_KINDS, 'volume', 'path'];

/** Something that a backup saves. */
export interface Source {
  kind: DatabaseKind | 'command' | 'volume' | 'path';
  /** The service that has it; empty for volumes and paths. */
  service: string;
  /** Databases (none: all of them), or the one volume or path, or the file that a command's output becomes. No spaces. */
  names: readonly string[];
  /** A command's: one line. */
  text?: string;
}

/** What the data are asked when they are saved, and again where they were loaded. */
export interface Query {
  service: string;
  /** The database; empty: the one that the image was made with. */
  name: string;
  /** One line. */
  text: string;
}

/** The file that the programs on the server read: kind, service (- for none) and names, a line each. None of them has a space. */
export function sourceFile(sources: readonly Source[]): string {
  return sources
    .map(({ kind, service, names }) => `${[kind, service || '-', ...names].join(' ')}\n`)
    .join('');
}

/** The same of the queries: service, name (- for the usual one) and query, with tabs between. */
export function queryFile(queries: readonly Query[]): string {
  return queries.map(({ service, name, text }) => `${service}\t${name || '-'}\t${text}\n`).join('');
}

/** The same of the commands: file and command. */
export function commandFile(sources: readonly Source[]): string {
  return sources
    .flatMap(({ names, text }) => (text === undefined ? [] : [`${names[0]}\t${text}\n`]))
    .join('');
}
