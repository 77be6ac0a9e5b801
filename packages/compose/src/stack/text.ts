import { canonical } from '../release.ts';

/**
 * Characters that JSON may hold as they are and YAML, as which Docker reads the file, may not, or takes for the end of a
 * line (https://yaml.org/spec/1.2.2/#51-character-set).
 */
const NOT_OF_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A stack file: JSON with sorted keys, equal for two spellings of the same stack. */
export function stackText(stack: unknown): string {
  const text = JSON.stringify(JSON.parse(canonical(stack)), null, 1);
  return `${text.replace(NOT_OF_YAML, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
