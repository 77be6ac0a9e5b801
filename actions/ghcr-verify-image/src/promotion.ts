import { TAG } from '@deploy-actions/image';
import { type Clock, FieldError, type Log, pool, quote, retry } from '@deploy-actions/kit';
import { Problem, type ProblemCode } from './problem.ts';
import type { Fetched, Repository } from './registry/registry.ts';

/** What became of the tag in one repository. */
export interface Promotion {
  tag: string;
  /** `registry/path`. */
  repository: string;
  /** What the tag named before; null where it was new, undefined where that was not read. */
  before: string | null | undefined;
  /** What it was to name. */
  digest: string;
  /**
   * `unknown`: it was sent, and neither the answer nor the registry itself says what became of it. `overtaken`: it was moved,
   * and names another image again.
   */
  state: 'moved' | 'unchanged' | 'not-moved' | 'unknown' | 'overtaken';
  /** Why it was not, or is not known to be. */
  problem?: Problem;
}

/** An image that was verified, and how its repository is reached by who may push. */
export interface Promotable {
  repository: Repository;
  digest: string;
}

export interface PromotionPorts {
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  random?: (() => number) | undefined;
  concurrency: number;
}

/** How long the registry's own answer about a tag may lag behind what it took, in milliseconds. */
const LAG = 10_000;

/** After these it may have been taken all the same, and the answer lost. */
const UNCERTAIN: ReadonlySet<ProblemCode> = new Set(['registry-unreachable', 'registry-down', 'malformed']);

/** A tag that images may be given, or a FieldError. */
export function parsePromotedTag(value: string): string {
  if (!TAG.test(value)) {
    throw new FieldError(`${quote(value)} is no tag`, {
      remedy:
        'A tag has at most 128 letters, digits, dots, dashes and underscores, such as staging-latest; the image is named by `images`.',
    });
  }
  if (/^sha(?:256|512)-[0-9a-f]{32,}/.test(value)) {
    throw new FieldError(`${quote(value)} is a tag under which signatures are kept`, {
      remedy: 'Choose another one, such as staging-latest.',
    });
  }
  return value;
}

/** Two images of one repository that are not the same: its tag can only name one. Undefined where there are none. */
export function contradiction(images: readonly Promotable[]): [Promotable, Promotable] | undefined {
  for (const one of images) {
    const other = images.find((it) => nameOf(it) === nameOf(one) && it.digest !== one.digest);
    if (other) return [one, other];
  }
  return undefined;
}

/**
 * Lets `tag` name each of the images in its own repository, by the registry alone. All manifests are read before the first
 * tag is moved, and the first refusal ends it, so that as few as possible differ from the others. A registry has no lock and
 * no condition for a tag, so each is read once more at the end: of two runs that move it at once at least one is told.
 * Answers what became of each repository; throws only where the run is cancelled.
 */
export async function promote(
  tag: string,
  images: readonly Promotable[],
  ports: PromotionPorts,
): Promise<Promotion[]> {
  const targets = [...new Map(images.map((one) => [nameOf(one), one])).values()];
  const read = await pool(targets, ports.concurrency, async (one) => {
    const { repository, digest } = one;
    const promotion: Promotion = {
      tag,
      repository: nameOf(one),
      before: undefined,
      digest,
      state: 'not-moved',
    };
    return await caught(promotion, async () => {
      const fetched = await repository.manifest(digest);
      promotion.before = (await repository.digestAt(tag)) ?? null;
      return { repository, fetched };
    });
  });
  const promotions = read.map(({ promotion }) => promotion);
  if (promotions.some(({ problem }) => problem)) return promotions;
  for (const { promotion, value } of read) {
    const { repository, fetched } = value!;
    if (promotion.before === promotion.digest) {
      promotion.state = 'unchanged';
      ports.log.info(`${promotion.repository}:${tag} names ${promotion.digest} already`);
      continue;
    }
    await caught(promotion, () => move(promotion, repository, fetched, ports));
    if (promotion.problem) break;
    ports.log.info(
      `${promotion.repository}:${tag} names ${promotion.digest} now (before: ${promotion.before ?? 'there was no such tag'})`,
    );
  }
  await pool(read, ports.concurrency, async ({ promotion, value }) => {
    if (promotion.state === 'moved')
      await caught(promotion, () => stays(promotion, value!.repository, ports));
  });
  return promotions;
}

