import type { HttpResponse } from '@deploy-actions/http';
import { messageOf } from '@deploy-actions/kit';
import { type Question, classify, refusedElsewhere } from './answer.ts';
import { type Actions, type Challenge, parseChallenges, tokenUrl } from './challenge.ts';
import { Problem } from '../problem.ts';
import type { Traffic, Wire } from './wire.ts';

export interface Credentials {
  username: string;
  password: string;
  origin: 'job-token' | 'given';
}

/** What goes along with a request to a repository. */
export interface Grant {
  /** Value of the Authorization header; undefined where nothing is asked for. */
  authorization: string | undefined;
  /** Whose it is. */
  credentials: Question['credentials'];
  /** Why credentials were left away: what to say if nobody's do not open the door either. */
  denied?: Problem;
}

export interface TokenOptions {
  wire: Wire;
  /** Default `pull`. Who may push is never nobody: then credentials that are denied are not left away. */
  actions?: Actions;
  /** The credentials for a registry, if there are any. */
  credentials(registry: string): Credentials | undefined;
  /** Whether a registry (and its token service) may be spoken to in plain HTTP. */
  isInsecure(host: string): boolean;
  /** Gets every token, so that none can be printed. */
  onToken(token: string): void;
  /** The credentials were denied, but nobody's do for this repository. */
  onAnonymous?(registry: string, path: string, problem: Problem): void;
}

export interface Tokens {
  /** Whose credentials there are for a registry, whether it asks for them or not. */
  held(registry: string): Question['credentials'];
  /** What to send first. */
  grant(question: Question, traffic: Traffic): Promise<Grant>;
  /**
   * What to send after a 401 (the challenge may be new, the token expired); undefined when there is nothing
   * else to send. Throws a Problem when the token service says no.
   */
  renew(used: Grant, answer: HttpResponse, question: Question, traffic: Traffic): Promise<Grant | undefined>;
  /** What to send as nobody, after credentials were denied; undefined when nobody gets a token. */
  anonymous(question: Question, traffic: Traffic): Promise<Grant | undefined>;
  /** It worked as nobody, after credentials were denied: so it stays for this repository, and is told once. */
  keepAnonymous(grant: Grant, question: Question): void;
}

/** Registries whose token service is known, which saves the request that asks for it. A 401 still teaches. */
const WELL_KNOWN: Record<string, readonly Challenge[]> = {
  'ghcr.io': [{ scheme: 'bearer', realm: 'https://ghcr.io/token', service: 'ghcr.io' }],
  'docker.io': [{ scheme: 'bearer', realm: 'https://auth.docker.io/token', service: 'registry.docker.io' }],
};

const NOBODY: Grant = { authorization: undefined, credentials: 'none' };

/**
 * Authorization for pulls or pushes: one token for each repository, shared by all requests, with the scope built here
 * (GHCR's challenge holds a placeholder). Credentials that are denied are left away once, since GHCR denies
 * stale ones even for a public image.
 * Source: the distribution project's "Token Authentication Specification".
 */
