import type { Failure } from '@deploy-actions/kit';
import { CHECK_NAMES, type CheckName, NODE_CHECKS, ON_DEMAND } from '../check-names.ts';
import { ACCESS } from './access.ts';
import { type Check, type Seen, type Unseen, type Verdict, failedBy, unknown } from './check.ts';
import { CONFIGURATION } from './configuration.ts';
import { DEPLOYMENT } from './deployment.ts';
import { IMAGES } from './images.ts';
import { OUTSIDE } from './outside.ts';
import { PROXY } from './proxy.ts';
import { ROOM } from './room.ts';
import { SWARM } from './swarm.ts';
import { WORKFLOW } from './workflow.ts';

/** Every check, once. */
const CHECKS: readonly Check[] = [
  ...ACCESS,
  ...SWARM,
  ...CONFIGURATION,
  ...WORKFLOW,
  ...IMAGES,
  ...ROOM,
  ...OUTSIDE,
  ...PROXY,
  ...DEPLOYMENT,
];

/** A line of the table. */
export interface Row extends Verdict {
  name: CheckName;
}

/** All checks of a server, in the order of their names' list; none ends the others. */
export function judgeAll(seen: Seen): Row[] {
  return rowsOf(seen, (check) => check.judge(seen));
}

/**
 * The same of a server that could not be looked at: what needs nothing of it is judged all the same, and nothing else passes.
 */
export function judgeUnseen(seen: Unseen, failure: Failure): Row[] {
  return rowsOf(seen, (check) => {
    if (check.name === 'connection') return unreachable(failure);
    if (check.judgeUnseen) return check.judgeUnseen(seen);
    return unknown('not looked at: see connection');
  });
}

/** With the line that known-hosts would need, or the command that lets the key in, where that is what is missing. */
function unreachable(failure: Failure): Verdict {
  const verdict = failedBy(failure);
  const what = LINES[failure.code];
  const line = what === undefined ? undefined : failure.details?.split('\n')[1];
  return line === undefined
    ? verdict
    : { ...verdict, remedy: `${verdict.remedy ?? ''} ${what}: ${line}`.trim() };
}

/** What the second line of a failure's details is, by its code. */
const LINES: Readonly<Record<string, string>> = {
  'host-key-unknown': 'The line',
  'auth-refused': 'As root there',
};

function rowsOf(
  { inputs, isNode }: Pick<Unseen, 'inputs' | 'isNode'>,
  judge: (check: Check) => Verdict | undefined,
): Row[] {
  return CHECK_NAMES.flatMap((name): Row[] => {
    if (isNode && !NODE_CHECKS.has(name)) return [];
    if (inputs.skip.includes(name)) return [{ name, state: 'skipped', detail: 'left out by `skip`' }];
    if (ON_DEMAND.has(name) && !inputs.warn.includes(name)) return [];
    const check = CHECKS.find((one) => one.name === name);
    const verdict = check && judge(check);
    if (verdict === undefined) return [];
    const lowered = inputs.warn.includes(name) && isRed(verdict);
    return [{ name, ...verdict, ...(lowered ? { state: 'warned' as const } : {}) }];
  });
}

/** Whether a deployment should not begin. */
export function isRed({ state }: Pick<Verdict, 'state'>): boolean {
  return state === 'failed' || state === 'unknown';
}
