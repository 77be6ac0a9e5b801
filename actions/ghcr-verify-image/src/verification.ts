import { formatReference } from '@deploy-actions/image';
import type { CheckResult, Report } from '@deploy-actions/kit';
import type { Attested } from './attestation/attestation.ts';
import type { Inspected } from './inspect.ts';
import { formatPlatform } from './manifest/platform.ts';
import type { Problem } from './problem.ts';
import { type Promotion, describePromotions } from './promotion.ts';
import type { Traffic } from './registry/wire.ts';
import type { Wanted } from './wanted.ts';

/** What became of one image. */
export interface Verification {
  wanted: Wanted;
  /** Undefined when the image could not be read. */
  found: Inspected | undefined;
  attested: Attested | undefined;
  /** Undefined when all is well. */
  problem: Problem | undefined;
  /** What became of the tag that it was to be given; undefined where there is none, or an image is not well. */
  promotion?: Promotion | undefined;
  /** How often it was looked for; more than once only while it was waited for. */
  attempts: number;
  elapsedMs: number;
  traffic: Traffic;
}

/** The outcomes in the shape that all actions report in; a failed check's `phase` is its Problem's code. */
export function toReport(outcomes: readonly Verification[], elapsedMs: number): Report {
  const failed = outcomes.filter(({ problem }) => problem);
  const promotions = promotionsOf(outcomes);
  const unmoved = promotions.filter((one) => !isPromoted(one));
  const checks = outcomes.map((outcome): CheckResult => {
    const { wanted, found, promotion, attempts } = outcome;
    const problem = outcome.problem ?? promotion?.problem;
    return {
      name: wanted.names.join(','),
      ok: problem === undefined && (promotion === undefined || isPromoted(promotion)),
      attempts,
      elapsedMs: Math.round(outcome.elapsedMs),
      ...(problem ? { phase: problem.code } : {}),
      detail: [
        problem ? problem.message : `${formatReference(wanted.reference)} is ${found!.digest}`,
        ...(promotion ? [describePromotion(promotion)] : []),
      ].join('; '),
    };
  });
  const count = `${outcomes.length} ${outcomes.length === 1 ? 'image' : 'images'}`;
  const moved = promotions.length > 0 ? `; ${describePromotions(promotions)}` : '';
  return {
    kind: 'verify',
    ok: failed.length === 0 && unmoved.length === 0,
    summary:
      failed.length === 0
        ? `${count} verified${moved}`
        : `${failed.length} of ${count} not verified: ${failed[0]!.problem!.message}`,
    elapsedMs: Math.round(elapsedMs),
    checks,
  };
}

/** What became of the tag in each repository, once. */
export function promotionsOf(outcomes: readonly Verification[]): Promotion[] {
  return [...new Set(outcomes.flatMap(({ promotion }) => promotion ?? []))];
}

/** Whether the tag names the image now. */
export function isPromoted({ state }: Promotion): boolean {
  return state === 'moved' || state === 'unchanged';
}

/** What became of the tag, with what it named before. */
function describePromotion({ tag, state, before, digest }: Promotion): string {
  const was = before === undefined ? '' : ` (before: ${before ?? 'no such tag'})`;
  if (state === 'unchanged') return `${tag} named ${digest} already`;
  if (state === 'moved') return `${tag} names ${digest} now${was}`;
  if (state === 'overtaken') return `${tag} was moved to ${digest}, and moved on by another run${was}`;
  return state === 'unknown' ? `what ${tag} names is not known${was}` : `${tag} was not moved${was}`;
}

/** The whole of what is known, for the report file: the report, and each image in full. */
export function toReportFile(outcomes: readonly Verification[], elapsedMs: number): object {
  return {
    ...toReport(outcomes, elapsedMs),
    images: outcomes.map(({ wanted, found, attested, problem, promotion, traffic }) => ({
      names: wanted.names,
      reference: formatReference(wanted.reference),
      digest: found?.digest,
      mediaType: found?.mediaType,
      platforms: found?.variants.map(({ platform, size, created, labels }) => ({
        platform: platform && formatPlatform(platform),
        compressedBytes: size,
        created: created?.toISOString(),
        labels,
      })),
      attestedBy: attested && { name: attested.by, ...attested.signer },
      problem: problem && { code: problem.code, message: problem.message, remedy: problem.remedy },
      promotion: promotion && {
        tag: promotion.tag,
        state: promotion.state,
        before: promotion.before,
        digest: promotion.digest,
        problem: promotion.problem && {
          code: promotion.problem.code,
          message: promotion.problem.message,
          remedy: promotion.problem.remedy,
        },
      },
      requests: traffic.requests,
      bytes: traffic.bytes,
    })),
  };
}
