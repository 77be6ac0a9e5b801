import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { placeInComposeFile, positionIn } from './compose-error.ts';
import type { Workspace } from '@deploy-actions/workspace';

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

test("the annotation names the user's file, not the staging folder", async () => {
  const workspace = {
    folder: 'deploy',
    composeFiles: [{ path: 'compose.yaml', content: Buffer.from(FILE), executable: false }],
  } as unknown as Workspace;
  const error = new Failure(
    'input',
    'the compose configuration is not valid: validating /srv/shop/.deploy/incoming/ab12/files/project/shop/compose.yaml: services.web.ports must be a list',
    { code: 'compose-invalid' },
  );
  const placed = (await placeInComposeFile(error, workspace)) as Failure;
  expect(placed.message).toBe(
    'the compose configuration is not valid: validating deploy/compose.yaml: services.web.ports must be a list',
  );
  expect(placed.place).toMatchObject({ file: 'deploy/compose.yaml', line: 7 });
});

test('other failures stay as they are', async () => {
  const other = new Failure('lost', 'gone');
  expect(await placeInComposeFile(other, {} as Workspace)).toBe(other);
});
