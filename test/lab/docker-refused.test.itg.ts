import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { deployInputs, deployed, refused } from './deploy-rig.ts';

/** A real engine and its client, which say what they say: `docker info` of this one hides a refusal behind exit code 0. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

test('a login user who may not use Docker, and an engine that is down, are told as that by a plan and a deployment', async () => {
  const { host } = lab;
  await host.sh('gpasswd -d deploy docker');
  for (const plan of ['true', 'false']) {
    const { headline, shown } = await refused(deployInputs(lab, 'v1', { plan }));
    expect(headline).toContain('the user deploy may not use Docker');
    expect(shown).toContain('usermod -aG docker deploy');
    expect(headline).not.toMatch(/docker ps failed|could not be pulled|registry-username/);
  }
  await host.sh('usermod -aG docker deploy');
  await host.stopDockerd();
  const { headline, shown } = await refused(deployInputs(lab, 'v1', { plan: 'true' }));
  expect(headline).toContain('the Docker engine does not answer');
  expect(shown).toContain('systemctl start docker');
  await host.startDockerd();
  await deployed(deployInputs(lab, 'v1'));
}, 900_000);
