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
const world = openWorld(parseFields(fields, () => '') as SmokeInputs, ports);

test('files are read from the workspace only, also where a link leads out of it', () => {
  expect(world.readFile('smoke.yml').toString()).toBe('checks');
  for (const path of ['../key', join(root, 'key'), 'link', 'folder/key', '/etc/passwd']) {
    expect(() => world.readFile(path)).toThrow('outside the workspace');
  }
  expect(() => world.readFile('missing.yml')).toThrow('cannot be read');
});

test('what needs the server says which inputs are missing', async () => {
  await expect(world.exec({ service: 'web', command: ['ls'] }, 1000)).rejects.toMatchObject({
    kind: 'input',
    input: 'project',
  });
});
