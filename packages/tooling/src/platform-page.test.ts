import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listActions, parseActionFile, parseYaml } from './action-file.ts';
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
