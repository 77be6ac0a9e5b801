import { expect, test } from '@jest/globals';
import { modelOfStack, writtenFiles } from './adopt.ts';
import type { InspectedContainer, InspectedImage } from './inspected.ts';
import type { ComposeModel } from './model.ts';
import { writeRelease } from './release.ts';

const image: InspectedImage = {
  Id: 'sha256:1',
  Config: {
    Env: ['PATH=/bin'],
    Cmd: ['serve'],
    Labels: { vendor: 'x' },
    User: '',
    WorkingDir: '/app',
    Healthcheck: { Test: ['CMD', 'true'] },
  },
};

function container(change: Partial<InspectedContainer['Config']> = {}, number = 1): InspectedContainer {
  return {
    Id: 'abcdef012345' + '0'.repeat(52),
    Name: `/shop-web-${number}`,
    Image: 'sha256:1',
    State: { Status: 'running', ExitCode: 0 },
    Config: {
      Image: 'org/web:v1',
      Env: ['PATH=/bin', 'PRICE=5$', 'EMPTY='],
      Cmd: ['serve'],
      Entrypoint: null,
      Labels: {
        vendor: 'x',
        mine: '1',
        'com.docker.compose.service': 'web',
        'com.docker.compose.depends_on': 'db:service_healthy:false',
      },
      User: '',
      WorkingDir: '/app',
      Hostname: 'abcdef012345',
      Tty: false,
      OpenStdin: false,
      Healthcheck: { Test: ['CMD', 'true'] },
      ...change,
    },
    HostConfig: {
      NetworkMode: 'shop_default',
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      CapAdd: ['NET_ADMIN'],
      ShmSize: 67_108_864,
      Privileged: false,
    },
    Mounts: [
      { Type: 'bind', Source: '/home/me/data', Destination: '/data', RW: true },
      {
        Type: 'volume',
        Name: 'shop_media',
        Source: '/var/lib/docker/volumes/shop_media/_data',
        Destination: '/media',
        RW: false,
      },
    ],
    NetworkSettings: {
      Networks: { shop_default: { Aliases: ['shop-web-1', 'web', 'site', 'abcdef012345'] } },
    },
  };
}

test('what a container was told is a service; what its image says by itself is left out', () => {
  const { model, lost } = modelOfStack('shop', [container()], [image]);
  expect(lost).toEqual([]);
  expect(model).toEqual({
    name: 'shop',
    services: {
      web: {
        image: 'org/web:v1',
        environment: { PRICE: '5$$', EMPTY: '' },
        labels: { mine: '1' },
        restart: 'on-failure:3',
        cap_add: ['NET_ADMIN'],
        volumes: [
          { type: 'bind', source: '/home/me/data', target: '/data' },
          { type: 'volume', source: 'shop_media', target: '/media', read_only: true },
        ],
        ports: [{ mode: 'ingress', host_ip: '127.0.0.1', target: 80, published: '8080', protocol: 'tcp' }],
        networks: { shop_default: { aliases: ['site'] } },
        depends_on: { db: { condition: 'service_healthy', required: false } },
      },
    },
    networks: { shop_default: { name: 'shop_default', external: true } },
    volumes: { shop_media: { name: 'shop_media', external: true } },
  });
});

test('a command, a user and a healthcheck of its own are kept', () => {
  const check = { Test: ['CMD-SHELL', 'curl $HOST'], Interval: 2e9, Retries: 3 };
  const { web } = modelOfStack(
    'shop',
    [container({ Cmd: ['work', '$X'], User: '1000', Healthcheck: check })],
    [image],
  ).model.services;
  expect(web).toMatchObject({
    command: ['work', '$$X'],
    user: '1000',
    healthcheck: { test: ['CMD-SHELL', 'curl $$HOST'], interval: '2000ms', retries: 3 },
  });
});

test('replicas are counted, one-off containers are none', () => {
  const oneOff = container({
    Labels: { 'com.docker.compose.service': 'web', 'com.docker.compose.oneoff': 'True' },
  });
  const { model } = modelOfStack('shop', [container({}, 1), container({}, 2), oneOff], [image]);
  expect(model.services['web']!.scale).toBe(2);
  expect(writeRelease(model, []).services).toMatchObject([{ name: 'web', replicas: 2 }]);
});

