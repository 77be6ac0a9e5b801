import { expect, test } from '@jest/globals';
import type {
  ComposeModel,
  ObservedContainer,
  ReleaseService,
  Service,
  ServiceChange,
} from '@deploy-actions/compose';
import type { Failure } from '@deploy-actions/kit';
import { type RollingWish, rollServices } from './rolling.ts';

const CHECK = { test: ['CMD', 'check'] };
const WISH: RollingWish = { fallback: 'refuse', drain: 30_000, callers: undefined };

function modelOf(api: Service, others: Record<string, Service> = {}): ComposeModel {
  return {
    name: 'shop',
    services: {
      api: { image: 'registry.test/shop/api:2', networks: { default: null }, healthcheck: CHECK, ...api },
      ...Object.fromEntries(
        Object.entries(others).map(([name, one]) => [name, { image: 'registry.test/side:1', ...one }]),
      ),
    },
    networks: { default: { name: 'shop_default' } },
  };
}

function roll(model: ComposeModel, wish: Partial<RollingWish> = {}, containers: ObservedContainer[] = []) {
  const names = Object.keys(model.services);
  const services = names.map((name) => ({ name, kind: 'long', replicas: 1 }) as ReleaseService);
  const changes = names.map((service): ServiceChange => ({
    service,
    action: 'recreate',
    from: 'a',
    to: 'b',
    reasons: ['image'],
  }));
  return rollServices(model, services, changes, containers, { ...WISH, ...wish });
}

function refusalOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it was not refused');
}

test('a service with a health check that others ask by its names is rolled, and its names are told by network', () => {
  const model = modelOf({ networks: { default: { aliases: ['backend'] } } });
  const { changes, rolled, table } = roll(model);
  expect(changes).toMatchObject([{ service: 'api', action: 'roll' }]);
  expect(rolled).toEqual([{ service: 'api', names: new Map([['shop_default', ['api', 'backend']]]) }]);
  expect(table).toBe('api 12 30\n');
  expect(roll(model, { callers: new Map([['api', { keep: 2 }]]) }).table).toBe('api 2 30\n');
});

const ALONE: [string, Service, Record<string, Service>?][] = [
  ['publishes a port of the server (8080:80)', { ports: [{ target: 80, published: '8080' }] }],
  ['publishes a port of the server (any:80)', { ports: [{ target: 80 }] }],
  ['network_mode: host', { network_mode: 'host' }],
  ['container_name: api', { container_name: 'api' }],
  ['its address is fixed (10.0.0.9)', { networks: { default: { ipv4_address: '10.0.0.9' } } }],
  ['by the label traefik.enable', { labels: { 'traefik.enable': 'true' } }],
  ['by VIRTUAL_HOST in its environment', { environment: { VIRTUAL_HOST: 'shop.test' } }],
  ['its volume at /data has no name', { volumes: [{ type: 'volume', target: '/data' }] }],
  ['keeps data that one container alone may open', { image: 'docker.io/library/postgres:17' }],
  ['it has no health check', { healthcheck: undefined } as unknown as Service],
  ['it has no health check', { healthcheck: { test: ['NONE'] } }],
  [
    "side is in its container's namespaces",
    {},
    { side: { network_mode: 'service:api', healthcheck: CHECK } },
  ],
  [
    'side restarts with it',
    {},
    { side: { depends_on: { api: { condition: 'service_started', restart: true } } } },
  ],
  ['side links to it', {}, { side: { links: ['api:backend'] } }],
  ['side has its volumes', {}, { side: { volumes_from: ['api:ro'] } }],
];

test.each(ALONE.map(([why, api, others]) => ({ why, api, others })))(
  'is refused before anything changes, or recreated: $why',
  ({ why, api, others }) => {
    const failure = refusalOf(() => roll(modelOf(api, others)));
    expect(failure).toMatchObject({ kind: 'refused', input: 'strategy' });
    expect(failure.message).toContain(`api cannot be replaced one container at a time: `);
    expect(failure.message).toContain(why);
    expect(failure.message).toContain('Nothing was changed');
    const { changes, notes, table } = roll(modelOf(api, others), { fallback: 'recreate' });
    expect(changes[0]).toMatchObject({ service: 'api', action: 'recreate' });
    expect(notes.join()).toContain(why);
    expect(table).not.toContain('api ');
  },
);

test('the compose file has the last word on whether two may run at once', () => {
  const order = (word: string) => ({ deploy: { update_config: { order: word } } });
  const stopped = roll(modelOf(order('stop-first')));
  expect(stopped.changes[0]!.action).toBe('recreate');
  expect(stopped.notes.join()).toContain('deploy.update_config.order: stop-first');
  const redis = { image: 'redis:8' };
  expect(refusalOf(() => roll(modelOf(redis))).message).toContain('one container alone');
  expect(roll(modelOf({ ...redis, ...order('start-first') })).changes[0]!.action).toBe('roll');
});

test('a health check of the image counts where a container shows it', () => {
  const model = modelOf({ healthcheck: undefined } as unknown as Service);
  const running = { service: 'api', oneOff: false, health: 'healthy' } as ObservedContainer;
  expect(roll(model, {}, [running]).changes[0]!.action).toBe('roll');
});

test('what does not change is not judged, and one whose callers would go on asking the old container is refused', () => {
  const model = modelOf({ container_name: 'api' });
  const services = [{ name: 'api', kind: 'long', replicas: 1 } as ReleaseService];
  const kept: ServiceChange[] = [{ service: 'api', action: 'keep', from: 'a', to: 'a', reasons: [] }];
  expect(rollServices(model, services, kept, [], WISH).changes).toEqual(kept);
  const callers = new Map([
    ['api', { why: 'nginx in the container web: it keeps the name', remedy: 'Write a variable' }],
  ]);
  const toWrite = new Map([['api', { why: 'nobody asks anew', remedy: 'Write', lines: 'ask {\n  anew\n}' }]]);
  expect(refusalOf(() => roll(modelOf({}), { callers: toWrite }))).toMatchObject({
    details: 'ask {\n  anew\n}',
  });
  expect(refusalOf(() => roll(modelOf({}), { callers }))).toMatchObject({
    message: expect.stringContaining('nginx in the container web: it keeps the name'),
    remedy: expect.stringContaining('Write a variable; or recreate such services'),
  });
});
