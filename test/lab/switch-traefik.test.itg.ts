import { expect } from '@jest/globals';
import { startLoad } from '@deploy-actions/lab';
import { SITES, colorDown, colorUp, countGreen, mustStep, served, step } from './color-rig.ts';
import { byHand, testSwitching } from './switch-kinds.ts';

testSwitching('traefik', (subject) => ({
  before(test) {
    test('a folder that Traefik does not watch is found out before anything else is changed there', async () => {
      await subject.host.sh(
        'mkdir -p /etc/traefik/other && cp /etc/traefik/dynamic/shop.yml /etc/traefik/other/',
      );
      const refused = await step('blue-green-switch', {
        ...subject.inputs,
        install: 'true',
        'site-config': '/etc/traefik/other/shop.yml',
        'verify-url': 'http://127.0.0.1:8080/',
        'verify-timeout': '3s',
      });
      expect(refused.shown).toContain('traefik does not take up what is put into /etc/traefik/other');
      expect(await subject.host.sh('ls -A /etc/traefik/other; stat -c "%G %a" /etc/traefik/other')).toBe(
        'shop.yml\nroot 755\n',
      );
      expect(await subject.host.sh('cat /etc/traefik/other/shop.yml')).toBe(SITES.traefik.text);
    });

    test('without sudo the named commands lose no request, and then no more is needed', async () => {
      const { file, text } = SITES.traefik;
      const options = {
        ...subject.inputs,
        install: 'true',
        'site-config': file,
        'verify-url': 'http://127.0.0.1:8080/',
      };
      await subject.host.sh('mv /etc/sudoers.d /etc/sudoers.away');
      const load = startLoad({ url: subject.host.url(8080), rate: 60, clients: 16, timeoutMs: 60_000 });
      try {
        await load.seen('v1', 60_000);
        const refused = await step('blue-green-switch', options);
        const commands = byHand(refused.shown);
        await subject.host.sh(`${commands}; sleep 3`);
        await mustStep('blue-green-switch', options);
      } finally {
        await subject.host.sh('mv /etc/sudoers.away /etc/sudoers.d');
      }
      expect((await load.stop()).byFailure).toEqual({});
      expect((await served(subject.host)).color).toBe('blue');
      await subject.host.write('/etc/traefik/shop.new', text, { mode: '0644', owner: 'root' });
      await subject.host.sh(
        `mv /etc/traefik/shop.new ${file}; sleep 3; rm -f /etc/traefik/dynamic/deploy-actions-*; rm -rf /srv/deploy/shop/.deploy/proxy.json; sleep 3`,
      );
    });
  },
  installed(test) {
    test("the administrator's files in the watched folder stay the administrator's alone", async () => {
      expect(
        await subject.host.sh('stat -c "%U %a" /etc/traefik/dynamic /etc/traefik/dynamic/shop.yml'),
      ).toBe('root 1775\nroot 644\n');
      const tried = await subject.host.exec(
        ['sh', '-c', 'mv /tmp/x /etc/traefik/dynamic/shop.yml; rm -f /etc/traefik/dynamic/shop.yml'],
        {
          user: 'deploy',
        },
      );
      expect(tried.code).not.toBe(0);
    });
  },
  switched(test) {
    test('a target that answers with errors, or with another version, gets nothing', async () => {
      const wrong = await step('blue-green-switch', { ...subject.inputs, 'expect-version': 'v9' });
      expect(wrong.shown).toContain('version v2, not v9; nothing was changed');
      await colorDown(subject.host, 'green');
      await colorUp(subject.lab, subject.host, 'green', { version: 'v3', fault: 'errors' });
      const failed = await step('blue-green-switch', subject.inputs);
      expect(failed.shown).toContain('green answers 500 through traefik');
      expect((await served(subject.host)).color).toBe('blue');
      await colorUp(subject.lab, subject.host, 'green', { version: 'v2' });
    });

    test('a switch that nobody confirms is taken back by the server', async () => {
      await mustStep('blue-green-switch', {
        ...subject.inputs,
        'confirm-within': '2s',
        'drain-timeout': '0',
      });
      const until = Date.now() + 60_000;
      while ((await served(subject.host)).color !== 'blue' && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect((await served(subject.host)).color).toBe('blue');
    });

    test("somebody's invalid YAML in the folder is found out by the answers, and named as the cause", async () => {
      await subject.host.sh('printf "http: [\\n" >/etc/traefik/dynamic/broken.yml');
      const refused = await step('blue-green-switch', { ...subject.inputs, 'verify-timeout': '5s' });
      await subject.host.sh('rm /etc/traefik/dynamic/broken.yml');
      expect(refused.exitCode).toBe(1);
      expect(refused.shown).toMatch(
        /does not answer steadily.*A file in \/etc\/traefik\/dynamic that Traefik cannot read/s,
      );
      expect((await served(subject.host)).color).toBe('blue');
      expect(await countGreen(subject.host, 50)).toBe(0);
    });
  },
  after(test) {
    test('a router that the administrator wrote anew is missed, by name', async () => {
      await mustStep('blue-green-switch', { ...subject.inputs, ...subject.prepare });
      // Written beside and renamed, since Traefik reads what is half written, too.
      await subject.host.write('/etc/traefik/shop.new', SITES.traefik.text, { mode: '0644', owner: 'root' });
      await subject.host.sh(`mv /etc/traefik/shop.new ${SITES.traefik.file}; sleep 3`);
      const refused = await step('blue-green-switch', {
        ...subject.inputs,
        to: 'green',
        'verify-timeout': '5s',
      });
      expect(refused.exitCode).toBe(1);
      expect(refused.shown).toContain('no longer has the part that was installed');
      expect((await served(subject.host)).version).toBe('v1');
    });

    test('in a container it must see the folder; then a switch goes by the names of the colours', async () => {
      await subject.host.sh(
        'kill "$(pgrep -x traefik)"; rm -rf /srv/deploy/shop/.deploy/proxy.json /srv/deploy/shop/.deploy/traffic.json; install -d -m 0755 /srv/edge',
      );
      const text = SITES.traefik.text.replace('http://127.0.0.1:18101', 'http://web-blue:8080');
      await subject.host.write('/srv/edge/shop.yml', text, { mode: '0644', owner: 'root' });
      await subject.host.sh(
        `docker create --name traefik-image ${subject.lab.registry.image('shop/web:v1')} >/dev/null && ` +
          "{ tar -chf - /usr/local/bin/traefik $(ldd /usr/local/bin/traefik | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p') 2>/dev/null || true; } | docker cp - traefik-image:/ && " +
          'docker commit traefik-image traefik:lab >/dev/null && docker rm traefik-image',
      );
      const run = async (mount: string) =>
        await subject.host.sh(
          'docker rm -f edge >/dev/null 2>&1; ' +
            `docker create --name edge -p 8080:8080 --network zz_shop_blue -v ${mount} --entrypoint traefik traefik:lab ` +
            '--entrypoints.web.address=:8080 --providers.file.directory=/etc/traefik/dynamic >/dev/null; ' +
            'docker network connect zz_shop_green edge; docker start edge >/dev/null; ' +
            'for i in $(seq 100); do sleep 0.1; curl -fso /dev/null http://127.0.0.1:8080/health && break; done',
        );
      const prepare = {
        ...subject.inputs,
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
      expect(await served(subject.host)).toMatchObject({ color: 'blue', version: 'v1' });
      await mustStep('blue-green-switch', { ...subject.inputs, 'expect-version': 'v2' });
      expect(await served(subject.host)).toMatchObject({ color: 'green', version: 'v2' });
    });
  },
}));