/** All that `docker inspect` tells of a container that was given much; fields as Docker 28 has them. */
function rich(more: Partial<InspectedContainer['HostConfig']> = {}): InspectedContainer {
  const plain = container();
  return {
    ...plain,
    Config: { ...plain.Config, Domainname: 'example.org', ExposedPorts: { '90/tcp': {}, '80/tcp': {} } },
    HostConfig: {
      ...plain.HostConfig,
      LogConfig: { Type: 'local', Config: {} },
      Ulimits: [{ Name: 'nofile', Soft: 1000, Hard: 2000 }],
      Tmpfs: { '/t': 'size=1m,mode=1777', '/plain': '' },
      PidsLimit: 50,
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rw' }],
      DeviceRequests: [
        { Driver: 'nvidia', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {} },
      ],
      OomScoreAdj: 100,
      CgroupnsMode: 'host',
      CgroupParent: '/mine',
      Memory: 100,
      MemorySwap: 200,
      MemorySwappiness: 0,
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1000 }],
      Mounts: [
        { Type: 'tmpfs', Target: '/tt', TmpfsOptions: { SizeBytes: 1000000, Mode: 448 } },
        { Type: 'volume', Source: 'shop_media', Target: '/media', VolumeOptions: { NoCopy: true } },
      ],
      ...more,
    },
    Mounts: [
      { Type: 'bind', Source: '/mnt', Destination: '/m', Mode: 'Z', RW: true, Propagation: 'rslave' },
      { Type: 'volume', Name: 'shop_media', Source: '/var/x', Destination: '/media', Mode: 'z', RW: true },
      { Type: 'tmpfs', Source: '', Destination: '/tt', RW: true },
    ],
    NetworkSettings: {
      Networks: {
        shop_default: { Aliases: ['web'], IPAMConfig: { IPv4Address: '172.30.0.9' }, DriverOpts: null },
      },
    },
  };
}

test('everything that inspect tells is kept: ulimits, tmpfs options, devices, gpus, cgroup, propagation, a static address', () => {
  const { model, lost } = modelOfStack('shop', [rich()], [image]);
  expect(lost).toEqual([]);
  expect(model.services['web']).toMatchObject({
    logging: { driver: 'local' },
    ulimits: { nofile: { soft: 1000, hard: 2000 } },
    tmpfs: ['/t:size=1m,mode=1777', '/plain'],
    pids_limit: 50,
    devices: ['/dev/null:/dev/x:rw'],
    deploy: {
      resources: { reservations: { devices: [{ driver: 'nvidia', count: 'all', capabilities: ['gpu'] }] } },
    },
    domainname: 'example.org',
    oom_score_adj: 100,
    cgroup: 'host',
    cgroup_parent: '/mine',
    mem_limit: 100,
    mem_swappiness: 0,
    blkio_config: { device_read_bps: [{ path: '/dev/sda', rate: 1000 }] },
    expose: ['90/tcp'],
    volumes: [
      { type: 'bind', source: '/mnt', target: '/m', bind: { propagation: 'rslave', selinux: 'Z' } },
      { type: 'volume', source: 'shop_media', target: '/media', volume: { nocopy: true } },
      { type: 'tmpfs', target: '/tt', tmpfs: { size: '1000000', mode: 448 } },
    ],
    networks: { shop_default: { ipv4_address: '172.30.0.9' } },
  });
  // Docker's own, where the memory alone is limited.
  expect(model.services['web']).not.toHaveProperty('memswap_limit');
});

test('what no compose file can say, or nobody here knows, is named', () => {
  const { lost } = modelOfStack(
    'shop',
    [
      rich({
        PublishAllPorts: true,
        CpusetMems: '0',
        NewerThanThis: ['x'],
        PidMode: `container:${'9'.repeat(64)}`,
      }),
    ],
    [image],
  );
  expect(lost).toEqual([
    'web: PublishAllPorts',
    'web: CpusetMems',
    'web: NewerThanThis',
    'web: the namespace of the container 999999999999, which is no part of the stack',
  ]);
});

const named = (name: string, id: string, more: Partial<InspectedContainer> = {}): InspectedContainer => {
  const plain = container({
    Labels: { 'com.docker.compose.service': name, 'com.docker.compose.config-hash': `hash-${name}` },
  });
  return { ...plain, Id: id.repeat(64), Name: `/shop-${name}-1`, Mounts: [], ...more };
};

