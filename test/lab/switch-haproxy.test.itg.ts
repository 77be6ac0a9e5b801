import { expect } from '@jest/globals';
import { startLoad } from '@deploy-actions/lab';
import { SITES, colorDown, colorUp, mustStep, served, step } from './color-rig.ts';
import { testSwitching } from './switch-kinds.ts';

testSwitching('haproxy', (subject) => {
  /** The worker's number: a reload replaces it. */
  const worker = () => subject.host.sh('pgrep -n haproxy');
  const contained = { install: 'true', 'site-config': '/srv/edge/haproxy.cfg', routes: 'web: web:8080' };
  const CONTAINED = SITES.haproxy.text
    .replace(/ *stats socket.*\n| *user .*\n| *group .*\n/g, '')
    .replace('127.0.0.1:18101', 'web-blue:8080');

  /** HAProxy in a container as its official image has it: not root, on both colours' networks. */
  const runContained = async (mount = '', master = '-W'): Promise<void> => {
    const flags = '/var/lib/deploy-actions/shop';
    await subject.host.sh(
      `docker rm -f edge >/dev/null 2>&1; docker create --name edge --user 99:99 -p 8080:8080 --network zz_shop_blue -v /srv/edge:/etc/haproxy:ro -v ${flags}:${flags}:ro ${mount} --entrypoint haproxy haproxy:lab ${master} -db -f /etc/haproxy/haproxy.cfg >/dev/null && docker network connect zz_shop_green edge && docker start edge >/dev/null && sleep 1`,
    );
  };

  return {
    kept: worker,
    installed(test) {
      test('the runtime socket is for the login user alone, whatever groups there are', async () => {
        const [socket] = (await subject.host.sh('ls -l /run/haproxy/'))
          .split('\n')
          .filter((line) => line.includes('deploy-shop'));
        expect(socket).toMatch(/^srw------- \d+ deploy /);
        expect(
          await subject.host.sh(
            'find /etc/haproxy /run/haproxy /var/lib/deploy-actions -perm -o+w ! -type l',
          ),
        ).toBe('');
      });
    },
    after(test) {
      test('in a container without its socket mounted, install names the mount, and a switch by reload is told as one', async () => {
        await subject.host.sh(
          'kill -USR1 $(cat /run/haproxy.pid); rm -f /srv/deploy/shop/.deploy/proxy.json',
        );
        await colorUp(subject.lab, subject.host, 'blue', { version: 'v3' });
        await subject.host.sh('install -d -m 0755 /srv/edge');
        await subject.host.write('/srv/edge/haproxy.cfg', CONTAINED, { mode: '0644', owner: 'root' });
        // A small image has no HAProxy: the server's own goes in, with what it is linked with.
        await subject.host.sh(
          `image=${subject.lab.registry.image('shop/web:v1')}; docker create --name haproxy-image $image >/dev/null && ` +
            "tar -chf - /usr/sbin/haproxy $(ldd /usr/sbin/haproxy | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p') 2>/dev/null | docker cp - haproxy-image:/ && " +
            'docker commit haproxy-image haproxy:lab >/dev/null && docker rm haproxy-image',
        );
        await runContained('', '');
        const alone = await step('blue-green-switch', { ...subject.inputs, ...contained });
        expect(alone.shown).toContain('add -W to its command');
        expect(await subject.host.sh('cat /srv/edge/haproxy.cfg')).toBe(CONTAINED);
        await runContained();
        const installed = await mustStep('blue-green-switch', { ...subject.inputs, ...contained });
        expect(installed.shown).toContain('add the volume /var/lib/deploy-actions/shop.haproxy:/run/haproxy');
        expect((await served(subject.host)).color).toBe('blue');
        const switched = await mustStep('blue-green-switch', subject.inputs);
        expect(switched.outputs['report']).toContain('blue to green by reload');
        expect(switched.annotations.map((one) => one.message).join()).toContain('it is reloaded instead');
        expect(await served(subject.host)).toMatchObject({ color: 'green', version: 'v2' });
      });

      test('with the mount that was named, a switch in a container needs no reload', async () => {
        await runContained('-v /var/lib/deploy-actions/shop.haproxy:/run/haproxy');
        const installed = await mustStep('blue-green-switch', { ...subject.inputs, ...contained });
        expect(installed.shown).not.toContain('add the volume');
        expect((await served(subject.host)).color).toBe('green');
        const process = await worker();
        const load = startLoad({
          url: subject.host.url(8080),
          rate: 40,
          clients: 8,
          webSockets: 3,
          timeoutMs: 60_000,
        });
        await load.seen('v2', 60_000);
        const switched = await mustStep('blue-green-switch', subject.inputs);
        await load.seen('v3', 60_000);
        const { byFailure, webSockets } = await load.stop();
        expect(byFailure).toEqual({});
        expect(webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
        expect(switched.outputs['report']).toContain('green to blue by map');
        expect(await served(subject.host)).toMatchObject({ color: 'blue', version: 'v3' });
        expect(await worker()).toBe(process);
        await colorDown(subject.host, 'green');
        await subject.host.sh('docker restart -t 1 edge >/dev/null; sleep 1');
        expect((await served(subject.host)).color).toBe('blue');
      });

      test('in a container uninstall leaves all as it was, too', async () => {
        await mustStep('blue-green-switch', { ...subject.inputs, uninstall: true });
        expect(await subject.host.sh('cat /srv/edge/haproxy.cfg')).toBe(CONTAINED);
        expect(await served(subject.host)).toMatchObject({ color: null, version: 'v3' });
      });
    },
  };
});
