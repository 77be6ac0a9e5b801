import type { Ports } from '../action.ts';

/** A run's context for tests. */
export function fakeWorkflow(change: Partial<Ports['workflow']> = {}): Ports['workflow'] {
  return {
    repository: 'shop/shop',
    sha: '',
    ref: 'refs/heads/main',
    refName: 'main',
    branch: 'main',
    tag: '',
    message: '',
    author: '',
    pullRequest: undefined,
    headRepository: 'shop/shop',
    actor: 'octocat',
    runId: '',
    runNumber: 1,
    runAttempt: 1,
    job: 'deploy',
    workflow: 'deploy',
    eventName: 'push',
    serverUrl: 'https://github.example',
    apiUrl: 'https://api.github.example',
    runUrl: '',
    workspace: '/checkout',
    temp: '/tmp',
    event: () => ({}),
    withheldSecrets: () => undefined,
    ...change,
  };
}
