import { Failure } from '@deploy-actions/kit';
import { isEmpty } from '../host-config.ts';
import { type Section, rowOf } from './keys.ts';

/** Why a Compose file cannot become a stack that does the same. No value of the file that can be secret stands in it. */
export interface StackRefusal {
  /** A service, or `the network NAME`, `the volume NAME`, `the config NAME`, `the secret NAME`, `the file`. */
  of: string;
  /** Where it stands in the file, such as `services.web.security_opt`. */
  key: string;
  /** What would happen: the rest of a sentence that begins with the key. */
  why: string;
  /** What to do: a sentence without its full stop. */
  remedy: string;
}

/** All that is found on the way through a file: nothing stops at the first. */
export interface Findings {
  refusals: StackRefusal[];
  /** What is another way in a stack than on one server, and is no reason to refuse: sentences without a full stop. */
  notes: string[];
}

/** Where a map of keys stands. */
export interface Where {
  section: Section;
  /** As in `StackRefusal`. */
  of: string;
  /** The path of the map in the file. */
  path: string;
}

/**
 * Judges every key of a map by the table, and answers those that stand in a stack as they are. What is mapped is its
 * section's own affair.
 */
export function judge(value: object, where: Where, findings: Findings): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    if (key.startsWith('x-')) {
      kept[key] = one;
      continue;
    }
    const row = rowOf(where.section, key);
    if (row?.verdict === 'same') {
      if (one !== undefined && one !== null && !isNothing(one)) kept[key] = one;
      continue;
    }
    if (row !== undefined && row.verdict !== 'refused') continue;
    if (one === undefined || one === null || (row?.usual ?? isEmpty)(one)) continue;
    const remedy = typeof row?.remedy === 'function' ? row.remedy(one, where.of) : row?.remedy;
    refuse(
      findings,
      where,
      key,
      row?.why ?? 'is not known here, so nobody can say what a stack does with it',
      remedy ?? 'Leave it out',
    );
  }
  return kept;
}

/** Refuses a key of a map. */
export function refuse(findings: Findings, where: Where, key: string, why: string, remedy: string): void {
  const path = where.path === '' ? key : key === '' ? where.path : `${where.path}.${key}`;
  findings.refusals.push({ of: where.of, key: path, why, remedy });
}

/** The map of keys that stands below another one; an empty one where there is none. */
export function below(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** Without what is empty, so that no list or map stands where there is nothing to say. */
export function pruned(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined && one !== null && !isNothing(one)),
  );
}

/** The failure that tells all refusals at once; undefined where there is none. */
export function stackFailure(refusals: readonly StackRefusal[]): Failure | undefined {
  const [first, ...others] = refusals;
  if (first === undefined) return undefined;
  return new Failure(
    'input',
    `${told(first)}, so it cannot be deployed to a swarm as it is. Nothing was changed`,
    {
      code: 'not-for-swarm',
      input: 'compose-file',
      remedy: `${first.remedy}.`,
      details: others.map((one) => `${told(one)}. ${one.remedy}.`).join('\n'),
    },
  );
}

function told({ of, key, why }: StackRefusal): string {
  return `${of}: ${key} ${why}`;
}

/** An empty list or map. What is false, 0 or an empty text may have been meant. */
function isNothing(value: unknown): boolean {
  return typeof value === 'object' && isEmpty(value);
}
