import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { testIf } from '@deploy-actions/tooling';
import {
  type HostProxy,
  type Inputs,
  SITES,
  colorDown,
  colorUp,
  countGreen,
  fits,
  headerNames,
  leftovers,
  mustStep,
  openColors,
  served,
  serverInputs,
  step,
} from './color-rig.ts';

/** What is special about one proxy where all of them go the same way. */
interface Row {
  title: string;
  mechanism: 'flag' | 'map' | 'file';
  /** A program of it that the lab has not: where it is, and why it may be nowhere. */
  program?: string | undefined;
  missing?: string | undefined;
  /** Where it has to be told. */
  verifyUrl?: string;
  /** Longest step of a canary: it takes a share when its throttle allows. */
  interval: string;
  /** What a canary is judged by. */
  judged: string;
  /** What says who has the traffic during a canary of 25 percent: visitors see a side, or the share. */
  toldShare?: string;
  restart: string;
  /** How the file is taken up that somebody changed by hand; undefined: it cannot be told otherwise there. */
  reload?: string;
  /** Text that our parts remember, and what an administrator could have written into its place since. */
  remembered?: readonly [was: string, is: string];
}

const { TRAEFIK } = process.env;
const probing = (kind: HostProxy) => `by probing (${kind} has no log of its own for a colour)`;
const again = (kind: HostProxy) =>
  `kill "$(pgrep -x ${kind})"; while pgrep -x ${kind} >/dev/null; do sleep 0.1; done; ${SITES[kind].start}`;

const KINDS: Readonly<Record<HostProxy, Row>> = {
  nginx: {
    title: 'nginx',
    mechanism: 'flag',
    interval: '2s',
    judged: 'by access log',
    restart: 'nginx -s stop; sleep 0.5; nginx',
    reload: 'nginx -s reload; sleep 0.5',
    remembered: ['proxy_pass http://127.0.0.1:18101;', 'proxy_pass http://127.0.0.1:18101/nowhere/;'],
  },
  haproxy: {
    title: 'HAProxy',
    mechanism: 'map',
    interval: '2s',
    judged: probing('haproxy'),
    restart: `kill -USR1 $(cat /run/haproxy.pid); sleep 0.5; ${SITES.haproxy.start}; sleep 0.5`,
    reload: 'kill -USR2 $(cat /run/haproxy.pid); sleep 1',
    remembered: ['default_backend app', 'http-request set-path /nowhere%[path]\n    default_backend app'],
  },
  caddy: {
    title: 'Caddy',
    mechanism: 'flag',
    interval: '2s',
    judged: probing('caddy'),
    restart: again('caddy'),
    reload: `caddy reload --config ${SITES.caddy.file}`,
    remembered: ['reverse_proxy 127.0.0.1:18101', 'rewrite * /nowhere{uri}\n\treverse_proxy 127.0.0.1:18101'],
  },
  traefik: {
    title: 'Traefik',
    mechanism: 'file',
    program: TRAEFIK,
    missing: TRAEFIK ? undefined : 'Traefik has no package: TRAEFIK names its program',
    verifyUrl: 'http://127.0.0.1:8080/',
    interval: '5s',
    judged: probing('traefik'),
    toldShare: 'green-25',
    restart: again('traefik'),
  },
};

/** A server that serves blue behind the proxy, with green beside it. */
export interface Subject {
  lab: Lab;
  host: Host;
  inputs: Inputs;
  /** What a visitor got before anything was installed. */
  before: Headers;
  /** The inputs of an installation. */
  prepare: Inputs;
}

/** Tests that only one proxy has, where their turn comes; each leaves the traffic where it found it. */
interface Special {
  worker?: boolean;
  /** Nothing is installed. */
  before?(test: ReturnType<typeof testIf>): void;
  /** Blue has the traffic. */
  installed?(test: ReturnType<typeof testIf>): void;
  /** What a switch under load must keep, besides: looked at before, and after it. */
  kept?: (subject: Subject) => Promise<unknown>;
  /** Blue has the traffic, and a canary was on before. */
  switched?(test: ReturnType<typeof testIf>): void;
  /** Nothing of ours is there any more. */
  after?(test: ReturnType<typeof testIf>): void;
}

/** The name of the file that install kept. */
const backupIn = (shown: string) => /The file as it was: (\S+)/.exec(shown)![1]!;

/** The commands that an administrator is told to run. */
export const byHand = (shown: string) =>
  /An administrator can run, on the server: (.*)\. Then run this action again/.exec(shown)![1]!;