export function openTokens({
  wire,
  actions = 'pull',
  credentials,
  isInsecure,
  onToken,
  onAnonymous,
}: TokenOptions): Tokens {
  const challenges = new Map<string, readonly Challenge[]>(Object.entries(WELL_KNOWN));
  const grants = new Map<string, { pending: Promise<Grant>; settled?: Grant }>();

  const told = new Set<string>();

  const keyOf = ({ registry, path }: Question) => `${registry}/${path}`;

  const remember = (question: Question, pending: Promise<Grant>): Promise<Grant> => {
    const key = keyOf(question);
    const entry: { pending: Promise<Grant>; settled?: Grant } = { pending };
    grants.set(key, entry);
    pending.then(
      (grant) => (entry.settled = grant),
      () => grants.get(key) === entry && grants.delete(key),
    );
    return pending;
  };

  async function fetchToken(
    challenge: Challenge,
    own: Credentials | undefined,
    question: Question,
    traffic: Traffic,
  ): Promise<Grant> {
    const asked: Question = { ...question, stage: 'token', credentials: own?.origin ?? 'none' };
    const url = tokenUrl(checkedRealm(challenge, question, isInsecure), question.path, actions);
    const response = await wire(
      {
        url,
        headers: { accept: 'application/json', ...(own ? { authorization: basic(own) } : {}) },
        maxBytes: 128 * 1024,
        redirects: 2,
      },
      asked,
      traffic,
    );
    if (response.status !== 200) {
      const from = new URL(response.url);
      // What the password was never sent to has not judged it.
      if (from.origin !== url.origin && (response.status === 401 || response.status === 403))
        throw refusedElsewhere(from, response.status, question, 'token');
      throw classify(response, asked);
    }
    const token = tokenOf(response, question);
    onToken(token);
    return { authorization: `Bearer ${token}`, credentials: asked.credentials };
  }

  /** Answers the first challenge that can be answered, of those that the registry offers. */
  async function obtain(offered: readonly Challenge[], question: Question, traffic: Traffic): Promise<Grant> {
    const own = credentials(question.registry);
    const asBasic: Grant = own ? { authorization: basic(own), credentials: own.origin } : NOBODY;
    const bearer = offered.find(({ scheme }) => scheme === 'bearer');
    if (!bearer) return asBasic;
    try {
      return await obtainToken(bearer, own, question, traffic);
    } catch (error) {
      // A token service that is of no use does not hide the other way in.
      if (own && offered.length > 1 && error instanceof Problem) return asBasic;
      throw error;
    }
  }

  async function obtainToken(
    challenge: Challenge,
    own: Credentials | undefined,
    question: Question,
    traffic: Traffic,
  ): Promise<Grant> {
    if (!own) return await fetchToken(challenge, undefined, question, traffic);
    try {
      return await fetchToken(challenge, own, question, traffic);
    } catch (error) {
      if (actions !== 'pull' || !(error instanceof Problem) || !isDenial(error)) throw error;
      const anonymous = await fetchToken(challenge, undefined, question, traffic).catch(() => undefined);
      if (!anonymous) throw error;
      return { ...anonymous, denied: error };
    }
  }

  return {
    held: (registry) => credentials(registry)?.origin ?? 'none',

    async grant(question, traffic) {
      const known = grants.get(keyOf(question));
      if (known) return await known.pending;
      const offered = challenges.get(question.registry);
      if (!offered) return NOBODY;
      return await remember(question, obtain(offered, question, traffic));
    },

    async renew(used, answer, question, traffic) {
      const taught = parseChallenges(answer.headers['www-authenticate']);
      if (taught.length > 0) challenges.set(question.registry, taught);
      const offered = challenges.get(question.registry);
      if (!offered) return undefined;
      const entry = grants.get(keyOf(question));
      // Another request of this repository is fetching one, or has fetched a newer one meanwhile.
      const grant =
        entry && !(entry.settled && entry.settled.authorization === used.authorization)
          ? await entry.pending
          : await remember(question, obtain(offered, question, traffic));
      return grant.authorization === used.authorization ? undefined : grant;
    },

    async anonymous(question, traffic) {
      if (actions !== 'pull') return undefined;
      const challenge = challenges.get(question.registry)?.find(({ scheme }) => scheme === 'bearer');
      if (!challenge) return NOBODY;
      try {
        return await fetchToken(challenge, undefined, question, traffic);
      } catch (error) {
        if (error instanceof Problem) return undefined;
        throw error;
      }
    },

    keepAnonymous(grant, question) {
      const key = keyOf(question);
      if (!grant.denied || told.has(key)) return;
      told.add(key);
      void remember(question, Promise.resolve(grant));
      onAnonymous?.(question.registry, question.path, grant.denied);
    },
  };
}

function isDenial({ code }: Problem): boolean {
  return !['rate-limited', 'registry-down', 'registry-unreachable', 'malformed', 'not-a-registry'].includes(
    code,
  );
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function checkedRealm(
  challenge: Challenge,
  { image, registry }: Question,
  isInsecure: TokenOptions['isInsecure'],
): Challenge {
  const url = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isInsecure(url.host))) return challenge;
  throw new Problem(
    'malformed',
    `${image}: ${registry} wants its token fetched from ${JSON.stringify(challenge.realm.slice(0, 100))}, which is no https address`,
    {
      remedy:
        'Credentials are not sent in the clear; only for a registry of your own list the host under insecure-registries.',
    },
  );
}

function tokenOf(response: HttpResponse, { image, registry }: Question): string {
  let body: { token?: unknown; access_token?: unknown } | undefined;
  let cause: unknown;
  try {
    body = JSON.parse(response.body.toString('utf8')) as typeof body;
  } catch (error) {
    cause = error;
  }
  for (const token of [body?.token, body?.access_token]) {
    // A header's value: anything else would be another header.
    if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  }
  throw new Problem(
    'malformed',
    `${image}: the token service of ${registry} answers without a token${cause ? ` (${messageOf(cause)})` : ''}`,
    {
      remedy: "Check that no proxy answers in the registry's place.",
    },
  );
}
