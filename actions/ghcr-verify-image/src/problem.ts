import { Failure, type FailureKind } from '@deploy-actions/kit';

/**
 * What can be wrong with an image, told apart so that each has its own remedy. The code stands in the report
 * as the check's `phase`.
 */
export type ProblemCode =
  | 'image-absent'
  | 'tag-absent'
  | 'part-absent'
  | 'credentials-missing'
  | 'credentials-rejected'
  | 'access-denied'
  | 'access-not-granted'
  | 'token-scope'
  | 'sso-required'
  | 'address-not-allowed'
  | 'rate-limited'
  | 'registry-down'
  | 'registry-unreachable'
  | 'not-a-registry'
  | 'storage-refused'
  | 'not-an-image'
  | 'index-not-accepted'
  | 'schema-1'
  | 'malformed'
  | 'digest-mismatch'
  | 'platform-missing'
  | 'label-differs'
  | 'too-big'
  | 'too-old'
  | 'not-attested'
  | 'attested-by-other'
  | 'attestation-invalid'
  | 'attestation-access';

export interface ProblemDetails {
  remedy?: string;
  cause?: unknown;
  details?: string;
  kind?: FailureKind;
}

/** A failed verification of one image. */
export class Problem extends Failure {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, { kind = 'refused', ...details }: ProblemDetails = {}) {
    super(kind, message, details);
    this.name = 'Problem';
    this.code = code;
  }
}
