import { expect, test } from '@jest/globals';
import { readWorkflow } from './workflow.ts';
import { withheldSecrets } from './withheld-secrets.ts';

test('forks and Dependabot get no secrets; everybody else does', () => {
  const run = readWorkflow({
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_ACTOR: 'grace',
    GITHUB_EVENT_NAME: 'pull_request',
  });
  const of = (change: Partial<typeof run>, event = {}) => withheldSecrets({ ...run, ...change }, event);
  expect(of({})).toBeUndefined();
  expect(of({ headRepository: 'eve/shop' })).toMatch(/fork/);
  // The repository of a fork that was deleted has no name.
  expect(of({ headRepository: '' })).toMatch(/fork/);
  for (const eventName of ['pull_request_target', 'workflow_run', 'push'])
    expect(of({ headRepository: 'eve/shop', eventName })).toBeUndefined();
  expect(of({ actor: 'dependabot[bot]' })).toMatch(/Dependabot/);
  expect(of({}, { sender: { login: 'dependabot[bot]' } })).toMatch(/Dependabot/);
  expect(of({}, { pull_request: { user: { login: 'dependabot[bot]' } } })).toMatch(/Dependabot/);
});
