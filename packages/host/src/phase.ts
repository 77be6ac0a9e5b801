/**
 * Every phase that a program of ours says by `phase NAME`, in the order in which they follow one another: no program has
 * all of them, and each has its own in this order. The title is what a person reads.
 * In one that is `open` a command of the user's speaks: its last words are the reason where it fails, so they are not folded.
 */
export const PHASES = [
  // Of a deployment and of what brings a release back.
  { name: 'preflight', title: 'Look before anything changes' },
  { name: 'pull', title: 'Pull the images' },
  { name: 'ready', title: 'Ready to change; waiting for the other servers' },
  { name: 'shared', title: 'Networks, volumes and shared services' },
  { name: 'before-up', title: 'Before up', open: true },
  { name: 'migrate', title: 'Migrate', open: true },
  { name: 'database', title: 'Commands that undo what was done to the data', open: true },
  { name: 'up', title: 'Bring up what changed' },
  { name: 'wait', title: 'Wait until every service is healthy' },
  { name: 'after-up', title: 'After up', open: true },
  { name: 'all-ready', title: 'Healthy; waiting for the other servers' },
  { name: 'finish', title: 'Finish' },
  { name: 'restore', title: 'Restore the release before' },
  // Of a backup, and of what brings its data back.
  { name: 'save', title: 'Save the data' },
  { name: 'read-back', title: 'Read every byte back' },
  { name: 'fetch', title: 'Fetch the backup from the repository' },
  { name: 'load', title: 'Load the data into a place of their own' },
  { name: 'exchange', title: 'Put them in the place of those that are there' },
  { name: 'encrypt', title: 'Encrypt what was saved' },
  { name: 'keep', title: 'Keep the backup, and take old ones away' },
  { name: 'send', title: 'Send the backup to the repository' },
  // Of a switch of the traffic.
  { name: 'check', title: 'Check that the colour can take the traffic' },
  { name: 'switch', title: 'Move the traffic' },
  { name: 'verify', title: 'See that the colour answers' },
  { name: 'settle', title: 'Record where the traffic is' },
  { name: 'drain', title: 'Wait until the old colour has answered' },
  // Of what prepares a proxy.
  { name: 'prepare', title: 'Prepare the proxy' },
  { name: 'start', title: 'Start the proxy' },
  { name: 'write', title: 'Write the configuration' },
  { name: 'reload', title: 'Let the proxy read it' },
  { name: 'prove', title: 'See that the proxy answers as before' },
  { name: 'clean', title: 'Take away what nobody asks any more' },
] as const satisfies readonly { name: string; title: string; open?: true }[];

export type PhaseName = (typeof PHASES)[number]['name'];

/** Where a program gives back what it did: it comes after everything, and nothing is reached by it. */
const BACK = 'restore' satisfies PhaseName;

function indexOf(name: string): number {
  return PHASES.findIndex((one) => one.name === name);
}

/** What a person calls a phase. */
export function phaseTitle(name: string): string {
  return PHASES[indexOf(name)]?.title ?? name;
}

/** Whether the log of a phase is not folded. */
export function standsOpen(name: string): boolean {
  const phase = PHASES[indexOf(name)];
  return phase !== undefined && 'open' in phase;
}

/** Whether a program that is in a phase has come to another one, or past it. Nothing is reached by giving back. */
export function hasReached(phase: string, place: PhaseName): boolean {
  return phase !== BACK && indexOf(phase) >= indexOf(place);
}

/** The same, without the phase itself. */
export function isPast(phase: string, place: PhaseName): boolean {
  return indexOf(phase) > indexOf(place);
}
