import { createHash, randomBytes } from 'node:crypto';
import { type Field, orVariable, pattern } from '@deploy-actions/kit';
import type { Color } from './color.ts';

/** Longest id, in characters. */
const LONGEST = 63;

/** Ids of deployments and releases: they are names of folders, and parts of image tags and of containers' names. */
export const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A compose project, as Compose takes it. */
export const PROJECT = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export const isId = (text: string): boolean => ID.test(text);

/** An input that is an id. */
export function idField(): Field<string | undefined> {
  return pattern(ID, 'an id (lower-case letters, digits and . _ -, at most 63)');
}

/** An input that is a compose project. */
export function projectField(): Field<string | undefined> {
  return orVariable(
    pattern(PROJECT, 'a project name (lower-case letters, digits, - and _)'),
    'DEPLOY_PROJECT',
  );
}

/** Any text as an id. Of a long one the beginning and the last five characters are kept: those tell two apart. */
export function identifier(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  if (plain.length <= LONGEST) return plain || 'x';
  return `${plain.slice(0, LONGEST - 5)}${plain.slice(-5)}`;
}

/**
 * The id of a deployment: as it was given, else the same for every step of the same run and job, also in a second
 * attempt. Outside of a run it is new each time.
 */
export function deploymentIdOf(
  given: string | undefined,
  { runId, job }: { runId: string; job: string },
): string {
  if (given !== undefined) return given;
  if (runId === '') return `local-${randomBytes(6).toString('hex')}`;
  return identifier(`${runId}-${job || 'job'}`);
}

/** Of which workflow run something is, as far as it says so. */
export interface OfRun {
  deploymentId: string;
  /** Address of the workflow run; empty where there is none. */
  runUrl: string;
}

/**
 * Whether two things are of one workflow run. Ids that were not given differ in the job at most (`<run>-<job>`); one that
 * was given to one step and not to the other says nothing of the run, and then its address does.
 */
export function isSameRun(a: OfRun, b: OfRun): boolean {
  const run = ({ deploymentId }: OfRun) => /^\d+(?=-)/.exec(deploymentId)?.[0];
  return (
    a.deploymentId === b.deploymentId ||
    (run(a) !== undefined && run(a) === run(b)) ||
    (a.runUrl !== '' && a.runUrl === b.runUrl)
  );
}

/** A new id for a release: when, and which version. Ids sort by time. */
export function releaseIdOf(version: string, now: Date): string {
  return identifier(`${stampOf(now)}-${version}-${randomBytes(2).toString('hex')}`);
}

/** A new id for a backup, by the same rule. */
export function backupIdOf(now: Date): string {
  return `${stampOf(now)}-${randomBytes(2).toString('hex')}`;
}

/** A moment in UTC, to the second, as it stands at the beginning of an id. */
function stampOf(now: Date): string {
  return now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

/** The id of a release in a colour that it was not deployed to. */
export function releaseIdInColor(id: string, color: Color): string {
  const plain = id.replace(/-(?:blue|green)$/, '');
  const whole = `${plain}-${color}`;
  if (whole.length <= LONGEST) return whole;
  const digest = createHash('sha256').update(plain).digest('hex').slice(0, 8);
  return `${plain.slice(0, 48)}-${digest}-${color}`;
}
