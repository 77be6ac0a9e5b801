import type { ServiceChange } from '@deploy-actions/compose';
import { type MemberOutcome, isPast, memberFailure, succeeded } from '@deploy-actions/host';
import type { Inspection } from '@deploy-actions/release';
import { type ServiceOutcome, digestAmong, withDigest } from './images.ts';

/**
 * What became of a deployment, for the steps that follow:
 *
 * - `deployed`: the new release runs and is healthy
 * - `unchanged`: it ran already
 * - `restored`: it failed, and the release before it was brought back and is healthy
 * - `nothing-changed`: it failed, and what serves was never touched
 * - `left`: it failed, and what is there is neither proven nor restored: look at the server
 * - `unknown`: the connection was lost before the end was heard
 */
export const OUTCOMES = ['deployed', 'unchanged', 'restored', 'nothing-changed', 'left', 'unknown'] as const;
export type DeployOutcome = (typeof OUTCOMES)[number];
/** What becomes of a pull ahead of a deployment, which touches nothing that serves. */
export type PullOutcome = 'pulled' | 'nothing-changed' | 'unknown';

/** What became of one server; undefined is one that was never started, because another failed before. */
export function outcomeOf(outcome: MemberOutcome | undefined): DeployOutcome {
  if (outcome === undefined) return 'nothing-changed';
  const { result } = outcome;
  if (!result) return 'unknown';
  if (succeeded(outcome)) return result.fields['changed'] === 'true' ? 'deployed' : 'unchanged';
  if (result.fields['restored'] === 'true') return 'restored';
  if (result.fields['restored'] === 'false') return 'left';
  const touched = result.phases.some(({ name }) => isPast(name, 'migrate'));
  return touched && result.fields['changed'] !== 'false' ? 'left' : 'nothing-changed';
}

/** Of several servers the one that needs a person most; where all is well, `deployed` when any was changed. */
export function worstOutcome(outcomes: readonly DeployOutcome[]): DeployOutcome {
  const order: readonly DeployOutcome[] = [
    'left',
    'unknown',
    'restored',
    'nothing-changed',
    'deployed',
    'unchanged',
  ];
  return order.find((one) => outcomes.includes(one)) ?? 'nothing-changed';
}

/** What the sentence says, beside the outcome. */
export interface Story {
  outcome: DeployOutcome;
  /** Of what was to be deployed. */
  version: string;
  /** What serves on the server unless the new version does; empty: nothing of ours. */
  before: string;
  /** With colours, the one that was deployed; its traffic comes later. */
  color: string | undefined;
  servers: readonly string[];
  environment: string;
  /** The failure of the first server that failed by itself. */
  failed: MemberOutcome | undefined;
}

/** One sentence or two: what happened, why, and what serves now, where. */
export function storyOf(story: Story): string {
  const { outcome, version, before, color, failed } = story;
  const where = whereOf(story);
  const serves = before === '' ? `Nothing of it serves ${where}.` : `${before} serves ${where}.`;
  const live = before === '' ? 'nothing is live yet' : `${before} serves`;
  switch (outcome) {
    case 'unchanged':
      return `Nothing changed: ${version} runs already ${where}.`;
    case 'deployed':
      return color
        ? `${version} is deployed as ${color} ${where}, no traffic yet: ${live}.`
        : `${version} is deployed and healthy ${where}.`;
    case 'restored':
    case 'nothing-changed':
      return `${reasonOf(version, failed)} ${serves}`;
    case 'left':
      return `${reasonOf(version, failed)} What runs ${where} was not restored and may be down: look at it now.`;
    case 'unknown':
      return `${ended(`What became of ${version} ${where} is not known: ${failed ? memberFailure(failed).message : 'no word of it came'}`)} The server finishes or restores by itself.`;
  }
}

/** The same of a pull ahead of a deployment. */
export function pullStory(story: Omit<Story, 'outcome' | 'color'> & { outcome: PullOutcome }): string {
  const { outcome, version, before, failed } = story;
  const where = whereOf(story);
  const serves = before === '' ? 'Nothing else was changed.' : `Nothing else was changed: ${before} serves.`;
  if (outcome === 'pulled') return `The images of ${version} are ${where} for its deployment. ${serves}`;
  const why = failed ? memberFailure(failed).message : 'no word of it came';
  return outcome === 'unknown'
    ? `${ended(`Whether the images of ${version} are ${where} is not known: ${why}`)} The deployment pulls what is missing.`
    : `${ended(`The images of ${version} are not all ${where}: ${why}`)} ${serves}`;
}

function whereOf({ servers, environment }: Pick<Story, 'servers' | 'environment'>): string {
  return `on ${listed(servers)}${environment === '' ? '' : ` (${environment})`}`;
}

function reasonOf(version: string, failed: MemberOutcome | undefined): string {
  if (!failed) return `${version} was not deployed.`;
  const { kind, message } = memberFailure(failed);
  const cause = failed.result?.fields['cause'] ?? message;
  const what = kind === 'unhealthy' ? 'did not become healthy' : 'was not deployed';
  return ended(`${version} ${what}: ${cause}`);
}

/** With a full stop at its end. */
function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? (names[0] ?? 'no server')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}

/** The services that the program on the server found to be unwell when it gave up. */
export function unhealthyServices(outcome: MemberOutcome | undefined): ReadonlySet<string> {
  return new Set((outcome?.result?.fields['unhealthy'] ?? '').split(' ').filter((name) => name !== ''));
}

/**
 * The output `services`: each service with what was really done to it and its images, by digest where that is known. What
 * was planned is only where it begins: the program on the server recreates what differs when it comes to it, such as a tag
 * that has moved in the registry, and after a failure nothing of the plan may have come true.
 */
export function servicesOutput(
  changes: readonly ServiceChange[],
  found: Pick<Inspection, 'images'>,
  outcome: DeployOutcome | undefined,
  fields: Readonly<Record<string, string>> = {},
): Record<string, Omit<ServiceOutcome, 'service'>> {
  const digests = new Map(
    (fields['digests'] ?? '').split('\n').map((line): [string, string[]] => {
      const [service = '', ...references] = line.split(' ');
      return [service, references.filter((one) => one !== '')];
    }),
  );
  const named = fields['changed_services'];
  const recreated = named === undefined ? undefined : new Set(named.split(' ').filter(Boolean));
  const untouched = outcome === 'nothing-changed' || outcome === 'restored';
  // What was to be created is not there, and so was nothing done to it.
  const there = untouched ? changes.filter(({ from }) => from !== '') : changes;
  return Object.fromEntries(
    there.map((change): [string, Omit<ServiceOutcome, 'service'>] => {
      const { service, from, to, reasons } = change;
      const before = withDigest(from, found.images);
      const planned = {
        action: change.action,
        from: before,
        to: digestAmong(to, digests.get(service)) ?? withDigest(to, found.images),
        reasons: [...reasons],
      };
      if (outcome === 'nothing-changed' || (outcome === 'unchanged' && change.action !== 'remove'))
        return [service, { action: 'keep', from: before, to: before, reasons: [] }];
      if (outcome === 'restored') {
        const action = change.action === 'keep' ? 'keep' : 'restored';
        return [service, { action, from: before, to: before, reasons: [] }];
      }
      if (outcome === 'deployed' && recreated?.has(service) && /^(?:keep|restart)$/.test(change.action))
        return [service, { ...planned, action: 'recreate', reasons: ['image'] }];
      return [service, planned];
    }),
  );
}
