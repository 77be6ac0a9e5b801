/** A whole backup, by its manifest. */
export interface Backup {
  id: string;
  /** Milliseconds since 1970. */
  created: number;
}

/** Reads the lines of `look_at_backups`, newest first. A manifest of another form is no backup. */
export function readBackups(text: string): Backup[] {
  const backups = text.split('\n').flatMap((line): Backup[] => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    const { id, created } = (value ?? {}) as { id?: unknown; created?: unknown };
    const at = typeof created === 'string' ? Date.parse(created) : NaN;
    return Number.isNaN(at) ? [] : [{ id: typeof id === 'string' ? id : '', created: at }];
  });
  return backups.sort((a, b) => b.created - a.created);
}
