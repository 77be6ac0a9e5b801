import { type KeyObject, createPublicKey, verify } from 'node:crypto';
import { FieldError, messageOf } from '@deploy-actions/kit';
import { SIMPLE_SIGNING } from '../manifest/media-type.ts';
import { Problem } from '../problem.ts';
import type { Repository } from '../registry/registry.ts';

const MAX_PAYLOAD = 64 * 1024;
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/** Reads the `cosign-key` input: a public key in PEM, also in base64. Never quotes it. Throws FieldError. */
export function parseCosignKey(text: string): KeyObject {
  const pem = /-----BEGIN /.test(text) ? text : Buffer.from(text, 'base64').toString('utf8');
  if (/PRIVATE KEY-----/.test(pem)) {
    throw new FieldError('holds a private key', {
      remedy:
        'Give the public one (cosign.pub), and take the private key to be known: it was written into a workflow.',
    });
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw new FieldError('is no public key in PEM', {
      remedy: 'Give the content of cosign.pub.',
      cause: error,
    });
  }
  const type = key.asymmetricKeyType;
  if (type !== 'ec' && type !== 'rsa' && type !== 'ed25519') {
    throw new FieldError(`is a key of the type ${type}, with which cosign does not sign`);
  }
  return key;
}

/** What the signatures of an image came to. */
export type SimpleSigning = 'none' | 'signed' | 'other-key';

/**
 * Looks for a signature that cosign made with a key: a manifest under the tag `sha256-<hex>.sig`, each layer
 * a payload with its signature as an annotation. The payload must name the digest.
 * Source: sigstore/cosign `specs/SIGNATURE_SPEC.md`.
 */
export async function findSimpleSignature(
  repository: Repository,
  digest: string,
  key: KeyObject,
): Promise<SimpleSigning> {
  const found = await repository.find(`${digest.replace(':', '-')}.sig`);
  if (found?.manifest.kind !== 'manifest') return 'none';
  let outcome: SimpleSigning = 'none';
  for (const layer of found.manifest.layers.slice(0, 30)) {
    const signature = layer.annotations[SIGNATURE];
    if (layer.mediaType !== SIMPLE_SIGNING || signature === undefined) continue;
    const payload = await repository.blob(layer, MAX_PAYLOAD);
    if (isSignedBy(payload, signature, key) && signedDigest(payload, repository) === digest) return 'signed';
    outcome = 'other-key';
  }
  return outcome;
}

/** Whether the base64 signature is of these bytes by this key: ECDSA or RSA with SHA-256, or Ed25519. */
export function isSignedBy(payload: Buffer, signature: string, key: KeyObject): boolean {
  try {
    return verify(
      key.asymmetricKeyType === 'ed25519' ? null : 'sha256',
      payload,
      key,
      Buffer.from(signature, 'base64'),
    );
  } catch {
    return false;
  }
}

function signedDigest(payload: Buffer, { reference }: Repository): string | undefined {
  try {
    const { critical } = JSON.parse(payload.toString('utf8')) as {
      critical?: { type?: unknown; image?: { 'docker-manifest-digest'?: unknown } };
    };
    if (critical?.type !== 'cosign container image signature') return undefined;
    const digest = critical.image?.['docker-manifest-digest'];
    return typeof digest === 'string' ? digest : undefined;
  } catch (error) {
    throw new Problem(
      'malformed',
      `the signature of ${reference.repository} is of something that is not JSON: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
