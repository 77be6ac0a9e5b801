import { nextPage } from '@deploy-actions/http';
import { messageOf } from '@deploy-actions/kit';
import { classify } from '../registry/answer.ts';
import { bareType } from '../manifest/media-type.ts';
import { Problem } from '../problem.ts';
import { SnappyError, decodeSnappy } from './snappy.ts';
import type { Traffic, Wire } from '../registry/wire.ts';

export interface GithubAttestationsOptions {
  wire: Wire;
  /** Such as `https://api.github.com`. */
  apiUrl: string;
  /** The job's token; without one only attestations of public repositories are shown. */
  token: string | undefined;
  now(): Date;
}

/** What is asked of GitHub's attestation API. */
export interface AttestationQuery {
  /** `owner/name` of the repository whose run attested. */
  repository: string;
  /** `sha256:…` of the image. */
  digest: string;
  predicateType: string;
  /** The image as messages show it. */
  image: string;
}

const MAX_PAGE = 8 * 2 ** 20;
/** Bundles have 5 to 11 KB, those with an SBOM some MB. */
const MAX_BUNDLE = 16 * 2 ** 20;
const PAGES = 5;

/**
 * The bundles that GitHub holds for a digest, one by one, so that a caller who has found what it wants asks
 * for no more. Since July 2026 the list has no bundles but links to Snappy blocks in a blob store, which are
 * pre-signed and fetched without the token; bundles in the list are taken too.
 * Source: docs.github.com "REST API endpoints for artifact attestations".
 */
export async function* githubBundles(
  { wire, apiUrl, token, now }: GithubAttestationsOptions,
  { repository, digest, predicateType, image }: AttestationQuery,
  traffic: Traffic,
): AsyncGenerator<unknown, void, void> {
  const question = {
    stage: 'attestations',
    image,
    registry: new URL(apiUrl).host,
    path: repository,
    credentials: token === undefined ? 'none' : 'job-token',
    now: now(),
  } as const;
  let url: URL | undefined = new URL(
    `${apiUrl.replace(/\/$/, '')}/repos/${repository}/attestations/${digest}`,
  );
  url.searchParams.set('per_page', '100');
  url.searchParams.set('predicate_type', predicateType);
  for (let page = 0; url && page < PAGES; page += 1) {
    const response = await wire(
      {
        url,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        maxBytes: MAX_PAGE,
        redirects: 3,
      },
      question,
      traffic,
    );
    if (response.status === 404) return;
    if (response.status === 401 || response.status === 403)
      throw refused(response.status, image, repository, question.registry);
    if (response.status !== 200) throw classify(response, question);
    for (const entry of entriesOf(response.body, image, question.registry)) {
      if (entry.bundle !== null && entry.bundle !== undefined) yield entry.bundle;
      else yield await fetchBundle(String(entry.bundle_url ?? ''), url);
    }
    url = nextPage(response.headers['link'], url);
  }

  async function fetchBundle(address: string, api: URL): Promise<unknown> {
    const blob = URL.canParse(address) ? new URL(address) : undefined;
    // Plain HTTP only where the API itself is spoken to in plain HTTP.
    if (!blob || (blob.protocol !== 'https:' && blob.protocol !== api.protocol)) {
      throw unusable(image, question.registry, 'an attestation has neither a bundle nor an address of one');
    }
    const response = await wire(
      {
        url: blob,
        headers: { accept: 'application/x-snappy, application/json' },
        maxBytes: MAX_BUNDLE,
        redirects: 3,
      },
      { ...question, registry: blob.host, credentials: 'none' },
      traffic,
    );
    if (response.status !== 200)
      throw unusable(image, blob.host, `a bundle cannot be fetched (status ${response.status})`);
    return decodeBundle(response.body, response.headers['content-type'], image, blob.host);
  }
}

/** A bundle's JSON, as a Snappy block or as it is. */
export function decodeBundle(
  body: Buffer,
  contentType: string | undefined,
  image: string,
  host: string,
): unknown {
  try {
    if (bareType(contentType) === 'application/json') return JSON.parse(body.toString('utf8'));
    return JSON.parse(decodeSnappy(body, MAX_BUNDLE).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SnappyError) && !(error instanceof SyntaxError)) throw error;
    throw unusable(image, host, `a bundle cannot be read: ${messageOf(error)}`, error);
  }
}

function entriesOf(body: Buffer, image: string, host: string): { bundle?: unknown; bundle_url?: unknown }[] {
  try {
    const { attestations } = JSON.parse(body.toString('utf8')) as { attestations?: unknown };
    if (Array.isArray(attestations)) return attestations as { bundle?: unknown; bundle_url?: unknown }[];
  } catch (error) {
    throw unusable(image, host, 'the list of attestations is not JSON', error);
  }
  throw unusable(image, host, 'the answer has no list of attestations');
}

function unusable(image: string, host: string, why: string, cause?: unknown): Problem {
  return new Problem('malformed', `${image}: ${host} answers with attestations that cannot be used: ${why}`, {
    cause,
    remedy: 'Run it again; if it stays so, check that no proxy answers in its place.',
  });
}

function refused(status: number, image: string, repository: string, host: string): Problem {
  return new Problem(
    'attestation-access',
    `${image}: ${host} does not show the attestations of ${repository} (status ${status})`,
    {
      remedy:
        'Give the job `permissions: attestations: read`; for another private repository give `github-token` a token that may read it.',
    },
  );
}
