import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseFields } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { fields } from './fields.ts';
import type { SmokeInputs } from './smoke-run.ts';
import { openWorld } from './world.ts';

const root = mkdtempSync(join(tmpdir(), 'smoke-world-'));
const workspace = join(root, 'work');
mkdirSync(workspace);
writeFileSync(join(root, 'key'), 'the runner’s own');
writeFileSync(join(workspace, 'smoke.yml'), 'checks');
symlinkSync(join(root, 'key'), join(workspace, 'link'));
symlinkSync(root, join(workspace, 'folder'));
const ports = { workflow: { workspace, temp: root } } as unknown as Ports;
const world = openWorld(parseFields(fields, { input: () => '' }) as SmokeInputs, ports);

test('files are read from the workspace only, also where a link leads out of it', () => {
  expect(world.readFile('smoke.yml').toString()).toBe('checks');
  for (const path of ['../key', join(root, 'key'), 'link', 'folder/key', '/etc/passwd']) {
    expect(() => world.readFile(path)).toThrow('outside the workspace');
  }
  expect(() => world.readFile('missing.yml')).toThrow('cannot be read');
});

test('what needs the server says which inputs are missing', async () => {
  await expect(
    world.exec({ service: 'web', command: ['ls'] }, 1000, new AbortController().signal),
  ).rejects.toMatchObject({
    kind: 'input',
    input: 'project',
  });
});

test('a command on the runner gets neither the action’s inputs nor its files, and ends with what it started', async () => {
  Object.assign(process.env, {
    'INPUT_SSH-KEY': 'the key',
    INPUT_SECRETS: 'a=b',
    GITHUB_OUTPUT: '/o',
    GITHUB_ENV: '/e',
  });
  const { signal } = new AbortController();
  const { output } = await world.exec({ command: ['env'] }, 5000, signal);
  expect(output).toContain('PATH=');
  expect(output).not.toMatch(/INPUT_|GITHUB_OUTPUT|GITHUB_ENV/);
  const started = performance.now();
  const late = await world.exec({ command: ['sh', '-c', '(sleep 30; echo on > late) & wait'] }, 100, signal);
  expect(late).toEqual({ exitCode: 124, output: 'no end within 100 ms' });
  expect(performance.now() - started).toBeLessThan(5000);
});
