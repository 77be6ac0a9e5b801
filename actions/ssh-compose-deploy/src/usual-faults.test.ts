import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { COMPOSE, type DeployRig, deployRig } from './testing/deploy-rig.ts';

// Thirty faults that people meet. Of each the message and its remedy alone tell what to do: what to change, and where.

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

type Rig = DeployRig<'web1'>;
const rig = (): Rig => deployRig(['web1'], hostWith);

const API = 'registry.test/shop/api';
const DENIED = 'permission denied while trying to connect to the Docker daemon socket';
const DOWN =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';

/** Faults of the workflow: inputs of a deployment in which nothing else is wrong, and what must be told. */
const INPUTS: [name: string, inputs: Record<string, string>, tells: RegExp][] = [
  ['no server is named', { host: '' }, /`host` is required.*DEPLOY_HOST.*check its name/],
  ['the port is no number', { port: 'ssh' }, /`port`: "ssh" is not a whole number from 1 to 65535/],
  [
    'a time has no unit that is known',
    { 'wait-timeout': '5 minutes' },
    /`wait-timeout`.*such as 500ms, 30s or 5m/,
  ],
  ['a line of env has no =', { env: 'TAG=v1\nDEBUG' }, /`env`, line 2: is neither KEY=value/],
  [
    'a migration names no service',
    { migrate: './migrate up' },
    /line 1: .*such as: api: python manage\.py migrate/,
  ],
  ['a service is misspelt', { services: 'apii' }, /apii is not a service.*Its services are: api, db/],
  [
    'an image is for no service',
    { images: `apii=${API}:v1` },
    /"apii" is not a service.*Its services are: api, db/,
  ],
  [
    'a login has no password',
    { registry: 'ghcr.io', 'registry-username': 'octocat' },
    /`registry-password` is missing.*secrets\.GITHUB_TOKEN/,
  ],
  ['a colour is none', { color: 'purple' }, /`color`: "purple" is not one of auto, blue, green/],
  [
    'an image is not pinned',
    { 'require-digest': 'true' },
    /of api is not pinned.*Write .*@sha256:….*require-digest: false/,
  ],
  [
    'a file is not in the checkout',
    { files: 'nginx.conf' },
    /`files`: nothing matches nginx\.conf.*actions\/checkout/,
  ],
  [
    'an env file is not on the server',
    { 'env-file': '.env.live' },
    /there is no \.env\.live.*Put it at \S+\/shared\/\.env\.live/,
  ],
];

/** A deployment that something stands in the way of, and what must be told. */
interface Fault {
  name: string;
  /** Of v1, or of v2 where v1 runs already. */
  version?: 'v2';
  prepare(rig: Rig): unknown;
  inputs?: Record<string, string>;
  tells: RegExp;
}

const docker = (change: Parameters<Rig['servers']['web1']['docker']['script']>[0]) => (rig: Rig) =>
  rig.servers.web1.docker.script(change);
const pull = (said: string) => docker({ pulls: { [`${API}:v1`]: `Error response from daemon: ${said}` } });

