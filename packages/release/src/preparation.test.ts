import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type ComposeModel,
  type ObservedContainer,
  type SentFile,
  parseModel,
} from '@deploy-actions/compose';
import { deployed, trafficRecord } from '@deploy-actions/ledger/testing';
import type { Inspection } from './inspection.ts';
import { type Wanted, prepareRelease } from './preparation.ts';
import { restartsTable } from './tables.ts';

const STAGE = '/srv/shop/.deploy/incoming/x/files/project/shop';
const digest = `sha256:${'a'.repeat(64)}`;

function found(change: Partial<Inspection> = {}): Inspection {
  return {
    staging: '/srv/shop/.deploy/incoming/x/files',
    stage: STAGE,
    stageName: 'project/shop',
    project: 'shop',
    config: parseModel(readFileSync(join(__dirname, '../../compose/src/fixtures/resolved.json'), 'utf8')),
    granted: new Map(),
    dormant: [],
    shared: new Set(['data', 's1.txt', 'c1.txt', 'nginx.conf']),
    there: new Set(),
    sums: new Map(),
    cluster: undefined,
    old: new Set(),
    oldFolder: '',
    envFiles: [],
    originalHashes: new Map(),
    same: new Set(),
    leftovers: [],
    stack: undefined,
    others: [],
    containers: [],
    images: [],
    current: '',
    slots: { blue: '', green: '' },
    slotReleases: [],
    traffic: undefined,
    trafficUnread: undefined,
    ports: [],
    taken: new Set(),
    adopted: [],
    previousConfig: undefined,
    previousRelease: undefined,
    history: [],
    releases: [],
    unread: [],
    ...change,
  };
}

function wanted(change: Partial<Wanted> = {}): Wanted {
  return {
    release: '20260101-000000-v1-abcd',
    version: 'v1',
    images: new Map([['web', `registry.test/shop/web@${digest}`]]),
    digestRule: 'named',
    services: [],
    oneShot: [],
    files: [],
    workspaceSources: new Map(),
    hooks: { 'before-up': [], migrate: [], 'migration-state': [], 'after-up': [] },
    removeOrphans: true,
    migrationReversible: false,
    adopt: false,
    color: undefined,
    about: {
      environment: '',
      repository: 'o/r',
      ref: 'refs/heads/main',
      sha: 'f00',
      actor: 'octo',
      run_url: '',
      compose_files: ['compose.yaml'],
      profiles: [],
      env_file: '',
    },
    ...change,
  };
}

const container = (change: Partial<ObservedContainer>): ObservedContainer => ({
  id: '1',
  name: 'shop-web-1',
  project: 'shop',
  service: 'web',
  oneOff: false,
  image: 'registry.test/shop/web:v0',
  imageId: 'sha256:0',
  hash: 'old',
  engineHash: '',
  folder: '',
  status: 'running',
  exitCode: 0,
  health: undefined,
  startedAt: '2026-01-01T00:00:00Z',
  restarts: 0,
  joined: [],
  ...change,
});

const text = (uploads: { name: string; content: Buffer | string }[], name: string) =>
  String(uploads.find((file) => file.name === `release/${name}`)?.content);

test('what is restarted with what it needs is listed, and nothing else', () => {
  const started = { condition: 'service_started' } as const;
  const services = {
    db: {},
    api: { depends_on: { db: { ...started, restart: true } } },
    web: { depends_on: { api: started, db: { ...started, restart: false } } },
  };
  expect(restartsTable({ name: 'shop', services })).toBe('api db\n');
});

test('a release is a resolved file, a table, a list of images and what needs what', () => {
  const { uploads, project } = prepareRelease(found(), '/srv/shop', wanted());
  expect(project).toBe('shop');
  expect(
    text(uploads, 'services')
      .split('\n')
      .map((line) => line.split(' ').at(-1)),
  ).toEqual(['db', 'init', 'web', '']);
  expect(text(uploads, 'pulls')).toBe(`postgres:16\nbusybox\nregistry.test/shop/web@${digest}\n`);
  expect(text(uploads, 'needs')).toBe('db\ninit db\nweb db init\n');
  const head = JSON.parse(`${text(uploads, 'release.head')}}`) as Record<string, unknown>;
  expect(head).toMatchObject({ id: '20260101-000000-v1-abcd', project: 'shop', sha: 'f00' });
  expect(JSON.stringify(head)).not.toContain('a$$b');
});

