import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { containers, deployInputs, deployed, served } from './deploy-rig.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

test('what was pulled ahead is deployed with the registry down, after a prune, and until then nothing else has changed', async () => {
  const { host, registry } = lab;
  const byDigest = async (tag: string) => {
    const lines = ['api', 'web'].map(
      async (name) =>
        `${name}=${registry.image(`shop/${name}@${await registry.digest(`shop/${name}:${tag}`)}`)}`,
    );
    return (await Promise.all(lines)).join('\n');
  };
  await deployed(deployInputs(lab, 'v1', { images: await byDigest('v1') }));
  const before = await containers(host);
  const lookAt = () =>
    host.sh('cd /srv/deploy/shop && ls releases files && cat .deploy/history.jsonl && readlink current');
  const seen = await lookAt();
  const v2 = deployInputs(lab, 'v2', { images: await byDigest('v2') });

  const pulled = await deployed({ ...v2, 'pull-only': true }, { runId: '77' });
  expect(pulled.outputs).toMatchObject({ outcome: 'pulled', changed: 'false', version: 'v2' });
  expect(pulled.summary).toMatch(/^### ✅ The images of v2 are on 127\.0\.0\.1.*v1 serves/);
  expect(await containers(host)).toEqual(before);
  expect(await lookAt()).toBe(seen);

  // Neither a prune nor the end of the registry takes it away.
  await host.sh('docker image prune --force');
  await registry.remove();
  const second = await deployed(v2, { runId: '77' });
  expect(second.shown).toContain('images were pulled ahead for this deployment');
  expect(await served(host)).toBe('v2');
  expect(await host.sh("docker image ls --format '{{.Tag}}' deploy-actions/shop")).not.toMatch(/^_/m);
}, 600_000);
