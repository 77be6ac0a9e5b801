import { formatReference } from '@deploy-actions/image';
import type { CheckResult, Report } from '@deploy-actions/kit';
import type { Attested } from './attestation/attestation.ts';
import type { Inspected } from './inspect.ts';
import { formatPlatform } from './manifest/platform.ts';
import type { Problem } from './problem.ts';
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
  /** How often it was looked for; more than once only while it was waited for. */
  attempts: number;
  elapsedMs: number;
  traffic: Traffic;
}

/** The outcomes in the shape that all actions report in; a failed check's `phase` is its Problem's code. */
export function toReport(outcomes: readonly Verification[], elapsedMs: number): Report {
  const failed = outcomes.filter(({ problem }) => problem);
  const checks = outcomes.map((outcome): CheckResult => {
    const { wanted, found, problem, attempts } = outcome;
    return {
      name: wanted.names.join(','),
      ok: problem === undefined,
      attempts,
      elapsedMs: Math.round(outcome.elapsedMs),
      ...(problem ? { phase: problem.code } : {}),
      detail: problem ? problem.message : `${formatReference(wanted.reference)} is ${found!.digest}`,
    };
  });
  return {
    kind: 'verify',
    ok: failed.length === 0,
    summary:
      failed.length === 0
        ? `${outcomes.length} ${outcomes.length === 1 ? 'image' : 'images'} verified`
        : `${failed.length} of ${outcomes.length} ${outcomes.length === 1 ? 'image' : 'images'} not verified: ${failed[0]!.problem!.message}`,
    elapsedMs: Math.round(elapsedMs),
    checks,
  };
}

/** The whole of what is known, for the report file: the report, and each image in full. */
export function toReportFile(outcomes: readonly Verification[], elapsedMs: number): object {
  return {
    ...toReport(outcomes, elapsedMs),
    images: outcomes.map(({ wanted, found, attested, problem, traffic }) => ({
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
      requests: traffic.requests,
      bytes: traffic.bytes,
    })),
  };
}
