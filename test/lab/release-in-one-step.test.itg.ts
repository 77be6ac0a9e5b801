import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, testIf, whyNoAct } from '@deploy-actions/tooling';
import { served } from './deploy-rig.ts';
import {
  EXAMPLES,
  type Messenger,
  fails,
  openMessenger,
  othersActions,
  putShared,
  repositoryOf,
  serverSecrets,
  succeeds,
  teamEnv,
} from './workflow-rig.ts';

/** The composite actions as a team uses them, by a real workflow runner against a real server. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

let lab: Lab;
let slack: Messenger;

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab();
  slack = await openMessenger();
  await putShared(lab, '.env', teamEnv(lab));
}, 600_000);

afterAll(async () => {
  await slack?.close();
  await lab?.close();
});

/** A tag is pushed, with images of a version of the sample application. */
async function tag(name: string, from: string): Promise<WorkflowRun> {
  const { registry, host } = lab;
  await registry.publish({
    from: `shop/api:${from}`,
    to: `org/shop/backend:${name}`,
    env: { APP_VERSION: name },
  });
  await registry.publish({ from: `shop/web:${from}`, to: `org/shop/frontend:${name}` });
  return {
    workflow: join(EXAMPLES, 'release-in-place.yml'),
    repository: repositoryOf('production'),
    payload: { ref: `refs/tags/${name}` },
    secrets: {
      ...serverSecrets(lab),
      SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/x`,
      GITHUB_TOKEN: 'ghs_a-token-for-tests',
    },
    variables: { PRODUCTION_URL: host.url(8080), REGISTRY: registry.address, WATCH_DURATION: '15s' },
    standIns: othersActions(lab, () => 'none').standIns,
  };
}

test('the job of each example with one step is at most 15 lines of steps', () => {
  for (const name of ['release-in-place.yml', 'release-blue-green.yml']) {
    const lines = readFileSync(join(EXAMPLES, name), 'utf8').split('\n');
    const steps = lines.slice(lines.indexOf('    steps:') + 1).filter((line) => line.trim() !== '');
    expect([name, steps.length > 3, steps.length <= 15]).toEqual([name, true, true]);
  }
});

testWithAct(
  'release-in-place.yml deploys a tag in one step and tells so, leaves what is not healthy, and takes back what the watch finds',
  async () => {
    await succeeds(await tag('v1.0.1', 'v2'));
    expect(await served(lab.host)).toBe('v1.0.1');
    expect(slack.news().join()).toMatch(/Deployed.*v1\.0\.1.*production/s);
    await fails(await tag('v1.0.2', 'never-healthy'));
    expect([await served(lab.host), slack.news().join()]).toEqual([
      'v1.0.1',
      expect.stringMatching(/Rolled back.*v1\.0\.2/s),
    ]);
    await fails(await tag('v1.0.4', 'some-errors'));
    expect([await served(lab.host), slack.news().join()]).toEqual([
      'v1.0.1',
      expect.stringMatching(/Rolled back.*v1\.0\.4/s),
    ]);
  },
  900_000,
);

testWithAct(
  'with databases the images are pulled before the backup, the deployment pulls nothing, and the record of the release names the backup',
  async () => {
    const release = await tag('v1.0.5', 'v2');
    const workflow = join(mkdtempSync(join(tmpdir(), 'deploy-actions-workflow-')), 'release-in-place.yml');
    const given = '          files: deploy\n';
    const example = readFileSync(release.workflow, 'utf8');
    expect(example).toContain(given);
    writeFileSync(workflow, example.replace(given, `${given}          databases: 'db: postgres'\n`));
    const log = await succeeds({ ...release, workflow });
    const at = (words: string) => {
      expect(log).toContain(words);
      return log.indexOf(words);
    };
    const order = [
      at('The images of v1.0.5 are on 127.0.0.1'),
      at('Save the data'),
      at('images were pulled ahead for this deployment'),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(log.slice(order[2])).not.toMatch(/\bpulled \S+@sha256:/);
    const { backup } = JSON.parse(await lab.host.sh('cat /srv/deploy/shop/current/release.json')) as {
      backup: string;
    };
    expect(await lab.host.sh('ls /srv/deploy/shop/backups')).toBe(`${backup}\n`);
    expect(await served(lab.host)).toBe('v1.0.5');
  },
  900_000,
);
