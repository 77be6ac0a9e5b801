import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Fields, parseDuration } from '@deploy-actions/kit';
import { findRoot, listActions, listPrograms, parseYaml, readAction } from '@deploy-actions/tooling';

/** Actions that are made of the steps of others, held against those others' contracts. */
const root = findRoot();
const programs = listPrograms(root);
const composites = listActions(root).filter((name) => !programs.includes(name));

test('there are two composite actions', () => {
  expect(composites).toEqual(['release-blue-green', 'release-in-place']);
});

describe.each(composites)('%s', (name) => {
  const { inputs, outputs, steps, runs, branding } = readAction(name, root);
  const text = readFileSync(join(root, 'actions', name, 'action.yml'), 'utf8');
  const uses = steps.map(({ uses: used }) => /^org\/deploy-actions\/([a-z-]+)@v1$/.exec(used)?.[1]);

  test('has all the parts of an action without a program', () => {
    const parts = ['README.md', 'CHANGELOG.md', 'package.json'];
    expect(parts.filter((part) => !existsSync(join(root, 'actions', name, part)))).toEqual([]);
    expect([runs.using, runs.main]).toEqual(['composite', '']);
    expect(branding).toMatchObject({ icon: expect.any(String), color: expect.any(String) });
  });

  test('has steps of this project alone, each with an id of its own, and runs no script', () => {
    expect(uses.filter((one) => one === undefined || !programs.includes(one))).toEqual([]);
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    expect(text).not.toMatch(/^ +(- )?(run|shell):/m);
  });

  test('gives its steps inputs that they have, every one that they require, and values that they accept', async () => {
    for (const [place, step] of steps.entries()) {
      const used = uses[place]!;
      const known = readAction(used, root).inputs;
      const given = Object.keys(step.with);
      expect([step.id, given.filter((input) => !Object.hasOwn(known, input))]).toEqual([step.id, []]);
      const missing = Object.keys(known).filter((input) => known[input]!.required && !given.includes(input));
      expect([step.id, missing]).toEqual([step.id, []]);
      const { fields } = (await import(join(root, 'actions', used, 'src/fields.ts'))) as { fields: Fields };
      for (const [input, value] of Object.entries(step.with)) {
        if (value.includes('${{')) continue;
        expect(() => fields[input]!.parse(value)).not.toThrow();
      }
    }
  });

  test('uses every input that it has, and no other', () => {
    const read = new Set([...text.matchAll(/\binputs\.([a-z-]+)/g)].map(([, input]) => input!));
    expect([...read].sort()).toEqual(Object.keys(inputs).sort());
  });

  test('gives outputs that its steps have, and reads no other', () => {
    const ids = new Map(steps.map(({ id }, place) => [id, uses[place]!]));
    expect(Object.keys(outputs).length).toBeGreaterThan(2);
    for (const [, id, output] of text.matchAll(/\bsteps\.([a-z]+)\.outputs\.([a-z-]+)/g))
      expect(Object.keys(readAction(ids.get(id!)!, root).outputs)).toContain(output);
  });

  test('what runs the application is told to every step that is given a server and asks for it', () => {
    // That of backup is another one: how a backup is kept.
    const asking = steps.filter(
      ({ with: given }, place) =>
        uses[place] !== 'backup' &&
        given['host'] !== undefined &&
        Object.hasOwn(readAction(uses[place]!, root).inputs, 'engine'),
    );
    expect(asking.length).toBeGreaterThan(4);
    expect(asking.filter(({ with: given }) => given['engine'] !== '${{ inputs.engine }}')).toEqual([]);
    expect(inputs['engine']).toMatchObject({ default: 'auto' });
  });

  test('how long it may take is told to every step that waits for it', () => {
    const waiting = steps.flatMap(({ id, with: given }, place) => {
      // What only pulls waits for nothing to become healthy.
      if (given['pull-only'] === 'true') return [];
      const input = { 'ssh-compose-deploy': 'wait-timeout', 'health-wait': 'timeout' }[uses[place] ?? ''];
      return input === undefined ? [] : [[id, given[input]]];
    });
    expect(waiting).toEqual([
      ['deploy', '${{ inputs.timeout }}'],
      ['health', '${{ inputs.timeout }}'],
    ]);
  });

  test('a switch waits for its confirmation until well after the watch, however long that is', async () => {
    const { fields } = (await import(join(root, 'actions/stability-watch/src/fields.ts'))) as {
      fields: Fields;
    };
    const watch = steps.find(({ id }) => id === 'watch')!.with['duration'];
    expect(watch).toBe('${{ inputs.watch }}');
    const patience = steps.flatMap(({ with: given }) => given['confirm-within'] ?? []);
    expect(patience).toHaveLength(name === 'release-blue-green' ? 1 : 0);
    for (const text of patience)
      for (const length of [inputs['watch']!.default!, '1s', '90m', '6h']) {
        const watched = fields['duration']!.parse(length) as number;
        const waited = parseDuration(text.replace('${{ inputs.watch }}', length))!;
        expect([length, waited - watched >= 600_000]).toEqual([length, true]);
      }
  });

  test('the images are pulled right before a backup, by what the deployment is given', () => {
    const place = (id: string) => steps.findIndex((step) => step.id === id);
    const [pull, backup, deploy] = [steps[place('pull')]!, steps[place('backup')]!, steps[place('deploy')]!];
    expect([uses[place('pull')], place('backup')]).toEqual(['ssh-compose-deploy', place('pull') + 1]);
    expect([pull.if, pull.if]).toEqual(["inputs.databases != ''", backup.if]);
    const { 'pull-only': only, ...pulled } = pull.with;
    const later = ['before-up', 'migrate', 'migration-state', 'migration-reversible', 'wait-timeout'];
    const given = Object.fromEntries(Object.entries(deploy.with).filter(([input]) => !later.includes(input)));
    expect([only, pulled]).toEqual(['true', given]);
  });

  test('what the watch would refuse is refused before anything changes', () => {
    const place = (id: string) => steps.findIndex((step) => step.id === id);
    const changes = steps.findIndex((_, at) => /^(backup|ssh-compose-deploy)$/.test(uses[at] ?? ''));
    expect([uses[place('plan')], place('plan') < changes]).toEqual(['stability-watch', true]);
    const { plan, ...planned } = steps[place('plan')]!.with;
    const { project, ...watched } = steps[place('watch')]!.with;
    // The colour is not known by then.
    const base = project!.replace('-${{ steps.deploy.outputs.color }}', '');
    expect([plan, planned]).toEqual(['true', { ...watched, project: base }]);
  });

  test('whoever tells how it went goes by how this action stands: the job knows only at its end', () => {
    const told = steps.flatMap(({ with: given }) =>
      [given['status'] ?? [], given['job-status'] ?? []].flat(),
    );
    expect(told).toEqual(Array.from({ length: 3 }, () => '${{ github.action_status || job.status }}'));
  });

  test('an input that is left out is left to the step, whose own default it is', async () => {
    for (const [place, step] of steps.entries()) {
      const { fields } = (await import(join(root, 'actions', uses[place]!, 'src/fields.ts'))) as {
        fields: Fields;
      };
      for (const [input, value] of Object.entries(step.with)) {
        const [, own] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value) ?? [];
        if (own === undefined || inputs[own]!.default !== undefined || inputs[own]!.required) continue;
        // An empty text is what the runner hands over.
        const declared = readAction(uses[place]!, root).inputs[input]!.default;
        expect([step.id, input, fields[input]!.required && declared !== undefined]).toEqual([
          step.id,
          input,
          false,
        ]);
      }
    }
  });
});

