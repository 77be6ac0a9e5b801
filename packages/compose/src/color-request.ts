import { Failure } from '@deploy-actions/kit';
import type { Color } from '@deploy-actions/ledger';

export interface ColorRequest {
  color: Color;
  /** Services that change. */
  services: readonly string[];
  /** Those of them that run only where the traffic is. */
  liveOnly: readonly string[];
}

/** The services that change. Throws the Failure of what is no service of the file, or of no colour. */
export function checkColorServices(names: readonly string[], request: ColorRequest): ReadonlySet<string> {
  const own = new Set(request.services);
  for (const [input, list] of [
    ['color-services', request.services],
    ['live-only-services', request.liveOnly],
  ] as const) {
    for (const name of list) {
      if (names.includes(name)) continue;
      throw wrong(
        input,
        `${name} is not a service of the compose file`,
        `Its services are: ${names.join(', ')}.`,
      );
    }
  }
  for (const name of request.liveOnly) {
    if (own.has(name)) continue;
    throw wrong(
      'live-only-services',
      `${name} is not among the services that change`,
      `Add ${name} to \`color-services\`.`,
    );
  }
  if (own.size === 0) {
    throw wrong(
      'color-services',
      'is needed: nothing says which services change',
      'Name them, or their images in `images`.',
    );
  }
  return own;
}

function wrong(input: string, message: string, remedy: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
