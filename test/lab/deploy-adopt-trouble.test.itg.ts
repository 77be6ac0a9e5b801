import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { SMALL, containers, deployInputs, deployed, refused } from './deploy-rig.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  await lab.host.reset();
  await lab.host.sh('rm -rf /root/shop');
});

/** A cache that keeps its data in a volume, with what older adoptions lost. */
const compose = (version: string, health = 'redis-cli ping') => `name: \${PROJ:-shop}
services:
  store:
    image: \${REGISTRY}/shop/redis:8
    command: ['redis-server', '/conf/redis.conf']
    volumes: ['data:/data', './scratch:/scratch']
    configs: [{ source: settings, target: /conf/redis.conf }]
    labels: { version: ${version} }
    ulimits: { nofile: { soft: 4000, hard: 5000 } }
    tmpfs: ['/t:size=1m,mode=1777']
    logging: { driver: json-file }
    pids_limit: 200
    devices: ['/dev/null:/dev/xnull:rw']
    hostname: store
    domainname: example.org
    oom_score_adj: 100
    networks: { inner: { ipv4_address: 172.31.9.9, aliases: [cache] } }
    healthcheck: { test: [CMD-SHELL, '${health}'], interval: 1s, retries: 2, start_period: 10s, start_interval: 300ms }
volumes: { data: {} }
networks: { inner: { ipam: { config: [{ subnet: 172.31.9.0/24 }] } } }
configs: { settings: { content: "appendonly yes\\nproc-title-template a$$b\\n" } }
`;

function checkout(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(folder, 'compose.yaml'), text);
  return folder;
}

/** Starts the stack as a person does, as `deploy` or as root. */
async function byHand(folder: string, user: string, env = ''): Promise<void> {
  await lab.host.sh(`mkdir -p ${folder}`);
  await lab.host.write(`${folder}/compose.yaml`, compose('v1'));
  await lab.host.write(`${folder}/.env`, `REGISTRY=${lab.registry.address}\n${env}`);
  await lab.host.sh(
    `chown -R ${user} ${folder} && su ${user} -c 'cd ${folder} && docker compose up --detach --wait --quiet-pull'`,
  );
}

const inputs = (more: Record<string, string | boolean> = {}) =>
  deployInputs(lab, 'v1', {
    ...SMALL,
    files: '',
    env: `REGISTRY=${lab.registry.address}`,
    adopt: true,
    ...more,
  });

const run = (text = compose('v1')) => ({ workspace: checkout(text) });

/** What Docker tells of the container, without what is another one's by nature. */
async function shape(): Promise<unknown> {
  const text = await lab.host.sh(
    `docker inspect --format '{{json .Config.Domainname}} {{json .Config.Hostname}} {{json .HostConfig.Ulimits}} {{json .HostConfig.Tmpfs}} {{json .HostConfig.LogConfig}} {{json .HostConfig.PidsLimit}} {{json .HostConfig.Devices}} {{json .HostConfig.OomScoreAdj}} {{json (index .NetworkSettings.Networks "shop_inner").IPAMConfig}}' shop-store-1 && docker exec shop-store-1 cat /conf/redis.conf`,
  );
  return text;
}

test('the volumes of another folder’s application are not taken over when it has no container', async () => {
  const { host } = lab;
  await deployed(inputs({ adopt: false }), run());
  await host.sh('docker rm --force $(docker ps --all --quiet)');
  const other = await refused(inputs({ path: '/srv/deploy/b/shop', adopt: true }), run());
  expect(other.headline).toContain(
    'the project shop belongs to the application in /srv/deploy/shop, and this is /srv/deploy/b/shop',
  );
  expect(other.headline).toContain('the volume shop_data');
  expect(await containers(host)).toEqual({});
  // Its own folder has them, and nobody else where the note is gone.
  await deployed(inputs({ adopt: false }), run());
  await host.sh('docker rm --force $(docker ps --all --quiet) && docker volume rm deploy-actions.shop');
  const unknown = await refused(inputs({ path: '/srv/deploy/b/shop', adopt: false }), run());
  expect(unknown.headline).toContain('no deployment to /srv/deploy/b/shop made it');
});

test('a stack that was started in root’s own folder is refused, with what opens it', async () => {
  const { host } = lab;
  await byHand('/root/shop', 'root');
  const before = await containers(host);
  const result = await refused(inputs(), run());
  expect(result.headline).toContain('was started in /root/shop, and deploy may not enter /root');
  expect(result.headline).toContain('setfacl -m u:deploy:x /root');
  expect(await containers(host)).toEqual(before);
  expect(await host.sh('ls /srv/deploy/shop')).toBe('');
});

test('a stack whose name comes from an env file is adopted whole, and comes back as it ran', async () => {
  const { host } = lab;
  await byHand('/srv/deploy/old', 'deploy', 'COMPOSE_PROJECT_NAME=shop\n');
  const before = await containers(host);
  const was = await shape();
  // A version that makes the container anew, and is not well.
  const result = await refused(inputs({ project: 'shop' }), run(compose('v2', 'false')));
  expect(result.headline).toContain('adopted was restored and is healthy');
  expect((await containers(host))['store-1']).not.toBe(before['store-1']);
  expect(await shape()).toEqual(was);
  expect(result.shown).toContain('`docker compose up` in /srv/deploy/old would bring the old version back');
});

test('a container that was unhealthy before and is not touched is told as that', async () => {
  const { host } = lab;
  await byHand('/srv/deploy/shop', 'deploy');
  const before = await containers(host);
  await host.sh(
    'docker exec shop-store-1 sh -c "mv /usr/local/bin/redis-cli /tmp/ || mv $(which redis-cli) /tmp/"',
  );
  await host.sh(
    'for _ in $(seq 60); do [ "$(docker inspect --format {{.State.Health.Status}} shop-store-1)" = unhealthy ] && exit 0; sleep 1; done; exit 1',
  );
  const result = await refused(inputs(), run());
  expect(result.headline).toContain(
    'store is unhealthy, as it was before this deployment. No container was touched',
  );
  expect(result.headline).not.toContain('may be down');
  expect(await containers(host)).toEqual(before);
});
