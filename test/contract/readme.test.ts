import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Fields } from '@deploy-actions/kit';
import { findRoot, listActions, listPrograms, parseYaml, readAction } from '@deploy-actions/tooling';

/** The examples in the manuals, held against the contracts of the actions that they use. */
const root = findRoot();
const pages = [
  'README.md',
  ...listActions(root).map((name) => `actions/${name}/README.md`),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .filter((page) => blocks(page).some((block) => block.includes('uses: org/deploy-actions/'))),
].filter((page) => existsSync(join(root, page)));

interface Step {
  id?: string;
  uses: string;
  with?: Record<string, unknown>;
}

/** The YAML code blocks of a page. */
function blocks(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

/** Every step that uses an action of ours, wherever in the document it stands. */
function ourSteps(value: unknown): Step[] {
  if (Array.isArray(value)) return value.flatMap(ourSteps);
  if (typeof value !== 'object' || value === null) return [];
  const here = value as Partial<Step>;
  const own =
    typeof here.uses === 'string' && here.uses.startsWith('org/deploy-actions/') ? [here as Step] : [];
  return [...own, ...Object.values(value).flatMap(ourSteps)];
}

function nameOf(step: Step): string {
  return /^org\/deploy-actions\/([^@]+)@/.exec(step.uses)?.[1] ?? step.uses;
}

test('the example of the README is the first example', () => {
  const [block] = blocks('README.md');
  expect(readFileSync(join(root, 'examples/first-deploy.yml'), 'utf8')).toContain(block);
});

describe.each(listActions(root))('the groups of inputs of %s', (name) => {
  test('show examples of their own inputs, with values that the action accepts', async () => {
    for (const { title, example, inputs } of readAction(name, root).groups) {
      const given = parseYaml(example) as Record<string, unknown>;
      expect([title, Object.keys(given).filter((input) => !inputs.includes(input))]).toEqual([title, []]);
      await expectAccepted(name, given);
    }
  });
});

/** Parses the values as the action would; what an expression stands for is known at run time only. */
async function expectAccepted(name: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  // What is made of the steps of others has no parser of its own; each of those is held against its values.
  if (!listPrograms(root).includes(name)) return;
  const { fields } = (await import(join(root, 'actions', name, 'src/fields.ts'))) as { fields: Fields };
  for (const [input, value] of Object.entries(given)) {
    const text = String(value);
    if (text.includes('${{')) continue;
    const parse = () => fields[input]!.parse(fields[input]!.raw ? text : text.trim());
    expect(parse).not.toThrow();
  }
}

describe.each(pages)('%s', (page) => {
  const steps = blocks(page).flatMap((block) => ourSteps(parseYaml(block)));

  test('shows how to use it', () => {
    const action = /^actions\/([^/]+)\//.exec(page)?.[1];
    if (action === undefined) expect(steps).not.toEqual([]);
    else expect(steps.map(nameOf)).toContain(action);
  });

  test('names only actions and inputs that there are, and of its own action every required one', () => {
    for (const step of steps) {
      const name = nameOf(step);
      expect(listActions(root)).toContain(name);
      const { inputs } = readAction(name, root);
      const given = Object.keys(step.with ?? {});
      expect([name, given.filter((input) => !Object.hasOwn(inputs, input))]).toEqual([name, []]);
      // What another action needs besides may be left out of a manual's example.
      if (page.startsWith('actions/') && page !== `actions/${name}/README.md`) continue;
      const missing = Object.keys(inputs).filter(
        (input) => inputs[input]!.required && !given.includes(input),
      );
      expect([name, missing]).toEqual([name, []]);
    }
  });

  test('names as values of its own action, where it shows no whole step, only inputs that there are', async () => {
    const action = /^actions\/([^/]+)\//.exec(page)?.[1];
    if (action === undefined) return;
    const { inputs } = readAction(action, root);
    for (const block of blocks(page)) {
      const value = parseYaml(block);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      const shown = value as Record<string, unknown>;
      // Lines below `with:`, with that word or without; a file of checks and the parts of a workflow are something else.
      const given = ('with' in shown ? shown['with'] : shown) as Record<string, unknown>;
      const names = Object.keys(given);
      if (!('with' in shown) && !Object.hasOwn(inputs, names[0]!)) continue;
      if (names.some((name) => ['checks', 'jobs', 'steps', 'permissions'].includes(name))) continue;
      expect(names.filter((name) => !Object.hasOwn(inputs, name))).toEqual([]);
      await expectAccepted(action, given);
    }
  });

  test('gives values that the actions accept', async () => {
    for (const step of steps) await expectAccepted(nameOf(step), step.with ?? {});
  });

  test('reads only outputs that there are', () => {
    const byId = new Map(
      steps.filter((step) => step.id !== undefined).map((step) => [step.id!, nameOf(step)]),
    );
    for (const block of blocks(page)) {
      for (const [, id, output] of block.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
        const name = byId.get(id!);
        if (name !== undefined) expect(Object.keys(readAction(name, root).outputs)).toContain(output);
      }
    }
  });
});

test('examples name only actions, inputs and outputs that there are, with values that the actions accept', async () => {
  for (const file of readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yml'))) {
    const text = readFileSync(join(root, 'examples', file), 'utf8');
    const steps = ourSteps(parseYaml(text));
    expect([file, steps.length > 0]).toEqual([file, true]);
    for (const step of steps) {
      const { inputs } = readAction(nameOf(step), root);
      const given = Object.keys(step.with ?? {});
      const missing = Object.keys(inputs).filter((name) => inputs[name]!.required && !given.includes(name));
      expect([file, nameOf(step), given.filter((name) => !Object.hasOwn(inputs, name)), missing]).toEqual([
        file,
        nameOf(step),
        [],
        [],
      ]);
      await expectAccepted(nameOf(step), step.with ?? {});
    }
    const byId = new Map(steps.filter(({ id }) => id !== undefined).map((step) => [step.id!, nameOf(step)]));
    for (const [, id, output] of text.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      const name = byId.get(id!);
      if (name !== undefined)
        expect([file, Object.keys(readAction(name, root).outputs)]).toEqual([
          file,
          expect.arrayContaining([output]),
        ]);
    }
  }
});

test('pages and examples pin each action of others by one and the same commit', () => {
  const examples = readdirSync(join(root, 'examples')).map((name) => `examples/${name}`);
  const all = ['README.md', ...listActions(root).map((name) => `actions/${name}/README.md`)];
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const pins = new Map<string, Set<string>>();
  for (const page of [...all, ...docs.map((name) => `docs/${name}`), ...examples])
    for (const [, name, pin] of readFileSync(join(root, page), 'utf8').matchAll(
      /^[- ]*uses: ((?:actions|docker)\/[\w-]+)@(.+)$/gm,
    ))
      pins.set(name!, (pins.get(name!) ?? new Set()).add(pin!.trim()));
  expect([...pins.keys()].sort()).toContain('actions/checkout');
  for (const [name, some] of pins)
    expect([name, [...some]]).toEqual([name, [expect.stringMatching(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/)]]);
});

test('what docs/coming-from.md sets beside the lines of others are inputs, with values that an action of that input takes', async () => {
  const known = listActions(root).map((name) => readAction(name, root));
  const cells = readFileSync(join(root, 'docs/coming-from.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\|.*\|.*\|.*\|$/.test(line))
    .map((line) => line.split('|')[2]!);
  const codes = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));
  // A name by itself, or a name with its value; what else stands in backquotes is a file, or Compose's own.
  const named = codes.flatMap((code) => {
    const [, name, value] = /^([a-z][a-z-]+)(?:: (.+))?$/.exec(code) ?? [];
    return name === undefined ? [] : [{ code, name, value }];
  });
  expect(named.length).toBeGreaterThan(25);
  for (const { code, name, value } of named) {
    const having = known.filter(({ inputs }) => Object.hasOwn(inputs, name));
    expect([code, having.length > 0]).toEqual([code, true]);
    if (value === undefined) continue;
    const takers = await Promise.allSettled(having.map(({ id }) => expectAccepted(id, { [name]: value })));
    expect([code, takers.some(({ status }) => status === 'fulfilled')]).toEqual([code, true]);
  }
});
