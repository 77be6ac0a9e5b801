import { expect, test } from '@jest/globals';
import type { ComposeModel } from '@deploy-actions/compose';
import { refuseMissingExternals } from './externals.ts';
import type { Leftover } from './leftover.ts';

const MODEL = {
  name: 'shop',
  services: {
    web: {
      image: 'web',
      networks: { default: null, edge: null },
      volumes: [
        { type: 'volume', source: 'data', target: '/data' },
        { type: 'volume', target: '/anonymous' },
        { type: 'bind', source: '/srv', target: '/srv' },
      ],
    },
    idle: { image: 'idle', networks: { default: null } },
  },
  networks: {
    default: { name: 'shop_default' },
    edge: { name: 'proxy', external: true },
    unused: { name: 'unused', external: true },
  },
  volumes: { data: { name: 'shop-data', external: true } },
} as unknown as ComposeModel;

const thing = (kind: Leftover['kind'], name: string): Leftover => ({ kind, name, project: '', folder: '' });
const THERE = [thing('network', 'proxy'), thing('volume', 'shop-data')];

test('external networks and volumes that are there, or that nobody uses, are fine', () => {
  expect(() => refuseMissingExternals(MODEL, THERE)).not.toThrow();
});

test('an external network that is missing is refused before anything changes, with what makes it', () => {
  expect(() =>
    refuseMissingExternals(MODEL, [thing('volume', 'shop-data'), thing('volume', 'proxy')]),
  ).toThrow(
    expect.objectContaining({
      kind: 'refused',
      code: 'external-missing',
      message: 'the network proxy, which web uses as an external one, is not on the server',
      remedy: expect.stringContaining('docker network create proxy'),
    }),
  );
});

test('an external volume that is missing is refused as well', () => {
  expect(() => refuseMissingExternals(MODEL, [thing('network', 'proxy')])).toThrow(
    expect.objectContaining({
      message: 'the volume shop-data, which web uses as an external one, is not on the server',
      remedy: expect.stringContaining('docker volume create shop-data'),
    }),
  );
});

test.each(['config', 'secret'])('an external %s is refused by name: only Swarm has those', (kind) => {
  const model = {
    ...MODEL,
    services: { web: { image: 'web', [`${kind}s`]: [{ source: 'token' }] } },
    [`${kind}s`]: { token: { name: 'token', external: true } },
  } as unknown as ComposeModel;
  expect(() => refuseMissingExternals(model, THERE)).toThrow(
    expect.objectContaining({ kind: 'input', message: expect.stringContaining(`the ${kind} token`) }),
  );
});