const FAULTS: Fault[] = [
  {
    name: 'nothing is checked out',
    prepare: ({ workspace }) => rmSync(path.join(workspace, 'compose.yaml')),
    tells: /there is no compose file.*actions\/checkout.*`compose-file`/,
  },
  {
    name: 'a key of the compose file is misspelt',
    prepare: ({ compose }) =>
      compose(COMPOSE.replace('image: registry.test/db:1', 'imagee: registry.test/db:1')),
    tells: /service "db" has neither an image.*docker compose -f compose\.yaml config/,
  },
  {
    name: 'the login may not use Docker',
    prepare: docker({ refused: DENIED }),
    tells: /may not use Docker.*usermod -aG docker/,
  },
  {
    name: 'Docker is down',
    prepare: docker({ refused: DOWN }),
    tells: /does not answer.*systemctl start docker/,
  },
  {
    name: 'the disk is full',
    prepare: ({ servers }) =>
      servers.web1.host.tool(
        'stat',
        'if [ "$1" = -f ]; then echo 3 4096 65536 60000 500000; exit; fi; exec /usr/bin/stat "$@"',
      ),
    tells: /full at \S+: .*Free some space there/,
  },
  {
    name: 'the stack was started by hand',
    prepare: ({ byHand }) => byHand('old/shop', { 'compose.yaml': COMPOSE, '.env': 'TAG=v1\n' }),
    tells: /shop-api-1, shop-db-1.*`adopt: true` once.*another `project`/,
  },
  {
    name: 'another application has the project',
    prepare({ servers, compose }) {
      compose(`${COMPOSE}volumes:\n  data: { name: shop_data }\n`);
      servers.web1.docker.make('volume', 'deploy-actions.shop', { 'deploy-actions.folder': '/srv/a/shop' });
      servers.web1.docker.make('volume', 'shop_data', { 'com.docker.compose.project': 'shop' });
    },
    tells: /belongs to the application in \/srv\/a\/shop.*`project: shop-2`/,
  },
  {
    name: 'the image was not pushed',
    prepare: () => undefined,
    inputs: { env: 'TAG=v9' },
    tells: /has no registry\.test\/shop\/api:v9; nothing was changed.*Check that it was pushed/,
  },
  {
    name: 'the registry wants a login',
    prepare: pull('Head "https://registry.test/v2/": no basic auth credentials'),
    tells: /nothing was changed.*Give registry: registry\.test, registry-username and registry-password/,
  },
  {
    name: 'the registry was asked too often',
    prepare: pull('toomanyrequests: You have reached your pull rate limit'),
    tells: /nothing was changed.*Wait and run the job again, or log in/,
  },
  {
    name: 'the image is for another processor',
    prepare: pull('no matching manifest for linux/arm64/v8 in the manifest list entries'),
    tells: /not there for the server's platform.*Build it for that platform/,
  },
  {
    name: 'another program has the port',
    prepare: docker({
      up: 'Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated',
    }),
    tells: /0\.0\.0\.0:80 failed: port is already allocated.*docker ps.*publish another port/,
  },
  {
    name: 'the new version is not healthy',
    version: 'v2',
    prepare: docker({ images: { [`${API}:v2`]: { health: 'unhealthy' } } }),
    tells:
      /api is unhealthy\. \S+ was restored and is healthy.*last lines and the health log .* are below: mend/,
  },
  {
    name: 'the first version ends at its start',
    prepare: docker({ images: { [`${API}:v1`]: { exits: 3 } } }),
    tells: /api exited with 3.*last lines and the health log .* are below: mend/,
  },
  {
    name: 'a migration fails',
    version: 'v2',
    prepare: docker({ commands: { 'sh -c ./migrate up': { code: 4, output: 'no such column' } } }),
    inputs: { migrate: 'api: ./migrate up' },
    tells:
      /of api failed with exit code 4: \.\/migrate up.*goes on serving.*mend the migration and deploy again/,
  },
  {
    name: 'a command of after-up fails',
    version: 'v2',
    prepare: docker({ commands: { 'sh -c ./warm': { code: 7, output: 'no route' } } }),
    inputs: { 'after-up': 'api: ./warm' },
    tells: /api.*exit code 7: \.\/warm.*was restored and is healthy/,
  },
];

/** What a person reads: the message, and what to do. */
function read(failure: unknown): string {
  if (!(failure instanceof Failure)) throw new Error(`no failure: ${String(failure)}`);
  return [failure.message, failure.remedy].filter(Boolean).join(' ').replaceAll('\n', ' ');
}

test('the faults of the workflow tell what to write instead', async () => {
  const { deploy } = rig();
  for (const [name, inputs, tells] of INPUTS) {
    let failure: unknown;
    try {
      ({ failure } = await deploy('v1', inputs));
    } catch (error) {
      failure = error;
    }
    expect([name, read(failure)]).toEqual([name, expect.stringMatching(tells)]);
  }
});

describe('what stands in the way of a deployment tells what to do', () => {
  test.each(FAULTS)('$name', async ({ version, prepare, inputs = {}, tells }) => {
    const one = rig();
    if (version !== undefined) await one.deploy('v1');
    await prepare(one);
    const { failure } = await one.deploy(version ?? 'v1', inputs);
    expect(read(failure)).toMatch(tells);
  });

  test('an older run comes after a later one', async () => {
    const { deploy } = rig();
    await deploy('v2', {}, '200');
    const { failure } = await deploy('v1', {}, '100');
    expect(failure).toMatchObject({ kind: 'refused', code: 'newer-run' });
    expect(read(failure)).toMatch(
      /a later run has been here.*number 200.*Deploy the newer commit again, or set `allow-older`/,
    );
  });

  test('somebody else is deploying', async () => {
    const { servers, start, deploy } = rig();
    servers.web1.host.pauseAt('up:begin:after');
    const first = start('v1');
    const state = '.deploy/runs/101-deploy/deploy-1/state';
    await eventually(() => servers.web1.host.read(state) === 'paused\n', 'the pause');
    const { failure } = await deploy('v2', { 'lock-timeout': '1s' });
    expect(read(failure)).toMatch(
      /is held by octocat since .*https:\/\/ci\.test\/101.*Wait for that run, or raise `lock-timeout`/,
    );
    servers.web1.host.pauseAt(undefined);
    await first.done;
  });
});

test('thirty faults are told of', () => {
  expect(INPUTS.length + FAULTS.length + 2).toBe(30);
});
