import { expect } from '@jest/globals';
import { startLoad } from '@deploy-actions/lab';
import { SITES, colorDown, colorUp, mustStep, served, step } from './color-rig.ts';
import { testSwitching } from './switch-kinds.ts';

testSwitching('nginx', (subject) => {
  /** Which colours' workers run. */
  const workers = async () =>
    (await subject.host.sh("docker ps --format '{{.Names}}' | grep worker | sort || true"))
      .split('\n')
      .filter((line) => line !== '');
  return {
    worker: true,
    kept: workers,
    before(test) {
      test('a redirect to https that stands first in the file is left alone; verify-url wins where it is given', async () => {
        const { host } = subject;
        const { file, text } = SITES.nginx;
        const first = `server {\n  listen 8079;\n  server_name shop.example.org;\n  return 301 https://shop.example.org$request_uri;\n}\n${text}`;
        await host.write(file, first, { mode: '0644', owner: 'root' });
        await host.sh('nginx -s reload; sleep 0.5');
        for (const more of [{}, { 'verify-url': 'http://127.0.0.1:8080/version' }]) {
          const installed = await mustStep('blue-green-switch', {
            ...subject.inputs,
            install: 'true',
            'site-config': file,
            ...more,
          });
          expect(installed.shown).toContain('becomes a choice');
          expect((await served(host)).color).toBe('blue');
          const redirect = await host.sh(
            "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://127.0.0.1:8079/a",
          );
          expect(redirect).toBe('301 https://shop.example.org/a');
          await mustStep('blue-green-switch', { ...subject.inputs, uninstall: true });
          expect(await host.sh(`cat ${file}`)).toBe(first);
        }
        const elsewhere = await step('blue-green-switch', {
          ...subject.inputs,
          install: 'true',
          'site-config': file,
          'verify-url': 'http://127.0.0.1:8079/a',
          'verify-timeout': '3s',
        });
        expect(elsewhere.exitCode).toBe(1);
        expect(elsewhere.shown).toContain('http://127.0.0.1:8079/a');
        expect(await host.sh(`cat ${file}`)).toBe(first);
        await host.write(file, text, { mode: '0644', owner: 'root' });
        await host.sh('nginx -s reload; sleep 0.5');
      });
    },
    installed(test) {
      test('nothing that root loads can be written by the deploy user, and nothing by everybody', async () => {
        const found = await subject.host.sh(
          `find /etc/nginx /var/log/deploy-actions \\( -user deploy -o -perm -o+w \\) ! -type l; find /var/lib/deploy-actions -perm -o+w`,
        );
        expect(found).toBe('');
      });
    },
    switched(test) {
      test('switching to where the traffic is changes nothing and says so; the worker has moved along', async () => {
        await mustStep('blue-green-switch', { ...subject.inputs, to: 'green' });
        expect(await workers()).toEqual(['shop-green-worker-1']);
        const again = await mustStep('blue-green-switch', { ...subject.inputs, to: 'green' });
        expect(again.shown).toContain('Traffic is on green already: nothing was changed');
      });

      test('a target with another version than the expected one gets nothing', async () => {
        const refused = await step('blue-green-switch', {
          ...subject.inputs,
          to: 'blue',
          'expect-version': 'v9',
        });
        expect(refused.exitCode).toBe(1);
        expect(refused.shown).toContain('version v1, not v9; nothing was changed');
        expect((await served(subject.host)).color).toBe('green');
      });

      test('a switch that nobody confirms is taken back by the server', async () => {
        await mustStep('blue-green-switch', {
          ...subject.inputs,
          to: 'blue',
          'confirm-within': '2s',
          'drain-timeout': '0',
        });
        await waitFor(async () => (await served(subject.host)).color === 'green');
        await waitFor(async () => (await workers()).join() === 'shop-green-worker-1');
        // Written when all has been given back.
        await waitFor(async () =>
          (await subject.host.sh('tail -n 1 /srv/deploy/shop/.deploy/history.jsonl')).includes(
            'not confirmed in time',
          ),
        );
        const late = await step('blue-green-switch', { ...subject.inputs, to: 'confirm' });
        expect(late.shown).toContain('no switch waits to be confirmed');
      });

      test('a confirmed switch stays', async () => {
        await mustStep('blue-green-switch', {
          ...subject.inputs,
          to: 'blue',
          'confirm-within': '20s',
          'drain-timeout': '0',
        });
        const plan = await step('blue-green-switch', { ...subject.inputs, to: 'confirm', plan: true });
        expect(plan.shown).toContain('has nothing to show for a confirmation');
        await mustStep('blue-green-switch', { ...subject.inputs, to: 'confirm', 'stop-old': '1s' });
        expect(await subject.host.sh('test -e /srv/deploy/shop/.deploy/confirm || echo gone')).toContain(
          'gone',
        );
        expect((await served(subject.host)).color).toBe('blue');
        // What was left is stopped when its time is over, counted from the confirmation.
        await waitFor(
          async () => (await subject.host.sh('docker ps -q --filter name=shop-green-web')) === '',
        );
      });

      test('a canary that fails gives all traffic back, and the step fails with the figures', async () => {
        await colorDown(subject.host, 'green');
        await colorUp(subject.lab, subject.host, 'green', { version: 'v3', fault: 'errors', worker: false });
        const load = startLoad({ url: subject.host.url(8080), rate: 40, clients: 8, timeoutMs: 60_000 });
        const failed = await step('blue-green-switch', {
          ...subject.inputs,
          to: 'green',
          weight: '50,100',
          'step-interval': '3s',
          'max-error-rate': '1%',
          'min-requests': 3,
          'verify-url': `http://127.0.0.1:8080/health`,
        });
        await load.stop();
        expect(failed.exitCode).toBe(1);
        expect(failed.shown).toMatch(/requests to green failed at green-50.*all traffic is back on blue/);
        expect(failed.outputs).toMatchObject({ weight: '0' });
        expect(failed.outputs['report']).toMatch(/green-50.*by access log/);
        expect((await served(subject.host)).color).toBe('blue');
      });

      test('the log of a canary is emptied before each step, and grows only while one is watched', async () => {
        const log = '/var/log/deploy-actions/shop.log';
        const size = async () => Number(await subject.host.sh(`stat -c %s ${log}`));
        await colorDown(subject.host, 'green');
        await colorUp(subject.lab, subject.host, 'green', { version: 'v4', worker: false });
        await subject.host.sh(`head -c 5000000 /dev/zero | tr '\\0' x >>${log}`);
        const load = startLoad({ url: subject.host.url(8080), rate: 40, clients: 8, timeoutMs: 60_000 });
        // A canary that stays on when the step has ended.
        const canary = await mustStep('blue-green-switch', {
          ...subject.inputs,
          to: 'green',
          weight: 25,
          'step-interval': '3s',
          'max-p95': '5s',
          'min-requests': 3,
        });
        expect(canary.outputs['report']).toMatch(/[1-9]\d* requests, 0 % failed.*by access log/);
        const after = await size();
        expect(after).toBeGreaterThan(0);
        expect(after).toBeLessThan(100_000);
        const { served: answered } = await load.stop();
        expect(answered).toBeGreaterThan(0);
        await Promise.all(Array.from({ length: 50 }, () => served(subject.host)));
        expect(await size()).toBe(after);
        await mustStep('blue-green-switch', { ...subject.inputs, to: 'blue', 'drain-timeout': '0' });
      });
    },
  };
});

/** Looks until it holds; rejects after a minute. */
async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > until) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
