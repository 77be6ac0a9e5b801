import { type ComposeModel, type Environment, writtenSecrets } from '@deploy-actions/compose';
import type { Inspection } from './inspection.ts';

/**
 * Every value that the services' environments hold under a name that speaks of a secret, or in a login of a URL, and the
 * secrets that the configuration holds.
 */
export function secretValues(model: ComposeModel): string[] {
  const values = writtenSecrets(model);
  for (const service of Object.values(model.services)) {
    for (const [name, value] of Object.entries(service.environment ?? {})) {
      if (typeof value !== 'string') continue;
      const plain = value.replaceAll('$$', '$');
      if (/pass|secret|token|key|credential|auth|dsn|salt|private/i.test(name)) values.push(plain);
      const login = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(plain);
      if (login) values.push(login[1]!, decoded(login[1]!));
    }
  }
  return values.filter((value) => value !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Every value of `env`, what configs and secrets take from variables, and of the file on the server what is named like a secret. A registry or tag that is part
 * of an image's name is left out, and so are ports and what the deployment itself is called by (`shown`, such as its version):
 * they are shown everywhere, and masks would shred the log, the record and whatever is named after them.
 */
export function secretsOf(
  env: Environment,
  found: Pick<Inspection, 'config' | 'granted'>,
  shown: readonly string[],
): string[] {
  const { config: model, granted } = found;
  const images = Object.values(model.services).map((service) => service.image ?? '');
  const open = (value: string) =>
    /^\d{1,5}$/.test(value) ||
    shown.includes(value) ||
    images.some((image) => value !== '' && image.includes(value));
  const given = [...granted.values()].map((value) => value.replaceAll('$$', '$'));
  return [...[...env.values(), ...given].filter((value) => !open(value)), ...secretValues(model)];
}
