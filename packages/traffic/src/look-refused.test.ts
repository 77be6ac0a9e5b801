import { mkdirSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { hostsForEach, shellsHere } from '@deploy-actions/host/testing';
import type { Server } from '@deploy-actions/shell';
import { lookAt } from './server.ts';

const hostWith = hostsForEach(afterEach);

test.each([
  [
    'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
    'docker-not-allowed',
    'usermod -aG docker',
  ],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'docker-unreachable',
    'systemctl start docker',
  ],
  ['client version 1.24 is too old. Minimum supported API version is 1.44', 'docker-failed', 'Update'],
])('before a switch or a rollback, %j is told as what it is', async (said, code, remedy) => {
  for (const shell of shellsHere()) {
    const host = hostWith(shell);
    mkdirSync(host.path);
    // As Docker 26 and later: `info` is no refusal.
    host.tool('docker', `[ "$1" = info ] && { echo; exit 0; }; echo '${said}' >&2; exit 1`);
    const server = { name: 'web1', path: host.path } as Server;
    await expect(
      lookAt(server, host.session(), { project: 'shop', wantsConfig: false }),
    ).rejects.toMatchObject({ code, remedy: expect.stringContaining(remedy) });
  }
});
