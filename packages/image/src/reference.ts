import { FieldError, quote } from '@deploy-actions/kit';

/** An image as a person names it, taken apart. */
export interface Reference {
  /** As it was written, without tag and digest: `nginx`, `ghcr.io/acme/shop`. */
  name: string;
  /** Host and port, such as `ghcr.io` or `localhost:5000`; `docker.io` when there was none. */
  registry: string;
  /** Path within the registry, such as `acme/shop`; with `library/` for Docker's official images. */
  path: string;
  /** Registry and path, such as `docker.io/library/nginx`: two spellings of one repository are equal here. */
  repository: string;
  /** As it was written: Docker takes `latest` where there is neither tag nor digest, see `withTag`. */
  tag: string | undefined;
  /** `sha256:<hex>`; a digest wins over the tag, as it does in Docker. */
  digest: string | undefined;
}

export const DIGEST = /^sha256:[0-9a-f]{64}$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** A tag as the OCI distribution-spec has it. */
export const TAG = /^\w[\w.-]{0,127}$/;
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
  const [named, digest, ...more] = text.split('@') as [string, string | undefined, ...string[]];
  if (more.length > 0) throw wrong('has more than one @');
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw wrong('has a digest that is not sha256: and 64 hexadecimal digits in lower case');
  }
  const slash = named.indexOf('/');
  const head = slash < 0 ? '' : named.slice(0, slash);
  const hasHost = /[.:]|^localhost$/.test(head) || head !== head.toLowerCase();
  if (hasHost && !HOST.test(head)) throw wrong(`has ${quote(head)} where the registry's host should be`);
  const rest = hasHost ? named.slice(slash + 1) : named;
  const colon = rest.indexOf(':');
  const within = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (within !== within.toLowerCase()) {
    throw wrong(
      'has capital letters, which no registry takes in an image name',
      `Write ${quote(within.toLowerCase())}; \`github.repository\` keeps its capitals, so it needs lowering first.`,
    );
  }
  if (tag !== undefined && !TAG.test(tag)) {
    throw wrong(
      tag === '' ? 'has an empty tag' : `has the tag ${quote(tag)}, which no registry takes`,
      'A tag is up to 128 letters, digits, dots, dashes and underscores, and begins with none of dot and dash.',
    );
  }
  if (!within.split('/').every((part) => COMPONENT.test(part)) || within.length > 255) {
    throw wrong('is not an image reference', 'Write it such as ghcr.io/acme/shop:1.4.2.');
  }
  const host = hasHost ? head.toLowerCase() : 'docker.io';
  const isDocker = host === 'docker.io' || host === 'index.docker.io';
  const registry = isDocker ? 'docker.io' : host;
  const path = isDocker && !within.includes('/') ? `library/${within}` : within;
  return {
    name: tag === undefined ? named : named.slice(0, -tag.length - 1),
    registry,
    path,
    repository: `${registry}/${path}`,
    tag,
    digest,
  };
}

/** The reference with the tag that Docker takes when none is given. */
export function withTag(reference: Reference): Reference {
  const { tag, digest } = reference;
  return { ...reference, tag: tag ?? (digest === undefined ? 'latest' : undefined) };
}

/** The reference as a message shows it. */
export function formatReference({ repository, tag, digest }: Reference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
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

/**
 * What a person recognises of an image, the same in every list and table: its tag, and its digest (or the id that stands
 * for it) cut to twelve digits. Takes any text: one without a digest is given back.
 */
export function shortImage(image: string): string {
  return image.replace(/(^|@)sha256:([0-9a-f]{12})[0-9a-f]+$/, '$1sha256:$2…');
}
