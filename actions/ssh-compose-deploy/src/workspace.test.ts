import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readWorkspace } from './workspace.ts';

function checkout(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'workspace-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

test("the compose file is found by Compose's own names, in its order", async () => {
  const root = checkout({ 'docker-compose.yml': 'old', 'compose.yml': 'new' });
  const { composeFiles, folder } = await readWorkspace(root, [], []);
  expect(composeFiles.map((file) => [file.path, String(file.content)])).toEqual([['compose.yml', 'new']]);
  expect(folder).toBe('');
});

test('paths are relative to the folder of the first compose file', async () => {
  const root = checkout({
    'deploy/compose.yaml': 'a',
    'deploy/nginx.conf': 'b',
    'deploy/conf.d/x.conf': 'c',
    'deploy/conf.d/deep/y': 'd',
  });
  const workspace = await readWorkspace(root, ['deploy/compose.yaml'], ['nginx.conf', 'conf.d']);
  expect(workspace.folder).toBe('deploy');
  expect(workspace.files.map((file) => file.path)).toEqual(['conf.d/deep/y', 'conf.d/x.conf', 'nginx.conf']);
  expect(await workspace.has('nginx.conf')).toBe(true);
  expect(await workspace.has('data')).toBe(false);
});

test('globs are expanded', async () => {
  const root = checkout({
    'compose.yaml': '',
    'conf.d/a.conf': '',
    'conf.d/b.txt': '',
    'conf.d/sub/c.conf': '',
  });
  const { files } = await readWorkspace(root, [], ['conf.d/**/*.conf']);
  expect(files.map((file) => file.path)).toEqual(['conf.d/a.conf', 'conf.d/sub/c.conf']);
});

test('what is missing is named with what to do', async () => {
  const root = checkout({ 'deploy/compose.yaml': '' });
  await expect(readWorkspace(root, [], [])).rejects.toThrow('there is no compose file');
  await expect(readWorkspace(root, ['compose.yaml'], [])).rejects.toThrow(
    'there is no compose.yaml in the checkout',
  );
  await expect(readWorkspace(root, ['deploy/compose.yaml'], ['nope.conf'])).rejects.toThrow(
    'nothing matches nope.conf in deploy',
  );
});

test('no link leads out of the checkout', async () => {
  const root = checkout({ 'compose.yaml': '' });
  symlinkSync('/etc/hostname', join(root, 'leak'));
  await expect(readWorkspace(root, [], ['leak'])).rejects.toThrow('leak is a link out of the checkout');
});
