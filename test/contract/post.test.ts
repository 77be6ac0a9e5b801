import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { POST_PROGRAM } from '@deploy-actions/runner/post-step';
import { findRoot, listActions, listPrograms, readAction, runBundle } from '@deploy-actions/tooling';
import { SAMPLES } from './samples.ts';

const root = findRoot();
const withPost = listActions().filter((name) => readAction(name).runs.post !== undefined);

test('the deployment has a post step', () => {
  expect(withPost).toContain('ssh-compose-deploy');
});

test.each(listPrograms())('%s: a post step is a stub that loads the same bundle, or none', (name) => {
  const stub = join(root, 'dist', name, 'post.js');
  if (withPost.includes(name)) expect(readFileSync(stub, 'utf8')).toBe(POST_PROGRAM);
  else expect(existsSync(stub)).toBe(false);
});

test('after a main step that was killed before it kept anything, the post step does not deploy', async () => {
  const result = await runBundle({
    action: 'ssh-compose-deploy',
    step: 'post',
    // Nothing listens there: whoever deployed would fail, and say so.
    inputs: {
      'ssh-key': SAMPLES['ssh-key']!,
      path: '/srv/deploy/shop',
      host: 'deploy@127.0.0.1:1',
    },
    state: {},
  });
  expect(result).toMatchObject({ exitCode: 0, outputs: {}, state: {}, summary: '', annotations: [] });
});
