import { FAILURE_KINDS, Failure, type FailureDetails } from '@deploy-actions/kit';

/** The codes of kit's table that a connection's failure may have. */
export type SessionFailureCode =
  | 'unknown-name'
  | 'unreachable'
  | 'connection-refused'
  | 'connect-timed-out'
  | 'not-ssh'
  | 'host-key-unknown'
  | 'host-key-mismatch'
  | 'host-key-revoked'
  | 'auth-refused'
  | 'bad-key'
  | 'passphrase-needed'
  | 'passphrase-wrong'
  | 'no-shell'
  | 'timed-out'
  | 'lost'
  | 'cancelled'
  | 'forward-forbidden'
  | 'forward-refused'
  | 'forward-unknown-name'
  | 'forward-failed';

/** A Failure of a connection; `code` tells apart what a caller may treat differently. */
export class SessionFailure extends Failure {
  declare readonly code: SessionFailureCode;

  constructor(code: SessionFailureCode, message: string, details: FailureDetails = {}) {
    super(FAILURE_KINDS[code], message, { ...details, code });
    this.name = 'SessionFailure';
  }
}
