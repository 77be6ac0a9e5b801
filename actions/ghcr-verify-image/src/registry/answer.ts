import { formatDuration } from '@deploy-actions/kit';
import { parseRetryAfter } from '@deploy-actions/http';
import { Problem, type ProblemCode } from '../problem.ts';
import { schema1 } from '../manifest/manifest.ts';
import { bareType, isSchema1 } from '../manifest/media-type.ts';

/** The part of a registry's answer that tells what is wrong. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** What was asked, so that the failure can be named and mended. */
export interface Question {
  stage: 'token' | 'manifest' | 'blob' | 'tags' | 'referrers' | 'attestations' | 'push';
  /** The image as messages show it. */
  image: string;
  registry: string;
  /** Within the registry, such as `acme/shop`. */
  path: string;
  /** Whose credentials went along. */
  credentials: 'none' | 'job-token' | 'given';
  /** There are credentials, but the registry said no without asking for any that can be given. */
  unasked?: boolean;
  /** The tag that is to be moved: then the right to push is what is needed, whatever is asked. */
  tag?: string | undefined;
  now: Date;
}

/** The errors of a registry's JSON body; none when it is HTML, empty or cut off. */
export function errorsOf(body: Buffer): { code: string; message: string }[] {
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { errors?: unknown };
    if (!Array.isArray(errors)) return [];
    return errors.flatMap((error: { code?: unknown; message?: unknown } | null) => [
      { code: String(error?.code ?? ''), message: String(error?.message ?? '') },
    ]);
  } catch {
    return [];
  }
}

/** Whether a status may be different in a moment, for the same question. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/**
 * Milliseconds until a registry takes requests again: Retry-After, else what GHCR writes into its message, a
 * Go duration such as `1.16676ms`. Undefined when it does not say.
 */
export function retryDelay({ headers, body }: Answer, now: Date): number | undefined {
  const header = parseRetryAfter(headers['retry-after'], now);
  if (header !== undefined) return header;
  const text = /retry-after:\s*([0-9.a-zµμ]+)/i.exec(body.toString('utf8', 0, 4096))?.[1];
  return text === undefined ? undefined : parseGoDuration(text);
}

const GO_UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go prints it, rounded up. */
export function parseGoDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return Math.ceil(
    parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * GO_UNITS[unit as string]!, 0),
  );
}

const PACKAGES_READ =
  'Give the job `permissions: packages: read`; a token of your own needs the scope read:packages.';
const PACKAGES_WRITE =
  'Give the job `permissions: packages: write`, and in the package\'s settings, under "Manage Actions access", this repository the role Write; a token of your own needs the scope write:packages.';
const ACTIONS_ACCESS =
  'In the package\'s settings, under "Manage Actions access", add this repository with the role Read.';

/** Turns an answer that is no success into the Problem that names what is wrong and how it is mended. */
export function classify(answer: Answer, question: Question): Problem {
  const { status, headers } = answer;
  const { image, registry, stage } = question;
  const errors = errorsOf(answer.body);
  const said = errors
    .map(({ code, message }) => [code, message].filter(Boolean).join(': '))
    .join('; ')
    .replace(/[\0-\x1f\x7f]+/g, ' ');
  const quoted = said === '' ? `status ${status}` : `status ${status}, ${said.slice(0, 300)}`;
  const has = (code: string) => errors.some((error) => error.code.toUpperCase() === code);
  const says = (pattern: RegExp) => pattern.test(said);

  if (status === 429 || has('TOOMANYREQUESTS')) {
    const delay = retryDelay(answer, question.now);
    const until =
      delay === undefined
        ? ''
        : ` until ${new Date(question.now.getTime() + delay).toISOString().slice(0, 19)}Z`;
    return new Problem(
      'rate-limited',
      `${image}: ${registry} takes no more requests from here${until} (${quoted})`,
      {
        remedy: `${delay === undefined ? 'Run it again later' : `Run it again in ${formatDuration(delay)}`}${question.credentials === 'none' ? '; with credentials the limit is higher' : ''}.`,
      },
    );
  }
  if (status >= 500) {
    return new Problem('registry-down', `${image}: ${registry} is out of order (${quoted})`, {
      remedy: 'Nothing is wrong with the workflow: run it again when the registry is well.',
    });
  }
  if (isSchema1(bareType(headers['content-type']))) return schema1(image);
  if (question.tag !== undefined && (stage === 'push' ? status >= 400 : status === 401 || status === 403))
    return pushRefused(question, status, says, quoted);
  if (status === 404) return absent(answer, question, says, has, quoted);
  if (status === 401 || status === 403) return denied(question, says, quoted);
  return new Problem('not-a-registry', `${image}: ${registry} answers the ${stage} request with ${quoted}`, {
    remedy: "Check the registry's host name: what answers there does not speak the registry API as expected.",
  });
}

