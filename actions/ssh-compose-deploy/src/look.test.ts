import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { deployRig } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

const DENIED =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied';
const DOWN =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';

const NOT_ALLOWED = {
  kind: 'refused',
  code: 'docker-not-allowed',
  message: expect.stringMatching(/^the user \S+ may not use Docker$/),
  remedy: expect.stringMatching(/usermod -aG docker .*next login.*docker-host: unix:\/\/\/run\/user\//),
};
const UNREACHABLE = {
  kind: 'refused',
  code: 'docker-unreachable',
  message: 'the Docker engine does not answer',
  remedy: expect.stringContaining('systemctl start docker'),
};

test.each([
  ['a login user who may not use Docker', DENIED, NOT_ALLOWED],
  ['an engine that is down', DOWN, UNREACHABLE],
])(
  '%s is told as that, by a plan too, and also where `docker info` says nothing and exits with 0',
  async (_, refused, wanted) => {
    for (const quiet of [false, true]) {
      const { servers, deploy } = deployRig(['web1'], hostWith);
      servers.web1.docker.script({ refused, quiet });
      for (const plan of ['true', 'false']) {
        const { failure, outputs } = await deploy('v1', { plan });
        expect(failure).toMatchObject(wanted);
        expect(outputs.outcome).toBe('nothing-changed');
      }
      const { failure } = await deploy('v1', { status: 'true' });
      expect(failure).toMatchObject(wanted);
      expect(existsSync(path.join(servers.web1.host.path, 'releases'))).toBe(false);
    }
  },
);

test.each([
  [
    'Head "https://registry.test/v2/": no basic auth credentials',
    'registry-refused',
    /registry: registry\.test, registry-username/,
  ],
  ['toomanyrequests: You have reached your pull rate limit', 'rate-limited', /Wait/],
  ['x509: certificate signed by unknown authority', 'registry-untrusted', /certs\.d\/registry\.test/],
  ['no matching manifest for linux/arm64/v8 in the manifest list entries', 'platform-missing', /Build it/],
] as const)('a pull that ends with %j changes nothing and has its remedy', async (said, code, remedy) => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  servers.web1.docker.script({
    pulls: { 'registry.test/shop/api:v1': `Error response from daemon: ${said}` },
  });
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({ code, remedy: expect.stringMatching(remedy) });
  expect(failure!.message).toMatch(/; nothing was changed$/);
  expect(servers.web1.docker.containers()).toEqual([]);
});

test('a disk that is full under path is told by a plan, and one that lacks inodes before anything is pulled', async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { host, docker } = servers.web1;
  const stat = (words: string) =>
    host.tool('stat', `if [ "$1" = -f ]; then ${words}; exit; fi; exec /usr/bin/stat "$@"`);
  stat('echo 3 4096 65536 60000 500000');
  expect((await deploy('v1', { plan: 'true' })).failure).toMatchObject({
    code: 'disk-full',
    message: expect.stringContaining(`full at ${host.path}`),
  });
  // 3 % of the inodes; the look asks for the rest.
  stat('case $3 in "%c %d") echo 65536 2000 ;; *) echo 250000 4096 65536 2000 500000 ;; esac');
  const { failure } = await deploy('v1', { 'min-free-inodes': '5%' });
  expect(failure).toMatchObject({
    code: 'disk-full',
    message: expect.stringContaining('2000 of 65536 inodes free'),
    remedy: expect.stringContaining('min-free-inodes'),
  });
  expect(docker.calls().filter((call) => call.startsWith('pull'))).toEqual([]);
  expect((await deploy('v1', { 'min-free-inodes': '3%' })).failure).toBeUndefined();
});

test('with little room on the disk the sizes of images are asked for, and where all are there already nothing is waited for', async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { host, docker } = servers.web1;
  host.tool(
    'df',
    `printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/vda 9 9 9000000 9%% /\\n'`,
  );
  const asked = () => docker.calls().filter((call) => call.startsWith('manifest')).length;
  expect((await deploy('v1')).failure).toBeUndefined();
  expect((await deploy('v2')).failure).toBeUndefined();
  const before = asked();
  expect(before).toBeGreaterThan(0);
  expect((await deploy('v1')).failure).toBeUndefined();
  expect(asked()).toBe(before);
});

test("Compose's warnings do not stand before its error, and what it lacks is named", async () => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  const { host } = servers.web1;
  const original = path.join(host.home, 'bin/docker-real');
  renameSync(path.join(host.home, 'bin/docker'), original);
  host.tool(
    'docker',
    `case " $* " in
      *" config --format json "*)
        echo 'time="2026-01-01T00:00:00Z" level=warning msg="the attribute \`version\` is obsolete"' >&2
        for word; do case $word in */project/*) stage=\${word%/compose.yaml} ;; esac; done
        echo "env file $stage/conf/app.env not found: stat $stage/conf/app.env: no such file or directory" >&2
        exit 14 ;;
    esac
    exec '${original}' "$@"`,
  );
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    code: 'file-not-sent',
    message: 'compose.yaml reads conf/app.env, which is neither in the repository nor on the server',
    remedy: expect.stringContaining(`${host.path}/shared/conf/app.env`),
  });
});

const OVERLAP =
  'failed to create network shop_default: Error response from daemon: Pool overlaps with other one on this address space';

test.each([
  [
    ` Network shop_default  Creating\n Network shop_default  Error\n${OVERLAP}`,
    OVERLAP,
    /ipam\.config\.subnet/,
  ],
  [
    'time="2026-01-01T00:00:00Z" level=warning msg="one"\nservice "api" depends on undefined service "x": invalid compose project',
    'service "api" depends on undefined service "x": invalid compose project',
    /^Mend the cause/,
  ],
  [
    'Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated\n Container shop-api-1  Error',
    'driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated',
    /docker ps/,
  ],
])('what Compose says is the sentence of the failure: %j', async (up, sentence, remedy) => {
  const { servers, deploy } = deployRig(['web1'], hostWith);
  servers.web1.docker.script({ up });
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    code: 'release-unhealthy',
    message: expect.stringContaining(`(exit code 1): ${sentence}. There is no earlier release`),
    remedy: expect.stringMatching(remedy),
  });
});
