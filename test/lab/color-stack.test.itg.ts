import { readFileSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { SITES, mustStep, serverInputs, startProxy } from './color-rig.ts';
import { checkout, containers, deployInputs, deployed, refused, served } from './deploy-rig.ts';

/** The sample application with all that it has: database, cache, worker and scheduler, in two colours. */
let lab: Lab;
let host: Host;
let workspace: string;

const COLORED = {
  color: 'auto',
  'color-services': 'web\napi\nworker\nscheduler',
  'live-only-services': 'worker\nscheduler',
  'migration-reversible': true,
};
/** Where a port of the cache leads out of the server: its answers take the container's default gateway. */
const CACHE_PORT = 8443;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
  workspace = checkout();
  const file = join(workspace, 'compose.yaml');
  const published = readFileSync(file, 'utf8').replace(
    /( +)image: \$\{REGISTRY\}\/shop\/redis:8\n/,
    (image, indent: string) => `${image}${indent}ports: ['${CACHE_PORT}:6379']\n`,
  );
  writeFileSync(file, published);
  await deployed(deployInputs(lab, 'v1', {}, [host]), { workspace });
  await startProxy(host, 'nginx', (text) =>
    text.replace('listen 8080', 'listen 8081').replace('127.0.0.1:18101', '127.0.0.1:8080'),
  );
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const lines = async (script: string) => (await host.sh(script)).trim().split('\n').filter(Boolean);
const volumes = () => lines('docker volume ls --quiet | sort');
const mountsOf = (container: string) =>
  lines(
    `docker inspect --format '{{range .Mounts}}{{.Type}} {{or .Name .Source}} {{.Destination}}{{"\\n"}}{{end}}' ${container} | sort`,
  );

/** A connection to the cache that asks again and again, and tells how that went when it is ended. */
function keepAsking(): { end(): Promise<{ asked: number; answered: number; cut: string | undefined }> } {
  let asked = 0;
  let answered = 0;
  let cut: string | undefined;
  const socket: Socket = connect({ host: '127.0.0.1', port: host.webPort(CACHE_PORT), noDelay: true });
  socket.on('error', (error) => (cut ??= error.message));
  socket.on('close', () => (cut ??= 'closed'));
  socket.on('data', (chunk) => (answered += chunk.toString().split('+PONG').length - 1));
  const ticker = setInterval(() => {
    if (cut !== undefined) return;
    asked += 1;
    socket.write('PING\r\n');
  }, 20);
  return {
    async end() {
      clearInterval(ticker);
      for (let tries = 0; tries < 100 && answered < asked && cut === undefined; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const ended = { asked, answered, cut };
      socket.destroy();
      return ended;
    },
  };
}

test('joining the networks of the colours under load cuts no connection, from inside or from outside', async () => {
  const before = await volumes();
  const mounts = await mountsOf('shop-api-1');
  await host.sh('docker exec shop-api-1 sh -c "echo upload >/media/picture"');
  // A connection inside the stack, as the application itself has it, for as long as it holds.
  await host.sh(
    `docker exec --detach shop-api-1 node -e '
      const socket = require("net").connect(6379, "redis");
      let left = 0;
      const { renameSync, writeFileSync } = require("fs");
      const say = (word) => { writeFileSync("/tmp/inner.new", word); renameSync("/tmp/inner.new", "/tmp/inner"); };
      socket.on("data", () => { left = 0; say("lives"); });
      socket.on("error", (error) => { say(error.code); process.exit(); });
      socket.on("close", () => { say("closed"); process.exit(); });
      setInterval(() => { if (++left > 500) { say("silent"); process.exit(); } socket.write("PING\\r\\n"); }, 20);'`,
  );
  const outside = keepAsking();
  const load = startLoad({
    url: host.url(8081),
    rate: 30,
    webSockets: 3,
    requests: [
      { method: 'GET', path: '/api/items' },
      { method: 'GET', path: '/api/readiness/' },
      { method: 'POST', path: '/api/echo', body: 'hello' },
    ],
  });
  await load.seen();
  const result = await deployed(deployInputs(lab, 'v2', COLORED, [host]), { workspace });
  expect(result.outputs['color']).toBe('green');
  expect(
    await lines(
      `docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{println $name}}{{end}}' shop-redis-1`,
    ),
  ).toEqual(['shop_default', 'zz_shop_blue', 'zz_shop_green', 'zz_shop_live.999999.default']);
  const { asked, answered, cut } = await outside.end();
  expect({ answered, cut }).toEqual({ answered: asked, cut: undefined });
  expect(asked).toBeGreaterThan(50);
  expect(await host.sh('docker exec shop-api-1 cat /tmp/inner')).toBe('lives');
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  expect(report.webSockets.map((one) => one.cutAt)).toEqual([undefined, undefined, undefined]);

  // The volumes of the colour are the ones that the stack has had.
  expect(await volumes()).toEqual(before);
  expect(await mountsOf('shop-green-api-1')).toEqual(mounts);
  expect(await host.sh('docker exec shop-green-api-1 cat /media/picture')).toBe('upload\n');
  await host.sh('docker exec shop-green-api-1 sh -c "echo more >>/media/picture"');
  expect(await host.sh('docker exec shop-api-1 cat /media/picture')).toBe('upload\nmore\n');
});

test('a stopped service of one colour never resolves to the one of the other colour', async () => {
  const asks = (container: string, name: string) =>
    host.exec(['docker', 'exec', container, 'wget', '-q', '-T', '3', '-O', '-', `http://${name}/version`]);
  expect((await asks('shop-green-web-1', 'api:8000')).stdout).toContain('"v2"');
  await host.sh('docker stop shop-green-api-1');
  // In its own colour nobody answers, by neither name; the other colour goes on.
  for (const name of ['api:8000', 'api-green:8000', 'api-blue:8000']) {
    const asked = await asks('shop-green-web-1', name);
    expect([name, asked.code === 0, asked.stdout]).toEqual([name, false, '']);
  }
  expect((await asks('shop-web-1', 'api:8000')).stdout).toContain('"v1"');
  await host.sh(
    `docker start shop-green-api-1
     for i in $(seq 300); do [ "$(docker inspect --format '{{.State.Health.Status}}' shop-green-api-1)" = healthy ] && exit 0; sleep 0.1; done; exit 1`,
  );
});

/** Writes down when containers of services begin and end (Docker itself forgets soon); answers `service start|die` in order. */
async function comings(): Promise<(service: string) => Promise<string[]>> {
  const file = '/tmp/comings';
  await host.sh(
    `setsid docker events --filter type=container --filter event=start --filter event=die \\
       --format '{{index .Actor.Attributes "com.docker.compose.service"}} {{.Action}}' >${file} 2>&1 </dev/null &
     sleep 1`,
  );
  return (service) => lines(`grep '^${service} ' ${file} || true`);
}

/** Waits until worker and scheduler of the live colour have told that they work. */
const bothStarted = () =>
  host.sh(
    `for i in $(seq 300); do
       count=0
       for id in $(docker ps --quiet --filter label=com.docker.compose.service=worker; docker ps --quiet --filter label=com.docker.compose.service=scheduler); do
         docker logs --since "$(docker inspect --format '{{.State.StartedAt}}' $id)" $id 2>&1 | grep -q ' started' && count=$((count + 1))
       done
       [ $count = 2 ] && exit 0
       sleep 0.2
     done
     exit 1`,
  );

test('a job queue with one scheduler runs each job once through ten switches', async () => {
  const inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    'site-config': SITES.nginx.file,
    routes: 'web: web:80',
  });
  const seen = await comings();
  const load = startLoad({ url: host.url(8081), rate: 20 });
  for (let count = 1; count <= 10; count += 1) {
    const goal = count % 2 === 1 ? 'v2' : 'v1';
    await mustStep('blue-green-switch', inputs, { runId: String(5000 + count) });
    await load.seen(goal);
    // Who has not begun to listen does not hear that it is to stop, and takes its whole time.
    await bothStarted();
  }
  expect((await load.stop()).byFailure).toEqual({});
  for (const service of ['worker', 'scheduler']) {
    // One ends, then one starts, ten times: never are there two.
    const expected = Array.from({ length: 10 }, () => [`${service} die`, `${service} start`]).flat();
    expect(await seen(service)).toEqual(expected);
  }
  let jobs: Record<string, number> = {};
  for (let tries = 0; tries < 100; tries += 1) {
    jobs = (await (await fetch(`${host.url(8081)}/api/jobs`)).json()) as Record<string, number>;
    if (jobs['jobs_run'] === jobs['jobs']) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(jobs['jobs']).toBeGreaterThan(10);
  expect(jobs).toMatchObject({ runs: jobs['jobs'], jobs_run: jobs['jobs'] });
  // The plain stack, which counts as blue, is where it was before.
  expect(await served(host)).toBe('v1');
  expect(Object.keys(await containers(host))).toContain('scheduler-1');
});

test('nothing is deployed to the colour that a switch would return to while it waits to be confirmed', async () => {
  const inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', { ...inputs, 'confirm-within': '10m' }, { runId: '5100' });
  const before = await containers(host);
  const result = await refused(deployInputs(lab, 'v3', COLORED, [host]), { workspace });
  expect(result.headline).toContain('the switch to green waits to be confirmed');
  expect(await containers(host)).toEqual(before);
  await mustStep('rollback', serverInputs(lab, [host]), { runId: '5100' });
  expect(await served(host)).toBe('v1');
});