/** The Problem of an image that is there, but not whole. */
export function partAbsent(image: string, what: 'configuration' | 'manifest', digest: string): Problem {
  return new Problem('part-absent', `${image} is not whole: the registry lacks its ${what} ${digest}`, {
    remedy:
      'Push it again: the push did not end, or a clean-up of the registry took a part that is still in use.',
  });
}

/** The Problem of a redirect whose target says no. Whatever it wants to know: it has not been told. */
export function refusedElsewhere(
  from: URL,
  status: number,
  { image, registry, ...question }: Question,
  stage: Question['stage'] = question.stage,
): Problem {
  return new Problem(
    'storage-refused',
    `${image}: ${registry} sends the ${stage} request on to ${from.origin}, which answers with status ${status}`,
    {
      remedy:
        'No credentials went there, since only the registry itself may ask for them: check that what is there gives out what it is asked for.',
    },
  );
}

type Says = (pattern: RegExp) => boolean;

function absent(answer: Answer, question: Question, says: Says, has: Has, quoted: string): Problem {
  const { image, registry, path } = question;
  if (says(/Accept header does not support/i)) {
    return new Problem(
      'index-not-accepted',
      `${image}: ${registry} does not take the list of types it was asked for (${quoted})`,
      {
        remedy:
          'Something between here and the registry rewrites the Accept header: take the proxy out of the way.',
      },
    );
  }
  if (has('NAME_UNKNOWN')) {
    return new Problem('image-absent', `${registry} has no image ${path}`, {
      remedy: 'Check the spelling and the owner, and that the build pushed it before this step.',
    });
  }
  if (has('MANIFEST_UNKNOWN') || (has('NOT_FOUND') && question.stage === 'manifest')) {
    return new Problem('tag-absent', `${image} does not exist`, {
      remedy:
        'Check the tag, and that the build pushed it before this step; `wait` gives a running build time.',
    });
  }
  const known =
    answer.headers['docker-distribution-api-version'] !== undefined || errorsOf(answer.body).length > 0;
  if (known) {
    return new Problem('image-absent', `${image}: ${registry} has no such thing (${quoted})`, {
      remedy: 'Check the spelling and the owner, and that the build pushed it before this step.',
    });
  }
  return new Problem('not-a-registry', `${image}: what answers at ${registry} is no registry (${quoted})`, {
    remedy: "Check the registry's host name.",
  });
}

type Has = (code: string) => boolean;

/** The ways in which a registry says no; the wordings are GHCR's. */
const DENIALS: readonly [pattern: RegExp, code: ProblemCode, what: string, remedy: string][] = [
  [
    /installation not allowed/i,
    'access-not-granted',
    "this repository's token may not read the package",
    ACTIONS_ACCESS,
  ],
  [
    /saml|single sign.on|\bsso\b/i,
    'sso-required',
    'the organization demands single sign-on',
    'Authorize the token for the organization: in the token\'s settings, "Configure SSO".',
  ],
  [
    /ip allow list/i,
    'address-not-allowed',
    "the organization does not admit this runner's address",
    "Add the runner's address to the organization's IP allow list, or use a runner inside it.",
  ],
  [
    /expected scopes|required scopes|insufficient_scope/i,
    'token-scope',
    'the token lacks a scope',
    'Give the token the scope read:packages (a classic token: GHCR takes no fine-grained ones).',
  ],
  [
    /permission_denied|read_package/i,
    'access-denied',
    'the credentials are good, but have no access',
    `${PACKAGES_READ} ${ACTIONS_ACCESS}`,
  ],
];

