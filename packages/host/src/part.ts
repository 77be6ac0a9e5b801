import { readFileSync } from 'node:fs';
import type { ResultForms } from './result-forms.ts';
import { sentText } from './sent-text.ts';

/** A piece of the programs that run on servers: one .sh file, with what it asks of the program that carries it. */
export interface Part<P extends string = string> {
  /** The file's name without `.sh`. */
  readonly name: string;
  /** Where it is: what two packages declare of one file is one part. */
  readonly file: string;
  /** Parts whose functions or variables it uses. A program carries them too, before it. */
  readonly needs: readonly Part<P>[];
  /** Parameters that it reads. A program that carries it declares them. */
  readonly parameters: readonly P[];
  /** What it writes into the result, each with its form. */
  readonly results: ResultForms;
  /** The text of the file, comments included. */
  source(): string;
  /** The text as it goes to servers, read once however many there are. */
  sent(): string;
}

/**
 * Declares a part. `file` is written as `new URL('NAME.sh', import.meta.url)`: the bundler copies what is named so
 * beside the bundle, where a user can read it, and puts its path there in the place of the URL.
 */
export function part<const P extends string = never, const N extends string = never>(
  file: URL | string,
  asks: { needs?: readonly Part<N>[]; parameters?: readonly P[]; results?: ResultForms } = {},
): Part<P | N> {
  let text: string | undefined;
  let sent: string | undefined;
  const source = () => (text ??= readFileSync(file, 'utf8'));
  return {
    file: String(file),
    name: String(file).replace(/^.*\//, '').replace(/\.sh$/, ''),
    needs: asks.needs ?? [],
    parameters: asks.parameters ?? [],
    results: asks.results ?? {},
    source,
    sent: () => (sent ??= sentText(source())),
  };
}

/** The parts and all that they need, each file once, what is needed before what needs it. */
export function withNeeds(parts: readonly Part[]): Part[] {
  const all = new Map<string, Part>();
  const add = (one: Part): void => {
    if (all.has(one.file)) return;
    one.needs.forEach(add);
    all.set(one.file, one);
  };
  parts.forEach(add);
  return [...all.values()];
}
