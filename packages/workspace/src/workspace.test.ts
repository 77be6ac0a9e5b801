import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
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
  expect(await workspace.has('nginx.conf')).toBe('file');
  expect(await workspace.has('conf.d')).toBe('folder');
  expect(await workspace.has('data')).toBeUndefined();
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

const paths = async (root: string, ...patterns: string[]) =>
  (await readWorkspace(root, [], patterns)).files.map((file) => file.path);

test('names that begin with a dot are sent like any other', async () => {
  const root = checkout({
    'compose.yaml': '',
    'conf/.htpasswd': '',
    'conf/.env': '',
    'conf/.d/x': '',
    'conf/a.conf': '',
    'other/b.conf': '',
  });
  const all = ['conf/.d/x', 'conf/.env', 'conf/.htpasswd', 'conf/a.conf'];
  for (const pattern of ['conf', 'conf/', './conf', 'conf/**', 'conf/*', 'conf/**/*'])
    expect([pattern, await paths(root, pattern)]).toEqual([pattern, all]);
  expect(await paths(root, 'conf/.*')).toEqual(['conf/.d/x', 'conf/.env', 'conf/.htpasswd']);
  expect(await paths(root, '{conf,other}/*.conf', 'conf/.env')).toEqual([
    'conf/.env',
    'conf/a.conf',
    'other/b.conf',
  ]);
});

test("git's own files never leave the runner, whatever the pattern and at any depth", async () => {
  const root = checkout({
    'compose.yaml': '',
    '.git/config': 'token',
    'vendor/lib/.git/config': 'token',
    'vendor/lib/.git/objects/x': 'x',
    'vendor/lib/a.conf': '',
    'vendor/submodule/.git': 'gitdir: ../../.git/modules/submodule',
  });
  expect(await paths(root, '.')).toEqual(['compose.yaml', 'vendor/lib/a.conf']);
  expect(await paths(root, '**')).toEqual(['compose.yaml', 'vendor/lib/a.conf']);
  for (const pattern of ['.git', '.git/config', '.git/**', 'vendor/lib/.git', 'vendor/submodule'])
    await expect(readWorkspace(root, [], [pattern])).rejects.toThrow(`nothing matches ${pattern}`);
  mkdirSync(join(root, 'conf'));
  symlinkSync('../.git/config', join(root, 'conf/app.conf'));
  symlinkSync('../vendor/lib/.git', join(root, 'conf/deep'));
  await expect(readWorkspace(root, [], ['conf/app.conf'])).rejects.toThrow(
    'conf/app.conf leads into .git, which never leaves the runner',
  );
  await expect(readWorkspace(root, [], ['conf/deep'])).rejects.toThrow('leads into .git');
});

test.each(['back\\slash', 'tab\tname', 'new\nline', '-option'])(
  'the name %j is refused before anything is sent, and named',
  async (name) => {
    const root = checkout({ 'compose.yaml': '', [`conf/${name === '-option' ? 'x' : name}`]: '' });
    if (name === '-option') writeFileSync(join(root, name), '');
    await expect(readWorkspace(root, [], [name === '-option' ? '-*' : 'conf'])).rejects.toMatchObject({
      kind: 'input',
      input: 'files',
      message: expect.stringMatching(
        /cannot be sent to a server: its name (has|begins)/,
      ) as unknown as string,
    });
  },
);

test('a link that goes round in a circle ends, and one that leads nowhere is named', async () => {
  const root = checkout({ 'compose.yaml': '', 'conf/a.conf': '' });
  symlinkSync('..', join(root, 'conf/up'));
  expect(await paths(root, 'conf')).toEqual(['conf/a.conf', 'conf/up/compose.yaml']);
  symlinkSync('gone.conf', join(root, 'conf/dead.conf'));
  await expect(readWorkspace(root, [], ['conf'])).rejects.toThrow(
    'conf/dead.conf is a link to what is not in the checkout',
  );
});

test('a folder that git keeps empty is none, one with content is', async () => {
  const root = checkout({ 'compose.yaml': '', 'logs/.gitkeep': '', 'conf.d/a.conf': '', Caddyfile: '' });
  const { has } = await readWorkspace(root, [], []);
  expect(await Promise.all(['logs', 'conf.d', 'Caddyfile', 'nope'].map(has))).toEqual([
    undefined,
    'folder',
    'file',
    undefined,
  ]);
});

test('more bytes than go with a release are refused before they are read', async () => {
  const root = checkout({ 'compose.yaml': '', 'big/a': '' });
  // A hole: it takes no room on the disk.
  truncateSync(join(root, 'big/a'), 70 * 2 ** 20);
  await expect(readWorkspace(root, [], ['big'])).rejects.toThrow('are more than the 64 MiB');
});
