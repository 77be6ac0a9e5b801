import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Field, type Fields, pool } from '@deploy-actions/kit';
import {
  type ActionFile,
  type BundleResult,
  findRoot,
  listActions,
  listPrograms,
  readAction,
  runBundle,
} from '@deploy-actions/tooling';
import { GARBAGE, SAMPLES } from './samples.ts';

const root = findRoot();
const composites = listActions(root).filter((name) => !listPrograms(root).includes(name));
const names = readdirSync(join(root, 'actions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !composites.includes(entry.name))
  .map((entry) => entry.name)
  .sort();

/** Runs of a bundle under way at once. */
const AT_ONCE = 4;
const LARGEST_BUNDLE = 1_200_000;

/** Inputs with such a name hold a secret. */
const SECRET = /(^|-)(password|token|passphrase|secret|webhook-url|ssh-key|private-key)$/;

interface FieldsModule {
  fields: Fields;
  outputs: readonly string[];
}

/** The parsed side of the contract, loaded when a test asks, so that a broken action fails its own tests alone. */
function parsed(name: string): Promise<FieldsModule> {
  return import(join(root, 'actions', name, 'src/fields.ts')) as Promise<FieldsModule>;
}

/** What an action needs, by an input or by the variable that stands for it. */
function required(action: ActionFile, fields: Fields): string[] {
  // A required field whose input has a default can only be emptied on purpose.
  return Object.entries(fields)
    .filter(([input, field]) => field.required && (action.inputs[input]?.default ?? '') === '')
    .map(([input]) => input);
}

/** Right values for all required inputs. */
function goodInputs(action: ActionFile, fields: Fields): Record<string, string> {
  return Object.fromEntries(
    required(action, fields).map((input) => {
      const sample = SAMPLES[input];
      if (sample === undefined)
        throw new Error(`test/contract/samples.ts has no sample of the required input ${input}`);
      return [input, sample];
    }),
  );
}

/** What stands in a log besides the masks of secrets and the causes of the error. */
function visible(result: BundleResult): string[] {
  return result.shown.split('\n').filter((line) => line !== '' && !line.startsWith('caused by: '));
}

function accepts(field: Field<unknown>, text: string): boolean {
  try {
    field.parse(field.raw ? text : text.trim());
    return true;
  } catch {
    return false;
  }
}

test('there are actions', () => {
  expect(names).not.toHaveLength(0);
});

describe.each(names)('%s', (name) => {
  const folder = join(root, 'actions', name);

  test('has all the parts of an action', () => {
    const parts = [
      'action.yml',
      'README.md',
      'CHANGELOG.md',
      'package.json',
      'src/index.ts',
      'src/fields.ts',
    ];
    expect(parts.filter((part) => !existsSync(join(folder, part)))).toEqual([]);
  });

  test('says who it is, and runs on Node 24 from its own bundle', () => {
    const action = readAction(name);
    expect(action).toMatchObject({
      author: 'deploy-actions',
      runs: { using: 'node24', main: `../../dist/${name}/index.js` },
      branding: { icon: expect.any(String), color: expect.any(String) },
    });
    expect(action.name).not.toBe('');
    expect(action.description).not.toBe('');
    const post = existsSync(join(folder, 'src/post.ts')) ? `../../dist/${name}/post.js` : undefined;
    expect(action.runs.post).toBe(post);
    for (const path of [action.runs.main, action.runs.post]) {
      if (path !== undefined) expect([path, existsSync(join(folder, path))]).toEqual([path, true]);
    }
  });

  test('has a version, and a changelog that begins with it', () => {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const first = /^## \[?v?(\d+\.\d+\.\d+)/m.exec(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8'))?.[1];
    expect(first).toBe(version);
  });

  test('explains every input and every output', () => {
    const { inputs, outputs } = readAction(name);
    const silent = [...Object.entries(inputs), ...Object.entries(outputs)].filter(
      ([, one]) => one.description.trim() === '',
    );
    expect(silent).toEqual([]);
    // The runner reads an expression there too, and refuses the whole action for it.
    const texts = [...Object.values(inputs), ...Object.values(outputs)].map((one) => one.description);
    expect(texts.filter((text) => text.includes('${{'))).toEqual([]);
  });

  test('parses exactly the inputs of action.yml', async () => {
    const { fields } = await parsed(name);
    expect(Object.keys(fields).sort()).toEqual(Object.keys(readAction(name).inputs).sort());
  });

  test('returns exactly the outputs of action.yml', async () => {
    const { outputs } = await parsed(name);
    expect([...outputs].sort()).toEqual(Object.keys(readAction(name).outputs).sort());
  });

  test('requires what action.yml requires', async () => {
    const { fields } = await parsed(name);
    const action = readAction(name);
    const shown = Object.entries(action.inputs).flatMap(([input, one]) => (one.required ? [input] : []));
    const needed = required(action, fields);
    // What a variable may give in its place is not required by itself, and action.yml says so.
    const byInput = needed.filter((input) => fields[input]!.variable === undefined);
    expect(shown.sort()).toEqual(byInput.sort());
    for (const input of needed.filter((one) => !byInput.includes(one)))
      expect(action.inputs[input]!.description).toContain(
        `Required, here or as \`${fields[input]!.variable!}\` of the job's environment.`,
      );
  });

  test('has the defaults that action.yml shows', async () => {
    const { fields } = await parsed(name);
    const { inputs } = readAction(name);
    for (const [input, field] of Object.entries(fields)) {
      const shown = inputs[input]?.default ?? '';
      if (shown.includes('${{')) continue;
      const whenLeftOut = shown === '' ? undefined : field.parse(field.raw ? shown : shown.trim());
      const whenEmpty = field.required ? undefined : field.empty();
      if (shown === '' && field.variable !== undefined && !isNothing(whenEmpty)) {
        // An input that is never empty would never let its variable speak, so its default stands in words.
        expect(inputs[input]!.description).toMatch(new RegExp(`[Dd]efault:? ${String(plain(whenEmpty))}\\b`));
      } else if (shown === '') {
        // A default that nobody is told of.
        expect([input, isNothing(whenEmpty)]).toEqual([input, true]);
      } else if (whenEmpty !== undefined)
        expect([input, plain(whenEmpty)]).toEqual([input, plain(whenLeftOut)]);
    }
  });

  test('keeps its secrets secret', async () => {
    const { fields } = await parsed(name);
    const open = Object.entries(fields).filter(([input, field]) => SECRET.test(input) && !field.secret);
    expect(open.map(([input]) => input)).toEqual([]);
  });

  test('a missing required input is one error that names it, and nothing else', async () => {
    const { fields } = await parsed(name);
    const action = readAction(name);
    const good = goodInputs(action, fields);
    await pool(required(action, fields), AT_ONCE, async (missing) => {
      const result = await runBundle({ action: name, inputs: { ...good, [missing]: '' } });
      expect([missing, result.annotations.map(({ level }) => level), result.exitCode]).toEqual([
        missing,
        ['error'],
        1,
      ]);
      expect(result.annotations[0]!.message).toContain(`input \`${missing}\` is required`);
      expect(visible(result)).toHaveLength(1);
      expect(result.outputs).toEqual({});
      expect(result.summary).toMatch(/^### ❌ /);
    });
  }, 120_000);

  test('all required inputs missing are told at once', async () => {
    const { fields } = await parsed(name);
    const action = readAction(name);
    const needed = required(action, fields);
    if (needed.length === 0) return;
    const result = await runBundle({ action: name });
    expect([result.annotations.length, result.exitCode]).toEqual([1, 1]);
    for (const input of needed) expect(result.annotations[0]!.message).toContain(`\`${input}\``);
  });

  test('what a variable gives is read like its input, which wins, and a wrong one is named by both', async () => {
    const { fields } = await parsed(name);
    const action = readAction(name);
    const good = goodInputs(action, fields);
    const named = Object.entries(fields).filter(([, field]) => field.variable !== undefined);
    await pool(named, AT_ONCE, async ([input, field]) => {
      const variable = field.variable!;
      const wrong = GARBAGE.find((text) => !accepts(field, text));
      if (wrong === undefined) return;
      const { [input]: sample, ...others } = good;
      const result = await runBundle({ action: name, inputs: others, env: { [variable]: wrong } });
      expect([variable, result.annotations.map(({ level }) => level)]).toEqual([variable, ['error']]);
      expect(result.annotations[0]!.message).toContain(`input \`${input}\` (from the variable ${variable})`);
      if (sample === undefined) return;
      // The input wins: what is wrong then is another input, left out or wrong.
      const [another] = required(action, fields).filter((one) => one !== input);
      const won = await runBundle({
        action: name,
        inputs: { ...good, [another ?? 'connect-timeout']: another === undefined ? 'maybe' : '' },
        env: { [variable]: wrong },
      });
      expect(won.annotations.map(({ message }) => message).join()).not.toContain(variable);
    });
  }, 120_000);

  test('a wrong value is one error that names its input and starts no command of the runner', async () => {
    const action = readAction(name);
    const { fields } = await parsed(name);
    const good = goodInputs(action, fields);
    const wrong = Object.entries(fields).flatMap(([input, field]) => {
      const refused = GARBAGE.filter((text) => !accepts(field, text));
      // The first one, and one that tries to speak to the runner.
      const chosen = [refused[0], refused.find((text) => /::|##\[/.test(text))];
      return [...new Set(chosen)].flatMap((text) => (text === undefined ? [] : [{ input, text }]));
    });
    await pool(wrong, AT_ONCE, async ({ input, text }) => {
      const result = await runBundle({ action: name, inputs: { ...good, [input]: text } });
      expect([input, text, result.annotations.map(({ level }) => level), result.exitCode]).toEqual([
        input,
        text,
        ['error'],
        1,
      ]);
      expect(result.annotations[0]!.message).toContain(`\`${input}\``);
      expect(result.log).not.toMatch(/##\[/);
      expect(visible(result)).toHaveLength(1);
      expect(result.outputs).toEqual({});
      expect(result.summary).toMatch(/^### ❌ /);
    });
  }, 300_000);

  test(`its bundle is at most ${LARGEST_BUNDLE / 1e6} MB, chunks included, and has no native code`, () => {
    const dist = join(root, 'dist', name);
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.(node|exe|dll|so|dylib)$/.test(file))).toEqual([]);
    const size = files
      .filter((file) => file.endsWith('.js'))
      .reduce((sum, file) => sum + statSync(join(dist, file)).size, 0);
    expect(size).toBeLessThanOrEqual(LARGEST_BUNDLE);
  });
});

/** What an input that was not given may mean without a word in action.yml. */
function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === false || value === '';
}

/** A value without its functions, which are never equal. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    one instanceof Map || one instanceof Set ? [...one] : one instanceof RegExp ? String(one) : one,
  );
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
