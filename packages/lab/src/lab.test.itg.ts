import { execFile } from 'node:child_process';
import { createServer as createHttp } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLab, openLink, startLoad } from './index.ts';
import type { Lab } from './index.ts';

const run = promisify(execFile);
let lab: Lab;

beforeAll(async () => {
  lab = await openLab({ hosts: 2, registry: 'plain' });
});
afterAll(async () => {
  const { engine, run: id } = lab;
  const left = async () =>
    (await engine.docker(['ps', '--all', '--quiet', '--filter', `label=deploy-actions.lab=${id}`])).trim();
  // What is paused in a server must not keep it from ending.
  await lab.hosts[0]!.sh(
    `docker run --detach --name still --entrypoint sleep ${lab.registry.image('shop/web:v1')} 600 && docker pause still`,
  );
  expect(await left()).not.toBe('');
  await Promise.all([...lab.hosts].map((host) => host.remove()));
  await lab.registry.remove();
  expect(await left()).toBe('');
  await lab.close();
});

async function ssh(host: Lab['host'], command: string): Promise<string> {
  const words = [...lab.sshCommand(host).split(' ').slice(1), command];
  return (await run('ssh', words, { timeout: 20_000 })).stdout;
}

test('a host lets deploy in by its key, under the host key that it names, and runs docker', async () => {
  const text = await ssh(
    lab.host,
    'id -un; docker version --format {{.Server.Version}}; docker compose version',
  );
  expect(text).toMatch(/^deploy\n26/);
});

test('one reference means the same image at the registry, and inside every host', async () => {
  const digest = await lab.registry.digest('shop/redis:8');
  for (const host of lab.hosts) {
    const reference = lab.registry.image(`shop/redis@${digest}`);
    await host.sh(`docker pull -q ${reference}`);
    const digests = await host.sh(`docker image inspect ${reference} --format '{{.RepoDigests}}'`);
    expect(digests).toContain(digest);
  }
});

test('a published image carries what it was given', async () => {
  const { reference } = await lab.registry.publish({
    from: 'shop/api:v1',
    to: 'shop/api:test',
    env: { APP_VERSION: 'test' },
    ballast: 1_000_000,
  });
  const text = await lab.host.sh(
    `docker run --rm ${reference} sh -c 'echo $APP_VERSION; wc -c </lab-ballast'`,
  );
  expect(text).toBe('test\n1000000\n');
});

test('a token registry refuses strangers and lets its users pull', async () => {
  const registry = await lab.addRegistry({
    access: 'token',
    users: { ci: { password: 'pass', pull: ['shop/*'] } },
  });
  const image = registry.image('shop/redis:8');
  expect((await lab.host.exec(['docker', 'pull', image])).code).not.toBe(0);
  await lab.host.sh(
    `echo pass | docker login -u ci --password-stdin ${registry.address}; docker pull -q ${image}`,
  );
  await registry.remove();
});

test('a power failure and a boot keep the port, the host key and what ran', async () => {
  const host = lab.host;
  await host.sh(`docker run -d --restart unless-stopped --name kept ${lab.registry.image('shop/redis:8')}`);
  await host.restart();
  await ssh(host, 'true');
  const running = await host.sh("docker inspect kept --format '{{.State.Running}}'");
  expect(running.trim()).toBe('true');
});

test('sshd and the engine come back after they were killed', async () => {
  const session = ssh(lab.host, 'sleep 30');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await Promise.all([expect(session).rejects.toThrow(), lab.host.restartSshd()]);
  await lab.host.restartDockerd('KILL');
  await ssh(lab.host, 'docker ps');
});

test('a host that is cut off is silent until it is mended', async () => {
  await lab.host.cut();
  const words = [...lab.sshCommand(lab.host).split(' ').slice(1), '-o', 'ConnectTimeout=2', 'true'];
  await expect(run('ssh', words)).rejects.toThrow();
  await lab.host.mend();
  await ssh(lab.host, 'true');
});

test('a full disk is full, and free again', async () => {
  const host = await lab.addHost({ disk: '300m' });
  const { reference } = await lab.registry.publish({
    from: 'shop/api:v1',
    to: 'shop/api:big',
    ballast: 20_000_000,
  });
  const free = await host.fillDisk(1_000_000);
  expect((await host.exec(['docker', 'pull', reference])).stderr).toMatch(/no space left/);
  await free();
  await host.sh(`docker pull -q ${reference}`);
  await host.remove();
});

test('a reset host has no containers, volumes or images', async () => {
  const host = lab.hosts[1] as Lab['host'];
  await host.sh(`docker run -d -v some:/data ${lab.registry.image('shop/redis:8')}; touch /srv/deploy/file`);
  await host.reset();
  const left = await host.sh('docker ps -aq; docker volume ls -q; docker images -q | sed 1d; ls /srv/deploy');
  expect(left).toBe('');
});

test('a link delays each direction, and a cut resets', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link = await openLink((server.address() as AddressInfo).port, { delayMs: 50 });
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
  // Twice the delay; a timer may be a little early, and any amount late.
  expect(took).toBeGreaterThanOrEqual(98);
  const cut = echo();
  link.cut();
  await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});

test('the load client counts a failure with its time and goes nowhere but to loopback', async () => {
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
  expect(report).toMatchObject({ failed: 1, byFailure: { ECONNRESET: 1 } });
  expect(report.failures[0]?.at).toBeGreaterThanOrEqual(start);
  expect(report.served).toBeGreaterThan(50);
  expect(report.byVersion).toEqual({ v1: report.served });
  expect(() => startLoad({ url: 'http://192.0.2.1/' })).toThrow(/127/);
});
