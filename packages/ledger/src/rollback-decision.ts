import { Failure, sameVersion } from '@deploy-actions/kit';
import { type Color, otherColor } from './color.ts';
import { type HistoryEntry, movedTraffic } from './history.ts';
import { unfitReleases } from './marks.ts';
import type { ReleaseRecord } from './release-record.ts';
import { releaseBefore, schemaChanges, undoneChanges } from './served.ts';
import { canaryOf, majorColor, parseShare } from './share.ts';
import {
  type Standing,
  colorContainers,
  colorsInUse,
  currentRelease,
  liveColorOf,
  releaseOfColor,
} from './standing.ts';

/** What a rollback does on one server. */
export type RollbackDecision =
  | { kind: 'nothing'; reason: string }
  | {
      kind: 'flip';
      to: Color;
      from: string;
      fromRelease: string;
      release: string;
      /** What the deploy to that colour noted; the traffic moves only while it is so. */
      slot: string;
      reason: string;
    }
  | { kind: 'redeploy'; from: string; release: ReleaseRecord; reason: string }
  /** The release is brought up in the idle colour first, then the traffic moves there. */
  | {
      kind: 'recolor';
      to: Color;
      from: string;
      fromRelease: string;
      release: ReleaseRecord;
      reason: string;
    };

/** What is asked for, and by whom. */
export interface RollbackRequest {
  /** Undefined: what this workflow run has done. */
  to: string | undefined;
  mode: 'auto' | 'flip' | 'redeploy';
  project: string;
  /** Which lines of the history are of this workflow run. */
  isOwn(entry: HistoryEntry): boolean;
  /** A rollback that would cross a migration may. */
  pastMigration: boolean;
  /** Commands of the user's run before the old release starts. */
  runsHooks: boolean;
  /** Seconds since 1970. */
  now: number;
}

/** Whether a colour could take the traffic at once: its containers are there and none is unwell. */
function isWarm(look: Standing, project: string, color: Color): boolean {
  const containers = colorContainers(look, project, color).filter((one) => !one.liveOnly);
  return (
    containers.length > 0 && containers.every((one) => one.status === 'running' && one.health !== 'unhealthy')
  );
}

/** Whether a colour's containers are at least there, so that they can be started again. */
function isKept(look: Standing, project: string, color: Color): boolean {
  return colorContainers(look, project, color).length > 0;
}

/**
 * What is to be done; pure. Throws where the request cannot be met. `gaveBack`: a switch was stopped for this, and what
 * it had moved went back.
 */
export function decideRollback(look: Standing, request: RollbackRequest, gaveBack = false): RollbackDecision {
  return request.to === undefined ? decideOwn(look, request) : decideTo(look, request, request.to, gaveBack);
}

/** Seconds. */
const CONFIRM_GRACE = 300;

const ENDINGS: Readonly<Record<string, string>> = {
  restored: 'was taken back by itself',
  failed: 'failed',
  interrupted: 'was cut off',
};

/** Undoes what this workflow run has done to what users see, and nothing that came before it. */
function decideOwn(look: Standing, request: RollbackRequest): RollbackDecision {
  const { project } = request;
  const { history } = look;
  const own = history.filter((entry) => request.isOwn(entry));
  const moved = own.find(movedTraffic);
  if (moved) {
    if (look.share === moved.from)
      return {
        kind: 'nothing',
        reason: `this run moved the traffic and it is back on ${moved.from} already`,
      };
    const later = history
      .slice(history.lastIndexOf(own.at(-1)!) + 1)
      .find((entry) => !request.isOwn(entry) && entry.outcome === 'succeeded');
    if (later)
      return {
        kind: 'nothing',
        reason: `a later run (${later.run_url || later.deployment_id}) has changed what is served since`,
      };
    const to = majorColor(parseShare(moved.from)!);
    return flip(look, project, to, `this run moved the traffic from ${moved.from}`, request);
  }
  const canary = canaryOf(look.share);
  if (canary && own.some((entry) => entry.operation === 'switch')) {
    return flip(look, project, otherColor(canary.color), 'this run left a canary', request);
  }
  const { releases } = look;
  const current = currentRelease(look, project);
  const deployed = own.find((entry) => entry.operation === 'deploy' && entry.outcome === 'succeeded');
  if (!deployed) {
    const failed = own.find((entry) => entry.operation === 'deploy');
    return {
      kind: 'nothing',
      reason: failed
        ? `the deploy of this run ${ENDINGS[failed.outcome] ?? `ended as ${failed.outcome}`}, and nothing of it serves`
        : 'this run has changed nothing on the server',
    };
  }
  if (deployed.release !== current)
    return {
      kind: 'nothing',
      reason: `${deployed.release} of this run does not serve (it is ${current || 'nothing'})`,
    };
  const before = releases.find((one) => one.id === deployed.release)?.previous;
  const target = releases.find((one) => one.id === before);
  if (!target) return { kind: 'nothing', reason: 'there is no earlier release to go back to' };
  return redeploy(look, target, current, `this run deployed ${deployed.release}`, request);
}

