import { expect, test } from '@jest/globals';
import { type InspectedContainer, type InspectedImage, modelOfStack } from './adopt.ts';
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
  const model = modelOfStack('shop', [container()], [image]);
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
  ).services;
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
  const model = modelOfStack('shop', [container({}, 1), container({}, 2), oneOff], [image]);
  expect(model.services['web']!.scale).toBe(2);
  expect(writeRelease(model, []).services).toMatchObject([{ name: 'web', replicas: 2 }]);
});
