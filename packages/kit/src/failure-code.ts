/**
 * What went wrong, by whose hand it can be mended. One place (the runner package) turns a kind into the
 * headline that a person reads.
 *
 * - `input`: the workflow or a file of the user's is wrong
 * - `refused`: a server or service said no; the remedy says what to grant
 * - `unhealthy`: it ran and is not well
 * - `remote`: a command failed; the message has its exit code
 * - `lost`: the connection is gone; the remedy says what state the server is in and what a rerun does
 * - `busy`: somebody else holds the lock
 */
export type FailureKind = 'input' | 'refused' | 'unhealthy' | 'remote' | 'lost' | 'busy';

/**
 * Every code of a failure with its kind: a closed table, for both languages. Code decides by a code and never by a
 * sentence. What each means and what to do stands in `troubleshooting.ts`, of which docs/troubleshooting.md is made.
 */
export const FAILURE_KINDS = {
  // Where nothing more needs to be told apart, the kind's own.
  'input-wrong': 'input',
  'request-refused': 'refused',
  unhealthy: 'unhealthy',
  'command-failed': 'remote',
  lost: 'lost',
  busy: 'busy',

  // The connection (packages/shell).
  'unknown-name': 'input',
  unreachable: 'lost',
  'connection-refused': 'refused',
  'connect-timed-out': 'lost',
  'not-ssh': 'refused',
  'host-key-unknown': 'input',
  'host-key-mismatch': 'refused',
  'host-key-revoked': 'refused',
  'auth-refused': 'refused',
  'bad-key': 'input',
  'passphrase-needed': 'input',
  'passphrase-wrong': 'input',
  'no-shell': 'refused',
  'timed-out': 'remote',
  cancelled: 'lost',
  'forward-forbidden': 'refused',
  'forward-refused': 'unhealthy',
  'forward-unknown-name': 'unhealthy',
  'forward-failed': 'lost',

  // Runs on a server (packages/host).
  'path-not-usable': 'refused',
  'server-not-writable': 'refused',
  'tool-missing': 'refused',
  'upload-broken': 'lost',
  'run-gone': 'lost',
  'run-not-started': 'remote',
  'programs-are-ended': 'refused',
  'crontab-refused': 'refused',
  'lock-held': 'busy',
  'newer-run': 'refused',
  interrupted: 'lost',
  'program-ended': 'remote',
  'no-go': 'lost',
  'stopped-with-others': 'refused',
  'not-ready': 'refused',

  // Docker and Compose there.
  'docker-missing': 'refused',
  'docker-not-allowed': 'refused',
  'docker-unreachable': 'refused',
  'docker-failed': 'remote',
  'compose-missing': 'refused',
  'compose-too-old': 'refused',

  // Releases (packages/release).
  'compose-invalid': 'input',
  'not-for-swarm': 'input',
  'file-not-sent': 'input',
  'variable-missing': 'input',
  'env-file-missing': 'input',
  'env-file-invalid': 'input',
  'env-file-unreadable': 'refused',
  'image-unknown': 'input',
  'registry-refused': 'refused',
  'registry-untrusted': 'refused',
  'pull-failed': 'remote',
  'images-missing': 'remote',
  'image-gone': 'refused',
  'disk-full': 'refused',
  'write-failed': 'remote',
  'foreign-containers': 'refused',
  'stack-not-restorable': 'refused',
  'stack-changed': 'refused',
  'update-under-way': 'refused',
  'mode-differs': 'refused',
  'foreign-volumes': 'refused',
  'project-elsewhere': 'refused',
  'engine-differs': 'refused',
  'no-cluster': 'refused',
  'no-manager': 'refused',
  'no-quorum': 'refused',
  'cluster-locked': 'refused',
  'other-cluster': 'refused',
  'no-ipvs': 'refused',
  'mount-missing': 'refused',
  'plain-unreachable': 'refused',
  'volume-elsewhere': 'refused',
  'command-cut-off': 'refused',
  'cluster-led': 'busy',
  'lead-lost': 'lost',
  'network-not-attachable': 'refused',
  'external-missing': 'refused',
  'stack-out-of-reach': 'refused',
  'stack-under-other-name': 'refused',
  'stack-files-missing': 'refused',
  'network-order': 'refused',
  'network-differs': 'refused',
  'ports-taken': 'busy',
  'ports-unclaimable': 'refused',
  'hook-failed': 'unhealthy',
  'release-unhealthy': 'unhealthy',
  'restore-failed': 'unhealthy',
  'schema-moved': 'unhealthy',
  'release-gone': 'refused',

  // Backups (packages/archive).
  'service-not-running': 'refused',
  'backup-failed': 'remote',
  'backup-unreadable': 'unhealthy',
  'backup-unknown': 'refused',
  'exchange-failed': 'remote',
  'repository-refused': 'refused',
  'backup-not-sent': 'remote',

  // Colours and traffic (packages/traffic).
  'record-unreadable': 'refused',
  'canary-on': 'refused',
  'color-is-live': 'refused',
  'color-changed': 'refused',
  'release-changed': 'refused',
  'color-unwell': 'unhealthy',
  'color-answers-wrong': 'unhealthy',
  'confirmation-pending': 'refused',
  'confirmation-late': 'refused',
  'nothing-to-confirm': 'refused',
  'gate-failed': 'unhealthy',
  'share-not-taken': 'remote',
  'live-only-failed': 'remote',
  'proxy-not-prepared': 'refused',
  'proxy-outside': 'refused',
  'proxy-config-invalid': 'refused',
  'proxy-config-not-loaded': 'refused',
  'proxy-not-reloaded': 'refused',
  'proxy-unhealthy': 'unhealthy',
  'config-unreadable': 'refused',
  'config-changed': 'refused',
  'flags-unreadable': 'refused',
  'folder-not-usable': 'refused',
  'watched-folder-unread': 'refused',
  'root-needed': 'refused',
  'command-refused': 'refused',
  'group-shared': 'refused',
  'traffic-elsewhere': 'refused',
  'site-unwell': 'unhealthy',

  // Images and their attestations (actions/ghcr-verify-image).
  'image-absent': 'refused',
  'tag-absent': 'refused',
  'part-absent': 'refused',
  'storage-refused': 'refused',
  'not-an-image': 'refused',
  'credentials-missing': 'refused',
  'credentials-rejected': 'refused',
  'access-denied': 'refused',
  'push-refused': 'refused',
  'tag-overtaken': 'refused',
  'access-not-granted': 'refused',
  'token-scope': 'refused',
  'sso-required': 'refused',
  'address-not-allowed': 'refused',
  'rate-limited': 'refused',
  'registry-down': 'refused',
  'registry-unreachable': 'lost',
  'not-a-registry': 'refused',
  'index-not-accepted': 'refused',
  'schema-1': 'refused',
  malformed: 'refused',
  'digest-mismatch': 'refused',
  'platform-missing': 'refused',
  'label-differs': 'refused',
  'too-big': 'refused',
  'too-old': 'refused',
  'not-attested': 'refused',
  'attested-by-other': 'refused',
  'attestation-invalid': 'refused',
  'attestation-access': 'refused',
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURE_KINDS;

/** The codes of one kind. */
export type CodeOf<K extends FailureKind> = {
  [Code in FailureCode]: (typeof FAILURE_KINDS)[Code] extends K ? Code : never;
}[FailureCode];

/** The code of a failure that says nothing more than its kind. */
export const GENERAL_CODES = {
  input: 'input-wrong',
  refused: 'request-refused',
  unhealthy: 'unhealthy',
  remote: 'command-failed',
  lost: 'lost',
  busy: 'busy',
} as const satisfies { [K in FailureKind]: CodeOf<K> };

/** The code that a text names; undefined for what is none of the table's. */
export function failureCode(text: string | undefined): FailureCode | undefined {
  return text !== undefined && Object.hasOwn(FAILURE_KINDS, text) ? (text as FailureCode) : undefined;
}