/** The way of every proxy from a site of the user's through switches and back; `special` says what only this one has. */
export function testSwitching(kind: HostProxy, special: (subject: Subject) => Special): void {
  const row = KINDS[kind];
  const { file, text } = SITES[kind];
  const subject = {} as Subject;
  const own = special(subject);
  const testKind = testIf(test, row.missing);
  const run = (more: Inputs = {}) => step('blue-green-switch', { ...subject.inputs, ...more });
  const must = (more: Inputs = {}) => mustStep('blue-green-switch', { ...subject.inputs, ...more });
  const loaded = () => startLoad({ url: subject.host.url(8080), rate: 60, clients: 16, timeoutMs: 60_000 });

  beforeAll(async () => {
    if (row.missing !== undefined) return;
    const lab = await openLab({ hosts: 0, registry: 'plain' });
    Object.assign(subject, { lab });
    const host = await openColors(lab, kind, {
      ...(own.worker && { worker: true }),
      ...(row.program && { program: row.program }),
    });
    const inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '1s' };
    const prepare = {
      install: 'true',
      'site-config': file,
      weight: '25,100',
      ...(row.verifyUrl && { 'verify-url': row.verifyUrl }),
    };
    Object.assign(subject, { host, inputs, prepare, before: (await served(host)).headers });
  }, 600_000);

  afterAll(async () => {
    await subject.lab?.close();
  });

  own.before?.(testKind);

  testKind('install keeps the old file and every header, and adds the colour', async () => {
    const { host, prepare, before } = subject;
    const checked = await must({ ...prepare, install: 'check' });
    expect(checked.shown).toMatch(/\+\s*# deploy-actions shop begin/);
    expect(await host.sh(`cat ${file}`)).toBe(text);
    const load = loaded();
    await load.seen('v1', 60_000);
    const installed = await must(prepare);
    const { byFailure } = await load.stop();
    // A reload closes idle connections, which a client may just be using again.
    if (row.reload === undefined) expect(byFailure).toEqual({});
    expect(await host.sh(`cat ${backupIn(installed.shown)}`)).toBe(text);
    const { headers, color } = await served(host);
    expect(color).toBe('blue');
    expect(headerNames(headers)).toEqual([...headerNames(before), 'x-deploy-color'].sort());
    const hsts = 'strict-transport-security';
    expect(headers.get(hsts)).toBe(before.get(hsts));
    expect((await must(prepare)).shown).toContain('has all parts already');
  });

  testKind('another local user, also one of the proxy’s own groups, decides nothing', async () => {
    const { host } = subject;
    await host.sh(
      'id mallory >/dev/null 2>&1 || useradd --no-create-home mallory; for group in haproxy www-data caddy users; do ! getent group $group >/dev/null || usermod -aG $group mallory; done',
    );
    const as = async (user: string, ...argv: string[]) =>
      await host.exec(['runuser', '-u', user, '--', ...argv]);
    // Where what decides may stand, whichever proxy it is; by access(2), so by groups and ACLs too.
    const places =
      '/var/lib/deploy-actions /var/log/deploy-actions /run/haproxy /etc/haproxy /etc/nginx /etc/caddy /etc/traefik /srv/deploy';
    const writable = async (user: string) =>
      (await as(user, 'sh', '-c', `find ${places} -writable ! -type l 2>/dev/null; :`)).stdout;
    expect(await writable('deploy')).toMatch(/^\/(?:var\/lib\/deploy-actions\/shop|etc\/traefik\/dynamic)/m);
    expect(await writable('mallory')).toBe('');
    const asked = async (user: string) => {
      const sockets = await host.sh('find /run/haproxy /var/lib/deploy-actions -type s 2>/dev/null || :');
      const answers = await Promise.all(
        sockets
          .split('\n')
          .filter(Boolean)
          .map((socket) =>
            as(
              user,
              'perl',
              '-MIO::Socket::UNIX',
              '-e',
              'print IO::Socket::UNIX->new(Peer => $ARGV[0]) ? "open" : "$!"',
              socket,
            ),
          ),
      );
      return answers.map(({ stdout }) => stdout);
    };
    expect(await asked('mallory')).not.toContain('open');
    if (kind === 'haproxy') expect(await asked('deploy')).toContain('open');
    for (const folder of [
      '/var/lib/deploy-actions/shop',
      '/var/log/deploy-actions',
      file.replace(/\/[^/]*$/, ''),
    ])
      for (const name of ['green', 'deploy-actions-shop.yml'])
        expect((await as('mallory', 'touch', `${folder}/${name}`)).code).not.toBe(0);
    expect((await as('mallory', 'cat', '/srv/deploy/shop/.deploy/traffic.json')).code).not.toBe(0);
    expect((await served(host)).color).toBe('blue');
  });

  own.installed?.(testKind);

  testKind(
    'a switch under load fails no request and cuts no WebSocket; a rollback of that run flips it back',
    async () => {
      const { host } = subject;
      const load = startLoad({
        url: host.url(8080),
        rate: 60,
        clients: 16,
        webSockets: 5,
        slowShare: 0.01,
        timeoutMs: 60_000,
      });
      await load.seen('v1', 60_000);
      const kept = await own.kept?.(subject);
      const switched = await mustStep(
        'blue-green-switch',
        { ...subject.inputs, 'expect-version': 'v2' },
        { runId: '1' },
      );
      await load.seen('v2', 60_000);
      const report = await load.stop();
      expect(report.byFailure).toEqual({});
      expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
      expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: '100' });
      expect(Number(switched.outputs['overlap-ms'])).toBeLessThan(row.mechanism === 'flag' ? 1 : 10_000);
      expect(switched.outputs['report']).toContain(`blue to green by ${row.mechanism}`);
      const back = await mustStep('rollback', serverInputs(subject.lab, [host]), { runId: '1' });
      expect(back.outputs).toMatchObject({ mode: 'flip' });
      expect((await served(host)).color).toBe('blue');
      expect(await countGreen(host, 50)).toBe(0);
      expect(await own.kept?.(subject)).toEqual(kept);
    },
  );

  testKind(
    'a canary has its share, which the status tells, is judged, and goes on or back as a whole',
    async () => {
      const { host } = subject;
      const gates = { 'step-interval': row.interval, 'max-error-rate': '1%', 'min-requests': 3 };
      const load = loaded();
      const canary = await must({ weight: 25, ...gates });
      await load.stop();
      expect(canary.outputs).toMatchObject({ to: 'green-25', weight: '25' });
      expect(canary.outputs['report']).toContain(row.judged);
      expect(fits(await countGreen(host, 400), 400, 25)).toBe(true);
      if (row.toldShare) expect((await served(host)).color).toBe(row.toldShare);
      expect((await must({ status: true })).shown).toContain(
        `traffic is on green-25 (${kind} on the host, since`,
      );
      await must({ to: 'green' });
      expect(await countGreen(host, 50)).toBe(50);
      const few = await run({
        to: 'blue',
        weight: '50,100',
        'step-interval': '1s',
        'max-p95': '5s',
        'min-requests': 5000,
      });
      expect(few.shown).toMatch(/blue had \d+ requests at blue-50 by .*too few to judge/);
      expect(await countGreen(host, 50)).toBe(50);
      await must({ to: 'blue', 'drain-timeout': '0' });
    },
  );

  own.switched?.(testKind);

  testKind(`${row.title} starts anew while the idle colour is absent, with the same colour`, async () => {
    const { host } = subject;
    await must({ to: 'green' });
    await colorDown(host, 'blue');
    await host.sh(row.restart);
    expect((await served(host)).color).toBe('green');
    const refused = await run({ to: 'blue' });
    expect(refused.shown).toContain('blue cannot take the traffic: it has no running container');
  });

  testKind(
    'uninstall refuses where the file would lead to the other colour, and else leaves all as it was',
    async () => {
      const { host, before } = subject;
      await colorUp(subject.lab, host, 'blue', { version: 'v1', ...(own.worker && { worker: false }) });
      const refused = await run({ uninstall: true });
      expect(refused.shown).toContain('traffic is on green, to which');
      expect((await served(host)).color).toBe('green');
      await must({ to: 'blue', 'drain-timeout': '0' });
      const removed = await must({ uninstall: true });
      expect(removed.shown).toContain('answers as before');
      expect(await host.sh(`cat ${file}`)).toBe(text);
      const { color, headers } = await served(host);
      expect(color).toBeNull();
      expect(headerNames(headers)).toEqual(headerNames(before));
      expect(await leftovers(host)).toBe('');
      expect((await run({ to: 'green' })).shown).toContain('no proxy was prepared');
    },
  );

  const { remembered, reload } = row;
  const why = remembered ? undefined : 'what its parts remember is only the name of a service';
  testIf(test, row.missing ?? why)(
    'a site that does not answer as before without our parts has them again',
    async () => {
      const { host, prepare } = subject;
      await must(prepare);
      const [was, is] = remembered!.map((one) => JSON.stringify(one)) as [string, string];
      const installed = await host.sh(`cat ${file}`);
      expect(installed).toContain(`begin ${was}`);
      const changed = installed.replace(`begin ${was}`, () => `begin ${is}`);
      await host.write(file, changed, { mode: '0644', owner: 'root' });
      await host.sh(reload!);
      await colorDown(host, 'blue');
      // Its health alone answers well, at the path that it has.
      await colorUp(subject.lab, host, 'blue', { version: 'v1', fault: 'errors' });
      const failed = await run({
        uninstall: true,
        'verify-url': 'http://127.0.0.1:8080/health',
        'verify-timeout': '3s',
      });
      expect(failed.exitCode).toBe(1);
      expect(failed.shown).toContain('does not answer as before (status 500 instead of 200');
      expect(await host.sh(`cat ${file}`)).toBe(changed);
      expect((await served(host)).color).toBe('blue');
      // Where nobody could tell whether it answers as before, nothing is tried.
      await colorDown(host, 'blue');
      const unwell = await run({ uninstall: true, 'verify-timeout': '3s' });
      expect(unwell.shown).toMatch(/answers 50[0-9] already/);
      expect(await host.sh(`cat ${file}`)).toBe(changed);
      await colorUp(subject.lab, host, 'blue', { version: 'v1' });
      await host.write(file, installed, { mode: '0644', owner: 'root' });
      await host.sh(reload!);
      await must({ uninstall: true });
    },
  );

  own.after?.(testKind);
}
