import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type DeployInputs, SMALL, containers, deployInputs, deployed, refused } from './deploy-rig.ts';

/** What `docker compose up` does by itself, and what a server has no room for. */
let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** The arguments of a deployment of these services, each a store. */
function run(name: string, services: Readonly<Record<string, string>>, more: DeployInputs = {}) {
  const workspace = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  const texts = Object.entries(services).map(
    ([service, settings]) => `  ${service}:
    image: \${REGISTRY}/shop/redis:8
    stop_grace_period: 1s
    healthcheck: { test: [CMD, redis-cli, ping], interval: 1s, retries: 3, start_period: 20s, start_interval: 200ms }
${settings.replace(/^/gm, '    ')}
`,
  );
  writeFileSync(join(workspace, 'compose.yaml'), `name: ${name}\nservices:\n${texts.join('')}`);
  const inputs = { ...SMALL, files: '', path: `/srv/deploy/${name}`, ...more };
  return [deployInputs(lab, 'v1', inputs, [host]), { workspace }] as const;
}

/** `address:port` of the server where a container's port is, and whether a store answers there. */
async function published(container: string): Promise<{ at: string; answers: string }> {
  const at = (await host.sh(`docker port ${container} 6379/tcp | head -n 1`)).trim();
  const answers = await host.sh(
    `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:8081") or die $!; print $s "PING\\r\\n"; print scalar <$s>'`,
  );
  return { at, answers: answers.trim() };
}

const PORT = "ports: ['8081:6379']";

test('a renamed service takes its port and its name over, and gives both back where it does not become healthy', async () => {
  const front = `${PORT}\ncontainer_name: renamed-front`;
  await deployed(...run('renamed', { web: front, store: 'restart: always' }));
  const before = await containers(host, 'renamed');
  expect(await published('renamed-front')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });

  await deployed(...run('renamed', { front, store: 'restart: always' }));
  const after = await containers(host, 'renamed');
  expect(Object.keys(after).sort()).toEqual(['front-1', 'store-1']);
  expect(after['store-1']).toBe(before['store-1']);
  expect(await published('renamed-front')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });

  const { headline } = await refused(
    ...run(
      'renamed',
      { gate: `${front}\ncommand: [sleep, '1000']`, store: 'restart: always' },
      { 'wait-timeout': '15s' },
    ),
  );
  expect(headline).toMatch(/gate .*was restored and is healthy/);
  expect(Object.keys(await containers(host, 'renamed')).sort()).toEqual(['front-1', 'store-1']);
  expect(await published('renamed-front')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });
  await host.sh('docker rm -f $(docker ps -aq --filter label=com.docker.compose.project=renamed)');
});

test('a port moves from a service to the one that it needs, and back', async () => {
  const needs = 'depends_on: { app: { condition: service_healthy } }';
  await deployed(...run('moved', { app: 'restart: always', proxy: `${PORT}\n${needs}` }));
  expect(await published('moved-proxy-1')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });
  await deployed(...run('moved', { app: `restart: always\n${PORT}`, proxy: needs }));
  expect(await published('moved-app-1')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });
  await deployed(...run('moved', { app: 'restart: always', proxy: `${PORT}\n${needs}` }));
  expect(await published('moved-proxy-1')).toEqual({ at: '0.0.0.0:8081', answers: '+PONG' });
});

test('a disk that is full under path, of bytes or of inodes, is told as that before anything is pulled or started', async () => {
  await host.sh(
    'install -d -o deploy /srv/deploy/small && mount -t tmpfs -o size=4m,nr_inodes=4000,mode=0755,uid=$(id -u deploy) tmpfs /srv/deploy/small',
  );
  const small = () => run('small', { store: 'restart: always' }, { path: '/srv/deploy/small/shop' });
  const nothing = async () => {
    expect(await containers(host, 'small')).toEqual({});
    expect(await host.sh('ls /srv/deploy/small/shop/releases 2>/dev/null || :')).toBe('');
  };
  await host.sh('head -c 8m /dev/zero >/srv/deploy/small/fill || :');
  const full = await refused(...small());
  expect(full.headline).toMatch(/disk of the server is full at \/srv\/deploy\/small/);
  expect(full.headline).not.toContain('defect');
  await nothing();

  const takeInodes = (left: number) =>
    host.sh(
      `cd /srv/deploy/small && n=$(($(stat -f -c %d .) - ${left})) && seq $n | sed s/^/f${left}-/ | xargs touch`,
    );
  await host.sh('rm /srv/deploy/small/fill');
  await takeInodes(180);
  const crowded = await refused(...small());
  expect(crowded.headline).toMatch(/\d+ of 4000 inodes free/);
  expect(crowded.shown).toContain('min-free-inodes');
  await nothing();
  await takeInodes(40);
  const none = await refused(...small());
  expect(none.headline).toMatch(/disk of the server is full at \/srv\/deploy\/small.*no inodes are left/);
  await nothing();

  await host.sh('rm -f /srv/deploy/small/f*');
  await deployed(...small());
  expect(Object.keys(await containers(host, 'small'))).toEqual(['store-1']);
});
