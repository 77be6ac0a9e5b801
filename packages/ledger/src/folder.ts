import { isId } from './identity.ts';

/** Where things lie in the application's folder on a server; relative to it. */
export const FOLDER = {
  /** A link to the release that serves. */
  current: 'current',
  releases: 'releases',
  backups: 'backups',
  history: '.deploy/history.jsonl',
  traffic: '.deploy/traffic.json',
} as const;

/** The release that the link `current` leads to; empty for none, and for a link that is not ours. */
export function releaseOfLink(link: string): string {
  const release = link.startsWith(`${FOLDER.releases}/`) ? link.slice(FOLDER.releases.length + 1) : '';
  return isId(release) ? release : '';
}
