import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listActions, parseActionFile, parseYaml, readAction } from './action-file.ts';
import { workflowsIn } from './page-workflows.ts';
import { permissionsOf } from './permissions.ts';
import { findRoot } from './root.ts';

/** What docs/platform-teams.md says of updates holds for the tags that a release makes. */
const page = readFileSync(join(findRoot(), 'docs/platform-teams.md'), 'utf8');

function block(kind: 'json' | 'yaml'): string {
  return new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)![1]!;
}

test('by the rule for Renovate each action is offered its own tags, in their order, and no moving one', () => {
  const { packageRules } = JSON.parse(block('json')) as { packageRules: { versioning: string }[] };
  const [, rule] = /^regex:(.+)$/.exec(packageRules[0]!.versioning)!;
  const parse = (tag: string) => new RegExp(rule!).exec(tag)?.groups;
  for (const name of listActions()) {
    expect(parse(`${name}/v1.10.2`)).toEqual({ compatibility: name, major: '1', minor: '10', patch: '2' });
    expect([parse(`${name}/v1`), parse('v1'), parse(`${name}/v1.10.2-rc1`)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }
});

test('the configuration of Dependabot looks at the workflows, and its group takes every action of ours', () => {
  const { updates } = parseYaml(block('yaml')) as {
    updates: {
      'package-ecosystem': string;
      directory: string;
      groups: Record<string, { patterns: string[] }>;
    }[];
  };
  expect(updates.map((one) => [one['package-ecosystem'], one.directory])).toEqual([['github-actions', '/']]);
  const [pattern] = Object.values(updates[0]!.groups)[0]!.patterns;
  const glob = new RegExp(`^${pattern!.replace('*', '.*')}$`);
  // A dependency is called by the whole of `uses` where its tag begins with a path.
  for (const name of listActions()) expect(`org/deploy-actions/${name}@${name}/v1.4.2`).toMatch(glob);
});

interface Job {
  permissions?: Record<string, string>;
  steps?: { uses?: string; with?: Record<string, unknown> }[];
}

const jobs = workflowsIn(page).flatMap((text) => {
  const workflow = parseYaml(text) as { permissions?: Record<string, string>; jobs: Record<string, Job> };
  return Object.entries(workflow.jobs).map(([id, job]) => ({
    id,
    steps: job.steps ?? [],
    permissions: job.permissions ?? workflow.permissions ?? {},
  }));
});

test('each job of the page pins every action of ours by its own tag, which the rule for Renovate can read', () => {
  const { packageRules } = JSON.parse(block('json')) as { packageRules: { versioning: string }[] };
  const rule = new RegExp(packageRules[0]!.versioning.replace(/^regex:/, ''));
  const pins = jobs.flatMap(({ steps }) =>
    steps.flatMap(({ uses = '' }) => /^org\/deploy-actions\/([\w-]+)@(.+)$/.exec(uses)?.slice(1) ?? []),
  );
  expect(pins.length).toBeGreaterThan(6);
  for (let index = 0; index < pins.length; index += 2)
    expect(rule.exec(pins[index + 1]!)?.groups?.['compatibility']).toBe(pins[index]);
});

test('each job of the page has the permissions that its steps need, and no other', () => {
  const rank = ['none', 'read', 'write'];
  for (const { id, steps, permissions } of jobs.filter(({ steps }) => steps.length > 0)) {
    const needed = new Map<string, string>();
    for (const { uses = '', with: given = {} } of steps) {
      if (uses.startsWith('actions/checkout@')) needed.set('contents', 'read');
      const [, name] = /^org\/deploy-actions\/([\w-]+)@/.exec(uses) ?? [];
      if (name === undefined) continue;
      // What pulls images by the job's own token reads packages with it.
      if (String(given['registry-password'] ?? '').includes('github.token')) needed.set('packages', 'read');
      for (const { permission, inputs } of permissionsOf(readAction(name))) {
        const [scope, level] = permission.split(': ') as [string, string];
        // ghcr-verify-image takes the job's token by itself, for ghcr.io and for attestations.
        const asked =
          inputs.some((input) => input in given) || (name === 'ghcr-verify-image' && inputs.length > 0);
        if (asked && rank.indexOf(level) > rank.indexOf(needed.get(scope) ?? 'none'))
          needed.set(scope, level);
      }
    }
    expect([id, permissions]).toEqual([id, Object.fromEntries(needed)]);
  }
});

test('the permissions of an action are those that its inputs name', () => {
  const action = parseActionFile(
    'x',
    'x',
    "inputs:\n  one: { description: 'Needs `checks: read` and `statuses: read`' }\n  two: { description: 'Needs `checks: read`; `read` alone is none' }\n",
  );
  expect(permissionsOf(action)).toEqual([
    { permission: 'checks: read', inputs: ['one', 'two'] },
    { permission: 'statuses: read', inputs: ['one'] },
  ]);
});
