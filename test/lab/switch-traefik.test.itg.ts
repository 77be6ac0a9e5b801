import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { testIf } from '@deploy-actions/tooling';
import {
  SITES,
  colorDown,
  colorUp,
  headerNames,
  mustStep,
  openColors,
  served,
  serverInputs,
  step,
} from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

const { TRAEFIK } = process.env;

const testTraefik = testIf(test, TRAEFIK ? undefined : 'Traefik has no package: TRAEFIK names its program');
let lab: Lab;
let host: Host;
let inputs: Inputs;
let before: Headers;

beforeAll(async () => {
  if (!TRAEFIK) return;
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await openColors(lab, 'traefik', { program: TRAEFIK });
  before = (await served(host)).headers;
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '1s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** How many of so many visitors green answers, by the version. */
const green = async (count: number) => {
  const answers = await Promise.all(Array.from({ length: count }, () => served(host)));
  return answers.filter(({ version }) => version === 'v2').length;
};

testTraefik(
  'a folder that Traefik does not watch is found out before anything else is changed there',
  async () => {
    await host.sh('mkdir -p /etc/traefik/other && cp /etc/traefik/dynamic/shop.yml /etc/traefik/other/');
    const refused = await step('blue-green-switch', {
      ...inputs,
      install: 'true',
      'site-config': '/etc/traefik/other/shop.yml',
      'verify-url': 'http://127.0.0.1:8080/',
      'verify-timeout': '3s',
    });
    expect(refused.shown).toContain('traefik does not take up what is put into /etc/traefik/other');
    expect(await host.sh('ls -A /etc/traefik/other; stat -c "%G %a" /etc/traefik/other')).toBe(
      'shop.yml\nroot 755\n',
    );
    expect(await host.sh('cat /etc/traefik/other/shop.yml')).toBe(SITES.traefik.text);
  },
);

testTraefik('without sudo the named commands lose no request, and then no more is needed', async () => {
  const { file, text } = SITES.traefik;
  const options = { ...inputs, install: 'true', 'site-config': file, 'verify-url': 'http://127.0.0.1:8080/' };
  await host.sh('mv /etc/sudoers.d /etc/sudoers.away');
  const load = startLoad({ url: host.url(8080), rate: 60, clients: 16, timeoutMs: 60_000 });
  try {
    await load.seen('v1', 60_000);
    const refused = await step('blue-green-switch', options);
    const commands = /An administrator can run, on the server: (.*)\. Then run this action again/.exec(
      refused.shown,
    )![1]!;
    await host.sh(`${commands}; sleep 3`);
    await mustStep('blue-green-switch', options);
  } finally {
    await host.sh('mv /etc/sudoers.away /etc/sudoers.d');
  }
  expect((await load.stop()).byFailure).toEqual({});
  expect((await served(host)).color).toBe('blue');
  await host.write('/etc/traefik/shop.new', text, { mode: '0644', owner: 'root' });
  await host.sh(
    `mv /etc/traefik/shop.new ${file}; sleep 3; rm -f /etc/traefik/dynamic/deploy-actions-*; rm -rf /srv/deploy/shop/.deploy/proxy.json; sleep 3`,
  );
});

testTraefik('install keeps the old file and every header, and adds the colour', async () => {
  const { file, text } = SITES.traefik;
  const prepare = {
    ...inputs,
    install: 'true',
    weight: '25,100',
    'site-config': file,
    'verify-url': 'http://127.0.0.1:8080/',
  };
  const load = startLoad({ url: host.url(8080), rate: 60, clients: 16, timeoutMs: 60_000 });
  await load.seen('v1', 60_000);
  const installed = await mustStep('blue-green-switch', prepare);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  const backup = /The file as it was: (\S+)/.exec(installed.shown)![1]!;
  expect(await host.sh(`cat ${backup}`)).toBe(text);
  const { headers, color } = await served(host);
  expect(color).toBe('blue');
  expect(headerNames(headers)).toEqual([...headerNames(before), 'x-deploy-color'].sort());
  const again = await mustStep('blue-green-switch', prepare);
  expect(again.shown).toContain('has all parts already');
});

testTraefik("the administrator's files in the watched folder stay the administrator's alone", async () => {
  expect(await host.sh('stat -c "%U %a" /etc/traefik/dynamic /etc/traefik/dynamic/shop.yml')).toBe(
    'root 1775\nroot 644\n',
  );
  const tried = await host.exec(
    ['sh', '-c', 'mv /tmp/x /etc/traefik/dynamic/shop.yml; rm -f /etc/traefik/dynamic/shop.yml'],
    {
      user: 'deploy',
    },
  );
  expect(tried.code).not.toBe(0);
});

testTraefik('a switch under load needs no reload, fails no request and cuts no WebSocket', async () => {
  const load = startLoad({
    url: host.url(8080),
    rate: 60,
    clients: 16,
    webSockets: 5,
    slowShare: 0.01,
    timeoutMs: 60_000,
  });
  await load.seen('v1', 60_000);
  const switched = await mustStep('blue-green-switch', { ...inputs, 'expect-version': 'v2' }, { runId: '1' });
  await load.seen('v2', 60_000);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: '100' });
  expect(Number(switched.outputs['overlap-ms'])).toBeLessThan(10_000);
  expect(switched.outputs['report']).toContain('blue to green by file');
});

