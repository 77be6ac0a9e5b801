import type { ActionFile } from './action-file.ts';

export type Version = readonly [major: number, minor: number, patch: number];

/** A version such as `1.4.2` or `v1.4.2`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

export function formatVersion(version: Version): string {
  return version.join('.');
}

/** Negative when `a` comes before `b`. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

export type Change = 'major' | 'minor' | 'patch';

/**
 * How a user is touched by going from one action.yml to another: `major` when a workflow that worked may stop to
 * (an input or output gone, an input newly required, a default changed), `minor` when there is something new,
 * `patch` when the contract is the same. `why` is a sentence for the release's reader.
 */
export function compareContracts(before: ActionFile, after: ActionFile): { change: Change; why: string } {
  const breaking = [
    ...gone(before.inputs, after.inputs).map((name) => `input ${name} is gone`),
    ...gone(before.outputs, after.outputs).map((name) => `output ${name} is gone`),
    ...Object.entries(after.inputs).flatMap(([name, input]) => {
      const was = before.inputs[name];
      if (input.required && !was?.required) return [`input ${name} is newly required`];
      if (was && (was.default ?? '') !== (input.default ?? '')) return [`the default of ${name} is another`];
      return [];
    }),
  ];
  if (breaking.length > 0) return { change: 'major', why: breaking.join(', ') };
  const added = [
    ...gone(after.inputs, before.inputs).map((name) => `new input ${name}`),
    ...gone(after.outputs, before.outputs).map((name) => `new output ${name}`),
  ];
  if (added.length > 0) return { change: 'minor', why: added.join(', ') };
  return { change: 'patch', why: 'the same inputs and outputs' };
}

function gone(before: object, after: object): string[] {
  return Object.keys(before).filter((name) => !Object.hasOwn(after, name));
}

/** The version after a change. */
export function bump([major, minor, patch]: Version, change: Change): Version {
  if (change === 'major') return [major + 1, 0, 0];
  return change === 'minor' ? [major, minor + 1, 0] : [major, minor, patch + 1];
}
