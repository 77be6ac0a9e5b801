import { FieldError, quote } from '@deploy-actions/kit';

/** An image reference in its parts. Grammar: distribution/reference. */
export interface Reference {
  /** As it was written, without tag and digest: `nginx`, `ghcr.io/org/app`. */
  name: string;
  /** The same with the defaults that Docker fills in: `docker.io/library/nginx`. Two spellings of one repository are equal here. */
  repository: string;
  tag: string | undefined;
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string | undefined;
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const REFERENCE = new RegExp(
  `^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}))?$`,
);
export const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Parses an image reference, or throws a FieldError that says what is wrong with it. */
export function parseReference(text: string): Reference {
  const match = REFERENCE.exec(text);
  if (!match) {
    throw new FieldError(`${quote(text)} is not an image reference`, {
      remedy: 'Write it as registry/name@sha256:… or registry/name:tag, in lower case.',
    });
  }
  return {
    name: match[1]!,
    repository: fullName(match[1]!),
    tag: match[2],
    digest: match[3],
  };
}

function fullName(name: string): string {
  const slash = name.indexOf('/');
  const head = slash < 0 ? '' : name.slice(0, slash);
  const hasDomain = /[.:]/.test(head) || head === 'localhost' || head.startsWith('[') || /[A-Z]/.test(head);
  if (!hasDomain) return `docker.io/${slash < 0 ? `library/${name}` : name}`;
  const rest = name.slice(slash + 1);
  if (head === 'index.docker.io' || head === 'docker.io') {
    return `docker.io/${rest.includes('/') ? rest : `library/${rest}`}`;
  }
  return name;
}

/** The registry's host (and port) of a reference, as `docker login` wants it. */
export function registryOf(reference: Reference): string {
  return reference.repository.slice(0, reference.repository.indexOf('/'));
}
