import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findRoot } from '@deploy-actions/tooling';
import { type ReadyStep, playJob, readJob } from '@deploy-actions/tooling/job';
import { labelOf } from './budget.ts';

const CONTEXTS = {
  github: {
    event_name: 'release',
    event: { action: 'published', release: { tag_name: 'v1.1.0' } },
    actor: 'eve',
    token: 'a-token',
  },
  vars: { PRODUCTION_USER: 'deploy', TELEGRAM_PUBLIC_CHAT_ID: 'public', TELEGRAM_LOG_CHAT_ID: 'log' },
  secrets: { PRODUCTION_HOST: 'web1:2222' },
  inputs: {},
};

/** Plays the production pipeline as it stands, without its actions; the step of this label fails. */
async function played(failing?: string) {
  const steps: ReadyStep[] = [];
  const job = readJob(readFileSync(join(findRoot(), 'examples/production-blue-green.yml'), 'utf8'));
  await playJob(job, CONTEXTS, (ready) => {
    steps.push(ready);
    const label = labelOf(ready);
    const outputs = {
      'report-file': `/${label}.json`,
      'color-urls': '{"frontend":"http://127.0.0.1:18001"}',
    };
    return Promise.resolve({ ok: label !== failing, outputs });
  });
  const inputs = (label: string) => steps.find((ready) => labelOf(ready) === label)!.inputs;
  return { labels: steps.map(labelOf), steps, inputs };
}

test('a good release is played from the event to the message, by the steps of the example in their order', async () => {
  const { labels, steps, inputs } = await played();
  expect(labels).toEqual([
    ...[
      'prepare',
      'verify',
      'checkout',
      'preflight',
      'backup',
      'deploy',
      'health',
      'smoke',
      'switch',
      'watch',
    ],
    ...['confirm', 'record', 'telegram-notify', 'upload-artifact'],
  ]);
  expect(steps[0]!.env['DEPLOY_HOST']).toBe('deploy@web1:2222');
  expect(inputs('prepare')['required-checks']).toBe('build\ncritical-tests');
  expect(inputs('smoke')['base-url']).toBe('http://127.0.0.1:18001');
  expect(inputs('telegram-notify')['chat-id']).toBe('public');
});

test('a release that the watch finds is not confirmed, goes back, and is told to the log chat with every report', async () => {
  const { labels, inputs } = await played('watch');
  expect(labels.slice(-5)).toEqual(['watch', 'rollback', 'record', 'telegram-notify', 'upload-artifact']);
  expect(inputs('telegram-notify')['chat-id']).toBe('log');
  const reports = inputs('telegram-notify')['reports']!.split('\n');
  expect(reports).toEqual(expect.arrayContaining(['/backup.json', '/watch.json', '/rollback.json']));
});
