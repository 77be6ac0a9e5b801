import { expect, test } from '@jest/globals';
import type { ServiceChange } from '@deploy-actions/compose';
import type { MemberOutcome, RunResult } from '@deploy-actions/host';
import {
  type DeployOutcome,
  type Story,
  outcomeOf,
  servicesOutput,
  storyOf,
  unhealthyServices,
  worstOutcome,
} from './outcome.ts';

function ended(
  outcome: 'succeeded' | 'failed',
  fields: Record<string, string> = {},
  phases: readonly string[] = ['preflight', 'pull', 'up', 'wait', 'finish'],
  failure: RunResult['failure'] = { kind: 'unhealthy', message: 'api is unhealthy. v2-1 was restored' },
): MemberOutcome {
  return {
    name: 'web1',
    result: {
      reference: { path: '/srv/shop', deploymentId: 'd', operation: 'deploy', number: 1, directory: '/x' },
      outcome,
      ...(outcome === 'failed' ? { failure } : {}),
      fields,
      phases: phases.map((name) => ({ name, ms: 1 })),
      elapsedMs: 1,
      recovered: false,
      fresh: true,
    },
  };
}

test.each<[string, MemberOutcome | undefined, DeployOutcome]>([
  ['a new release runs', ended('succeeded', { changed: 'true' }), 'deployed'],
  ['nothing differed', ended('succeeded', { changed: 'false' }), 'unchanged'],
  ['it failed and the one before is back', ended('failed', { restored: 'true' }), 'restored'],
  ['restoring failed too', ended('failed', { restored: 'false' }), 'left'],
  ['on-failure: keep', ended('failed', {}), 'left'],
  ['the pull failed', ended('failed', {}, ['preflight', 'pull']), 'nothing-changed'],
  ['a migration failed', ended('failed', { changed: 'false' }, ['preflight', 'migrate']), 'nothing-changed'],
  ['a colour was taken down again', ended('failed', { changed: 'false' }), 'nothing-changed'],
  ['it was never started', undefined, 'nothing-changed'],
  ['the connection was lost', { name: 'web1', lost: new Error('cut') }, 'unknown'],
])('%s: the outcome says so', (_, outcome, word) => {
  expect(outcomeOf(outcome)).toBe(word);
});

test('of several servers the one that needs a person most is the outcome', () => {
  expect(worstOutcome(['deployed', 'unchanged'])).toBe('deployed');
  expect(worstOutcome(['restored', 'nothing-changed', 'restored'])).toBe('restored');
  expect(worstOutcome(['restored', 'unknown'])).toBe('unknown');
  expect(worstOutcome(['unknown', 'left'])).toBe('left');
  expect(worstOutcome([])).toBe('nothing-changed');
});

const told: Story = {
  outcome: 'restored',
  version: 'v3',
  before: 'v2',
  color: undefined,
  servers: ['web1'],
  environment: 'production',
  failed: ended('failed', { cause: 'api is unhealthy' }),
};

test.each<[Partial<Story>, string]>([
  [{}, 'v3 did not become healthy: api is unhealthy. v2 serves on web1 (production).'],
  [{ outcome: 'deployed' }, 'v3 is deployed and healthy on web1 (production).'],
  [
    { outcome: 'deployed', color: 'blue', servers: ['web1', 'web2', 'web3'] },
    'v3 is deployed as blue on web1, web2 and web3 (production), no traffic yet: v2 serves.',
  ],
  [
    { outcome: 'deployed', color: 'blue', before: '' },
    'v3 is deployed as blue on web1 (production), no traffic yet: nothing is live yet.',
  ],
  [{ outcome: 'unchanged', environment: '' }, 'Nothing changed: v3 runs already on web1.'],
  [
    {
      outcome: 'nothing-changed',
      failed: ended('failed', {}, ['pull'], { kind: 'refused', message: 'the registry has no api:v3.' }),
    },
    'v3 was not deployed: the registry has no api:v3. v2 serves on web1 (production).',
  ],
  [
    { outcome: 'nothing-changed', before: '' },
    'v3 did not become healthy: api is unhealthy. Nothing of it serves on web1 (production).',
  ],
  [
    { outcome: 'left' },
    'v3 did not become healthy: api is unhealthy. What runs on web1 (production) was not restored and may be down: look at it now.',
  ],
  [
    { outcome: 'unknown', failed: { name: 'web1', lost: new Error('the line was cut') } },
    'What became of v3 on web1 (production) is not known: the outcome on web1 is not known: the line was cut. The server finishes or restores by itself.',
  ],
])('%j is told in a sentence: what happened, why, what serves now', (change, sentence) => {
  expect(storyOf({ ...told, ...change })).toBe(sentence);
});

const found = { images: [] };
const planned = (action: ServiceChange['action'], service = 'api'): ServiceChange => ({
  service,
  action,
  from: 'r/api:v2',
  to: 'r/api:v3',
  reasons: ['image'],
});

test('after a failure nothing of the plan is told as done', () => {
  for (const outcome of ['nothing-changed', 'restored'] as const) {
    const created = { ...planned('create', 'new'), from: '' };
    const services = servicesOutput([planned('recreate'), planned('keep', 'db'), created], found, outcome);
    expect(Object.keys(services)).toEqual(['api', 'db']);
    expect(services['api']).toMatchObject({ from: 'r/api:v2', to: 'r/api:v2', reasons: [] });
    expect(services['db']).toMatchObject({ action: 'keep', to: 'r/api:v2' });
    expect(services['api']!.action).toBe(outcome === 'restored' ? 'restored' : 'keep');
  }
});

test('a tag that moved in the registry is told as recreated, although the plan could not know', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const services = servicesOutput([planned('keep'), planned('keep', 'db')], found, 'deployed', {
    changed_services: 'api ',
    digests: `api r/api@${digest}\n`,
  });
  expect(services['api']).toMatchObject({ action: 'recreate', to: `r/api:v3@${digest}`, reasons: ['image'] });
  expect(services['db']).toMatchObject({ action: 'keep' });
});

test('a plan, and a deployment that went as planned, say what was planned', () => {
  for (const outcome of [undefined, 'deployed', 'left'] as const)
    expect(servicesOutput([planned('recreate')], found, outcome)['api']).toMatchObject({
      action: 'recreate',
      to: 'r/api:v3',
    });
});

test('the services that are unwell are those that the server names, and no others', () => {
  expect([...unhealthyServices(ended('failed', { unhealthy: ' api web ' }))]).toEqual(['api', 'web']);
  expect(unhealthyServices(undefined).size).toBe(0);
});
