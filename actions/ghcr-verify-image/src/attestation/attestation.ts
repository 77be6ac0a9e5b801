import { formatReference } from '@deploy-actions/image';
import type { KeyObject } from 'node:crypto';
import type { Signer, Trust } from '@deploy-actions/sigstore';
import { type GithubAttestationsOptions, githubBundles } from './github-attestations.ts';
import { Problem } from '../problem.ts';
import { referrerBundles } from './referrer-bundles.ts';
import type { Repository } from '../registry/registry.ts';
import { describeSigner, type SignerRule, signerComplaint } from './signer-rule.ts';
import { findSimpleSignature } from './simple-signing.ts';

/** The predicate of what `cosign sign` writes into a bundle (cosign 3). */
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

export interface AttestationRule {
  mode: 'if-present' | 'required';
  predicateType: string;
  /** Who must have signed; with a key that key's owner. */
  by: { kind: 'workflow'; rule: SignerRule } | { kind: 'key'; key: KeyObject };
}

export interface AttestationPorts {
  github: GithubAttestationsOptions;
  trust: Trust;
}

/** Who attested an image. */
export interface Attested {
  by: string;
  signer: Signer | undefined;
}

/**
 * Finds an attestation of the digest that the rule accepts: in GitHub's API, then among the referrers in the
 * registry. Answers undefined when there is none and the rule does not require one. One that was refused is a
 * Problem in either mode, which says why the first of them was refused.
 */
export async function findAttestation(
  repository: Repository,
  digest: string,
  { mode, predicateType, by }: AttestationRule,
  { github, trust }: AttestationPorts,
): Promise<Attested | undefined> {
  const { BundleError, verifyBundle } = await import('@deploy-actions/sigstore');
  const image = formatReference(repository.reference);
  const refusals: Problem[] = [];
  const accepted = by.kind === 'key' ? [predicateType, COSIGN_SIGN] : [predicateType];

  const judge = (bundle: unknown): Attested | undefined => {
    try {
      const { signer, statement } = verifyBundle(bundle, {
        trust,
        ...(by.kind === 'key' ? { key: by.key } : {}),
      });
      const about = `${image}@${digest}`;
      if (!statement.subjects.includes(digest)) {
        refusals.push(
          invalid(
            about,
            `an attestation is of something else (${statement.subjects.slice(0, 3).join(', ')})`,
          ),
        );
      } else if (!accepted.includes(statement.predicateType)) {
        refusals.push(
          new Problem(
            'not-attested',
            `${about}: there is an attestation of the type ${statement.predicateType}, not ${predicateType}`,
            {
              remedy: 'Attest what you require, or name the type of what there is as `predicate-type`.',
            },
          ),
        );
      } else {
        const complaint = by.kind === 'workflow' && signer ? signerComplaint(signer, by.rule) : undefined;
        if (complaint === undefined) return { by: signer ? describeSigner(signer) : 'the key', signer };
        refusals.push(
          new Problem('attested-by-other', `${about} is attested by somebody else: ${complaint}`, {
            remedy:
              'If that is who builds your images, name it in signer-repo and signer-workflow; otherwise do not deploy this image.',
          }),
        );
      }
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      const code =
        error.fault === 'other-key' || error.fault === 'unknown-issuer'
          ? 'attested-by-other'
          : 'attestation-invalid';
      refusals.push(
        new Problem(code, `${image}@${digest} has an attestation that proves nothing: ${error.message}`, {
          cause: error.cause,
          remedy:
            error.fault === 'untrusted'
              ? 'If it was made after these roots were renewed, give newer ones as trusted-root; otherwise do not deploy this image.'
              : 'Do not deploy this image before you know who attested it, and how.',
        }),
      );
    }
    return undefined;
  };

  if (by.kind === 'workflow') {
    const query = { repository: by.rule.repository, digest, predicateType, image };
    for await (const bundle of githubBundles(github, query, repository.traffic)) {
      const attested = judge(bundle);
      if (attested) return attested;
    }
  } else {
    const simple = await findSimpleSignature(repository, digest, by.key);
    if (simple === 'signed') return { by: 'the key', signer: undefined };
    if (simple === 'other-key') {
      refusals.push(
        new Problem(
          'attested-by-other',
          `${image}@${digest} is signed, but not with this key, or it is not this image that was signed`,
          {
            remedy:
              'Check that cosign-key is the key that the build signs with; otherwise do not deploy this image.',
          },
        ),
      );
    }
  }
  for await (const bundle of referrerBundles(repository, digest, accepted)) {
    const attested = judge(bundle);
    if (attested) return attested;
  }

  const [worst] = [...refusals].sort((a, b) => weight(a) - weight(b));
  if (mode === 'if-present' && (worst === undefined || worst.code === 'not-attested')) return undefined;
  if (worst) throw worst;
  throw new Problem(
    'not-attested',
    `${image}@${digest} is not ${by.kind === 'key' ? 'signed' : 'attested'}`,
    {
      remedy:
        by.kind === 'key'
          ? 'Sign it in the build with `cosign sign --key`, by its digest.'
          : `Attest it in the build with actions/attest-build-provenance (subject-digest is the pushed digest, push-to-registry is optional); looked for in ${by.rule.repository} and in the registry.`,
    },
  );
}

/** Said first is what tells the reader most: who else attested it, then what was wrong, then what was missing. */
function weight({ code }: Problem): number {
  return code === 'attested-by-other' ? 0 : code === 'attestation-invalid' ? 1 : 2;
}

function invalid(about: string, why: string): Problem {
  return new Problem('attestation-invalid', `${about}: ${why}`, {
    remedy: 'Do not deploy this image before you know who put that attestation there.',
  });
}
