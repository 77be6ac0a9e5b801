import { expect, test } from '@jest/globals';
import { type ReadyStep, playJob, readJob } from './job.ts';

const WORKFLOW = `
name: Deploy
on: push
jobs:
  deploy:
    if: >-
      github.event_name != 'workflow_run' || github.event.workflow_run.conclusion == 'success'
    runs-on: ubuntu-latest
    env: { DEPLOY_HOST: '\${{ vars.USER }}@\${{ secrets.HOST }}' }
    steps:
      - id: prepare
        uses: org/deploy-actions/deployment-prepare@v1
        with: { version: '\${{ inputs.version }}', skip: false, retries: 3, checks: "\${{ inputs.skip && 'build' || 'build\\ntests' }}" }
      - uses: actions/checkout@0123 # v7
      - id: deploy
        uses: org/deploy-actions/ssh-compose-deploy@v1
        with: { images: '\${{ steps.prepare.outputs.images }}' }
      - uses: org/deploy-actions/health-wait@v1
        with: { url: '\${{ fromJSON(steps.deploy.outputs.urls).web }}/' }
      - { id: rollback, if: '\${{ failure() || cancelled() }}', uses: org/deploy-actions/rollback@v1 }
      - id: record
        if: \${{ always() }}
        uses: org/deploy-actions/deployment-record@v1
        with:
          reports: "\${{ join(steps.*.outputs.report-file, '\\n') }}"
          chat: \${{ job.status == 'success' && vars.PUBLIC || vars.LOG }}
`;

const CONTEXTS = {
  github: { event_name: 'push', event: {} },
  vars: { USER: 'deploy', PUBLIC: '-1', LOG: '-2' },
  secrets: { HOST: 'web1' },
  inputs: {},
};

const nameOf = ({ step }: Pick<ReadyStep, 'step'>) => step.uses.split('/').at(-1)!;

/** Plays the workflow; the action that is named fails. */
async function played(failing?: string) {
  const steps: ReadyStep[] = [];
  const end = await playJob(readJob(WORKFLOW), CONTEXTS, (ready) => {
    steps.push(ready);
    const name = nameOf(ready);
    const outputs = {
      'deployment-prepare': { images: 'api=a', 'report-file': '/prepare.json' },
      'ssh-compose-deploy': { urls: '{"web":"http://127.0.0.1:1"}', 'report-file': '/deploy.json' },
    }[name];
    return Promise.resolve({ ok: name !== failing, outputs: outputs ?? {}, exported: { FROM: name } });
  });
  const of = (action: string) => steps.find((ready) => nameOf(ready) === action)!;
  return { end, names: steps.map(nameOf), of };
}

test('a job is played in its order, each step with what those before it have answered', async () => {
  const { end, names, of } = await played();
  expect(names).toEqual([
    'deployment-prepare',
    'checkout',
    'ssh-compose-deploy',
    'health-wait',
    'deployment-record',
  ]);
  expect(end.status).toBe('success');
  expect(of('deployment-prepare').inputs).toEqual({
    version: '',
    skip: 'false',
    retries: '3',
    checks: 'build\ntests',
  });
  expect(of('deployment-prepare').env).toEqual({ DEPLOY_HOST: 'deploy@web1' });
  expect(of('ssh-compose-deploy').inputs).toEqual({ images: 'api=a' });
  expect(of('health-wait').inputs).toEqual({ url: 'http://127.0.0.1:1/' });
  expect(of('deployment-record').inputs).toEqual({ reports: '/prepare.json\n/deploy.json', chat: '-1' });
  expect(of('deployment-record').env).toEqual({ DEPLOY_HOST: 'deploy@web1', FROM: 'health-wait' });
});

test('after a failure the steps run that ask for it, and they see how the job stands', async () => {
  const { end, names, of } = await played('health-wait');
  expect(names).toEqual([
    'deployment-prepare',
    'checkout',
    'ssh-compose-deploy',
    'health-wait',
    'rollback',
    'deployment-record',
  ]);
  expect(end.status).toBe('failure');
  expect(of('rollback').status).toBe('failure');
  expect(of('deployment-record').inputs['chat']).toBe('-2');
});

test('a job whose condition does not hold is not played', async () => {
  const github = { event_name: 'workflow_run', event: { workflow_run: { conclusion: 'failure' } } };
  await expect(
    playJob(readJob(WORKFLOW), { ...CONTEXTS, github }, () => Promise.reject(new Error('played'))),
  ).rejects.toThrow('its condition does not hold');
});

test('what would change how a job runs and is not known here is refused by its name', () => {
  const job = (text: string) => () => readJob(`jobs:\n  a:\n    ${text}`);
  expect(job('strategy: { matrix: { a: [1] } }')).toThrow('job a has "strategy", which is not played here');
  expect(job('steps: [{ run: make }]')).toThrow('step 1 of job a has "run", which is not played here');
  expect(job('steps: [{ uses: a/b, continue-on-error: true }]')).toThrow('"continue-on-error"');
  expect(() => readJob('jobs: { a: {}, b: {} }')).toThrow('this has 2');
});

test('an expression that names what is not known is an error with the expression', async () => {
  const wrong = (value: string) =>
    playJob({ if: undefined, env: { A: value }, steps: readJob(WORKFLOW).steps }, CONTEXTS, () =>
      Promise.reject(new Error('played')),
    );
  await expect(wrong('${{ needs.a.outputs.b }}')).rejects.toThrow(
    '${{ needs.a.outputs.b }} cannot be evaluated',
  );
  await expect(wrong("${{ hashFiles('**') }}")).rejects.toThrow('cannot be evaluated');
});
