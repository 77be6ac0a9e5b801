/** What ends a call: what is told on stderr, and the exit code. */
export class Refusal extends Error {
  readonly code: number;
  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

/** What this stand-in does not know: never taken for an answer of Docker's. */
export function unknown(words: readonly string[]): Refusal {
  return new Refusal(`this stand-in for docker does not know: docker ${words.join(' ')}`, 125);
}

interface Options {
  /** Options that take a value, and the names that mean the same. */
  values?: Readonly<Record<string, readonly string[]>>;
  flags?: readonly string[];
}

export interface Parsed {
  flags: ReadonlySet<string>;
  values: ReadonlyMap<string, string[]>;
  rest: string[];
}

/** Reads options until the first word that is none. Throws for an option that is not known. */
export function options(words: readonly string[], { values = {}, flags = [] }: Options): Parsed {
  const found = { flags: new Set<string>(), values: new Map<string, string[]>() };
  const meaning = new Map(Object.entries(values).flatMap(([name, all]) => all.map((one) => [one, name])));
  let at = 0;
  for (; at < words.length && words[at]!.startsWith('-'); at += 1) {
    const [word, attached] = words[at]!.split(/=(.*)/s);
    const name = meaning.get(word!);
    if (name !== undefined) {
      const value = attached ?? words[(at += 1)];
      if (value === undefined) throw new Refusal(`flag needs an argument: ${word}`, 125);
      found.values.set(name, [...(found.values.get(name) ?? []), value]);
    } else if (flags.includes(words[at]!)) found.flags.add(words[at]!);
    else throw unknown(words);
  }
  return { ...found, rest: words.slice(at) };
}
