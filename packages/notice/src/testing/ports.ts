import { type Clock, redactor } from '@deploy-actions/kit';
import { fakeClock, memoryLog } from '@deploy-actions/kit/testing';
import type { Workflow } from '@deploy-actions/runner';
import type { NoticePorts } from '../notify.ts';

/** The context of a run of org/shop's workflow, for tests. */
export function sampleWorkflow(over: Partial<Workflow> = {}): Workflow {
  return {
    repository: 'org/shop',
    sha: '8f2c1d7e9b0a4c5d6e7f8091a2b3c4d5e6f70819',
    ref: 'refs/heads/main',
    refName: 'main',
    branch: 'main',
    tag: '',
    message: '',
    author: '',
    pullRequest: undefined,
    headRepository: 'org/shop',
    actor: 'grace',
    runId: '4711',
    runNumber: 42,
    runAttempt: 1,
    job: 'deploy',
    workflow: 'Deploy',
    eventName: 'push',
    serverUrl: 'https://github.com',
    apiUrl: 'https://api.github.com',
    runUrl: 'https://github.com/org/shop/actions/runs/4711',
    workspace: '/nonexistent',
    temp: '/nonexistent',
    event: () => ({}),
    withheldSecrets: () => undefined,
    ...over,
  };
}

export interface FakePorts extends NoticePorts {
  log: ReturnType<typeof memoryLog>;
  clock: Clock & { advance(ms: number): void; sleeps: number[] };
  addSecret(value: string): void;
}

/** The runner's side of things for one call of an action, on a clock that waits no real time. */
export function fakePorts(over: Partial<Pick<NoticePorts, 'workflow' | 'signal'>> = {}): FakePorts {
  const secrets = redactor();
  return {
    log: memoryLog(),
    clock: fakeClock(),
    workflow: sampleWorkflow(),
    redactor: secrets,
    signal: new AbortController().signal,
    addSecret: (value) => secrets.add(value),
    ...over,
  };
}
