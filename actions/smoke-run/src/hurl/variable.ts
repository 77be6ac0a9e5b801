import { exactNumber } from '@deploy-actions/kit';
import { withFloats } from './value.ts';

/**
 * Variables of the inputs as hurl's `--variable name=value` reads them: true, false, null and numbers are what they look
 * like, a text in double quotes is a text, all else is text.
 */
export function variablesOf(
  pairs: readonly (readonly [name: string, value: string])[],
): Record<string, unknown> {
  return Object.fromEntries(pairs.map(([name, value]) => [name, typed(value)]));
}

function typed(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === 'null') return null;
  const number = exactNumber(value.replace(/^\+/, ''));
  if (number !== undefined) return withFloats(number);
  const quoted = /^"([^]*)"$/.exec(value)?.[1];
  return quoted ?? value;
}
