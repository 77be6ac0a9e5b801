import { FieldError, quote } from '@deploy-actions/kit';
import type { Signer } from '@deploy-actions/sigstore';

/** Whose workflow run must have attested an image. */
export interface SignerRule {
  /** `https://github.com`, or the enterprise server's. */
  serverUrl: string;
  /** `owner/name` of the repository whose run it was. */
  repository: string;
  /** The workflow that signed; undefined: any workflow of that repository, and no reusable one of another. */
  workflow: SignerWorkflow | undefined;
}

export interface SignerWorkflow {
  /** `owner/name`; undefined: the same repository. */
  repository: string | undefined;
  /** Such as `.github/workflows/build.yml`. */
  path: string;
  /** The full ref, such as `refs/heads/main`; undefined: any. */
  ref: string | undefined;
}

const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\/[A-Za-z0-9._-]+$/;

/** `owner/name`. Throws FieldError. */
export function parseRepository(text: string): string {
  if (!REPOSITORY.test(text)) {
    throw new FieldError(`${quote(text)} is not a repository`, { remedy: 'Write it as owner/name.' });
  }
  return text;
}

/** `[owner/name/].github/workflows/file.yml[@ref]`. Throws FieldError. */
export function parseSignerWorkflow(text: string): SignerWorkflow {
  const match =
    /^(?:([^/\s]+\/[^/\s]+)\/)?(\.github\/workflows\/[^/@\s]+\.ya?ml)(?:@(refs\/(?:heads|tags|pull)\/\S+))?$/.exec(
      text,
    );
  if (!match || (match[1] !== undefined && !REPOSITORY.test(match[1]))) {
    throw new FieldError(`${quote(text)} is not a workflow`, {
      remedy:
        'Write .github/workflows/build.yml, or owner/name/.github/workflows/build.yml for a reusable one; a ref may follow, such as @refs/heads/main.',
    });
  }
  return { repository: match[1], path: match[2]!, ref: match[3] };
}

/**
 * What is wrong with a signer, in words; undefined when it is the one that the rule names. Everything is
 * compared as a whole, never by pattern: `acme/shop` is not `acme/shop-fork`. Owner and name of a repository
 * are compared without regard to case, as GitHub does.
 */
export function signerComplaint(
  signer: Signer,
  { serverUrl, repository, workflow }: SignerRule,
): string | undefined {
  if (!isActionsIssuer(signer.issuer, serverUrl)) {
    return `${signer.subject}, vouched for by ${signer.issuer ?? 'nobody'}, which is not GitHub Actions`;
  }
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const source = signer.sourceRepository;
  if (source === undefined || !same(source, `${serverUrl}/${repository}`)) {
    return `a run of ${source ?? 'an unnamed repository'}, not of ${repository}`;
  }
  const [, server, owner, path, ref] =
    /^(https:\/\/[^/]+)\/([^/]+\/[^/]+)\/(\.github\/workflows\/[^@]+)@(.+)$/.exec(signer.subject) ?? [];
  if (server === undefined || owner === undefined || !same(server, serverUrl))
    return `${signer.subject}, which is no workflow`;
  const wanted = workflow?.repository ?? repository;
  if (!same(owner, wanted) || (workflow && path !== workflow.path)) {
    const expected = workflow ? `${wanted}/${workflow.path}` : `a workflow of ${wanted}`;
    return `${owner}/${path}, not ${expected}`;
  }
  if (workflow?.ref !== undefined && ref !== workflow.ref)
    return `${owner}/${path} at ${ref}, not at ${workflow.ref}`;
  return undefined;
}

/**
 * GitHub's issuers of identities: one for all of github.com (an enterprise may have its own name below it),
 * one for each tenant of ghe.com, and each enterprise server its own.
 */
function isActionsIssuer(issuer: string | undefined, serverUrl: string): boolean {
  if (issuer === undefined) return false;
  const { host } = new URL(serverUrl);
  if (host === 'github.com')
    return /^https:\/\/token\.actions\.githubusercontent\.com(?:\/[A-Za-z0-9-]+)?$/.test(issuer);
  if (host.endsWith('.ghe.com')) return issuer === `https://token.actions.${host}`;
  return issuer === `https://${host}/_services/token`;
}

/** Who signed, for a table: the workflow and its ref, and the commit. */
export function describeSigner({ subject, sourceDigest }: Signer): string {
  const workflow = subject.replace(/^https:\/\/[^/]+\//, '');
  return sourceDigest ? `${workflow} (${sourceDigest.slice(0, 7)})` : workflow;
}