test('a hook is a file of quoted words that nothing in it can break out of', () => {
  const hook = {
    service: 'web',
    text: "echo 'it''s' $(reboot)",
    words: ['sh', '-c', "echo 'it''s' $(reboot)"],
  };
  const { uploads } = prepareRelease(
    found(),
    '/srv/shop',
    wanted({ hooks: { ...wanted().hooks, migrate: [hook] } }),
  );
  expect(text(uploads, 'hooks/migrate-01')).toContain(
    `set -- sh -c 'echo '\\''it'\\'''\\''s'\\'' $(reboot)'\n`,
  );
});

test('a hook for a service that is not there is an error of its input', () => {
  const hook = { service: 'nope', text: 'x', words: ['x'] };
  expect(() =>
    prepareRelease(found(), '/srv/shop', wanted({ hooks: { ...wanted().hooks, migrate: [hook] } })),
  ).toThrow('input `migrate`: nope is not a service');
});

test('a file that the repository has and a service mounts must be sent', () => {
  const without = found({ shared: new Set(['data', 's1.txt', 'c1.txt']) });
  expect(() =>
    prepareRelease(
      without,
      '/srv/shop',
      wanted({ workspaceSources: new Map([['nginx.conf', 'file' as const]]) }),
    ),
  ).toThrow('web mounts ./nginx.conf, which is in the repository but not among `files`');
  expect(prepareRelease(without, '/srv/shop', wanted()).notes.join()).toContain(
    'Docker will make an empty folder',
  );
  const files: SentFile[] = [{ path: 'nginx.conf', content: Buffer.from('x'), executable: false }];
  const { uploads } = prepareRelease(without, '/srv/shop', wanted({ files }));
  expect(text(uploads, 'trees')).toMatch(/^[0-9a-f]{64}\t0644\tnginx\.conf\tproject\/shop\/nginx\.conf\n$/);
});

test.each([
  ['a mounted folder', 'data', 'folder', 'db mounts ./data'],
  ["a secret's file", 's1.txt', 'file', 'the secret s1 is read from ./s1.txt'],
  ["a config's file", 'c1.txt', 'file', 'the config c1 is read from ./c1.txt'],
] as const)('%s that the repository has must be sent, with the line to add', (_, path, kind, sentence) => {
  const sources = ['data', 's1.txt', 'c1.txt', 'nginx.conf'];
  const without = found({ shared: new Set(sources.filter((one) => one !== path)) });
  const prepare = () =>
    prepareRelease(without, '/srv/shop', wanted({ workspaceSources: new Map([[path, kind]]) }));
  expect(prepare).toThrow(`${sentence}, which is in the repository but not among \`files\``);
  expect(prepare).toThrow(
    expect.objectContaining({
      remedy: expect.stringContaining(`Add ${path} to \`files\`.`) as unknown as string,
    }),
  );
  // On the server it is the user's own, and an empty folder is the usual way to begin.
  expect(() => prepareRelease(found({ shared: new Set(sources) }), '/srv/shop', wanted())).not.toThrow();
});

test('a secret that is nowhere is refused with where to put it; a folder that is nowhere begins empty', () => {
  const noSecret = found({ shared: new Set(['data', 'c1.txt', 'nginx.conf']) });
  expect(() => prepareRelease(noSecret, '/srv/shop', wanted())).toThrow(
    'the secret s1 is read from ./s1.txt, which is neither in the repository nor on the server in shared/',
  );
  const noData = found({ shared: new Set(['s1.txt', 'c1.txt', 'nginx.conf']) });
  expect(prepareRelease(noData, '/srv/shop', wanted()).notes.join()).not.toContain('data');
});

test('the plan says what happens to each service, by names of keys', () => {
  const previous = structuredClone(found().config) as ComposeModel;
  previous.services['web']!.environment!['X'] = '0';
  const containers = [container({}), container({ id: '2', service: 'gone', name: 'shop-gone-1' })];
  const { changes } = prepareRelease(found({ containers, previousConfig: previous }), '/srv/shop', wanted());
  const byName = Object.fromEntries(changes.map((change) => [change.service, change]));
  expect(byName['db']).toMatchObject({ action: 'create' });
  expect(byName['init']).toMatchObject({ action: 'run' });
  expect(byName['web']).toMatchObject({
    action: 'recreate',
    reasons: expect.arrayContaining(['image', 'environment.X']),
  });
  expect(byName['gone']).toMatchObject({ action: 'remove' });
  expect(JSON.stringify(changes)).not.toContain('a$$b');
});

