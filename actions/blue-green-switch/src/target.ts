import { Failure } from '@deploy-actions/kit';
import { type Color, canaryOf, isReturn, liveColorOf, otherColor, parseShare } from '@deploy-actions/ledger';
import type { SeenServer } from '@deploy-actions/traffic';
import type { SwitchInputs } from './fields.ts';

type Look = Pick<SeenServer['look'], 'history' | 'share' | 'traffic' | 'confirm'>;

interface Seen {
  server: Pick<SeenServer['server'], 'name'>;
  look: Look;
}

/**
 * The colour that is to have the traffic, the same on all servers. `goesOn`: the deployment that may have moved it in an
 * earlier attempt; then that colour, not the one that is idle since.
 */
export function targetOf(seen: readonly Seen[], to: SwitchInputs['to'], goesOn?: string): Color {
  if (to === 'blue' || to === 'green') return to;
  const targets = new Set(
    seen.map(({ look }) => (goesOn === undefined ? undefined : movedColor(look, goesOn)) ?? idleColor(look)),
  );
  const [target] = targets;
  if (targets.size > 1 || target === undefined) {
    throw new Failure(
      'refused',
      `the servers do not agree which colour is idle: ${seen.map(({ server, look }) => `${server.name}: ${look.share ?? 'none'}`).join(', ')}`,
      {
        input: 'to',
        remedy: 'Say which one in `to`: those that have it already stay as they are.',
      },
    );
  }
  return target;
}

/** The colour that the deployment has moved all traffic to, if that is the last thing it did and it is there still. */
function movedColor({ history, share }: Look, deploymentId: string): Color | undefined {
  const own = history.filter((line) => line.deployment_id === deploymentId);
  // A confirmation leaves the traffic where the switch has moved it; a return moves it back.
  const last = own.findLast((line) => line.operation !== 'confirm' || isReturn(line));
  const moved = last?.operation === 'switch' && last.outcome === 'succeeded' && last.to === share;
  const to = parseShare(moved ? (share ?? '') : '');
  return to?.weight === 100 ? to.color : undefined;
}

/** Whether the last thing that the deployment did was to confirm a switch, and the traffic is there still. */
export function isConfirmed({ history, share, confirm }: Look, deploymentId: string): boolean {
  const last = history.findLast((line) => line.deployment_id === deploymentId);
  const confirmed = last?.operation === 'confirm' && last.outcome === 'confirmed';
  return confirm === undefined && confirmed && last.to === share;
}

/** The colour that gets more when one goes on: the idle one, or the one that a canary is under way to. */
function idleColor(look: Look): Color {
  return canaryOf(look.share)?.color ?? otherColor(liveColorOf(look));
}
