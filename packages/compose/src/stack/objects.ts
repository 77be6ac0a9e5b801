import type { ComposeModel, Grant, Resource } from '../model.ts';
import { sha256 } from '../release.ts';
import { type Findings, judge, pruned, refuse } from './finding.ts';

/** What of a file's content the caller knows. */
export interface FileContent {
  /** In hexadecimal. */
  sha256: string;
  bytes: number;
}

/** A config or a secret that must be there, under this name, before the stack is deployed. */
export interface StackObject {
  kind: 'config' | 'secret';
  /** Its name in the file. */
  key: string;
  /** Its name in Swarm; external ones have the user's. */
  name: string;
  /** Made by somebody else. */
  external: boolean;
  /** Where the content is: a file on the server, or this text itself, which may be a secret and stands in no log. */
  source: { file: string } | { content: string } | undefined;
  sha256: string | undefined;
}

/** What Swarm takes: swarmkit, api/validation/secrets.go and manager/controlapi/config.go. */
const MOST_BYTES = { config: 1_000 * 1024, secret: 500 * 1024 } as const;

/** Letters of such a name: swarmkit, manager/controlapi/common.go, validateConfigOrSecretAnnotations. */
const LONGEST_NAME = 64;

/** What a config's key begins with that holds the value of a secret: see `withVariableValues`. */
const OF_SECRET = 'secret.';

type Kind = 'configs' | 'secrets';

/**
 * The configs and secrets that services of a stack are given. One that was made cannot be changed, so its name carries the
 * hash of its content: new content is a new name, and the service that has it gets new tasks. Secrets whose value is a
 * variable's, which are configs on one server, are secrets here.
 */
export function stackObjects(
  model: ComposeModel,
  used: Readonly<Record<Kind, ReadonlySet<string>>>,
  files: ReadonlyMap<string, FileContent>,
  findings: Findings,
): { written: Partial<Record<Kind, Record<string, unknown>>>; objects: StackObject[] } {
  const objects: StackObject[] = [];
  for (const from of ['configs', 'secrets'] as const) {
    for (const key of [...used[from]].sort()) {
      const resource = model[from]?.[key] ?? {};
      const kind = kindOf(from, key);
      const of = `the ${from.slice(0, -1)} ${key}`;
      const where = { section: `${from}.*`, of, path: `${from}.${key}` } as const;
      judge(resource, where, findings);
      if (resource.external === true) {
        objects.push({
          kind,
          key,
          name: resource.name ?? key,
          external: true,
          source: undefined,
          sha256: undefined,
        });
        continue;
      }
      const found = contentOf(resource, files);
      if (found === undefined) {
        const named =
          resource.file === undefined
            ? 'has no content that is known'
            : `is read from ${resource.file}, which is not there`;
        refuse(
          findings,
          where,
          '',
          named,
          resource.file === undefined ? 'Say file or content' : 'Put the file there, or add it to `files`',
        );
        continue;
      }
      const { source, content } = found;
      if (content.bytes > MOST_BYTES[kind]) {
        refuse(
          findings,
          where,
          '',
          `has ${content.bytes} bytes, and Swarm takes ${MOST_BYTES[kind]}`,
          'Mount the file from each node, or put it into the image',
        );
      }
      const base = resource.name ?? `${model.name}_${key}`;
      objects.push({
        kind,
        key,
        name: hashedName(base, content.sha256),
        external: false,
        source,
        sha256: content.sha256,
      });
    }
  }
  const written: Partial<Record<Kind, Record<string, unknown>>> = {};
  for (const { kind, key, name } of objects) {
    const into = (written[`${kind}s`] ??= {});
    into[key] = { name, external: true };
  }
  return { written, objects };
}

/** What a service is given, as a stack says it. */
export function stackGrants(
  given: Readonly<Partial<Record<Kind, readonly Grant[]>>>,
  of: string,
  findings: Findings,
): Partial<Record<Kind, Record<string, unknown>[]>> {
  const result: Partial<Record<Kind, Record<string, unknown>[]>> = {};
  for (const from of ['configs', 'secrets'] as const) {
    (given[from] ?? []).forEach((grant, index) => {
      const where = { section: `services.*.${from}.*`, of, path: `services.${of}.${from}.${index}` } as const;
      const kept = judge(grant, where, findings);
      (result[`${kindOf(from, grant.source)}s`] ??= []).push(
        pruned({ ...kept, source: grant.source, mode: modeOf(grant['mode']) }),
      );
    });
  }
  return result;
}

function kindOf(from: Kind, key: string): 'config' | 'secret' {
  return from === 'secrets' || key.startsWith(OF_SECRET) ? 'secret' : 'config';
}

function contentOf(
  resource: Resource,
  files: ReadonlyMap<string, FileContent>,
): { source: { file: string } | { content: string }; content: FileContent } | undefined {
  if (typeof resource['content'] === 'string') {
    const content = resource['content'].replaceAll('$$', '$');
    return { source: { content }, content: { sha256: sha256(content), bytes: Buffer.byteLength(content) } };
  }
  const known = resource.file === undefined ? undefined : files.get(resource.file);
  return known && { source: { file: resource.file! }, content: known };
}

/** The name with 12 digits of the hash; what is too long for Swarm is cut, and what was cut goes into the digits. */
function hashedName(base: string, hash: string): string {
  const whole = `${base}_${hash.slice(0, 12)}`;
  if (whole.length <= LONGEST_NAME) return whole;
  return `${base.slice(0, LONGEST_NAME - 13)}_${sha256(`${base}\0${hash}`).slice(0, 12)}`;
}

/** Compose says a mode in decimal, or as an octal text. */
function modeOf(mode: unknown): number | undefined {
  if (typeof mode === 'number') return mode;
  return typeof mode === 'string' && /^0?o?[0-7]+$/.test(mode)
    ? parseInt(mode.replace('o', ''), 8)
    : undefined;
}
