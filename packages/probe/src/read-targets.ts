import { Failure } from '@deploy-actions/kit';
import { credentialsIn } from './credential.ts';
import { type Aim, TargetError, type TargetSpec, aimOf, labelOf } from './target-spec.ts';
import type { TargetInputs } from './target-fields.ts';

/** What an action has of its own in a target. */
export interface OwnKeys<T> {
  /** JSON Schema of the keys that the YAML form has besides those of every action. */
  properties: Readonly<Record<string, object>>;
  /** Adds what they mean. Throws TargetError. */
  complete(aim: Aim, own: Readonly<Record<string, unknown>>): T;
}

/**
 * Reads the input `targets`: one address per line (`[name =] address [-> status or output]`), or YAML, a list
 * of addresses and mappings. No two have the same name. Throws one `input` Failure that names the line, the key and
 * what would be right.
 */
export async function readTargets<T extends Aim = Aim>(
  inputs: TargetInputs & { targets: string },
  onSecret: (value: string) => void,
  own: OwnKeys<T>,
): Promise<T[]> {
  for (const [name, value] of inputs.headers) credentialsIn(name, value).forEach(onSecret);
  const make = (spec: TargetSpec): T =>
    own.complete(aimOf(spec, inputs, onSecret), spec as TargetSpec & Record<string, unknown>);
  const text = inputs.targets;
  const found = isYaml(text) ? await fromYaml(text, make, own.properties) : fromLines(text, make);
  if (found.length === 0) {
    throw new Failure('input', 'input `targets` names no target', {
      input: 'targets',
      remedy: 'Write one address per line.',
    });
  }
  const seen = new Map<string, number>();
  for (const one of found) {
    const times = (seen.get(one.name) ?? 0) + 1;
    seen.set(one.name, times);
    if (times > 1) one.name = `${one.name} (${times})`;
  }
  return found;
}

function isYaml(text: string): boolean {
  const first =
    text
      .split('\n')
      .find((line) => line.trim() !== '' && !/^\s*#/.test(line))
      ?.trim() ?? '';
  return /^(-(\s|$)|\[|\{|---)/.test(first);
}

function fromLines<T>(text: string, make: (spec: TargetSpec) => T): T[] {
  const found: T[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      found.push(make(parseLine(line)));
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      throw new Failure('input', `input \`targets\`, line ${index + 1}: ${error.message}`, {
        input: 'targets',
      });
    }
  }
  return found;
}

function parseLine(line: string): TargetSpec {
  const [, name, rest] = /^([^=:/?]+?)\s*=\s*([a-z][a-z0-9+.-]*:\/\/.*)$/i.exec(line) ?? [];
  const [, address, wanted] = /^(.*?)\s+->\s+(.+)$/.exec(rest ?? line) ?? [];
  const url = address ?? rest ?? line;
  const isExec = /^exec:/i.test(url);
  if (!isExec && /\s/.test(url))
    throw new TargetError('url', `"${labelOf(url)}" has a space in it; write one address per line`);
  if (wanted !== undefined && !/^(exec|https?):/i.test(url)) {
    throw new TargetError('url', '"->" is for http://, https:// (a status) and exec:// (the output) only');
  }
  return {
    url,
    ...(name === undefined ? {} : { name }),
    ...(wanted === undefined ? {} : isExec ? { 'expect-output': wanted } : { 'expect-status': wanted }),
  };
}

async function fromYaml<T>(
  text: string,
  make: (spec: TargetSpec) => T,
  properties: OwnKeys<T>['properties'],
): Promise<T[]> {
  const { DocumentError, documentFailure, readDocument } = await import('@deploy-actions/document');
  const { targetsSchema } = await import('./targets-schema.ts');
  try {
    const document = await readDocument<(string | TargetSpec)[]>(text, {
      schema: targetsSchema(properties),
    });
    // What an answer is compared with is as it was written: 1.10 is not 1.1, nor 2^53 + 1 the number before it.
    const written = document.exact() as (string | TargetSpec)[];
    return document.value.map((item, index) => {
      try {
        const spec =
          typeof item === 'string' ? parseLine(item) : compared(item, written[index] as TargetSpec);
        return make(spec);
      } catch (error) {
        if (!(error instanceof TargetError)) throw error;
        const path = typeof item === 'string' ? [index] : [index, error.key];
        throw new DocumentError([{ message: error.message, path, ...document.place(path) }]);
      }
    });
  } catch (error) {
    throw error instanceof DocumentError ? documentFailure(error, { input: 'targets' }) : error;
  }
}

/** A target whose expected values are taken as they were written. */
function compared(spec: TargetSpec, written: TargetSpec): TargetSpec {
  const keys = ['expect-json', 'expect-version'] as const;
  return {
    ...spec,
    ...Object.fromEntries(keys.flatMap((key) => (key in written ? [[key, written[key]]] : []))),
  };
}
