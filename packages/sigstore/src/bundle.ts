import { type KeyObject, X509Certificate } from 'node:crypto';
import { messageOf } from '@deploy-actions/kit';
import { type Bundle, bundleFromJSON } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { PolicyError, VerificationError, Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import { type Signer, readSigner } from './signer.ts';
import type { Trust } from './trust.ts';

/**
 * Why a bundle proves nothing.
 *
 * - `malformed`: it is no bundle, or what it signs is no in-toto statement
 * - `unknown-issuer`: its certificate is of an authority that the trust roots do not have
 * - `untrusted`: certificate, log entry or time stamp do not hold with the trust roots
 * - `altered`: the signature is not of this content
 * - `other-key`: it was signed with another key, or with a certificate where a key was given
 */
export type BundleFault = 'malformed' | 'unknown-issuer' | 'untrusted' | 'altered' | 'other-key';

export class BundleError extends Error {
  readonly fault: BundleFault;
  constructor(fault: BundleFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BundleError';
    this.fault = fault;
  }
}

/** An in-toto statement: something said about some things, which are named by their digests. */
export interface Statement {
  predicateType: string;
  /** Every digest of every subject, as `algorithm:hex`. */
  subjects: string[];
}

export interface Verified {
  /** Undefined when it was signed with the key that was given. */
  signer: Signer | undefined;
  statement: Statement;
}

export interface VerifyOptions {
  trust: Trust;
  /** Take only what this key signed; log entries and time stamps are not asked for then. */
  key?: KeyObject;
}

const IN_TOTO = 'application/vnd.in-toto+json';
const STATEMENTS = new Set(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']);

/**
 * Verifies a Sigstore bundle with an in-toto statement, offline. What the statement is about and who signed
 * it is the caller's to hold against what it wants: a valid bundle proves nothing by itself.
 *
 * Thresholds: what Sigstore's public-good instance certified needs a certificate transparency time stamp, a
 * log entry and a time stamp; what GitHub's own instance certified, which has no logs, a time stamp.
 */
export function verifyBundle(value: unknown, { trust, key }: VerifyOptions): Verified {
  let bundle: Bundle;
  try {
    bundle = bundleFromJSON(value);
  } catch (error) {
    throw new BundleError('malformed', `it is no Sigstore bundle: ${messageOf(error)}`, error);
  }
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw new BundleError('malformed', 'it signs a file as it is, not a statement about an image');
  }
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  if (signatures.length !== 1) {
    throw new BundleError('malformed', `its envelope has ${signatures.length} signatures instead of one`);
  }
  if (payloadType !== IN_TOTO)
    throw new BundleError('malformed', `it signs ${payloadType}, not an in-toto statement`);
  const signer = key ? verifyWithKey(bundle, key, trust) : verifyWithRoots(bundle, trust);
  return { signer, statement: readStatement(payload) };
}

function verifyWithRoots(bundle: Bundle, trust: Trust): Signer {
  const organization = issuerOf(bundle);
  const roots = trust.roots.filter(({ certificateAuthorities }) =>
    certificateAuthorities.some(({ subject }) => subject?.organization === organization),
  );
  if (roots.length === 0) {
    throw new BundleError(
      'unknown-issuer',
      `its certificate was issued by ${JSON.stringify(organization)}, whom ${trust.name} do not have`,
    );
  }
  let failure: unknown;
  for (const root of roots) {
    try {
      const verifier = new Verifier(toTrustMaterial(root), {
        tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
        ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
        timestampThreshold: 1,
      });
      const signer = readSigner(verifier.verify(toSignedEntity(bundle)));
      if (!signer) throw new BundleError('untrusted', 'its certificate names nobody');
      return signer;
    } catch (error) {
      failure = error;
    }
  }
  throw faultOf(failure, trust);
}

function verifyWithKey(bundle: Bundle, key: KeyObject, trust: Trust): undefined {
  if (bundle.verificationMaterial.content.$case !== 'publicKey') {
    throw new BundleError('other-key', 'it was signed with a certificate, not with the key that was given');
  }
  // Log entries, where there are any, must hold; the public-good root has the log that cosign uses.
  const logs = trust.roots.find(({ tlogs }) => tlogs.length > 0) ?? trust.roots[0];
  const material = toTrustMaterial(logs as TrustedRoot, () => ({ publicKey: key, validFor: () => true }));
  try {
    new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(
      toSignedEntity(bundle),
    );
    return undefined;
  } catch (error) {
    const fault = faultOf(error, trust);
    throw fault.fault === 'altered'
      ? new BundleError('other-key', 'it was signed with another key, or altered since', error)
      : fault;
  }
}

function issuerOf({ verificationMaterial: { content } }: Bundle): string {
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]?.rawBytes
        : undefined;
  if (!raw)
    throw new BundleError('unknown-issuer', 'it was signed with a bare key, whose owner nobody vouches for');
  try {
    const organization = /^O=(.*)$/m.exec(new X509Certificate(raw).issuer)?.[1] ?? '';
    return organization.replace(/\\(.)/g, '$1');
  } catch (error) {
    throw new BundleError('malformed', `its certificate cannot be read: ${messageOf(error)}`, error);
  }
}

function faultOf(error: unknown, trust: Trust): BundleError {
  if (error instanceof BundleError) return error;
  if (error instanceof VerificationError || error instanceof PolicyError) {
    if (error.code === 'SIGNATURE_ERROR' || error.code === 'TLOG_BODY_ERROR') {
      return new BundleError('altered', `its signature is not of this content (${error.message})`, error);
    }
    return new BundleError('untrusted', `it does not hold with ${trust.name}: ${error.message}`, error);
  }
  // Certificates, time stamps and log entries are read on the way; what breaks the reader is no proof.
  return new BundleError('malformed', `it cannot be read: ${messageOf(error)}`, error);
}

function readStatement(payload: Uint8Array): Statement {
  let value: { _type?: unknown; predicateType?: unknown; subject?: unknown };
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8')) as typeof value;
  } catch (error) {
    throw new BundleError('malformed', 'what it signs is not JSON', error);
  }
  if (
    !STATEMENTS.has(String(value?._type)) ||
    typeof value.predicateType !== 'string' ||
    !Array.isArray(value.subject)
  ) {
    throw new BundleError('malformed', 'what it signs is no in-toto statement');
  }
  const subjects = value.subject.flatMap((subject: { digest?: unknown } | null) =>
    Object.entries(typeof subject?.digest === 'object' && subject.digest !== null ? subject.digest : {}).map(
      ([algorithm, hex]) => `${algorithm}:${String(hex).toLowerCase()}`,
    ),
  );
  return { predicateType: value.predicateType, subjects };
}