test('what runs of a profile that was not asked for is no orphan', () => {
  const containers = [container({ id: '2', service: 'adminer', name: 'shop-adminer-1' })];
  const { changes, uploads } = prepareRelease(
    found({ containers, dormant: ['adminer'] }),
    '/srv/shop',
    wanted(),
  );
  expect(changes.map(({ service }) => service)).not.toContain('adminer');
  expect(text(uploads, 'dormant')).toBe('adminer\n');
});

test('with some services only the others stay in the release as they are, and are not fetched', () => {
  const before = prepareRelease(found(), '/srv/shop', wanted());
  const previousConfig = parseModel(text(before.uploads, 'compose.json'));
  const digest2 = digest.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const images = new Map([['db', `registry.test/shop/db@${digest2}`]]);
  const prepared = prepareRelease(
    found({ previousConfig }),
    '/srv/shop',
    wanted({ services: ['db'], images, removeOrphans: false }),
  );
  const row = (uploads: typeof prepared.uploads, name: string) =>
    text(uploads, 'services')
      .split('\n')
      .find((line) => line.endsWith(` ${name}`));
  expect(row(prepared.uploads, 'web')).toBe(row(before.uploads, 'web'));
  expect(row(prepared.uploads, 'db')).not.toBe(row(before.uploads, 'db'));
  expect(text(prepared.uploads, 'pulls')).toContain(digest2);
  expect(text(prepared.uploads, 'pulls')).not.toContain('shop/web');
  const model = parseModel(text(prepared.uploads, 'compose.json'));
  expect(model.volumes).toEqual(previousConfig.volumes);
});

const wish = {
  color: 'auto' as const,
  services: ['web'],
  liveOnly: [],
  shared: 'keep' as const,
  range: { first: 18000, last: 18099 },
};

function colorFound(change: Partial<Inspection> = {}): Inspection {
  const inspection = found(change);
  const { web } = inspection.config.services;
  web!.ports = [{ target: 80, published: '8080', protocol: 'tcp' }];
  web!.deploy = {};
  return inspection;
}

test('beside a plain stack the first colour is green, and the stack is not touched', () => {
  const prepared = prepareRelease(
    colorFound({ containers: [container({})] }),
    '/srv/shop',
    wanted({ color: wish }),
  );
  expect(prepared).toMatchObject({ color: 'green', project: 'shop-green', baseProject: 'shop' });
  expect(prepared.ports).toEqual([{ color: 'green', service: 'web', target: 80, replica: 1, port: 18000 }]);
  expect(text(prepared.uploads, 'shared/services')).toMatch(/db\n.*init\n$/s);
  expect(text(prepared.uploads, 'volumes-1')).toContain('volume_name=shop_media');
});

test('where nothing runs the first colour is blue, with the address that the compose file publishes', () => {
  const prepared = prepareRelease(colorFound(), '/srv/shop', wanted({ color: wish }));
  expect(prepared.ports).toMatchObject([{ color: 'blue', port: 8080 }]);
});

/** Each service with its kind, as the program on the server reads it. */
const kinds = (table: string) =>
  Object.fromEntries(
    table
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.split(' ').at(-1)!, line.split(' ')[1]!]),
  );

test('a one-shot counts as one also where who waits for it is on the other side of the split', () => {
  const prepare = (change: (services: ComposeModel['services']) => void) => {
    const inspection = colorFound();
    change(inspection.config.services);
    const { uploads } = prepareRelease(inspection, '/srv/shop', wanted({ color: wish }));
    return { own: kinds(text(uploads, 'services')), shared: kinds(text(uploads, 'shared/services')) };
  };
  const completed = { condition: 'service_completed_successfully' } as const;
  // web is the colour's, db and init are shared.
  const waiting = prepare((services) => {
    delete services['db']!.depends_on;
    services['web']!.depends_on = { init: completed };
  });
  expect(waiting).toEqual({ own: { web: 'long' }, shared: { db: 'long', init: 'once' } });
  const theOtherWay = prepare((services) => {
    services['web']!.depends_on = {};
    services['db']!.depends_on = { web: completed };
  });
  expect(theOtherWay.own).toEqual({ web: 'once' });
});

