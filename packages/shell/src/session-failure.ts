import { Failure, type FailureDetails, type FailureKind } from '@deploy-actions/kit';

const KINDS = {
  /** DNS does not know the name. */
  'unknown-name': 'input',
  unreachable: 'lost',
  'connection-refused': 'refused',
  'connect-timed-out': 'lost',
  /** What answers is no SSH server, or speaks no algorithm that we do. */
  'not-ssh': 'refused',
  /** No pin was given for this host; the message shows what it presented. */
  'host-key-unknown': 'input',
  /** The host presented a key that is not pinned. */
  'host-key-mismatch': 'refused',
  'host-key-revoked': 'refused',
  'auth-refused': 'refused',
  /** `ssh-key` is not a private key that can be read. */
  'bad-key': 'input',
  'passphrase-needed': 'input',
  'passphrase-wrong': 'input',
  /** The login shell did not run our program. */
  'no-shell': 'refused',
  /** The program took longer than its `timeout`. */
  'timed-out': 'remote',
  /** The connection is gone, or a program ended without an exit code. */
  lost: 'lost',
  /** The caller's signal aborted. */
  cancelled: 'lost',
  'forward-forbidden': 'refused',
  'forward-refused': 'unhealthy',
  'forward-unknown-name': 'unhealthy',
  'forward-failed': 'lost',
} as const satisfies Record<string, FailureKind>;

export type SessionFailureCode = keyof typeof KINDS;

/** A Failure of a connection; `code` tells apart what a caller may treat differently. */
export class SessionFailure extends Failure {
  readonly code: SessionFailureCode;

  constructor(code: SessionFailureCode, message: string, details: FailureDetails = {}) {
    super(KINDS[code], message, details);
    this.name = 'SessionFailure';
    this.code = code;
  }
}