function decideTo(look: Standing, request: RollbackRequest, to: string, gaveBack: boolean): RollbackDecision {
  const { project } = request;
  const { releases } = look;
  const current = currentRelease(look, project);
  const unfit = unfitReleases(look.history);
  const isBack = to === 'previous' || to === 'last-good';
  const target = isBack ? releaseBefore(current, look) : findRelease(releases, to);
  const idle = otherColor(liveColorOf(look));
  // Another step back would be one too many.
  if (isBack && gaveBack && !unfit.has(current)) {
    return {
      kind: 'nothing',
      reason: `a switch was under way: it was stopped, and ${current || look.share} has all the traffic again`,
    };
  }
  const canary = canaryOf(look.share);
  if (canary && request.mode !== 'redeploy') {
    // What had all the traffic before the canary is what to go back to.
    const origin = otherColor(canary.color);
    const had = releaseOfColor(look, project, origin);
    if (isBack ? had === undefined || !unfit.has(had) : target !== undefined && target.id === had)
      return flip(look, project, origin, `${to} was asked for during a canary`, request);
  }
  if (!target) {
    // The idle colour may hold a release whose record is gone, or a plain stack that never had one.
    if (isBack && colorsInUse(look, project) && isKept(look, project, idle)) {
      const inIdle = releaseOfColor(look, project, idle);
      const why = inIdle === undefined ? undefined : unfit.get(inIdle);
      if (why !== undefined) {
        return {
          kind: 'nothing',
          reason: `${idle} holds ${inIdle}, which ${why}, and there is no other release to go back to`,
        };
      }
      return flip(look, project, idle, `${to} was asked for`, request);
    }
    if (isBack) return { kind: 'nothing', reason: 'there is no earlier release to go back to' };
    throw new Failure('input', `no release on the server is ${to}`, {
      input: 'to',
      remedy:
        releases.length === 0
          ? 'There is none at all: see list: true.'
          : `There are: ${releases.map((one) => `${one.id} (${one.version})`).join(', ')}.`,
    });
  }
  if (target.id === current) return { kind: 'nothing', reason: `${target.id} serves already` };
  if (
    colorsInUse(look, project) &&
    releaseOfColor(look, project, idle) === target.id &&
    request.mode !== 'redeploy'
  ) {
    return flip(look, project, idle, `${to} was asked for`, request);
  }
  return redeploy(look, target, current, `${to} was asked for`, request);
}

/** The newest release of that id, version or commit. */
function findRelease(releases: readonly ReleaseRecord[], to: string): ReleaseRecord | undefined {
  const newest = [...releases].reverse();
  return (
    newest.find((one) => one.id === to) ??
    newest.find((one) => one.version === to) ??
    newest.find((one) => /^[0-9a-f]{7,40}$/i.test(to) && sameVersion(one.sha, to))
  );
}

function flip(
  look: Standing,
  project: string,
  to: Color,
  reason: string,
  request: RollbackRequest,
): RollbackDecision {
  const release = releaseOfColor(look, project, to) ?? '';
  const fromRelease = releaseOfColor(look, project, otherColor(to)) ?? '';
  const { releases } = look;
  if (!isKept(look, project, to)) {
    const target = releases.find((one) => one.id === release);
    if (target && request.mode !== 'flip') return redeploy(look, target, fromRelease, reason, request);
    throw new Failure('refused', `${to} has no containers any more, so the traffic cannot go back to it`, {
      remedy: 'Deploy the release that you want to the idle colour, then switch.',
    });
  }
  checkMigrations(look, release, request);
  // Commands of the user's run before the traffic moves, by the code that brings a release back.
  const recorded = releases.find((one) => one.id === release);
  if (request.runsHooks && request.mode !== 'flip' && recorded?.color === to)
    return { kind: 'recolor', to, from: look.share ?? '', fromRelease, release: recorded, reason };
  const warm = isWarm(look, project, to) ? '' : '; its containers are started first';
  return {
    kind: 'flip',
    to,
    from: look.share ?? '',
    fromRelease,
    release,
    slot: look.slots[to],
    reason: `${reason}${warm}`,
  };
}

