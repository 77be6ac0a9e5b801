import { expect, test } from '@jest/globals';
import { type ComposeModel, type Service, parseModel } from '../model.ts';
import { type StackOptions, toStack } from './stack.ts';
import { stackFailure } from './finding.ts';

type Stack = Record<
  'services' | 'networks' | 'volumes' | 'configs' | 'secrets',
  Record<string, Record<string, unknown>>
>;

/** A file with one service that has these keys. */
function one(keys: Partial<Service>, rest: Partial<ComposeModel> = {}): ComposeModel {
  return parseModel(
    JSON.stringify({
      name: 'shop',
      networks: { default: { name: 'shop_default', ipam: {} } },
      ...rest,
      services: {
        web: {
          image: 'web:v1',
          command: null,
          entrypoint: null,
          networks: { default: null },
          restart: 'always',
          ...keys,
        },
        ...rest.services,
      },
    }),
  );
}

function translated(model: ComposeModel, options: Partial<StackOptions> = {}) {
  const { release, refusals } = toStack(model, {
    path: '/srv/shop',
    oneShot: [],
    files: new Map(),
    ...options,
  });
  const stack = JSON.parse(release.json) as Stack;
  return { release, refusals, stack, web: stack.services['web']!, keys: refusals.map(({ key }) => key) };
}

const pinned = { placement: { constraints: ['node.hostname == one'] } };

test('a service stands in a stack with what Compose would have given it', () => {
  const { web, refusals, release, stack } = translated(
    one({
      command: ['serve', '--price', '5$$'],
      environment: { A: 'a$$b', EMPTY: '', UNSET: null },
      cap_drop: ['ALL'],
      init: true,
      stop_grace_period: '1m0s',
      labels: { 'org.example': 'x' },
      'x-note': 'kept',
    }),
  );
  expect(refusals).toEqual([]);
  expect(web).toEqual({
    image: 'web:v1',
    command: ['serve', '--price', '5$$'],
    environment: { A: 'a$$b', EMPTY: '', UNSET: null },
    cap_drop: ['ALL'],
    init: true,
    stop_grace_period: '1m0s',
    labels: { 'org.example': 'x' },
    networks: { default: null },
    'x-note': 'kept',
    deploy: {
      mode: 'replicated',
      replicas: 1,
      endpoint_mode: 'dnsrr',
      labels: { 'deploy-actions.hash': release.services[0]!.hash },
      restart_policy: { condition: 'any' },
      update_config: { failure_action: 'pause', order: 'stop-first' },
    },
  });
  expect(stack.networks).toEqual({ default: { name: 'shop_default', driver: 'overlay', attachable: true } });
});

test.each<[string, unknown]>([
  ['always', { condition: 'any' }],
  ['unless-stopped', { condition: 'any' }],
  ['on-failure', { condition: 'on-failure' }],
  ['on-failure:3', { condition: 'on-failure', max_attempts: 3 }],
])('restart: %s becomes a restart policy', (restart, policy) => {
  expect(translated(one({ restart })).web['deploy']).toMatchObject({ restart_policy: policy });
});

test('restart: no is refused unless the service runs to its end; without restart it is told that Swarm replaces it', () => {
  expect(translated(one({ restart: 'no' })).keys).toEqual(['services.web.restart']);
  const listed = translated(one({}, { services: { job: { image: 'web:v1', restart: 'no' } } }), {
    oneShot: ['job'],
  });
  expect(listed.refusals).toEqual([]);
  expect(listed.release.once!.services).toEqual({ job: { image: 'web:v1', restart: 'no' } });
  const { web, release } = translated(one({ restart: undefined }));
  expect(web['deploy']).toMatchObject({ restart_policy: { condition: 'any' } });
  expect(release.notes).toContainEqual(expect.stringMatching(/^web: no restart is said, so Swarm replaces/));
});

test('deploy.restart_policy counts more than restart, and that is told', () => {
  const { web, release } = translated(
    one({ restart: 'always', deploy: { restart_policy: { condition: 'none' } } }),
  );
  expect(web['deploy']).toMatchObject({ restart_policy: { condition: 'none' } });
  expect(release.notes).toEqual(['web goes by deploy.restart_policy, not by restart: always']);
});

