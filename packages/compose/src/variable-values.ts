import { Failure } from '@deploy-actions/kit';
import { type ComposeModel, type Grant, type Resource, mapServices } from './model.ts';

/** Values of variables as a compose file has them: a literal `$` is written `$$`. */
export type VariableValues = ReadonlyMap<string, string>;

/** What a config's key begins with that holds the value of a secret. */
const OF_SECRET = 'secret.';

/** Names that a compose file can ask for a value by. */
const ASKABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads the answer to a compose file whose one service has the variables in its environment: the values as Compose
 * itself reads them, with its rules for quotes, dollars and lines. Undefined for anything else.
 */
export function parseVariableValues(json: string): VariableValues | undefined {
  let service: { environment?: unknown } | null | undefined;
  try {
    service = (JSON.parse(json) as { services?: { values?: { environment?: unknown } } }).services?.values;
  } catch {
    return undefined;
  }
  if (typeof service !== 'object' || service === null || Array.isArray(service)) return undefined;
  // Compose leaves out an environment that has no variable.
  const environment = service.environment ?? {};
  if (typeof environment !== 'object' || Array.isArray(environment)) return undefined;
  const entries = Object.entries(environment).filter(
    (one): one is [string, string] => typeof one[1] === 'string',
  );
  return new Map(entries);
}

/**
 * Gives configs and secrets that name a variable (`environment:`) its value. Compose leaves it out of what it resolves and
 * would look for the variable whenever it makes the container, also at a restore, when nobody is there who has it. The
 * value becomes the content of a config, since secrets have none: Compose writes it into the container itself, as it does
 * with such a secret, under the same path and with the same owner and mode (0444 unless the file says another), so that a
 * program without root's rights can read it. On the server it stands in the release's own compose file, of mode 0600, and
 * goes with the release.
 *
 * Throws `input` Failures for what Compose could not write either. What no service is given is left out.
 */
export function withVariableValues(
  model: ComposeModel,
  values: VariableValues,
  envFile: string,
): ComposeModel {
  const resources = (kind: 'configs' | 'secrets', isKept: (one: Resource | null) => boolean) =>
    Object.entries(model[kind] ?? {}).filter(([, one]) => isKept(one));
  const used = (kind: 'configs' | 'secrets', name: string) =>
    Object.values(model.services).some((service) => service[kind]?.some(({ source }) => source === name));
  /** Without those that no service is given. */
  const variables = (kind: 'configs' | 'secrets') =>
    resources(kind, fromVariable).flatMap(([name, one]) => {
      if (!used(kind, name)) return [];
      const { environment, ...kept } = one!;
      const what = `the ${kind.slice(0, -1)} ${name}`;
      return [{ name, kept, content: valueOf(what, environment, values, envFile) }];
    });
  const configs: Record<string, Resource | null> = Object.fromEntries([
    ...resources('configs', (one) => !fromVariable(one)),
    ...variables('configs').map(({ name, kept, content }) => [name, { ...kept, content }] as const),
  ]);
  const ofSecret = new Map<string, string>();
  for (const { name, content } of variables('secrets')) {
    let key = `${OF_SECRET}${name}`;
    while (Object.hasOwn(configs, key)) key += '.';
    ofSecret.set(name, key);
    configs[key] = { content };
  }
  const secrets = Object.fromEntries(resources('secrets', (one) => !fromVariable(one)));
  const moved = mapServices(model, (service, name) => {
    const { configs: given = [], secrets: granted = [], ...rest } = service;
    const written = granted.filter(({ source }) => ofSecret.has(source));
    const ofVariables = [...written, ...given.filter(({ source }) => fromVariable(model.configs?.[source]))];
    if (ofVariables.length === 0) return service;
    if (rest['read_only'] === true) throw readOnly(name, ofVariables[0]!);
    const left = granted.filter((grant) => !written.includes(grant));
    const all = [
      ...given,
      ...written.map((grant) => ({
        ...grant,
        source: ofSecret.get(grant.source)!,
        target: targetOf(grant),
      })),
    ];
    return {
      ...rest,
      ...(all.length > 0 && { configs: all }),
      ...(left.length > 0 && { secrets: left }),
    };
  });
  return {
    ...moved,
    ...(model.configs || ofSecret.size > 0 ? { configs } : {}),
    ...(model.secrets && { secrets }),
  };
}

/** The values of secrets that a release's configuration holds, plain. */
export function writtenSecrets(model: ComposeModel): string[] {
  return Object.entries(model.configs ?? {}).flatMap(([key, one]) =>
    key.startsWith(OF_SECRET) && typeof one?.['content'] === 'string'
      ? [one['content'].replaceAll('$$', '$')]
      : [],
  );
}

function fromVariable(one: Resource | null | undefined): one is Resource & { environment: unknown } {
  return one?.['environment'] !== undefined && one['content'] === undefined;
}

function valueOf(what: string, variable: unknown, values: VariableValues, envFile: string): string {
  const name = String(variable);
  if (!ASKABLE.test(name)) {
    throw new Failure(
      'input',
      `${what} takes its value from the variable ${name}, whose name Compose cannot ask for in a file`,
      { input: 'compose-file', remedy: 'Give the variable a name of letters, digits and _.' },
    );
  }
  const value = values.get(name) ?? '';
  if (value !== '') return value;
  throw new Failure(
    'input',
    `${what} takes its value from the variable ${name}, which has none, neither in \`env\` nor in ${envFile} on the server`,
    { input: 'env', remedy: `Add ${name}=… to \`env\`, or to ${envFile} there.` },
  );
}

/** The absolute path in the container, by Compose's own rule. */
function targetOf({ source, target = source }: Grant): string {
  return target.startsWith('/') ? target : `/run/secrets/${target}`;
}

function readOnly(service: string, { source }: Grant): Failure {
  return new Failure(
    'input',
    `${service} is read_only, and ${source} takes its value from a variable: Docker writes nothing into such a container`,
    {
      input: 'compose-file',
      remedy: `Put the value into a file in shared/ on the server, readable to the container's user, and name it: \`file: ./${source}\`.`,
    },
  );
}
