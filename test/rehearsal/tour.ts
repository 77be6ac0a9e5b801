import type { EnginePlan } from '@deploy-actions/lab';

/** What is about to come and how long it takes, before anything is done. */
export function introduce(plan: EnginePlan): string {
  const first = {
    running: 'The first time it takes some minutes more, for the image of the server.',
    start:
      'A Docker engine is started first. The first time it takes some minutes more, for the image of the server.',
    'install and start':
      'Docker is installed first, and the image of the server is made: some minutes more, this time only.',
  }[plan];
  return `Production as examples/production-blue-green.yml has it, step by step, with the actions as they are in dist: a real
server in a container, a registry, PostgreSQL, Redis and nginx; GitHub's API and Telegram are stubs.
  1. v1.0.0 comes up in two colours, nginx is prepared, and from then on a client asks 100 times a second
  2. v1.1.0 is released: checks, a backup that is loaded on trial, migrations, smoke tests, the traffic, the watch
  3. v1.2.0 is released: it looks healthy and is not, which the watch finds; v1.1.0 gets the traffic back
Then: what each phase took beside what the team's document allows it, what visitors saw, a picture, and a page of each release.
It takes about two minutes on a quiet machine, longer on a busy one. ${first}
Ctrl+C ends it at any time, and removes what it started.
`;
}

/** What a reader may do with the lab that `npm start -- --keep` leaves up. */
export interface Try {
  /** What it shows. */
  what: string;
  /** A line for the reader's shell. */
  command: string;
}

/**
 * Four things to try after the rehearsal, in this order. Those on the server are of docs/by-hand.md, so that what is
 * learned here holds for a server of one's own.
 * @param site the address at which the site answers, without a slash at the end
 * @param ssh the command that logs in
 * @param color which of the two serves
 */
export function thingsToTry(site: string, ssh: string, color: string): Try[] {
  const onServer = (command: string) => `${ssh} ${command}`;
  return [
    { what: 'ask the site which version answers', command: `curl -s ${site}/version` },
    {
      what: 'see what runs in the colour that serves',
      command: onServer(`docker compose -p shop-${color} ps`),
    },
    {
      what: 'read who deployed what and how it ended',
      command: onServer('tail -n 3 /srv/deploy/shop/.deploy/history.jsonl'),
    },
    {
      what: 'restart the back end: for some seconds the site answers 502, then the first command tells the same version as before',
      command: onServer(`docker compose -p shop-${color} restart backend`),
    },
  ];
}