test('the production example confirms by the success of its watch, and is waited for until well after it', async () => {
  const text = readFileSync(join(root, 'examples/production-blue-green.yml'), 'utf8');
  const { jobs } = parseYaml(text) as { jobs: Record<string, { steps?: WorkflowStep[] }> };
  const steps = Object.values(jobs)
    .map((job) => job.steps ?? [])
    .find((all) => all.some(({ with: given }) => given?.['confirm-within'] !== undefined))!;
  const place = (has: (step: WorkflowStep) => boolean) => steps.findIndex(has);
  const moved = place(({ with: given }) => given?.['confirm-within'] !== undefined);
  const watched = place(({ uses }) => uses?.includes('/stability-watch@') === true);
  const confirmed = place(({ with: given }) => given?.['to'] === 'confirm');
  expect([moved < watched, confirmed - watched]).toEqual([true, 1]);
  // Without an `if` of its own a step runs only where those before it have succeeded.
  expect([steps[confirmed]!.if, steps[watched]!['continue-on-error']]).toEqual([undefined, undefined]);
  const { fields } = (await import(join(root, 'actions/stability-watch/src/fields.ts'))) as {
    fields: Fields;
  };
  const set = "${{ vars.WATCH_DURATION || '5m' }}";
  expect(steps[watched]!.with!['duration']).toBe(set);
  expect(steps[moved]!.with!['confirm-within']).toContain(set);
  for (const length of ['1s', '5m', '90m', '6h']) {
    const waited = parseDuration(steps[moved]!.with!['confirm-within']!.replace(set, length))!;
    const watching = fields['duration']!.parse(length) as number;
    expect([length, waited - watching >= 600_000]).toEqual([length, true]);
  }
});

interface WorkflowStep {
  uses?: string;
  if?: string;
  'continue-on-error'?: unknown;
  with?: Record<string, string>;
}
