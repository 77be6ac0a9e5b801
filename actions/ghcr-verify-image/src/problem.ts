import { FAILURE_KINDS, Failure, type FailureDetails } from '@deploy-actions/kit';

/**
 * What can be wrong with an image, told apart so that each has its own remedy: codes of the kit's
 * table. The code stands in the report as the check's `phase`.
 */
export type ProblemCode =
  | 'image-absent'
  | 'tag-absent'
  | 'part-absent'
  | 'credentials-missing'
  | 'credentials-rejected'
  | 'access-denied'
  | 'push-refused'
  | 'tag-overtaken'
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

/** A failed verification of one image. */
export class Problem extends Failure {
  declare readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, details: Omit<FailureDetails, 'code'> = {}) {
    super(FAILURE_KINDS[code], message, { ...details, code });
    this.name = 'Problem';
  }
}
