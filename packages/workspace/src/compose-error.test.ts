import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { placeInComposeFile, positionIn } from './compose-error.ts';
import type { Workspace } from './workspace.ts';

const FILE = `name: shop
services:
  db:
    image: postgres
  web:
    image: nginx
    ports: 5
    environment:
      A: "\${B"
`;

test("Compose's words are placed on the line that they speak of", async () => {
  for (const [message, line] of [
    ['yaml: line 7: did not find expected key', 7],
    ['validating /x/compose.yaml: services.web.ports must be a list', 7],
    ['service "web" depends on undefined service "dbx": invalid compose project', 5],
    ['invalid interpolation format for services.web.environment.A.', 9],
    ['validating /x/compose.yaml: services.web Additional property ports is not allowed', 7],
    ['something else', 1],
  ] as const) {
    expect((await positionIn(FILE, message)).line).toBe(line);
  }
});

const STAGE = '/srv/shop/.deploy/incoming/ab12/files/project/shop';
const SERVER = { path: '/srv/shop', envFile: '.env' };

/** A checkout with this compose file, sent files, and what else it has. */
function checkout(
  text: string,
  { folder = '', sent = {} as Record<string, string>, has = [] as string[] } = {},
): Workspace {
  const file = (path: string, content: string) => ({
    path,
    content: Buffer.from(content),
    executable: false,
  });
  return {
    folder,
    composeFiles: [file('compose.yaml', text)],
    files: Object.entries(sent).map(([path, content]) => file(path, content)),
    has: (path) => Promise.resolve(has.includes(path) ? 'file' : undefined),
  };
}

async function told(said: string, workspace: Workspace, server = SERVER): Promise<Failure> {
  const error = new Failure('input', `the compose configuration is not valid: ${said}`, {
    code: 'compose-invalid',
  });
  const placed = (await placeInComposeFile(error, workspace, server)) as Failure;
  expect(placed.message + String(placed.remedy)).not.toContain('.deploy');
  return placed;
}

test("the annotation names the user's file, not the staging folder", async () => {
  const placed = await told(
    `validating ${STAGE}/compose.yaml: services.web.ports must be a list`,
    checkout(FILE, { folder: 'deploy' }),
  );
  expect(placed.message).toBe(
    'the compose configuration is not valid: validating deploy/compose.yaml: services.web.ports must be a list',
  );
  expect(placed.place).toMatchObject({ file: 'deploy/compose.yaml', line: 7 });
});

test('a key that a swarm would leave out is annotated in the file that has it', async () => {
  const override = {
    path: 'compose.prod.yaml',
    content: Buffer.from('services:\n  web:\n    privileged: true\n'),
    executable: false,
  };
  const workspace = checkout(FILE, { folder: 'deploy' });
  const error = new Failure('input', 'web: services.web.privileged is left out by `docker stack deploy`', {
    code: 'not-for-swarm',
    input: 'compose-file',
    remedy: 'Say cap_add.',
  });
  const placed = (await placeInComposeFile(
    error,
    { ...workspace, composeFiles: [override, ...workspace.composeFiles] },
    SERVER,
  )) as Failure;
  expect(placed).toMatchObject({
    code: 'not-for-swarm',
    remedy: 'Say cap_add.',
    place: { file: 'deploy/compose.prod.yaml', line: 3 },
  });
});

// Compose's own words, of 2.26 and of later versions.
test.each([
  [
    `env file ${STAGE}/conf/app.env not found: stat ${STAGE}/conf/app.env: no such file or directory`,
    'env_file: conf/app.env',
    'conf/app.env',
  ],
  [
    `env file ${STAGE}/app.env not found: stat ${STAGE}/app.env: no such file or directory`,
    'env_file: [./app.env]',
    'app.env',
  ],
  [
    `label file ${STAGE}/labels.txt not found: stat ${STAGE}/labels.txt: no such file or directory`,
    'label_file: labels.txt',
    'labels.txt',
  ],
  [
    `open ${STAGE}/sub/compose.yaml: no such file or directory`,
    'include: [sub/compose.yaml]',
    'sub/compose.yaml',
  ],
  [
    `stat ${STAGE}/inc.env: no such file or directory`,
    'include: [{ path: a.yaml, env_file: inc.env }]',
    'inc.env',
  ],
  [
    `open ${STAGE}/common/base.yaml: no such file or directory`,
    'extends: { file: common/base.yaml }',
    'common/base.yaml',
  ],
  [`cannot read ${STAGE}/common: is a directory`, 'extends: { file: common }', 'common'],
])(
  'a missing file is named with the line of `files` that is to be added: %s',
  async (said, line, missing) => {
    const text = `services:\n  web:\n    ${line}\n`;
    const forgotten = await told(said, checkout(text, { has: [missing] }));
    expect(forgotten).toMatchObject({
      code: 'file-not-sent',
      message: `compose.yaml reads ${missing}, which is in the repository but not among \`files\``,
      remedy: `Add this line to \`files\`: ${missing}`,
      input: 'files',
      place: { file: 'compose.yaml', line: 3 },
    });
    const nowhere = await told(said, checkout(text));
    expect(nowhere).toMatchObject({
      code: 'file-not-sent',
      message: `compose.yaml reads ${missing}, which is neither in the repository nor on the server`,
      remedy: expect.stringContaining(`put it there, with mode 0600: /srv/shop/shared/${missing}.`),
    });
  },
);

test('a missing file is placed in the file that reads it, and one above the folder is refused as that', async () => {
  const sent = { 'sub/compose.yaml': 'services:\n  x:\n    env_file: x.env\n' };
  const said = `env file ${STAGE}/sub/x.env not found: stat ${STAGE}/sub/x.env: no such file or directory`;
  const workspace = checkout('include: [sub/compose.yaml]\n', { folder: 'deploy', sent });
  expect((await told(said, workspace)).message).toMatch(/reads deploy\/sub\/x\.env, which is neither/);
  const above = await told(
    `open ${STAGE.replace(/shop$/, '')}common/base.yaml: no such file or directory`,
    checkout('services: { web: { extends: { file: ../common/base.yaml, service: a } } }\n', {
      folder: 'deploy',
    }),
  );
  expect(above).toMatchObject({
    message:
      "deploy/compose.yaml reads deploy/../common/base.yaml, which is outside of the compose file's folder",
    code: 'file-not-sent',
    input: 'compose-file',
  });
});

test('a variable that the file demands is asked for by name, with the words of the file', async () => {
  const text = 'services:\n  web:\n    image: "shop:${TAG:?give the tag}"\n    command: "${MODE?}"\n';
  const tag = await told(
    'error while interpolating services.web.image: required variable TAG is missing a value: give the tag ',
    checkout(text),
  );
  expect(tag).toMatchObject({
    code: 'variable-missing',
    message: 'compose.yaml needs a value for the variable TAG (give the tag)',
    remedy: 'Add a line TAG=… to `env`, or to the env file on the server: /srv/shop/shared/.env',
    place: { file: 'compose.yaml', line: 3 },
  });
  const mode = await told(
    'error while interpolating services.web.command: required variable MODE is missing a value',
    checkout(text),
    { ...SERVER, envFile: '/etc/shop.env' },
  );
  expect(mode).toMatchObject({
    message: 'compose.yaml needs a value for the variable MODE',
    remedy: expect.stringMatching(/: \/etc\/shop\.env$/),
    place: { line: 4 },
  });
});

test('other failures stay as they are', async () => {
  const other = new Failure('lost', 'gone');
  expect(await placeInComposeFile(other, {} as Workspace, SERVER)).toBe(other);
});
