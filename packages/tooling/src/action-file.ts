import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { findRoot } from './root.ts';

export interface ActionInput {
  description: string;
  required: boolean;
  /** As the runner hands it over when the workflow gives no value; undefined when there is none. */
  default: string | undefined;
  deprecationMessage: string | undefined;
}

/** What an action.yml says; sources: docs.github.com "Metadata syntax". */
export interface ActionFile {
  /** The name of the action's folder, which is what follows `uses: org/deploy-actions/`. */
  id: string;
  /** Folder of the action.yml, against which `runs` paths resolve. */
  folder: string;
  name: string;
  description: string;
  author: string;
  inputs: Record<string, ActionInput>;
  outputs: Record<string, { description: string }>;
  runs: { using: string; main: string; post?: string; 'post-if'?: string };
  branding: { icon?: string; color?: string };
}

/** The names of all actions that have an action.yml, sorted. `tree` is a checkout or a release tree. */
export function listActions(tree = findRoot()): string[] {
  const base = existsSync(join(tree, 'actions')) ? join(tree, 'actions') : tree;
  return readdirSync(base, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(base, entry.name, 'action.yml')))
    .map((entry) => entry.name)
    .sort();
}

/** Reads one action's action.yml from a checkout (`actions/<name>`) or a release tree (`<name>`). */
export function readAction(name: string, tree = findRoot()): ActionFile {
  const candidates = [join(tree, 'actions', name, 'action.yml'), join(tree, name, 'action.yml')];
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`there is no action.yml of ${name} in ${tree}`);
  return parseActionFile(name, dirname(file), readFileSync(file, 'utf8'));
}

/** The content of an action.yml, every missing part empty. Scalars become the strings that the runner makes of them. */
export function parseActionFile(id: string, folder: string, text: string): ActionFile {
  // The core schema of YAML 1.2, as the runner reads it: `on` is a text, an unquoted 0.50 the number 0.5.
  const document = record(parse(text));
  const inputs = Object.entries(record(document['inputs'])).map(([name, raw]): [string, ActionInput] => {
    const one = record(raw);
    return [
      name,
      {
        description: string(one['description']),
        required: string(one['required']) === 'true',
        default: one['default'] === undefined ? undefined : string(one['default']),
        deprecationMessage:
          one['deprecationMessage'] === undefined ? undefined : string(one['deprecationMessage']),
      },
    ];
  });
  const outputs = Object.entries(record(document['outputs'])).map(
    ([name, raw]): [string, { description: string }] => [
      name,
      { description: string(record(raw)['description']) },
    ],
  );
  const runs = record(document['runs']);
  return {
    id,
    folder,
    name: string(document['name']),
    description: string(document['description']),
    author: string(document['author']),
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    runs: {
      using: string(runs['using']),
      main: string(runs['main']),
      ...(runs['post'] === undefined ? {} : { post: string(runs['post']) }),
      ...(runs['post-if'] === undefined ? {} : { 'post-if': string(runs['post-if']) }),
    },
    branding: record(document['branding']) as ActionFile['branding'],
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function string(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** Any YAML document as plain values; throws on a document that is none. */
export function parseYaml(text: string): unknown {
  return parse(text) as unknown;
}
