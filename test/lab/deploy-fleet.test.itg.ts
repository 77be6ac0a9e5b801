import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { deployInputs, deployed, refused, served } from './deploy-rig.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  await Promise.all(lab.hosts.map((host) => host.reset()));
});

const everywhere = () => Promise.all(lab.hosts.map(served));
// Each server has a database of its own here.
const each = { 'migrate-on': 'each' };

test('three servers are deployed together', async () => {
  const result = await deployed(deployInputs(lab, 'v1', each, lab.hosts));
  expect(await everywhere()).toEqual(['v1', 'v1', 'v1']);
  expect(result.summary).toContain('| Server | Outcome |');
}, 900_000);

test('one server that fails takes the others back', async () => {
  await deployed(deployInputs(lab, 'v1', each, lab.hosts));
  // Only here the port of the new version is taken.
  const broken = lab.hosts[2]!;
  await broken.sh(
    'mkdir -p /srv/deploy/shop/shared && echo HEALTH_START_PERIOD=broken >/srv/deploy/shop/shared/.env; chown -R deploy /srv/deploy/shop/shared/.env',
  );
  const before = await refused(deployInputs(lab, 'v2', { ...each, 'migration-reversible': true }, lab.hosts));
  expect(before.headline).toContain('Nothing was changed on any server');
  expect(await everywhere()).toEqual(['v1', 'v1', 'v1']);
}, 900_000);

test('a server that is unhealthy after the others were changed takes them back', async () => {
  await deployed(deployInputs(lab, 'v1', each, lab.hosts));
  const broken = lab.hosts[1]!;
  // A container that is no part of the stack stands on the name that the new version needs.
  await broken.sh(
    'docker rename shop-web-1 other; docker update --restart=no other; docker stop other >/dev/null; docker rename other shop-web-9',
  );
  await broken.sh(
    `docker run --detach --name thief --publish 8080:80 ${lab.registry.image('shop/web:v1')} >/dev/null`,
  );
  const result = await refused(deployInputs(lab, 'v2', { ...each, 'migration-reversible': true }, lab.hosts));
  expect(result.headline).toContain(`127.0.0.1:${broken.sshPort}`);
  expect(await served(lab.hosts[0]!)).toBe('v1');
  expect(await served(lab.hosts[2]!)).toBe('v1');
  expect(result.summary).toMatch(/restored/);
}, 900_000);