testTraefik('a rollback of that run flips the traffic back', async () => {
  const back = await mustStep('rollback', serverInputs(lab, [host]), { runId: '1' });
  expect(back.outputs).toMatchObject({ mode: 'flip' });
  expect((await served(host)).color).toBe('blue');
  expect(await green(50)).toBe(0);
});

testTraefik('a canary has its share, visitors are told it, and its gates go by probing', async () => {
  const canary = await mustStep('blue-green-switch', {
    ...inputs,
    weight: 25,
    'step-interval': '5s',
    'max-error-rate': '1%',
    'min-requests': 3,
  });
  expect(canary.outputs['report']).toContain('by probing (traefik has no log of its own for a colour)');
  expect(await green(200)).toBe(50);
  expect((await served(host)).color).toBe('green-25');
  const status = await mustStep('blue-green-switch', { ...inputs, status: true });
  expect(status.shown).toContain('traffic is on green-25 (traefik on the host, since');
  const few = await step('blue-green-switch', {
    ...inputs,
    weight: '50,100',
    'step-interval': '1s',
    'max-p95': '5s',
    'min-requests': 5000,
  });
  expect(few.shown).toMatch(/green had \d+ requests at green-50 by probing .*too few to judge/);
  expect((await served(host)).color).toBe('blue');
});

testTraefik('a target that answers with errors, or with another version, gets nothing', async () => {
  const wrong = await step('blue-green-switch', { ...inputs, 'expect-version': 'v9' });
  expect(wrong.shown).toContain('version v2, not v9; nothing was changed');
  await colorDown(host, 'green');
  await colorUp(lab, host, 'green', { version: 'v3', fault: 'errors' });
  const failed = await step('blue-green-switch', inputs);
  expect(failed.shown).toContain('green answers 500 through traefik');
  expect((await served(host)).color).toBe('blue');
  await colorUp(lab, host, 'green', { version: 'v2' });
});

