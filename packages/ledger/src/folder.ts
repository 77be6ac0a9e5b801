/** Where things lie in the application's folder on a server; relative to it. */
export const FOLDER = {
  /** A link to the release that serves. */
  current: 'current',
  releases: 'releases',
  history: '.deploy/history.jsonl',
  traffic: '.deploy/traffic.json',
} as const;

/** The release that the link `current` leads to; empty for none. */
export function releaseOfLink(link: string): string {
  return link.startsWith(`${FOLDER.releases}/`) ? link.slice(FOLDER.releases.length + 1) : '';
}
