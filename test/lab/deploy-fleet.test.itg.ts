import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { SMALL, deployInputs, deployed, refused, smallCheckout, smallServed } from './deploy-rig.ts';

let lab: Lab;
const workspace = smallCheckout();

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  await Promise.all(lab.hosts.map((host) => host.reset()));
});

const everywhere = () => Promise.all(lab.hosts.map(smallServed));
const inputs = (tag: string, more = {}) => deployInputs(lab, tag, { ...SMALL, ...more }, lab.hosts);

test('three servers are deployed together, and one after the other if so wanted', async () => {
  const result = await deployed(inputs('v1'), { workspace });
  expect(await everywhere()).toEqual(['v1', 'v1', 'v1']);
  expect(result.summary).toContain('| Server | Outcome |');
  await deployed(inputs('v2', { parallel: '1' }), { workspace });
  expect(await everywhere()).toEqual(['v2', 'v2', 'v2']);
}, 900_000);

test('a server that is not fit stops all before one is changed', async () => {
  await deployed(inputs('v1'), { workspace });
  const broken = lab.hosts[2]!;
  await broken.sh(
    'echo "no variable" >/srv/deploy/shop/shared/.env && chown deploy /srv/deploy/shop/shared/.env',
  );
  const result = await refused(inputs('v2'), { workspace });
  expect(result.headline).toContain(`127.0.0.1:${broken.sshPort}`);
  expect(result.headline).toContain('Nothing was changed on any server');
  expect(await everywhere()).toEqual(['v1', 'v1', 'v1']);
}, 900_000);

test('a server that fails when it is changed takes the others back', async () => {
  await deployed(inputs('v1'), { workspace });
  const broken = lab.hosts[1]!;
  // Somebody else has its port, so it can come up no more.
  const thief = `docker run --detach --name thief --publish 8080:80 ${lab.registry.image('shop/web:v1')} sleep 600`;
  await broken.sh(`docker rm --force shop-web-1 && ${thief}`);
  const result = await refused(inputs('v2'), { workspace });
  expect(result.headline).toContain(
    `127.0.0.1:${broken.sshPort}: Compose could not start web (exit code 1): `,
  );
  expect(result.headline).toContain('port is already allocated');
  expect([await smallServed(lab.hosts[0]!), await smallServed(lab.hosts[2]!)]).toEqual(['v1', 'v1']);
  expect(result.summary).toMatch(/restored/);
}, 900_000);
