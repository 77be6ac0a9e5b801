/** Something that a backup saves. */
export interface Source {
  kind: 'postgres';
  /** The service that has it. */
  service: string;
  /** The databases; empty: all. */
  names: readonly string[];
}

/** The file that the programs on the server read: kind, service and names, a line each. None of them has a space. */
export function sourceFile(sources: readonly Source[]): string {
  return sources.map(({ kind, service, names }) => `${[kind, service, ...names].join(' ')}\n`).join('');
}
