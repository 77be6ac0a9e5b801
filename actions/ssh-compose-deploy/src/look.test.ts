import { existsSync } from 'node:fs';
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
