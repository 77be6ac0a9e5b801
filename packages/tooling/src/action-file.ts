import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { findRoot } from './root.ts';

export interface ActionInput {
  description: string;
  required: boolean;
  /** As the runner hands it over when the workflow gives no value; undefined when there is none. */
  default: string | undefined;
  deprecationMessage: string | undefined;
}

/** Inputs of one subject, for the manual. */
export interface InputGroup {
  title: string;
  /** A line of a workflow's `with:`. */
  example: string;
  /** Their names, in the order of action.yml. */
  inputs: string[];
}

/** A step of a composite action. */
export interface CompositeStep {
  id: string;
  uses: string;
  /** The condition as it stands; empty without one. */
  if: string;
  /** Texts as they stand, expressions unevaluated. */
  with: Record<string, string>;
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
  /** The inputs by subject; none where action.yml has no comments that say so. */
  groups: InputGroup[];
  outputs: Record<string, { description: string }>;
  runs: { using: string; main: string; post?: string; 'post-if'?: string };
  /** The steps of a composite action, whose `runs.main` is empty; none of one with a program. */
  steps: CompositeStep[];
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

/** Those of them that have a program of their own, and are not made of the steps of others. */
export function listPrograms(tree = findRoot()): string[] {
  return listActions(tree).filter((name) => readAction(name, tree).runs.using !== 'composite');
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
    groups: inputGroups(text),
    outputs: Object.fromEntries(outputs),
    runs: {
      using: string(runs['using']),
      main: string(runs['main']),
      ...(runs['post'] === undefined ? {} : { post: string(runs['post']) }),
      ...(runs['post-if'] === undefined ? {} : { 'post-if': string(runs['post-if']) }),
    },
    steps: (Array.isArray(runs['steps']) ? runs['steps'] : []).map((raw: unknown): CompositeStep => {
      const one = record(raw);
      const given = Object.entries(record(one['with'])).map(([input, value]) => [input, string(value)]);
      return {
        id: string(one['id']),
        uses: string(one['uses']),
        if: string(one['if']),
        with: Object.fromEntries(given),
      };
    }),
    branding: record(document['branding']) as ActionFile['branding'],
  };
}

/**
 * The groups of an action.yml's inputs: a comment above an input begins one, its first line being the title and the line
 * below, further in, the example.
 * @throws where a comment has another form, or inputs stand before the first group.
 */
function inputGroups(text: string): InputGroup[] {
  const inputs = parseDocument(text).get('inputs', true);
  if (!isMap(inputs)) return [];
  const groups: InputGroup[] = [];
  for (const [index, { key }] of inputs.items.entries()) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    // The comment above the first key is the mapping's own.
    const comment = (index === 0 ? inputs.commentBefore : undefined) ?? key.commentBefore;
    if (comment) {
      const [, title, example] = /^ (\S.*)\n {2,}(\S.*)$/.exec(comment) ?? [];
      if (title === undefined || example === undefined)
        throw new Error(
          `the comment above the input ${name} must be a title and, further in, a line of example`,
        );
      groups.push({ title, example, inputs: [] });
    } else if (
      groups.length === 0 &&
      inputs.items.some(({ key: other }) => isScalar(other) && other.commentBefore)
    )
      throw new Error(`the input ${name} stands before the first group of inputs`);
    groups.at(-1)?.inputs.push(name);
  }
  return groups;
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
