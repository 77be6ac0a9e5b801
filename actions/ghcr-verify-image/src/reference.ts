import { FieldError, quote } from '@deploy-actions/kit';

/** An image as a person names it, taken apart. */
export interface Reference {
  /** Host and port as in the name, such as `ghcr.io` or `localhost:5000`; `docker.io` when there was none. */
  registry: string;
  /** Path within the registry, such as `acme/shop`; with `library/` for Docker's official images. */
  repository: string;
  /** Absent only when a digest is given without a tag. */
  tag: string | undefined;
  /** `sha256:<hex>`; a digest wins over the tag, as it does in Docker. */
  digest: string | undefined;
}

export const DIGEST = /^sha256:[0-9a-f]{64}$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;

/**
 * Takes an image reference apart by the grammar of the distribution project's `reference` package. Throws
 * FieldError with what would be right.
 */
export function parseReference(text: string): Reference {
  const wrong = (why: string, remedy?: string) => new FieldError(`${quote(text)} ${why}`, { remedy });
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw wrong(
      'begins with a scheme',
      'Write the image as docker pull takes it, such as ghcr.io/acme/shop:1.4.2.',
    );
  }
  if (text === '' || /\s/.test(text))
    throw wrong('is not an image reference', 'Write it such as ghcr.io/acme/shop:1.4.2.');
  const [name, digest, ...more] = text.split('@') as [string, string | undefined, ...string[]];
  if (more.length > 0) throw wrong('has more than one @');
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw wrong('has a digest that is not sha256: and 64 hexadecimal digits in lower case');
  }
  const slash = name.indexOf('/');
  const head = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = /[.:]|^localhost$/.test(head) || head !== head.toLowerCase();
  const registry = hasHost ? head.toLowerCase() : 'docker.io';
  if (hasHost && !HOST.test(head)) throw wrong(`has ${quote(head)} where the registry's host should be`);
  const rest = hasHost ? name.slice(slash + 1) : name;
  const colon = rest.indexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (path !== path.toLowerCase()) {
    throw wrong(
      'has capital letters, which no registry takes in an image name',
      `Write ${quote(path.toLowerCase())}; \`github.repository\` keeps its capitals, so it needs lowering first.`,
    );
  }
  if (tag !== undefined && !TAG.test(tag)) {
    throw wrong(
      tag === '' ? 'has an empty tag' : `has the tag ${quote(tag)}, which no registry takes`,
      'A tag is up to 128 letters, digits, dots, dashes and underscores, and begins with none of dot and dash.',
    );
  }
  if (!path.split('/').every((part) => COMPONENT.test(part)) || path.length > 255) {
    throw wrong('is not an image reference', 'Write it such as ghcr.io/acme/shop:1.4.2.');
  }
  const docker = registry === 'docker.io' || registry === 'index.docker.io';
  return {
    registry: docker ? 'docker.io' : registry,
    repository: docker && !path.includes('/') ? `library/${path}` : path,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}

/** The reference as a message shows it. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The part of the API's path that names the manifest: the digest where there is one. */
export function manifestName({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest';
}

/** The host that serves the API of a registry. Docker Hub's is not the one in its images' names. */
export function apiHost(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

/** Whether a `host[:port]` is this machine itself. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    name === 'localhost' ||
    name === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    name.endsWith('.localhost')
  );
}
