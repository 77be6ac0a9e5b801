import { type Field, Failure, oneOf, withDefault } from '@deploy-actions/kit';

/** What can run the containers of a release: Compose on each server by itself, or a swarm of them. */
export const ENGINES = ['compose', 'swarm'] as const;
export type EngineKind = (typeof ENGINES)[number];

/** What is asked for; `auto`: what the last release of the project on the server used, else Compose. */
export const ENGINE_CHOICES = ['auto', ...ENGINES] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/** The input `engine`, the same in each action that has it. */
export function engineField(): Field<EngineChoice> {
  return withDefault(oneOf(ENGINE_CHOICES), 'auto');
}

interface Recorded {
  id: string;
  engine: EngineKind;
}

/**
 * What the last release of a folder used: the one that serves, else the newest one that is recorded; Compose where there is
 * none. `last_engine` is the same on the server.
 */
export function lastEngine(current: string, releases: readonly Recorded[]): EngineKind {
  return (releases.find(({ id }) => id === current) ?? releases.at(-1))?.engine ?? 'compose';
}

/**
 * The engine of what is to be done where releases are, that which serves first. Throws a `refused` Failure where another one is asked
 * for: what of one engine runs would not be known to the other, and both would run at once.
 */
export function engineFor(
  asked: EngineChoice,
  known: readonly (Recorded & { where?: string })[],
): EngineKind {
  const wanted = asked === 'auto' ? (known[0]?.engine ?? 'compose') : asked;
  const other = known.find(({ engine }) => engine !== wanted);
  if (other === undefined) return wanted;
  throw new Failure(
    'refused',
    `the release ${other.id} ${other.where ?? 'that serves'} was deployed with engine: ${other.engine}, and this is engine: ${wanted}`,
    {
      code: 'engine-differs',
      input: 'engine',
      remedy:
        'Leave `engine` out to go on with it. To change over, deploy to another `path` with another `project`, move the traffic, and then take the old one down.',
    },
  );
}