/** A push that is refused, at the token service or for the tag itself. */
function pushRefused(question: Question, status: number, says: Says, quoted: string): Problem {
  const { registry, path, tag, credentials } = question;
  const what = `${registry}/${path}: the tag ${tag} cannot be moved`;
  // Neither is mended by a right to push.
  const other = DENIALS.find(([pattern, code]) => /^(?:sso|address)-/.test(code) && says(pattern));
  if (other)
    return new Problem(other[1], `${what}: ${other[2]} (${registry}: ${quoted})`, { remedy: other[3] });
  const right =
    registry === 'ghcr.io' || credentials === 'job-token'
      ? PACKAGES_WRITE
      : `${credentials === 'none' ? 'Give registry-username and registry-password of an account that has' : 'Give the account'} the right to push to this repository (at GitHub \`packages: write\`).`;
  if (status === 401 || status === 403) {
    const whose =
      credentials === 'none'
        ? 'nobody may push without credentials'
        : `${credentials === 'job-token' ? "the job's token" : 'registry-username and registry-password'} may not push there`;
    return new Problem('push-refused', `${what}: ${whose} (${registry}: ${quoted})`, { remedy: right });
  }
  return new Problem('push-refused', `${what}: ${registry} does not take it (${quoted})`, {
    remedy:
      status === 405
        ? `What answers so is a mirror or read-only: name the registry itself. ${right}`
        : `Look whether the registry lets tags be moved, as one with immutable tags does not. ${right}`,
  });
}

function denied(question: Question, says: Says, quoted: string): Problem {
  const { image, registry, credentials, stage } = question;
  for (const [pattern, code, what, remedy] of DENIALS) {
    if (says(pattern)) return new Problem(code, `${image}: ${what} (${registry}: ${quoted})`, { remedy });
  }
  if (question.unasked) {
    return new Problem(
      'access-denied',
      `${image}: ${registry} says no without asking for the credentials that were given (${quoted})`,
      {
        remedy:
          'A registry asks by WWW-Authenticate with Bearer or Basic: check its host name, and that no proxy or firewall answers in its place.',
      },
    );
  }
  if (credentials === 'none') {
    return new Problem(
      'credentials-missing',
      `${image} is private or does not exist: ${registry} shows it to nobody without credentials (${quoted})`,
      {
        remedy:
          registry === 'ghcr.io'
            ? `${PACKAGES_READ} Elsewhere give registry-username and registry-password.`
            : 'Give registry-username and registry-password.',
      },
    );
  }
  const whose = credentials === 'job-token' ? "the job's token" : 'registry-username and registry-password';
  if (
    stage === 'token' ||
    says(/could not be authenticated|incorrect username|invalid (?:token|credential)/i)
  ) {
    return new Problem(
      'credentials-rejected',
      `${image}: ${registry} does not take ${whose} for it, and shows it to nobody without, if it exists at all (${quoted})`,
      {
        remedy:
          credentials === 'job-token'
            ? `${PACKAGES_READ} ${ACTIONS_ACCESS}`
            : 'The password or token is wrong, expired or revoked: make a new one and store it as the secret.',
      },
    );
  }
  return new Problem('access-denied', `${image}: ${whose} may not read it (${registry}: ${quoted})`, {
    remedy:
      registry === 'ghcr.io'
        ? `${PACKAGES_READ} ${ACTIONS_ACCESS}`
        : 'Grant the account the right to pull this image.',
  });
}
