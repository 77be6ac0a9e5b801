import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  type Inputs,
  PATH,
  SITES,
  history,
  mustStep,
  openColors,
  served,
  serverInputs,
  step,
} from './color-rig.ts';

/** A switch that nobody confirms goes back, also when the server has restarted meanwhile. */
let lab: Lab;
let host: Host;
let inputs: Inputs;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await openColors(lab, 'nginx', { worker: true });
  inputs = serverInputs(lab, [host]);
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  expect((await served(host)).color).toBe('blue');
});

let runs = 0;
const switchToGreen = (more: Inputs) => {
  runs += 1;
  const given = { ...inputs, to: 'green', 'drain-timeout': '0', ...more };
  return mustStep('blue-green-switch', given, { runId: String(runs) });
};
const confirm = () => step('blue-green-switch', { ...inputs, to: 'confirm' }, { runId: String(runs) });

/** The power fails; the proxy is started as its unit would be, and the site answers again. */
async function restart(): Promise<void> {
  await host.restart();
  await host.sh(
    'nginx; for i in $(seq 300); do curl -fs -o /dev/null http://127.0.0.1:8080/version && exit 0; sleep 0.1; done; exit 1',
  );
}

/** Waits until the traffic is on a colour and its worker runs. */
async function settlesOn(color: 'blue' | 'green'): Promise<void> {
  await host.sh(
    `for i in $(seq 600); do
       [ -e /var/lib/deploy-actions/shop/${color} ] &&
         [ "$(docker ps --format '{{.Names}}' | grep worker)" = shop-${color}-worker-1 ] && [ ! -e ${PATH}/.deploy/timers/confirm ] && exit 0
       sleep 0.1
     done
     ls -R /var/lib/deploy-actions/shop ${PATH}/.deploy/timers >&2; cat ${PATH}/.deploy/timers.log ${PATH}/.deploy/resume.log >&2; docker ps -a >&2; exit 1`,
  );
  expect((await served(host)).color).toBe(color);
}

test('without resume-on-boot the next run takes back what nobody confirmed before the server restarted', async () => {
  await switchToGreen({ 'confirm-within': '3s' });
  await restart();
  // Nobody is there who could look at the clock.
  await host.sh('sleep 3');
  expect((await served(host)).color).toBe('green');
  const late = await confirm();
  expect([late.exitCode, late.shown]).toEqual([
    1,
    expect.stringContaining('no switch waits to be confirmed'),
  ]);
  await settlesOn('blue');
  expect(await history(host)).toContainEqual(
    expect.objectContaining({
      from: 'green',
      to: 'blue',
      outcome: 'returned',
      reason: 'not confirmed in time',
    }),
  );
});

test('with resume-on-boot nobody is needed: the server goes back by itself after its restart', async () => {
  await switchToGreen({ 'confirm-within': '4s', 'resume-on-boot': true });
  await restart();
  await settlesOn('blue');
});

test('with resume-on-boot the time goes on over a restart, and a confirmation within it holds', async () => {
  await switchToGreen({ 'confirm-within': '2m' });
  await restart();
  // The line of before is still in the crontab; what waits waits on.
  await host.sh(
    `for i in $(seq 300); do [ "$(cut -d ' ' -f 3 ${PATH}/.deploy/timers/confirm/pid)" = "$(cat /proc/sys/kernel/random/boot_id)" ] && exit 0; sleep 0.1; done; cat ${PATH}/.deploy/resume.log >&2; exit 1`,
  );
  const confirmed = await confirm();
  expect([confirmed.exitCode, confirmed.exitCode === 0 ? '' : confirmed.shown]).toEqual([0, '']);
  await settlesOn('green');
  await mustStep('rollback', inputs, { runId: String(runs) });
  await settlesOn('blue');
});

test('a switch that is not confirmed goes back in time, and keeps its word where the old colour is another release by then', async () => {
  await switchToGreen({ 'confirm-within': '1s' });
  await settlesOn('blue');
  await switchToGreen({ 'confirm-within': '2s' });
  await host.sh(`echo release-v3 >${PATH}/.deploy/color-blue; chown deploy ${PATH}/.deploy/color-blue`);
  await settlesOn('green');
  expect((await history(host)).at(-1)).toMatchObject({
    to: 'green',
    outcome: 'failed',
    reason: 'not confirmed in time, and the old colour holds another release',
  });
  await host.sh(`rm ${PATH}/.deploy/color-blue`);
  await mustStep('rollback', inputs, { runId: String(runs) });
  await settlesOn('blue');
});
