import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type Inputs, PATH, history, mustStep, serverInputs, startStep, step } from './color-rig.ts';
import { SMALL, deployInputs, deployed, smallCheckout, smallServed } from './deploy-rig.ts';

/** Rollbacks that bring a recorded release back, on two servers: all of them or none. */
let lab: Lab;
let hosts: readonly Host[];
let inputs: Inputs;
const workspace = smallCheckout();
/** By run number, so that the server knows their order. */
const release: Record<string, string> = {};

beforeAll(async () => {
  lab = await openLab({ hosts: 2, registry: 'plain' });
  hosts = lab.hosts;
  inputs = serverInputs(lab, hosts);
  for (const [run, tag] of [
    ['1', 'v1'],
    ['2', 'v2'],
  ] as const) {
    release[tag] = (await put(tag, run)).outputs['release']!;
  }
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const put = async (tag: string, runId: string) =>
  await deployed(
    deployInputs(
      lab,
      tag,
      {
        ...SMALL,
        // By digest, as a verified image is deployed.
        images: JSON.stringify({ web: await lab.registry.digest(`shop/web:${tag}`) }),
      },
      hosts,
    ),
    { workspace, runId },
  );
const everywhere = () => Promise.all(hosts.map((host) => webImage(host)));
const digests = (tag: string) =>
  Promise.all(hosts.map(async () => await lab.registry.digest(`shop/web:${tag}`)));

/** The digest of the web server that runs. */
async function webImage(host: Host): Promise<string | undefined> {
  const served = await smallServed(host);
  return served === undefined ? undefined : `sha256:${served}`;
}

/** A rollback that stands still on the second server, at a place of its journal; what is done there comes before it goes on. */
async function rollbackWith(to: string, place: string, harm: (host: Host) => Promise<void>) {
  const [, second] = hosts as [Host, Host];
  await second.write(`${PATH}/.deploy/pause-at`, `${place}\n`, { owner: 'deploy' });
  const running = startStep('rollback', { ...inputs, to }, { runId: '5' });
  await second.sh(
    `for i in $(seq 1200); do grep -q paused ${PATH}/.deploy/runs/5-*/rollback-*/state 2>/dev/null && exit 0; sleep 0.05; done; exit 1`,
  );
  await harm(second);
  await second.sh(`rm ${PATH}/.deploy/pause-at`);
  return await running.done;
}

test('a release comes back on all servers, and a later deploy of the digest that was left warns', async () => {
  const back = await mustStep('rollback', { ...inputs, to: release['v1'] }, { runId: '3' });
  expect(back.outputs).toMatchObject({ mode: 'redeploy', from: release['v2'], to: release['v1'] });
  expect(await everywhere()).toEqual(await digests('v1'));
  const again = await put('v2', '4');
  expect(again.annotations.map(({ level, message }) => `${level}: ${message}`)).toContainEqual(
    expect.stringMatching(
      new RegExp(
        `^warning: .*the image of web was part of the release ${release['v2']}, which was rolled back`,
      ),
    ),
  );
  expect(await everywhere()).toEqual(await digests('v2'));
  release['v2'] = again.outputs['release']!;
});

test('when one of several servers cannot bring the release back, all stay on the one that they had', async () => {
  const failed = await rollbackWith(release['v1']!, 'go:after', async (host) => {
    // Too late for the proof that the images are there.
    await host.sh(
      `docker image rm --force "$(awk '$1 == "web" { print $2 }' ${PATH}/releases/${release['v1']}/images)"`,
    );
  });
  expect(failed.exitCode).toBe(1);
  expect(failed.shown).toContain('goes back to how it was, because another server failed');
  expect(await everywhere()).toEqual(await digests('v2'));
  // Nobody is blamed for what was taken back.
  for (const host of hosts) {
    const marks = new Map(
      (await history(host)).filter((one) => 'bad' in one).map((one) => [one['release'], one['bad']]),
    );
    expect(marks.get(release['v2'])).toBe(false);
  }
  // Without an image there is nothing to go back to, and that is known before anything is changed.
  const refused = await step('rollback', { ...inputs, to: release['v1'] }, { runId: '6' });
  expect([refused.exitCode, refused.shown]).toEqual([
    1,
    expect.stringContaining('is not on the server any more; nothing was changed'),
  ]);
  expect(await everywhere()).toEqual(await digests('v2'));
});