test('limits, replicas and a platform become what deploy says', () => {
  const { web, refusals } = translated(
    one({
      cpus: 0.5,
      mem_limit: '536870912',
      mem_reservation: '1048576',
      pids_limit: 100,
      scale: 3,
      platform: 'linux/amd64',
    }),
  );
  expect(refusals).toEqual([]);
  expect(web['deploy']).toMatchObject({
    replicas: 3,
    placement: { constraints: ['node.platform.arch == x86_64'] },
    resources: {
      limits: { cpus: '0.5', memory: '536870912', pids: 100 },
      reservations: { memory: '1048576' },
    },
  });
  const third = translated(one({ deploy: { resources: { limits: { cpus: 1 / 3 } } }, pids_limit: -1 }));
  expect(third.web['deploy']).toMatchObject({ resources: { limits: { cpus: '0.333333333' } } });
});

test('a port becomes a number, and what would be opened to the world is refused with its place', () => {
  const { web, release } = translated(
    one({
      ports: [
        { mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' },
        { mode: 'ingress', host_ip: '0.0.0.0', target: 80, published: '8080', protocol: 'tcp' },
        { mode: 'host', target: 53, published: '53', protocol: 'udp', name: 'dns' },
      ],
    }),
  );
  expect(web['ports']).toEqual([
    { mode: 'ingress', target: 80, published: 8080, protocol: 'tcp' },
    { mode: 'host', target: 53, published: 53, protocol: 'udp' },
  ]);
  expect(web['deploy']).toMatchObject({ endpoint_mode: 'vip' });
  expect(release.services[0]!.ports).toEqual([
    { mode: 'mesh', target: 80, published: 8080, protocol: 'tcp' },
    { mode: 'host', target: 53, published: 53, protocol: 'udp' },
  ]);
  const loopback = translated(one({ ports: [{ host_ip: '127.0.0.1', target: 5432, published: '5432' }] }));
  expect(loopback.refusals).toEqual([
    {
      of: 'web',
      key: 'services.web.ports.0.host_ip',
      why: '(127.0.0.1:5432:5432) would be opened on every address of every node, to whoever reaches them',
      remedy: expect.stringContaining('services of one network reach web at web:5432'),
    },
  ]);
  expect(translated(one({ ports: [{ target: 80, published: '8000-8001' }] })).keys).toEqual([
    'services.web.ports.0.published',
  ]);
});

test('one port of two services is refused before Swarm does it in the middle of a deployment', () => {
  const ports = [{ target: 80, published: '8080' }];
  const { refusals } = translated(one({ ports }, { services: { api: { image: 'api:v1', ports } } }));
  expect(refusals).toMatchObject([
    { of: 'api', key: 'services.api.ports', why: expect.stringContaining('which web has as well') },
  ]);
});

test('a port of the node may be of two services that are never on one node', () => {
  const ports = [{ mode: 'host', target: 80, published: '8080' }];
  const on = (node: string) => ({ placement: { constraints: [`node.hostname == ${node}`] } });
  const both = (first: Service['deploy'], second: Service['deploy']) =>
    translated(
      one({ ports, deploy: first }, { services: { api: { image: 'api:v1', ports, deploy: second } } }),
    ).keys;
  expect(both(on('one'), on('two'))).toEqual([]);
  expect(both(on('one'), on('one'))).toEqual(['services.api.ports']);
  expect(both(on('one'), {})).toEqual(['services.api.ports']);
});

test('start-first where two may run at once: a health check, no port of the node, no data of one node, no database', () => {
  const healthcheck = { test: ['CMD', 'true'] };
  const orderOf = (keys: Partial<Service>, options: Partial<StackOptions> = {}) =>
    translated(one(keys, { volumes: { data: { name: 'shop_data' } } }), options).release.services[0]!.order;
  expect(orderOf({ healthcheck })).toBe('start-first');
  expect(orderOf({}, { healthchecked: new Set(['web']) })).toBe('start-first');
  expect(orderOf({})).toBe('stop-first');
  expect(orderOf({ healthcheck: { test: ['NONE'] } })).toBe('stop-first');
  expect(orderOf({ healthcheck: { disable: true } }, { healthchecked: new Set(['web']) })).toBe('stop-first');
  expect(orderOf({ healthcheck, image: 'postgres:17' })).toBe('stop-first');
  expect(orderOf({ healthcheck, ports: [{ mode: 'host', target: 80, published: '80' }] })).toBe('stop-first');
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  expect(orderOf({ healthcheck, volumes, deploy: pinned })).toBe('stop-first');
  expect(orderOf({ deploy: { update_config: { order: 'start-first' } } })).toBe('start-first');
  expect(orderOf({ healthcheck, deploy: { update_config: { order: 'stop-first' } } })).toBe('stop-first');
});

test('start-first with a port of the node is refused: Swarm would wait for ever', () => {
  const ports = [{ mode: 'host', target: 80, published: '80' }];
  const { refusals } = translated(one({ ports, deploy: { update_config: { order: 'start-first' } } }));
  expect(refusals).toMatchObject([
    {
      key: 'services.web.deploy.update_config.order',
      remedy: 'Say stop-first, or mode: ingress for the port',
    },
  ]);
  expect(translated(one({ ports, scale: 4 }), { nodes: 3 }).keys).toEqual(['services.web.deploy.replicas']);
  expect(translated(one({ ports, scale: 3 }), { nodes: 3 }).keys).toEqual([]);
});

test('Swarm rolls nothing back: the deployment does, whole', () => {
  const { web, release } = translated(
    one({ deploy: { update_config: { failure_action: 'rollback', parallelism: 2, delay: '10s' } } }),
  );
  expect(web['deploy']).toMatchObject({
    update_config: { failure_action: 'pause', parallelism: 2, delay: '10s' },
  });
  expect(release.notes).toEqual([expect.stringContaining('failure_action is pause, not rollback')]);
});

test('data of one node without a placement constraint is refused with the line to add', () => {
  const data = { volumes: { data: { name: 'shop_data' } } };
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  expect(translated(one({ volumes }, data)).refusals).toMatchObject([
    {
      key: 'services.web.deploy.placement.constraints',
      why: expect.stringContaining('the volume data is on one node'),
      remedy: expect.stringContaining("deploy: {placement: {constraints: ['node.hostname == NAME']}}"),
    },
  ]);
  for (const constraint of ['node.hostname == one', 'node.labels.storage==shared', 'node.id == x1'])
    expect(
      translated(one({ volumes, deploy: { placement: { constraints: [constraint] } } }, data)).keys,
    ).toEqual([]);
  for (const constraint of ['node.role == manager', 'node.hostname != one'])
    expect(
      translated(one({ volumes, deploy: { placement: { constraints: [constraint] } } }, data)).keys,
    ).toHaveLength(1);
  const shared = {
    volumes: {
      data: { driver: 'local', driver_opts: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/data' } },
    },
  };
  expect(translated(one({ volumes }, shared)).keys).toEqual([]);
  const everywhere = translated(one({ volumes, deploy: { mode: 'global' } }, data));
  expect(everywhere.keys).toEqual([]);
  expect(everywhere.release.notes).toEqual(['web has its own data on each node: the volume data']);
});

test('a folder that is written to is data of one node; what is read, sent or of the node itself must only be there', () => {
  const bind = (source: string, read_only = false) => ({
    type: 'bind',
    source,
    target: '/x',
    read_only,
    bind: { create_host_path: true },
  });
  expect(translated(one({ volumes: [bind('/srv/shop/shared/uploads')] })).keys).toEqual([
    'services.web.deploy.placement.constraints',
  ]);
  const { release, keys, web } = translated(
    one({
      volumes: [
        bind('/srv/shop/shared/conf', true),
        bind('/srv/shop/files/ab/conf.d'),
        bind('/var/run/docker.sock'),
      ],
    }),
  );
  expect(keys).toEqual([]);
  expect(web['volumes']).toContainEqual({
    type: 'bind',
    source: '/srv/shop/shared/conf',
    target: '/x',
    read_only: true,
  });
  expect(release.sources).toEqual([
    { service: 'web', source: '/srv/shop/shared/conf', readOnly: true, sent: false },
    { service: 'web', source: '/srv/shop/files/ab/conf.d', readOnly: false, sent: true },
    { service: 'web', source: '/var/run/docker.sock', readOnly: false, sent: false },
  ]);
});

test('a volume without a name is refused: a new task would begin with an empty one', () => {
  expect(translated(one({ volumes: [{ type: 'volume', target: '/cache' }] })).keys).toEqual([
    'services.web.volumes.0.source',
  ]);
});

test('tmpfs and shm_size become mounts, which `docker stack deploy` would drop', () => {
  const { web, keys } = translated(
    one({ tmpfs: ['/run', '/tmp:size=64m,mode=1777,nosuid'], shm_size: '268435456' }),
  );
  expect(keys).toEqual([]);
  expect(web['volumes']).toEqual([
    { type: 'tmpfs', target: '/run' },
    { type: 'tmpfs', target: '/tmp', tmpfs: { size: 67_108_864 } },
    { type: 'tmpfs', target: '/dev/shm', tmpfs: { size: 268_435_456 } },
  ]);
  expect(translated(one({ tmpfs: ['/run:exec', '/x:uid=1000,size=50%'] })).keys).toEqual([
    'services.web.tmpfs.0',
    'services.web.tmpfs.1',
    'services.web.tmpfs.1',
  ]);
});

test('what Swarm would read as a template in a variable stays what it is; its own placeholders are filled in, and told', () => {
  const { web, release } = translated(
    one({
      environment: {
        FORMAT: '{{json .}} {{{',
        NODE: 'on {{.Node.Hostname}}',
        BOTH: '{{range .}}{{.Task.Slot}}{{end}}',
      },
    }),
  );
  expect(web['environment']).toEqual({
    FORMAT: '{{"{{"}}json .}} {{"{{"}}{{"{"}}',
    NODE: 'on {{.Node.Hostname}}',
    BOTH: '{{"{{"}}range .}}{{.Task.Slot}}{{"{{"}}end}}',
  });
  expect(release.notes).toEqual(['web: Swarm fills in its placeholders in NODE, BOTH']);
});

test('an empty variable that the CLI has itself is refused: it would put its own value there', () => {
  expect(translated(one({ environment: { HOME: '', PATH: null, USER: '' } })).keys).toEqual([
    'services.web.environment.HOME',
    'services.web.environment.PATH',
  ]);
});

test('an entrypoint that is an empty list means none, with a command; without one it is refused', () => {
  expect(translated(one({ entrypoint: [], command: ['run'] })).web).toMatchObject({
    entrypoint: [''],
    command: ['run'],
  });
  expect(translated(one({ entrypoint: [] })).keys).toEqual(['services.web.entrypoint']);
  expect(translated(one({ command: [] })).web).not.toHaveProperty('command');
});

test('extra hosts are written as every version reads them', () => {
  const extra_hosts = ['db=10.0.0.5', 'host.docker.internal=host-gateway', 'six=[fd00::1]', 'old:10.0.0.6'];
  expect(translated(one({ extra_hosts })).web['extra_hosts']).toEqual([
    'db:10.0.0.5',
    'host.docker.internal:host-gateway',
    'six:fd00::1',
    'old:10.0.0.6',
  ]);
});

test('configs and secrets are objects whose names carry the hash of their content', () => {
  const { release, stack, web, refusals } = translated(
    one(
      {
        configs: [
          { source: 'conf', target: '/etc/app.conf', mode: '0440', uid: '1000' },
          { source: 'text' },
          { source: 'secret.token', target: '/run/secrets/token' },
        ],
        secrets: [{ source: 'key', mode: 288 }, { source: 'there' }],
      },
      {
        configs: {
          conf: { name: 'shop_conf', file: '/srv/shop/files/ab/app.conf' },
          text: { name: 'shop_text', content: 'price: 5$$\n' },
          'secret.token': { content: 'hush' },
          unused: { file: '/nowhere' },
        },
        secrets: {
          key: { name: 'shop_key', file: '/srv/shop/shared/key' },
          there: { name: 'there', external: true },
        },
      },
    ),
    {
      files: new Map([
        ['/srv/shop/files/ab/app.conf', { sha256: 'a'.repeat(64), bytes: 10 }],
        ['/srv/shop/shared/key', { sha256: 'b'.repeat(64), bytes: 10 }],
      ]),
    },
  );
  expect(refusals).toEqual([]);
  expect(release.objects).toMatchObject([
    {
      kind: 'config',
      key: 'conf',
      name: 'shop_conf_aaaaaaaaaaaa',
      source: { file: '/srv/shop/files/ab/app.conf' },
    },
    {
      kind: 'secret',
      key: 'secret.token',
      name: expect.stringMatching(/^shop_secret\.token_[0-9a-f]{12}$/),
      source: { content: 'hush' },
    },
    {
      kind: 'config',
      key: 'text',
      name: expect.stringMatching(/^shop_text_[0-9a-f]{12}$/),
      source: { content: 'price: 5$\n' },
    },
    { kind: 'secret', key: 'key', name: 'shop_key_bbbbbbbbbbbb', external: false },
    { kind: 'secret', key: 'there', name: 'there', external: true },
  ]);
  expect(web['configs']).toEqual([
    { source: 'conf', target: '/etc/app.conf', mode: 0o440, uid: '1000' },
    { source: 'text' },
  ]);
  expect(web['secrets']).toEqual([
    { source: 'secret.token', target: '/run/secrets/token' },
    { source: 'key', mode: 288 },
    { source: 'there' },
  ]);
  expect(stack.secrets['key']).toEqual({ name: 'shop_key_bbbbbbbbbbbb', external: true });
  expect(release.json).not.toContain('hush');
});

test('content that is not there, or too large for Swarm, is refused', () => {
  const model = one({ secrets: [{ source: 'key' }] }, { secrets: { key: { file: '/srv/key' } } });
  expect(translated(model).refusals).toMatchObject([
    { of: 'the secret key', key: 'secrets.key', why: 'is read from /srv/key, which is not there' },
  ]);
  const files = new Map([['/srv/key', { sha256: 'c'.repeat(64), bytes: 512_001 }]]);
  expect(translated(model, { files }).refusals).toMatchObject([
    { why: 'has 512001 bytes, and Swarm takes 512000' },
  ]);
});

test('a name that is too long for Swarm is cut, and still is another one for other content', () => {
  const named = (content: string) =>
    translated(
      one({ configs: [{ source: 'c' }] }, { configs: { c: { name: `shop_${'c'.repeat(80)}`, content } } }),
    ).release.objects[0]!.name;
  expect(named('1')).toHaveLength(64);
  expect(named('1')).not.toBe(named('2'));
});

test('new content of a config is another service to the no-op; another order of keys is the same', () => {
  const hashOf = (content: string, keys: Partial<Service> = {}) =>
    translated(one({ configs: [{ source: 'c' }], ...keys }, { configs: { c: { content } } })).release
      .services[0]!.hash;
  expect(hashOf('1')).not.toBe(hashOf('2'));
  expect(hashOf('1', { user: '1', tty: true })).toBe(hashOf('1', { tty: true, user: '1' }));
});

test('another number of tasks, or another way to replace them, makes no other task; labels of the service do', () => {
  const hashOf = (deploy: Service['deploy']) => translated(one({ deploy })).release.services[0]!.hash;
  const plain = hashOf({});
  expect(hashOf({ replicas: 3, update_config: { parallelism: 2 } })).toBe(plain);
  expect(hashOf({ labels: { a: 'b' } })).not.toBe(plain);
  expect(hashOf(pinned)).not.toBe(plain);
});

test('services come in the order of depends_on, and what others wait for to end runs as a plain container on the same networks', () => {
  const model = one(
    {
      depends_on: {
        db: { condition: 'service_healthy', required: true },
        init: { condition: 'service_completed_successfully', required: true },
      },
      networks: { default: null, back: null },
    },
    {
      networks: { default: { name: 'shop_default' }, back: { name: 'shop_back', internal: true } },
      services: {
        db: { image: 'postgres:17', networks: { back: null }, restart: 'always' },
        init: {
          image: 'web:v1',
          networks: { back: null },
          security_opt: ['no-new-privileges'],
          depends_on: { db: { condition: 'service_healthy' } },
        },
      },
    },
  );
  const { release, stack, keys } = translated(model);
  expect(keys).toEqual([]);
  expect(release.services.map(({ name, step, gate }) => [name, step, gate])).toEqual([
    ['db', 0, true],
    ['web', 2, false],
  ]);
  expect(Object.keys(stack.services)).toEqual(['db', 'web']);
  expect(release.once).toMatchObject({
    services: { init: { image: 'web:v1', security_opt: ['no-new-privileges'] } },
    networks: { back: { name: 'shop_back', external: true } },
  });
  expect(release.once!.services['init']).not.toHaveProperty('depends_on');
  expect(release.networks).toEqual([
    { key: 'back', name: 'shop_back', external: false, internal: true },
    { key: 'default', name: 'shop_default', external: false, internal: false },
  ]);
});

test('a one-shot cannot share a volume or a container with a service that is on another node', () => {
  const volumes = [{ type: 'volume', source: 'static', target: '/static' }];
  const { refusals } = translated(
    one(
      { volumes, deploy: pinned },
      {
        volumes: { static: { name: 'shop_static' } },
        services: { collect: { image: 'web:v1', volumes, network_mode: 'service:web' } },
      },
    ),
    { oneShot: ['collect'] },
  );
  expect(refusals).toMatchObject([
    {
      of: 'collect',
      key: 'services.collect',
      why: 'is in the container of web, which may be on another node',
    },
    { of: 'collect', key: 'services.collect.volumes' },
  ]);
});

test('what is made by somebody else is told, or refused where only Swarm has it', () => {
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  const model = one({ volumes, deploy: pinned }, { volumes: { data: { name: 'old_data', external: true } } });
  expect(translated(model).stack.volumes).toEqual({ data: { name: 'old_data', external: true } });
  expect(translated(model).release.notes).toEqual([
    expect.stringContaining('Swarm makes an empty one where there is no old_data'),
  ]);
  const job = { image: 'web:v1', secrets: [{ source: 'key' }] };
  const rest = { secrets: { key: { name: 'key', external: true } }, services: { job } };
  expect(translated(one({}, rest), { oneShot: ['job'] }).keys).toEqual(['services.job.secrets']);
});

test('a link that only repeats a name is left out; one with another name is refused', () => {
  const db = { image: 'postgres:17' };
  expect(translated(one({ links: ['db', 'db:db'] }, { services: { db } })).keys).toEqual([]);
  expect(translated(one({ links: ['db:database'] }, { services: { db } })).refusals).toMatchObject([
    { key: 'services.web.links', remedy: expect.stringContaining('aliases: [database]') },
  ]);
});

test('a restart with another service is told, unless it is only what Compose adds to a link', () => {
  const db = { image: 'postgres:17' };
  const depends_on = { db: { condition: 'service_started' as const, restart: true } };
  const notes = (keys: Partial<Service>) =>
    translated(one(keys, { services: { db } })).release.notes.filter((note) => note.startsWith('web'));
  expect(notes({ depends_on })).toEqual([
    'web is not started anew with db (depends_on, restart: true): its clients must connect again',
  ]);
  expect(notes({ depends_on, links: ['db'] })).toEqual([]);
});

test('a bridge becomes an overlay, which is told; what is of one node is refused', () => {
  const networkOf = (network: Record<string, unknown>) =>
    translated(one({}, { networks: { default: network } }));
  const bridge = networkOf({
    name: 'shop_default',
    driver: 'bridge',
    internal: true,
    ipam: { config: [{ subnet: '10.9.0.0/24' }] },
  });
  expect(bridge.stack.networks['default']).toEqual({
    name: 'shop_default',
    driver: 'overlay',
    attachable: true,
    internal: true,
    ipam: { config: [{ subnet: '10.9.0.0/24' }] },
  });
  expect(bridge.release.notes).toEqual([
    'the network default is an overlay over all nodes: a bridge is of one',
  ]);
  expect(networkOf({ name: 'edge', external: true }).stack.networks['default']).toEqual({
    name: 'edge',
    external: true,
  });
  const mtu = { 'com.docker.network.driver.mtu': '1400' };
  expect(networkOf({ driver: 'bridge', driver_opts: mtu }).stack.networks['default']).toMatchObject({
    driver_opts: mtu,
  });
  expect(networkOf({ driver: 'macvlan' }).keys).toEqual(['networks.default.driver']);
  expect(networkOf({ name: 'shop.net' }).keys).toEqual(['networks.default.name']);
  expect(networkOf({ driver_opts: { 'com.docker.network.bridge.name': 'br0' } }).keys).toEqual([
    'networks.default.driver_opts.com.docker.network.bridge.name',
  ]);
  expect(networkOf({ ipam: { config: [{ subnet: '10.9.0.0/24', gateway: '10.9.0.1' }] } }).keys).toEqual([
    'networks.default.ipam.config.0.gateway',
  ]);
});

test('jobs of Swarm, a count of what is on each node and a name that Swarm does not take are refused', () => {
  expect(translated(one({ deploy: { mode: 'replicated-job' } })).keys).toEqual(['services.web.deploy.mode']);
  expect(translated(one({ deploy: { mode: 'global' }, scale: 2 })).keys).toEqual([
    'services.web.deploy.replicas',
  ]);
  expect(
    translated(one({ deploy: { endpoint_mode: 'dnsrr' }, ports: [{ target: 80, published: '80' }] })).keys,
  ).toEqual(['services.web.deploy.endpoint_mode']);
  expect(translated(one({}, { services: { 'a.b': { image: 'x' } } })).keys).toEqual(['services.a.b']);
  expect(translated(one({ image: undefined })).keys).toEqual(['services.web.image']);
});

test('a long name that Swarm does not take is refused at once', () => {
  const name = `${'a'.repeat(58)}.`;
  const before = Date.now();
  expect(translated(one({}, { services: { [name]: { image: 'x' } } })).keys).toEqual([`services.${name}`]);
  expect(translated(one({}, { networks: { default: { name } } })).keys).toEqual(['networks.default.name']);
  expect(Date.now() - before).toBeLessThan(2000);
});

test('what a proxy finds at the engine is told: labels of containers are of one node', () => {
  const { release } = translated(one({ labels: { 'traefik.enable': 'true' } }));
  expect(release.notes).toEqual([expect.stringContaining('Traefik looks at deploy.labels of the service')]);
});

test('a stack file is read as YAML: characters that end a line there are written as escapes', () => {
  const { release } = translated(one({ environment: { A: 'one\u2028two\u0085three\u007f😀' } }));
  expect(release.json).toContain('one\\u2028two\\u0085three\\u007f😀');
});

test('all that cannot be is told at once, with what to do, and nothing of a value that may be secret', () => {
  const { refusals } = translated(one({ privileged: true, container_name: 'web', restart: 'no' }));
  const failure = stackFailure(refusals)!;
  expect(failure).toMatchObject({ kind: 'input', code: 'not-for-swarm', input: 'compose-file' });
  expect(failure.message).toBe(
    'web: services.web.privileged is left out by `docker stack deploy`, with a line on its standard error alone, so it cannot be deployed to a swarm as it is. Nothing was changed',
  );
  expect(failure.remedy).toContain('cap_add');
  expect(failure.details).toContain('services.web.container_name');
  expect(failure.details).toContain('services.web.restart (no) would be `any`');
  expect(stackFailure([])).toBeUndefined();
});
