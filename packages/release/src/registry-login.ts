import { Failure } from '@deploy-actions/kit';
import type { RegistryLogin } from './deployment.ts';

/** The inputs that a login is given by. */
export interface RegistryInputs {
  registry: string | undefined;
  'registry-username': string | undefined;
  'registry-password': string | undefined;
}

/** The login for a registry; undefined without one. An `input` Failure names what is missing of it. */
export function registryLogin(inputs: RegistryInputs): RegistryLogin | undefined {
  const wrong = (input: string, message: string, remedy: string) =>
    new Failure('input', `input \`${input}\` ${message}`, { input, remedy });
  if (inputs['registry-password'] !== undefined && inputs['registry-username'] === undefined) {
    throw wrong(
      'registry-username',
      'is missing beside `registry-password`',
      'For ghcr.io it is ${{ github.actor }}.',
    );
  }
  if (inputs['registry-username'] !== undefined && inputs['registry-password'] === undefined) {
    throw wrong(
      'registry-password',
      'is missing or empty beside `registry-username`',
      'For ghcr.io it is ${{ secrets.GITHUB_TOKEN }}.',
    );
  }
  if (inputs['registry-password'] !== undefined && inputs.registry === undefined) {
    throw wrong(
      'registry',
      'is missing beside `registry-password`',
      'Write the host, such as ghcr.io or docker.io.',
    );
  }
  const { registry, 'registry-username': username, 'registry-password': password } = inputs;
  return registry && username && password ? { host: registry, username, password } : undefined;
}