test('namespaces and links of other containers of the stack are those of services: their ids go with them', () => {
  const db = named('db', 'd');
  const web = named('web', 'e', {
    HostConfig: { ...container().HostConfig, PortBindings: null, IpcMode: `container:${'d'.repeat(64)}` },
    NetworkSettings: {
      Networks: {
        shop_default: { Aliases: null, Links: ['shop-db-1:db', 'shop-db-1:db-1', 'shop-db-1:sql'] },
      },
    },
  });
  const side = named('side', 'f', {
    HostConfig: { ...container().HostConfig, PortBindings: null, NetworkMode: `container:${'d'.repeat(64)}` },
  });
  const { services } = modelOfStack('shop', [db, web, side], [image]).model;
  expect(services['web']).toMatchObject({ ipc: 'service:db', links: ['db:sql'] });
  expect(services['side']!.network_mode).toBe('service:db');
  // It shows the host name of whom it shares it with, and may not be given one.
  expect(services['side']).not.toHaveProperty('hostname');
});

test('a service of the hash that the stack’s own files have is taken from those, another one off its container', () => {
  const own: ComposeModel = {
    name: 'shop',
    services: {
      web: {
        image: 'org/web:v2',
        build: '.',
        annotations: { a: 'b' },
        networks: { default: null },
        volumes: [{ type: 'volume', source: 'data', target: '/data' }],
        configs: [{ source: 'c', target: '/c.conf', mode: 288 }],
        secrets: [{ source: 'file' }, { source: 'env' }],
        deploy: { replicas: 1, resources: {} },
      },
      api: { image: 'org/web:v1', annotations: { newer: 'x' }, networks: { default: null } },
    },
    networks: { default: { name: 'shop_default' } },
    volumes: { data: { name: 'shop_data' } },
    configs: { c: { name: 'shop_c', content: 'changed since' } },
    secrets: {
      file: { name: 'shop_file', file: '/srv/s' },
      env: { name: 'shop_env', environment: 'SECRET' },
    },
  };
  const stack = [named('web', 'a'), named('api', 'b')];
  const hashes = new Map([
    ['web', 'hash-web'],
    ['api', 'another'],
  ]);
  const files = writtenFiles(stack, own);
  expect(files.map(({ service, path }) => `${service} ${path}`)).toEqual([
    'web /c.conf',
    'web /run/secrets/env',
  ]);
  const written = new Map([
    [files[0]!, 'a $5 day'],
    [files[1]!, undefined],
  ]);
  const { model, lost } = modelOfStack('shop', stack, [image], { model: own, hashes }, written);
  const { web, api } = model.services;
  expect(web).toEqual({
    // What its container was made from, not what the file says by now.
    image: 'org/web:v1',
    annotations: { a: 'b' },
    networks: { shop_default: null },
    volumes: [{ type: 'volume', source: 'shop_data', target: '/data' }],
    secrets: [{ source: 'file' }],
    configs: [{ source: 'web-c--c-conf', target: '/c.conf', mode: 288 }],
    deploy: { resources: {} },
  });
  expect(api).not.toHaveProperty('annotations');
  expect(model).toMatchObject({
    volumes: { shop_data: { name: 'shop_data', external: true } },
    configs: { 'web-c--c-conf': { content: 'a $$5 day' } },
    secrets: { file: { file: '/srv/s' } },
  });
  expect(lost).toEqual(['web: the content of env (/run/secrets/env)']);
});

test('a nameless volume is kept by its name, unless each of several containers has its own', () => {
  const volume = 'c'.repeat(64);
  const Mounts = [{ Type: 'volume', Name: volume, Source: '/x', Destination: '/anon', RW: true }];
  const one = modelOfStack('shop', [named('web', 'a', { Mounts })], [image]);
  expect(one.model.services['web']!.volumes).toEqual([{ type: 'volume', source: volume, target: '/anon' }]);
  const two = modelOfStack('shop', [named('web', 'a', { Mounts }), named('web', 'b', { Mounts })], [image]);
  expect(two.model.services['web']!.volumes).toEqual([{ type: 'volume', target: '/anon' }]);
  expect(two.lost).toEqual(['web: the nameless volumes, once its containers are gone']);
});
