import { type Part, withNeeds } from './part.ts';
import { RESERVED } from './parameters.ts';
import type { ResultForms } from './result-forms.ts';
import { OPERATION_END, OPERATION_PARTS, execEnd, execParts, textOf } from './host-parts.ts';

/**
 * How a program lives on the server: an `operation` is detached, and defines `operate` and perhaps `recover`; an
 * `inspection` looks within one exec, and defines `inspect`; a `timer` is kept by an operation until it is due, brings
 * its parameters along, and acts at its top level.
 */
export type ProgramKind = 'operation' | 'inspection' | 'timer';

/** A program for servers: parts of sh, and the names of all the values that it is started with. */
export interface ServerProgram<K extends ProgramKind = ProgramKind, P extends string = string> {
  readonly kind: K;
  /** For messages and checks. */
  readonly name: string;
  /** With the host's own and all that they need, in the order in which they are sent. */
  readonly parts: readonly Part[];
  /** Those that are not the host's. */
  readonly own: readonly Part[];
  readonly parameters: readonly P[];
  /** Those parameters whose file is removed as soon as they are not needed any more. */
  readonly secrets: readonly P[];
  /** What its parts write into the result: nothing else of a result is read. */
  readonly results: ResultForms;
  /** Variables that are given on the server, by whoever leaves a timer there. */
  readonly later: readonly string[];
  /** Gives it its values: one for each parameter and for nothing else, which the compiler and the run both hold to. */
  with<const V extends Readonly<Record<P, string>>>(values: V & NothingElse<V, P>): ReadyProgram<K>;
  /** The same out of a larger set, which several programs share. */
  take(values: Readonly<Record<P, string>>): ReadyProgram<K>;
}

/** Makes a property that is not in P an error wherever the object comes from, not in literals alone. */
type NothingElse<V, P extends string> = { readonly [Name in Exclude<keyof V, P>]: never };

/** A program with its values. */
export interface ReadyProgram<K extends ProgramKind = ProgramKind> {
  readonly program: ServerProgram<K>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

interface Definition<P extends string, Q extends string> {
  name: string;
  parts: readonly Part<Q>[];
  /** Besides those that the parts declare. */
  parameters?: readonly P[];
  secrets?: readonly NoInfer<P | Q>[];
  later?: readonly string[];
}

/** Defines a program that changes the server. Throws a TypeError where a parameter has a name of the host's own. */
export function defineProgram<const P extends string = never, const Q extends string = never>(
  definition: Definition<P, Q>,
): ServerProgram<'operation', P | Q> {
  return define('operation', definition);
}

/** Defines a program that looks at the server and changes nothing. */
export function defineInspection<const P extends string = never, const Q extends string = never>(
  definition: Definition<P, Q>,
): ServerProgram<'inspection', P | Q> {
  return define('inspection', definition);
}

/** Defines a program that an operation leaves on the server for later: see `set_timer`. */
export function defineTimer<const P extends string = never, const Q extends string = never>(
  definition: Definition<P, Q>,
): ServerProgram<'timer', P | Q> {
  return define('timer', definition);
}

const HOST: Readonly<Record<ProgramKind, { parts: readonly Part[]; end: string }>> = {
  operation: { parts: OPERATION_PARTS, end: OPERATION_END },
  inspection: { parts: execParts('_inspect'), end: execEnd('_inspect') },
  timer: { parts: [], end: '' },
};

function define<const K extends ProgramKind, P extends string, Q extends string>(
  kind: K,
  { name, parts, parameters: more = [], secrets = [], later = [] }: Definition<P, Q>,
): ServerProgram<K, P | Q> {
  const all = withNeeds([...HOST[kind].parts, ...parts]);
  const parameters = [...new Set([...all.flatMap((one) => one.parameters as readonly Q[]), ...more])];
  for (const one of parameters) {
    if (!/^[a-z][a-z0-9_]*$/.test(one) || (kind !== 'timer' && RESERVED.has(one))) {
      throw new TypeError(`${one} cannot be a parameter of the program ${name}`);
    }
  }
  const program: ServerProgram<K, P | Q> = {
    kind,
    name,
    parts: all,
    own: all.filter(({ file }) => !HOST[kind].parts.some((one) => one.file === file)),
    parameters,
    secrets,
    results: resultsOf(name, all),
    later,
    with: (values) => ready(program, values),
    take: (values) => ready(program, Object.fromEntries(parameters.map((one) => [one, values[one]]))),
  };
  return program;
}

/** Of all parts together. Throws a TypeError where two of them mean different things by one name. */
function resultsOf(name: string, parts: readonly Part[]): ResultForms {
  const all: Record<string, ResultForms[string]> = {};
  for (const { results } of parts) {
    for (const [field, form] of Object.entries(results)) {
      const other = all[field] ?? form;
      if (other.what !== form.what) throw new TypeError(`the program ${name} has two forms of ${field}`);
      all[field] = form;
    }
  }
  return all;
}

function ready<K extends ProgramKind>(
  program: ServerProgram<K>,
  values: Readonly<Record<string, string>>,
): ReadyProgram<K> {
  const { name, parameters, secrets } = program;
  for (const given of Object.keys(values)) {
    if (!parameters.includes(given)) throw new TypeError(`the program ${name} has no parameter ${given}`);
  }
  const of = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((one) => {
        const value = values[one];
        if (typeof value !== 'string') throw new TypeError(`the program ${name} needs the parameter ${one}`);
        return [one, value];
      }),
    );
  return {
    program,
    parameters: of(parameters.filter((one) => !secrets.includes(one))),
    secrets: of(secrets),
  };
}

/** The same program with some other values. Throws a TypeError for a value that it has no parameter for. */
export function changed<K extends ProgramKind>(
  { program, parameters, secrets }: ReadyProgram<K>,
  values: Readonly<Record<string, string>>,
): ReadyProgram<K> {
  return ready(program, { ...parameters, ...secrets, ...values });
}

/** What is sent of a program's own parts: no values, and nothing of the host's. */
export function partsText({ own }: Pick<ServerProgram, 'own'>): string {
  return textOf(own);
}

/** A program exactly as it is sent, but for its values. */
export function programText({ kind, parts }: ServerProgram): string {
  return textOf(parts) + HOST[kind].end;
}

/** The last lines of a program, behind its parts. */
export function programEnd({ kind }: ServerProgram): string {
  return HOST[kind].end;
}

/** A timer's program with its values before it: nobody gives it any when it is due. */
export function timerText({ program, parameters, secrets }: ReadyProgram<'timer'>): string {
  const values = Object.entries({ ...parameters, ...secrets }).map(
    ([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`,
  );
  return values.join('') + programText(program);
}
