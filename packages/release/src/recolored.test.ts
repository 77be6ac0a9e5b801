import { parsePorts } from '@deploy-actions/ledger';
import { expect, test } from '@jest/globals';
import { releaseRecord } from '@deploy-actions/ledger/testing';
import { type RecolorDecision, recordedAs } from './recolored.ts';

const decision = (id: string): RecolorDecision => ({
  kind: 'recolor',
  to: 'green',
  from: 'blue',
  fromRelease: 'r3',
  reason: 'r1 was asked for',
  release: releaseRecord(id, '', {
    version: 'v1',
    color: 'blue',
    images: { web: 'sha256:aa' },
    files: ['nginx.conf'],
    migrations: { ran: true, reversible: false, state_before: '', state_after: '' },
  }),
});

const service = (more: object) => ({
  image: 'registry.test/shop/web@sha256:aa',
  networks: { zz_shop_blue: { aliases: ['web-blue'] } },
  environment: { DEPLOY_COLOR: 'blue', DATABASE_PASSWORD: 'correct-horse' },
  ...more,
});

function made(id: string) {
  const secrets: string[] = [];
  const files = recordedAs(decision(id), 'shop', {
    model: JSON.stringify({
      name: 'shop-blue',
      services: {
        web: service({
          ports: [{ mode: 'ingress', host_ip: '127.0.0.1', target: 80, published: '18000', protocol: 'tcp' }],
        }),
        worker: service({}),
        migrate: service({}),
      },
      networks: { zz_shop_blue: { name: 'zz_shop_blue', external: true } },
    }),
    services: '0 long free 1 hash image web\n0 once free 1 hash image migrate\n',
    liveOnly: '0 long free 1 hash image worker\n',
    ports: parsePorts('blue web 80 1 18000\ngreen web 80 1 18101\ngreen other 80 1 18102\n'),
    addSecret: (value) => secrets.push(value),
  });
  const content = (name: string) =>
    String(files.uploads.find((one) => one.name === `release/${name}`)!.content);
  return { files, secrets, content };
}

test('a record in another colour keeps what it is: one-shots, what runs only where the traffic is, images', () => {
  const { files, content, secrets } = made('20260101-v1-aa11');
  expect(files.release).toBe('20260101-v1-aa11-green');
  expect(content('services')).toMatch(
    /^0 once free 1 [0-9a-f]{64} \S+ migrate\n0 long free 1 [0-9a-f]{64} \S+ web\n$/,
  );
  expect(content('live-only')).toMatch(/^0 long free 1 [0-9a-f]{64} \S+ worker\n$/);
  expect(content('ports')).toBe('green web 80 1 18101\n');
  const head = JSON.parse(`${content('release.head')}}`) as Record<string, unknown>;
  expect(head).toMatchObject({
    id: '20260101-v1-aa11-green',
    version: 'v1',
    color: 'green',
    files: ['nginx.conf'],
  });
  // What only the server knows, or what is different there.
  for (const key of ['created', 'previous', 'images', 'migrations']) expect(head).not.toHaveProperty(key);
  expect(secrets).toContain('correct-horse');
});

test('an id stays within its 63 characters, and a record that comes back to its colour is told apart from the first', () => {
  expect(made('r1-blue').files.release).toBe('r1-green');
  const long = `20260101-${'v'.repeat(54)}`;
  const { release } = made(long).files;
  expect(release).toMatch(/^[a-z0-9][a-z0-9._-]{0,62}$/);
  expect(release).toMatch(/-green$/);
  expect(release).not.toBe(made(`${long.slice(0, -1)}w`).files.release);
});
