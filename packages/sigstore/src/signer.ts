import type { Signer as SigstoreSigner } from '@sigstore/verify';

/**
 * Who signed, as Fulcio certified it. All of it is covered by the certificate's signature.
 * Source: sigstore/fulcio `docs/oid-info.md`.
 */
export interface Signer {
  /** The certificate's subject alternative name; for GitHub Actions the workflow's URL with its ref. */
  subject: string;
  /** Who vouched for the identity, such as `https://token.actions.githubusercontent.com`. */
  issuer: string | undefined;
  /** URL of the repository whose run signed; differs from the subject's with a reusable workflow. */
  sourceRepository: string | undefined;
  /** The commit that the run was for. */
  sourceDigest: string | undefined;
  sourceRef: string | undefined;
  /** URL of the run. */
  runUrl: string | undefined;
}

const FULCIO = [1, 3, 6, 1, 4, 1, 57264, 1];

/** The signer of a verified bundle; undefined when it was signed with a bare key. */
export function readSigner({ identity }: SigstoreSigner): Signer | undefined {
  if (!identity?.subjectAlternativeName) return undefined;
  const extension = (number: number): string | undefined => {
    const wanted = [...FULCIO, number].join('.');
    const found = identity.oids?.find(({ oid }) => oid?.id.join('.') === wanted);
    return found && derText(Buffer.from(found.value));
  };
  const legacy = (number: number): string | undefined => {
    const wanted = [...FULCIO, number].join('.');
    return identity.oids?.find(({ oid }) => oid?.id.join('.') === wanted)?.value.toString('utf8');
  };
  // Before 2023 there was only the repository's name (1.5), its host being GitHub's.
  const formerRepository = legacy(5);
  return {
    subject: identity.subjectAlternativeName,
    issuer: identity.extensions?.issuer,
    sourceRepository: extension(12) ?? (formerRepository && `https://github.com/${formerRepository}`),
    sourceDigest: extension(13) ?? legacy(3),
    sourceRef: extension(14) ?? legacy(6),
    runUrl: extension(21),
  };
}

/** The text of a DER UTF8String; undefined for anything else. */
export function derText(der: Buffer): string | undefined {
  if (der[0] !== 0x0c || der.length < 2) return undefined;
  const short = der[1]!;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  if (lengthBytes > 2 || der.length < 2 + lengthBytes) return undefined;
  const length = lengthBytes === 0 ? short : der.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  return der.length === start + length ? der.toString('utf8', start) : undefined;
}
