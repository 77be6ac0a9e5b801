import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openLab, openLink, startLoad } from './index.ts';
import type { Lab } from './index.ts';

const run = promisify(execFile);
let lab: Lab;

before(async () => {
  lab = await openLab({ hosts: 2, registry: 'plain' });
});
after(async () => {
  const { engine, run: id } = lab;
  const left = async () =>
    (await engine.docker(['ps', '--all', '--quiet', '--filter', `label=deploy-actions.lab=${id}`])).trim();
  assert.notEqual(await left(), '');
  await Promise.all([...lab.hosts].map((host) => host.remove()));
  await lab.registry.remove();
  assert.equal(await left(), '');
  await lab.close();
});

async function ssh(host: Lab['host'], command: string): Promise<string> {
  const words = [...lab.sshCommand(host).split(' ').slice(1), command];
  return (await run('ssh', words, { timeout: 20_000 })).stdout;
}

void test('a host lets deploy in by its key, under the host key that it names, and runs docker', async () => {
  assert.match(
    await ssh(lab.host, 'id -un; docker version --format {{.Server.Version}}; docker compose version'),
    /^deploy\n26/,
  );
});

void test('one reference means the same image at the registry, and inside every host', async () => {
  const digest = await lab.registry.digest('shop/redis:8');
  for (const host of lab.hosts) {
    const reference = lab.registry.image(`shop/redis@${digest}`);
    await host.sh(`docker pull -q ${reference}`);
    assert.match(
      await host.sh(`docker image inspect ${reference} --format '{{.RepoDigests}}'`),
      new RegExp(digest),
    );
  }
});

void test('a published image carries what it was given', async () => {
  const { reference } = await lab.registry.publish({
    from: 'shop/api:v1',
    to: 'shop/api:test',
    env: { APP_VERSION: 'test' },
    ballast: 1_000_000,
  });
  const text = await lab.host.sh(
    `docker run --rm ${reference} sh -c 'echo $APP_VERSION; wc -c </lab-ballast'`,
  );
  assert.equal(text, 'test\n1000000\n');
});

void test('a token registry refuses strangers and lets its users pull', async () => {
  const registry = await lab.addRegistry({
    access: 'token',
    users: { ci: { password: 'pass', pull: ['shop/*'] } },
  });
  const image = registry.image('shop/redis:8');
  assert.notEqual((await lab.host.exec(['docker', 'pull', image])).code, 0);
  await lab.host.sh(
    `echo pass | docker login -u ci --password-stdin ${registry.address}; docker pull -q ${image}`,
  );
  await registry.remove();
});

void test('a power failure and a boot keep the port, the host key and what ran', async () => {
  const host = lab.host;
  await host.sh(`docker run -d --restart unless-stopped --name kept ${lab.registry.image('shop/redis:8')}`);
  await host.restart();
  await ssh(host, 'true');
  assert.equal((await host.sh("docker inspect kept --format '{{.State.Running}}'")).trim(), 'true');
});

void test('sshd and the engine come back after they were killed', async () => {
  const session = ssh(lab.host, 'sleep 30');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await Promise.all([assert.rejects(session), lab.host.restartSshd()]);
  await lab.host.restartDockerd('KILL');
  await ssh(lab.host, 'docker ps');
});

void test('a host that is cut off is silent until it is mended', async () => {
  await lab.host.cut();
  await assert.rejects(
    run('ssh', [...lab.sshCommand(lab.host).split(' ').slice(1), '-o', 'ConnectTimeout=2', 'true']),
  );
  await lab.host.mend();
  await ssh(lab.host, 'true');
});

void test('a full disk is full, and free again', async () => {
  const host = await lab.addHost({ disk: '300m' });
  const { reference } = await lab.registry.publish({
    from: 'shop/api:v1',
    to: 'shop/api:big',
    ballast: 20_000_000,
  });
  const free = await host.fillDisk(1_000_000);
  assert.match((await host.exec(['docker', 'pull', reference])).stderr, /no space left/);
  await free();
  await host.sh(`docker pull -q ${reference}`);
  await host.remove();
});

void test('a reset host has no containers, volumes or images', async () => {
  const host = lab.hosts[1] as Lab['host'];
  await host.sh(`docker run -d -v some:/data ${lab.registry.image('shop/redis:8')}; touch /srv/deploy/file`);
  await host.reset();
  assert.equal(
    await host.sh('docker ps -aq; docker volume ls -q; docker images -q | sed 1d; ls /srv/deploy'),
    '',
  );
});

void test('a link delays each direction, and a cut resets', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link = await openLink((server.address() as AddressInfo).port, { delayMs: 50 });
  const { connect } = await import('node:net');
  const socket = connect(link.port, '127.0.0.1');
  const echo = () =>
    new Promise<number>((resolve, reject) => {
      const start = performance.now();
      socket.once('data', () => resolve(performance.now() - start));
      socket.once('error', reject);
      socket.write('x');
    });
  await echo();
  const took = await echo();
  assert.ok(took >= 98 && took < 150, `${took} ms`);
  const cut = echo();
  link.cut();
  await assert.rejects(cut, { code: 'ECONNRESET' });
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});

void test('the load client counts a failure with its time and goes nowhere but to loopback', async () => {
  const { createServer: createHttp } = await import('node:http');
  let count = 0;
  const server = createHttp((request, response) => {
    count += 1;
    if (count === 50) request.socket.destroy();
    else response.writeHead(200, { 'x-app-version': 'v1' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const start = Date.now();
  const load = startLoad({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rate: 200,
    clients: 4,
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const report = await load.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.equal(report.failed, 1);
  assert.equal(report.byFailure['ECONNRESET'], 1);
  assert.ok((report.failures[0]?.at ?? 0) >= start);
  assert.ok(report.served > 150 && report.served === report.byVersion['v1']);
  assert.throws(() => startLoad({ url: 'http://192.0.2.1/' }), /127/);
});