test('the plan leaves out what runs only where the traffic is: it comes with the switch', () => {
  const inspection = colorFound({
    traffic: trafficRecord('blue'),
    containers: [
      container({ project: 'shop-green', service: 'web', name: 'shop-green-web-1' }),
      container({ id: '2', project: 'shop-green', service: 'init', name: 'shop-green-init-1' }),
    ],
  });
  const { changes } = prepareRelease(
    inspection,
    '/srv/shop',
    wanted({ color: { ...wish, services: ['web', 'init'], liveOnly: ['init'] } }),
  );
  expect(changes.filter((change) => change.action === 'remove')).toEqual([]);
});

test('an optional need of a profile that is off does not stand in the file that Compose is given', () => {
  const inspection = found();
  inspection.config.services['web']!.depends_on = {
    db: { condition: 'service_started' },
    debug: { condition: 'service_started', required: false },
  };
  const { uploads } = prepareRelease(inspection, '/srv/shop', wanted());
  const model = parseModel(text(uploads, 'compose.json'));
  expect(model.services['web']!.depends_on).toEqual({ db: { condition: 'service_started' } });
  expect(text(uploads, 'needs')).toContain('web db\n');
});

test('the live colour is never deployed over, and nothing is deployed into a canary', () => {
  expect(() =>
    prepareRelease(
      colorFound({ traffic: trafficRecord('green') }),
      '/srv/shop',
      wanted({ color: { ...wish, color: 'green' } }),
    ),
  ).toThrow(
    expect.objectContaining({ code: 'color-is-live', message: expect.stringMatching(/^green is live/) }),
  );
  expect(() =>
    prepareRelease(colorFound({ traffic: trafficRecord('green-25') }), '/srv/shop', wanted({ color: wish })),
  ).toThrow(
    expect.objectContaining({ code: 'canary-on', message: expect.stringMatching(/^a canary is on/) }),
  );
  expect(
    prepareRelease(colorFound({ traffic: trafficRecord('green') }), '/srv/shop', wanted({ color: wish }))
      .color,
  ).toBe('blue');
});

test('where the record of the traffic cannot be read, no colour is taken for the idle one', () => {
  const trafficUnread = 'what .deploy/traffic.json says is left out, because it is not JSON: "{"';
  expect(() => prepareRelease(colorFound({ trafficUnread }), '/srv/shop', wanted({ color: wish }))).toThrow(
    expect.objectContaining({
      code: 'record-unreadable',
      message: expect.stringContaining('which colour is live is not known: what .deploy/traffic.json says'),
    }),
  );
});

test('a plain stack that restarts is live, one that ended is not', () => {
  const plain = (status: string) =>
    prepareRelease(colorFound({ containers: [container({ status })] }), '/srv/shop', wanted({ color: wish }))
      .color;
  expect(plain('restarting')).toBe('green');
  expect(plain('exited')).toBe('blue');
});

test('what cannot be read on the server is told, and so is an image that failed before', () => {
  const failed = deployed('r1', { outcome: 'failed', digests: { web: `registry.test/shop/web@${digest}` } });
  const { warnings } = prepareRelease(
    found({ unread: ['a line is left out'], history: [failed] }),
    '/srv/shop',
    wanted(),
  );
  expect(warnings).toEqual([
    'a line is left out',
    'the image of web was part of the release r1, which failed',
  ]);
});

describe('what migrations mean for the way back is said before anything changes', () => {
  const migrate = [{ service: 'web', text: './up', words: ['./up'] }];
  const hooks = { 'before-up': [], migrate, 'migration-state': [], 'after-up': [] };

  test.each([
    [
      'in place, the release before is not restored',
      found({ current: 'r1' }),
      {},
      /after its migrations, r1 is not restored, unless/,
    ],
    [
      'with colours, what serves must run on it, and may be gone back to',
      colorFound(),
      { color: wish },
      /while the live release serves: it must run on the new schema, and the traffic may go back to it/,
    ],
  ] as const)('%s', (_, seen, change, said) => {
    const notes = (more: Partial<Wanted> = {}) =>
      prepareRelease(seen, '/srv/shop', wanted({ hooks, ...change, ...more })).notes.join('\n');
    expect(notes()).toMatch(said);
    expect(notes({ migrationReversible: true })).not.toContain('schema');
    expect(notes({ hooks: { ...hooks, migrate: [] } })).not.toContain('schema');
  });
});