function redeploy(
  look: Standing,
  target: ReleaseRecord,
  from: string,
  reason: string,
  request: RollbackRequest,
): RollbackDecision {
  if (request.mode === 'flip') {
    throw new Failure(
      'refused',
      `${target.id} is in no colour that stands by, so the traffic cannot just be moved`,
      { input: 'mode', remedy: 'Use mode: auto.' },
    );
  }
  checkMigrations(look, target.id, request);
  if (colorsInUse(look, request.project)) return recolor(look, target, from, reason, request);
  if (target.color !== '') {
    throw new Failure(
      'refused',
      `${target.id} was deployed to ${target.color}, and no proxy chooses between colours here`,
      { remedy: 'Prepare the proxy (blue-green-switch with install: true), then move the traffic.' },
    );
  }
  return { kind: 'redeploy', from, release: target, reason };
}

/** A release that stands by in no colour takes the place of what is in the idle one; the live one is never touched. */
function recolor(
  look: Standing,
  target: ReleaseRecord,
  fromRelease: string,
  reason: string,
  request: RollbackRequest,
): RollbackDecision {
  if (canaryOf(look.share)) {
    throw new Failure(
      'refused',
      `a canary is on (${look.share}), so no colour is idle that ${target.id} could be brought up in`,
      {
        remedy:
          'End it first: `to: previous` goes back to what had all the traffic. Then roll back to the release.',
      },
    );
  }
  const to = otherColor(liveColorOf(look));
  if (target.color === '') {
    throw new Failure(
      'refused',
      `${target.id} was deployed in place, before there were colours, and cannot be brought up as ${to}`,
      {
        remedy: `Deploy ${target.version} again with \`color: ${to}\` (ssh-compose-deploy), then move the traffic (blue-green-switch).`,
      },
    );
  }
  const now = releaseOfColor(look, request.project, to);
  // Some time after its end a timer has acted, or nothing ever will.
  if (look.confirm && request.now < look.confirm.until + CONFIRM_GRACE && now !== target.id) {
    throw new Failure(
      'refused',
      `a switch waits to be confirmed: without that the traffic goes back to what is in ${to}, which ${target.id} would take the place of`,
      {
        remedy:
          'Roll back without `to`, which goes there at once, or confirm it (blue-green-switch with `to: confirm`). Then roll back to the release.',
      },
    );
  }
  const lost = now === undefined || now === target.id ? '' : `; ${to} held ${now}`;
  return {
    kind: 'recolor',
    to,
    from: look.share ?? '',
    fromRelease,
    release: target,
    reason: `${reason}${lost}`,
  };
}

/** Old code runs on the schema as it is by one rule, see `schemaChanges`. The refusal says who serves, and what comes by itself. */
function checkMigrations(look: Standing, to: string, request: RollbackRequest): void {
  if (request.pastMigration) return;
  const undone = undoneChanges(to, look);
  if (undone.length > 0) {
    throw new Failure(
      'refused',
      `the data were taken back to an older release since ${to} served, and with them what ${undone.map((one) => one.id).join(', ')} had changed in the schema: a rollback runs no migrations. ${whoServes(look, request)}`,
      {
        input: 'allow-past-migration',
        remedy:
          'Deploy that version again (ssh-compose-deploy): its migrations run then. Or set allow-past-migration: true if it can run on the schema as it is.',
      },
    );
  }
  const crossed = schemaChanges(to, look);
  if (crossed.length === 0) return;
  const target = to || 'the release before';
  throw new Failure(
    'refused',
    `${crossed.map((one) => one.id).join(', ')} changed the schema after ${target} was deployed, and ${target} has not served since: nothing says that it runs on it. ${whoServes(look, request)}`,
    {
      input: 'allow-past-migration',
      remedy:
        'Give `down-migrate`, restore a backup, or set allow-past-migration: true if the old code can run on the new schema.',
    },
  );
}

/** What serves, where, and what the server does by itself if nobody does anything. */
function whoServes(look: Standing, { project, now }: RollbackRequest): string {
  const current = currentRelease(look, project) || 'a stack without a record';
  const share = parseShare(look.share ?? '');
  const where = share && colorsInUse(look, project) ? ` (traffic on ${look.share})` : '';
  const serves = `${current} goes on serving${where}; nothing was changed`;
  if (!look.confirm || now >= look.confirm.until + CONFIRM_GRACE) return serves;
  const until = new Date(look.confirm.until * 1000).toISOString().replace('.000Z', 'Z');
  return `${serves}. Unless the switch is confirmed, the server gives the traffic back to ${look.confirm.from} by itself at ${until}`;
}
