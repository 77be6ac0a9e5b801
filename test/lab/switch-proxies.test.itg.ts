import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { testIf } from '@deploy-actions/tooling';
import { count } from '../bench/switch.bench.ts';
import {
  PORTS,
  type Place,
  type RunningProxy,
  inContainer,
  startApp,
  startCaddy,
  startHaproxy,
  startNginx,
  startTraefik,
} from '../bench/switch-rig.ts';

/** Real proxies out of the lab's image, on this machine's network, with the configurations that `install` writes. */
const folder = mkdtempSync(join(tmpdir(), 'switch-proxies-'));
let apps: Awaited<ReturnType<typeof startApp>>[] = [];
let lab: Lab;
let image: Place;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  lab = await openLab({ hosts: 0, registry: false });
  image = inContainer(lab.image, folder, lab.engine.env);
  apps = [await startApp(folder, PORTS.blue, 'blue'), await startApp(folder, PORTS.green, 'green')];
}, 600_000);

afterAll(async () => {
  for (const app of apps) app.kill('SIGKILL');
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

const place = () => {
  const made = mkdtempSync(join(folder, 'proxy-'));
  chmodSync(made, 0o755);
  return made;
};

interface Subject {
  /** Why it cannot run here. */
  missing: string | undefined;
  start: (at: string, sticky?: string) => Promise<RunningProxy>;
  /** How many switches, and milliseconds between them. */
  switches: readonly [number, number];
}

const { TRAEFIK } = process.env;
const PROXIES: Readonly<Record<string, Subject>> = {
  nginx: { missing: undefined, start: (at, sticky) => startNginx(at, sticky, image), switches: [10, 300] },
  HAProxy: {
    missing: undefined,
    start: (at, sticky) => startHaproxy(at, sticky, image),
    switches: [10, 300],
  },
  Caddy: { missing: undefined, start: (at, sticky) => startCaddy(at, sticky, image), switches: [10, 300] },
  Traefik: {
    missing: TRAEFIK ? undefined : 'Traefik has no package: TRAEFIK names its program',
    start: async (at, sticky) => await startTraefik(at, TRAEFIK!, sticky),
    switches: [4, 2500],
  },
};

const url = `http://127.0.0.1:${PORTS.proxy}`;

for (const [name, subject] of Object.entries(PROXIES)) {
  const { start } = subject;
  testIf(test, subject.missing)(
    `${name}: switches under load fail no request and cut no WebSocket`,
    async () => {
      const proxy = await start(place());
      try {
        const [change] = Object.values(proxy.ways);
        const { report } = await count(name, url, ...subject.switches, change!, 100);
        expect(report.byFailure).toEqual({});
        expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
        expect(Object.keys(report.byVersion).sort()).toEqual(['blue', 'green']);
      } finally {
        await proxy.stop();
      }
    },
  );

  testIf(test, subject.missing)(
    `${name}: weights hold within three sigma, and a cookie stays on its side without creep`,
    async () => {
      const proxy = await start(place(), 'shop_side');
      try {
        let share = 'blue';
        const move = async (to: string) => {
          await proxy.share(share, to);
          share = to;
        };
        const colorOf = async (cookie?: string) => {
          const answer = await fetch(url, { headers: cookie ? { cookie } : {} });
          const [set] = answer.headers.getSetCookie();
          return { color: answer.headers.get('x-app-version')!, cookie: set?.split(';')[0] };
        };
        for (const weight of [5, 25, 50]) {
          await move(`green-${weight}`);
          const total = 2000;
          let green = 0;
          const cookies: [string, string][] = [];
          for (let index = 0; index < total; index += 50) {
            const answers = await Promise.all(Array.from({ length: 50 }, () => colorOf()));
            green += answers.filter((one) => one.color === 'green').length;
            cookies.push(...answers.slice(0, 2).map((one): [string, string] => [one.cookie!, one.color]));
          }
          const sigma = Math.sqrt(total * (weight / 100) * (1 - weight / 100));
          expect(Math.abs(green - (total * weight) / 100)).toBeLessThan(3.5 * sigma);
          for (const [cookie, color] of cookies.slice(0, 40))
            expect((await colorOf(cookie)).color).toBe(color);
          // Whoever was on green at a lower weight is on green at a higher one.
          await move('green-75');
          for (const [cookie, color] of cookies.slice(0, 40)) {
            if (color === 'green') expect((await colorOf(cookie)).color).toBe('green');
          }
        }
      } finally {
        await proxy.stop();
      }
    },
  );

  testIf(test, subject.missing)(`${name}: the probe chooses a colour, and nobody else does`, async () => {
    const proxy = await start(place());
    try {
      const color = async (probe: string) =>
        (await fetch(url, { headers: { 'x-deploy-probe': probe } })).headers.get('x-deploy-color');
      expect(await color('0123456789abcdef01234567-green')).toBe('green');
      expect(await color('0123456789abcdef01234568-green')).toBe('blue');
      expect(await color('green')).toBe('blue');
    } finally {
      await proxy.stop();
    }
  });
}
