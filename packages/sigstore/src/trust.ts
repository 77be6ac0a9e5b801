import { messageOf } from '@deploy-actions/kit';
import { TrustedRoot } from '@sigstore/protobuf-specs';

/** When the embedded roots were published. */
export const TRUST_DATE = '2026-10-23';

/** The keys and certificates that are trusted, and what to call them in a message. */
export interface Trust {
  name: string;
  roots: TrustedRoot[];
}

/** Sigstore's public-good instance and GitHub's own, as embedded (see trust/README.md). */
export async function embeddedTrust(): Promise<Trust> {
  const { default: publicGood } = await import('./trust/public-good.2026-10-23.json', {
    with: { type: 'json' },
  });
  const { default: github } = await import('./trust/github.2026-10-23.json', { with: { type: 'json' } });
  return {
    name: `the embedded trust roots of ${TRUST_DATE}`,
    roots: [publicGood, github].map(TrustedRoot.fromJSON),
  };
}

/**
 * Trust roots from the text of a file: one JSON document, or one a line as `gh attestation trusted-root`
 * prints them. Throws an Error that says what is wrong.
 */
export function parseTrust(text: string, name: string): Trust {
  const documents =
    /^\s*\{[\s\S]*\}\s*\n\s*\{/.test(text) && isLines(text) ? text.trim().split(/\r?\n/) : [text];
  const roots = documents.map((document) => {
    let value: unknown;
    try {
      value = JSON.parse(document);
    } catch (error) {
      throw new Error(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
    }
    const mediaType = String((value as { mediaType?: unknown } | null)?.mediaType ?? '');
    if (!/^application\/vnd\.dev\.sigstore\.trustedroot[+.]/.test(mediaType)) {
      throw new Error(
        `${name} is no Sigstore trust root: its mediaType is ${JSON.stringify(mediaType.slice(0, 80))}`,
      );
    }
    const root = TrustedRoot.fromJSON(value);
    if (root.certificateAuthorities.length === 0) throw new Error(`${name} names no certificate authority`);
    return root;
  });
  return { name, roots };
}

function isLines(text: string): boolean {
  return text
    .trim()
    .split(/\r?\n/)
    .every((line) => line.startsWith('{') && line.trimEnd().endsWith('}'));
}