testTraefik('a switch that nobody confirms is taken back by the server', async () => {
  await mustStep('blue-green-switch', { ...inputs, 'confirm-within': '2s', 'drain-timeout': '0' });
  const until = Date.now() + 60_000;
  while ((await served(host)).color !== 'blue' && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect((await served(host)).color).toBe('blue');
});

testTraefik(
  "somebody's invalid YAML in the folder is found out by the answers, and named as the cause",
  async () => {
    await host.sh('printf "http: [\\n" >/etc/traefik/dynamic/broken.yml');
    const refused = await step('blue-green-switch', { ...inputs, 'verify-timeout': '5s' });
    await host.sh('rm /etc/traefik/dynamic/broken.yml');
    expect(refused.exitCode).toBe(1);
    expect(refused.shown).toMatch(
      /does not answer steadily.*A file in \/etc\/traefik\/dynamic that Traefik cannot read/s,
    );
    expect((await served(host)).color).toBe('blue');
    expect(await green(50)).toBe(0);
  },
);

testTraefik('Traefik starts anew while the idle colour is absent, with the same colour', async () => {
  await mustStep('blue-green-switch', inputs);
  await colorDown(host, 'blue');
  await host.sh('kill "$(pgrep -x traefik)"; while pgrep -x traefik >/dev/null; do sleep 0.1; done');
  await host.sh(SITES.traefik.start);
  expect((await served(host)).color).toBe('green');
  const refused = await step('blue-green-switch', { ...inputs, to: 'blue' });
  expect(refused.shown).toContain('blue cannot take the traffic: it has no running container');
});

testTraefik('a router that the administrator wrote anew is missed, by name', async () => {
  await colorUp(lab, host, 'blue', { version: 'v1' });
  // Written beside and renamed, since Traefik reads what is half written, too.
  await host.write('/etc/traefik/shop.new', SITES.traefik.text, { mode: '0644', owner: 'root' });
  await host.sh(`mv /etc/traefik/shop.new ${SITES.traefik.file}; sleep 3`);
  const refused = await step('blue-green-switch', { ...inputs, to: 'blue', 'verify-timeout': '5s' });
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('no longer has the part that was installed');
  expect((await served(host)).version).toBe('v1');
});

testTraefik(
  'in a container it must see the folder; then a switch goes by the names of the colours',
  async () => {
    await host.sh(
      'kill "$(pgrep -x traefik)"; rm -rf /srv/deploy/shop/.deploy/proxy.json /srv/deploy/shop/.deploy/traffic.json; install -d -m 0755 /srv/edge',
    );
    const text = SITES.traefik.text.replace('http://127.0.0.1:18101', 'http://web-blue:8080');
    await host.write('/srv/edge/shop.yml', text, { mode: '0644', owner: 'root' });
    await host.sh(
      `docker create --name traefik-image ${lab.registry.image('shop/web:v1')} >/dev/null && ` +
        "{ tar -chf - /usr/local/bin/traefik $(ldd /usr/local/bin/traefik | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p') 2>/dev/null || true; } | docker cp - traefik-image:/ && " +
        'docker commit traefik-image traefik:lab >/dev/null && docker rm traefik-image',
    );
    const run = async (mount: string) =>
      await host.sh(
        'docker rm -f edge >/dev/null 2>&1; ' +
          `docker create --name edge -p 8080:8080 --network zz_shop_blue -v ${mount} --entrypoint traefik traefik:lab ` +
          '--entrypoints.web.address=:8080 --providers.file.directory=/etc/traefik/dynamic >/dev/null; ' +
          'docker network connect zz_shop_green edge; docker start edge >/dev/null; ' +
          'for i in $(seq 100); do sleep 0.1; curl -fso /dev/null http://127.0.0.1:8080/health && break; done',
      );
    const prepare = {
      ...inputs,
      install: 'true',
      routes: 'web: web:8080',
      'site-config': '/srv/edge/shop.yml',
      'verify-url': 'http://127.0.0.1:8080/',
    };
    await run('/srv/edge/shop.yml:/etc/traefik/dynamic/shop.yml');
    const refused = await step('blue-green-switch', prepare);
    expect(refused.shown).toContain('the container edge sees /srv/edge/shop.yml, but not its folder');
    await run('/srv/edge:/etc/traefik/dynamic');
    await mustStep('blue-green-switch', prepare);
    expect(await served(host)).toMatchObject({ color: 'blue', version: 'v1' });
    await mustStep('blue-green-switch', { ...inputs, 'expect-version': 'v2' });
    expect(await served(host)).toMatchObject({ color: 'green', version: 'v2' });
  },
);
