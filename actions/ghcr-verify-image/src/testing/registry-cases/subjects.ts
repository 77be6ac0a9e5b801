import { CONFIGURATIONS } from './configuration.ts';
import { GHCR } from './ghcr.ts';
import { LOGIN } from './login.ts';
import { MANIFESTS } from './manifest.ts';
import { REDIRECTS } from './redirect.ts';
import type { RegistryCase } from './registry-case.ts';
import { TAGS } from './tags.ts';
import { TOKEN_SERVICE } from './token-service.ts';
import { TROUBLE } from './trouble.ts';

/** What registries have been seen to do, and what they might do, by subject. */
export const REGISTRY_CASES: readonly [subject: string, cases: readonly RegistryCase[]][] = [
  ['Login', LOGIN],
  ['Token service', TOKEN_SERVICE],
  ['Redirects', REDIRECTS],
  ['Manifest', MANIFESTS],
  ['Configuration', CONFIGURATIONS],
  ['Tags, of which the one that is asked for is none', TAGS],
  ['Trouble', TROUBLE],
  ['GHCR’s own answers', GHCR],
];
