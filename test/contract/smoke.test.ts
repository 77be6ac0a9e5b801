import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runBundle } from '@deploy-actions/tooling';

// smoke-run's bundle with real commands on the runner and a real server on loopback.

const server = createServer((request, response) => {
  response.statusCode = request.url === '/broken' ? 500 : 200;
  response.end('{"ok":true}');
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.close();
});
const smoke = (checks: string) =>
  runBundle({
    action: 'smoke-run',
    env: { PATH: process.env['PATH'] },
    inputs: { checks, 'base-url': `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  });

test('a command runs on the runner as a list of words: no shell changes them', async () => {
  const { exitCode, outputs, shown } = await smoke(`
- name: words
  exec: { command: [node, -e, 'console.log(JSON.stringify(process.argv.slice(1)))', '$HOME; true', '*'] }
  expect: { exit-code: 0, output: '["$HOME; true","*"]' }
- name: it ends as it should
  exec: { command: [node, -e, 'process.exit(3)'] }
  expect: { exit-code: 3 }
`);
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(outputs).toMatchObject({ passed: '2', failed: '0' });
});

test('a program that is not there, an expectation that fails and a broken file are told apart', async () => {
  const missing = await smoke(
    '- { name: gone, exec: { command: [no-such-program-here] } }\n- { name: there, request: GET / }',
  );
  expect(missing.exitCode).toBe(1);
  expect(missing.outputs).toMatchObject({ passed: '1', failed: '1' });
  expect(missing.log).toContain('no-such-program-here cannot be run on the runner');

  const failed = await smoke('- { name: broken, request: GET /broken }');
  expect(failed.exitCode).toBe(1);
  expect(failed.log).toContain('status is 500, wanted 200-399');

  const broken = await smoke('- { name: broken, reqest: GET / }');
  expect(broken.exitCode).toBe(1);
  expect(broken.log).toMatch(/checks.*line 1.*reqest/);
  expect(broken.outputs['passed']).toBeUndefined();
});
