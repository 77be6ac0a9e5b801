import { noteOf } from '@deploy-actions/ledger';

/** A volume or network on the server, by what the engine keeps with it. */
export interface Leftover {
  kind: 'volume' | 'network';
  name: string;
  /** The stack that it was made for; empty where it was made by other means. */
  project: string;
  /** Of our note that a project belongs to a folder: the folder. Empty on everything else. */
  folder: string;
}

/** Reads the lines of `engine_volumes` and `engine_nets`. Lines of another form are left out. */
export function leftovers(kind: Leftover['kind'], text: string): Leftover[] {
  return text.split('\n').flatMap((line): Leftover[] => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    const { name, project = '', folder = '' } = (value ?? {}) as Record<string, unknown>;
    const isText = typeof name === 'string' && typeof project === 'string' && typeof folder === 'string';
    return isText ? [{ kind, name, project, folder }] : [];
  });
}

/** The folder that a project belongs to by our own note; undefined where there is none. */
export function claimOf(project: string, all: readonly Leftover[]): string | undefined {
  const note = all.find((one) => one.kind === 'volume' && one.name === noteOf(project));
  return note?.folder || undefined;
}
