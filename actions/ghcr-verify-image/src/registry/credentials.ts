import { Failure } from '@deploy-actions/kit';
import type { Credentials } from './token.ts';

export interface CredentialInputs {
  /** The registry that username and password are for. */
  registry: string | undefined;
  username: string | undefined;
  password: string | undefined;
  /** The job's own token. */
  jobToken: string | undefined;
  actor: string;
  serverUrl: string;
}

/**
 * Which credentials go to which registry. Those that were given go to one registry alone, by name when the
 * images come from several; the job's token goes to GitHub's own registry and to no other.
 */
export function credentialsFor(
  inputs: CredentialInputs,
  registries: readonly string[],
): (registry: string) => Credentials | undefined {
  const { username, password, jobToken, actor, serverUrl } = inputs;
  const wrong = (input: string, message: string, remedy: string) =>
    new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
  const own = githubRegistry(serverUrl);
  let target: string | undefined;
  if (password !== undefined || username !== undefined) {
    if (password === undefined) {
      throw wrong(
        'registry-password',
        'is missing beside registry-username',
        'Give both, or neither for a public image.',
      );
    }
    if (inputs.registry !== undefined && !registries.includes(inputs.registry)) {
      throw wrong(
        'registry',
        `no image comes from ${inputs.registry}`,
        `The images come from ${registries.join(', ')}.`,
      );
    }
    if (inputs.registry === undefined && registries.length > 1) {
      throw wrong(
        'registry',
        `is needed, since the images come from ${registries.join(' and ')}`,
        'Name the one that registry-username and registry-password are for.',
      );
    }
    target = inputs.registry ?? registries[0];
    if (username === undefined && target !== own) {
      throw wrong(
        'registry-username',
        'is missing beside registry-password',
        'Give both, or neither for a public image.',
      );
    }
  }
  return (registry) => {
    if (registry === target && password !== undefined) {
      return { username: username ?? (actor || 'x-access-token'), password, origin: 'given' };
    }
    if (registry === own && jobToken !== undefined) {
      return { username: actor || 'x-access-token', password: jobToken, origin: 'job-token' };
    }
    return undefined;
  };
}

/** The container registry that belongs to a GitHub server. */
function githubRegistry(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  return host === 'github.com' ? 'ghcr.io' : `containers.${host}`;
}