/** Throws where the tag that was moved names the image of somebody else by now. */
async function stays(promotion: Promotion, repository: Repository, ports: PromotionPorts): Promise<void> {
  const { tag, digest, before } = promotion;
  let named: string | null | undefined;
  try {
    // Its answer may lag, and the tag was moved all the same.
    await settled(async () => {
      named = (await repository.digestAt(tag)) ?? null;
      return named !== before;
    }, ports);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    ports.log.warning(
      `${promotion.repository}:${tag} was moved, and could not be read again: whether another run moved it too is not known (${error.message})`,
    );
    return;
  }
  if (named === digest || named === before) return;
  promotion.state = 'overtaken';
  throw new Problem(
    'tag-overtaken',
    `${promotion.repository}: the tag ${tag} was moved to ${digest}, and names ${named ?? 'nothing'} already: another run moves it at the same time`,
    {
      remedy: `Look that ${tag} names the images of one run, and run the step of that run again. Let one run at a time move it, such as by \`concurrency\` of its job.`,
    },
  );
}

function nameOf({ repository }: Promotable): string {
  return repository.reference.repository;
}

async function move(
  promotion: Promotion,
  repository: Repository,
  fetched: Fetched,
  ports: PromotionPorts,
): Promise<void> {
  const { tag, digest } = promotion;
  let said: string | undefined;
  try {
    said = await repository.push(tag, fetched);
  } catch (error) {
    if (!(error instanceof Problem) || !UNCERTAIN.has(error.code)) throw error;
    promotion.state = await outcome(promotion, repository, ports);
    if (promotion.state === 'moved') return;
    throw error;
  }
  // A registry that does not say what it stored is asked.
  if (said === digest) promotion.state = 'moved';
  else promotion.state = said === undefined ? await outcome(promotion, repository, ports) : 'unknown';
  if (promotion.state === 'moved') return;
  throw new Problem(
    'digest-mismatch',
    `${promotion.repository}: the registry took the tag ${tag} for ${digest}, and ${said === undefined ? 'does not show it' : `says that it stored ${quote(said)}`}`,
    {
      remedy: `The registry, or a proxy before it, is damaged: look what ${tag} names there before anybody uses it.`,
    },
  );
}

/** What the registry itself says that became of the tag; it may lag for some seconds. */
async function outcome(
  { tag, digest }: Promotion,
  repository: Repository,
  ports: PromotionPorts,
): Promise<'moved' | 'not-moved' | 'unknown'> {
  try {
    return (await settled(async () => (await repository.digestAt(tag)) === digest, ports))
      ? 'moved'
      : 'not-moved';
  } catch (error) {
    if (error instanceof Problem) return 'unknown';
    throw error;
  }
}

/** Asks until it holds, or the registry's own answer can lag no longer. */
async function settled(
  holds: () => Promise<boolean>,
  { clock, signal, random }: PromotionPorts,
): Promise<boolean> {
  class Other extends Error {}
  try {
    await retry(
      async () => {
        if (!(await holds())) throw new Other();
      },
      {
        clock,
        signal,
        random,
        within: LAG,
        backoff: { initial: 500, max: 3000 },
        retryable: (error) => error instanceof Other,
      },
    );
    return true;
  } catch (error) {
    if (error instanceof Other) return false;
    throw error;
  }
}

async function caught<T>(
  promotion: Promotion,
  work: () => Promise<T>,
): Promise<{ promotion: Promotion; value: T | undefined }> {
  try {
    return { promotion, value: await work() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    promotion.problem = error;
    return { promotion, value: undefined };
  }
}

const WORDS: Record<Promotion['state'], string> = {
  moved: 'moved',
  unchanged: 'there already',
  unknown: 'not known',
  'not-moved': 'not moved',
  overtaken: 'moved, and moved on by another run,',
};

/** In one sentence what became of the tag, repository by repository where it differs. */
export function describePromotions(promotions: readonly Promotion[]): string {
  const tag = promotions[0]!.tag;
  const parts = (Object.keys(WORDS) as Promotion['state'][]).flatMap((state) => {
    const those = promotions.filter((one) => one.state === state);
    if (those.length === 0) return [];
    const all = those.length === promotions.length;
    return [
      `${WORDS[state]} ${all ? `for all ${those.length}` : `for ${those.map(({ repository }) => repository).join(', ')}`}`,
    ];
  });
  return `the tag ${tag}: ${parts.join('; ')}`;
}
