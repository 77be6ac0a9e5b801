import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { readBackups } from './backup-record.ts';
import { colorNetwork, containersOfColor, isUp } from './color.ts';
import { FOLDER } from './folder.ts';
import { readHistory } from './history.ts';
import { jsonText } from './json-text.ts';
import { changesSchema, readReleases } from './release-record.ts';
import { liveColor, parseShare } from './share.ts';
import {
  COLOR_CONTAINERS,
  LIVE_COLORS,
  PLAIN_RELEASES,
  SCHEMA_CHANGES,
  STATES,
  lines,
  releaseRecord,
} from './testing/index.ts';
import { plainRelease, readTraffic } from './traffic-record.ts';

let home: string;
const at = (name: string) => join(home, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
function write(name: string, content: string): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ledger-'));
  mkdirSync(at('.deploy'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const SOURCES = ['ledger-reading', 'ledger', 'backup-reading']
  .map((name) => readFileSync(join(__dirname, `sh/${name}.sh`), 'utf8'))
  .join('');

const ACTOR = 'dependabot[bot]';
const REASON = 'r1 was asked for: "now", 100 % \\ é\n$(true)';

/** Runs both files and then `body` with the arguments, as a program would; answers what it prints. */
function runIn(shell: readonly string[], body: string, args: readonly string[] = []): string {
  const program = `set -u
path=$1 actor=$2 run_url=$3 deployment_id=7-deploy
shift 3
write_file() { cat >"$1.new" && mv -f "$1.new" "$1"; }
${SOURCES}
cd "$path"
${body}
`;
  const [command, ...options] = shell as [string, ...string[]];
  const given = [
    '-c',
    program,
    'sh',
    home,
    jsonText(ACTOR),
    'https://github.example/o/r/actions/runs/7',
    ...args,
  ];
  const { stdout, stderr, error } = spawnSync(command, [...options, ...given], { encoding: 'utf8' });
  expect(error).toBeUndefined();
  expect(stderr).toBe('');
  return stdout;
}

const record = (release: string) => {
  const {
    created: _created,
    previous: _previous,
    images: _images,
    migrations: _migrations,
    ...head
  } = releaseRecord(release);
  return {
    ...head,
    version: `v"1\\2" of ${release}`,
    hooks: { migrate: ['web: echo "sha":"x" "version":"y"'] },
  };
};
const head = (release: string) => JSON.stringify(record(release)).slice(0, -1);
const SHA256 = `sha256:${'a'.repeat(64)}`;

describe.each([[['dash']], [['busybox', 'sh']]])('%s', (shell) => {
  const run = (body: string, args?: readonly string[]) => runIn(shell, body, args);

  test('a history that could not be written is told: a mark may be missing in it', () => {
    symlinkSync('/dev/full', at('.deploy/history.jsonl'));
    const said = run(`warn() { printf '%s\\n' "$1"; }\nmark_release r7 rolled-back 2>/dev/null`);
    expect(said).toContain('the history could not be written');
    expect(said).toContain('r7');
  });

  test('the live colour is the same in both languages', () => {
    const said = run(
      'while [ $# -gt 0 ]; do echo "$(live_color "$1" "$2")"; shift 2; done',
      LIVE_COLORS.flatMap(([share, plainRuns]) => [share, plainRuns ? 'yes' : '']),
    ).split('\n');
    for (const [index, [share, plainRuns, live]] of LIVE_COLORS.entries()) {
      expect([share, plainRuns, said[index]]).toEqual([share, plainRuns, live]);
      expect([share, plainRuns, liveColor(share, plainRuns) ?? '']).toEqual([share, plainRuns, live]);
    }
  });

  test('what is a share, and which container is up, is the same in both languages', () => {
    const names = [...LIVE_COLORS.map(([share]) => share), ...STATES.map(([state]) => state)];
    const said = run('for name; do if is_share "$name"; then echo yes; else echo no; fi; done', names).split(
      '\n',
    );
    for (const [index, name] of names.entries()) {
      expect([name, said[index]]).toEqual([name, parseShare(name) ? 'yes' : 'no']);
    }
    const up = run(
      'for state; do if is_up "$state"; then echo yes; else echo no; fi; done',
      STATES.map(([state]) => state),
    ).split('\n');
    for (const [index, [state, expected]] of STATES.entries()) {
      expect([state, up[index]]).toEqual([state, expected ? 'yes' : 'no']);
      expect([state, isUp(state)]).toEqual([state, expected]);
    }
  });

  test('a colour has the same containers in both languages; a plain stack is blue', () => {
    for (const { found, changing, ...colors } of COLOR_CONTAINERS) {
      for (const color of ['blue', 'green'] as const) {
        const table = found.map((one, index) => one.replace(' ', ` id${index} `)).map((one) => `${one}\n`);
        const said = run('printf "%s" "$1" | of_color shop "$2" "$3"', [
          table.join(''),
          color,
          changing.join(' '),
        ]);
        const services = (list: readonly string[]) => list.map((one) => `${one.split(' ')[1]}\n`).join('');
        expect({ found, changing, color, said: said.replace(/^id\d+ /gm, '') }).toEqual({
          found,
          changing,
          color,
          said: services(colors[color]),
        });
        const containers = found.map((one) => {
          const [project, service] = one.split(' ') as [string, string];
          return { project, service };
        });
        expect(
          containersOfColor(containers, 'shop', color, changing).map(
            (one) => `${one.project} ${one.service}`,
          ),
        ).toEqual(colors[color]);
      }
    }
  });

  test('a plain stack has the same release in both languages, also when `current` has gone along with the traffic', () => {
    for (const [given, link, release] of PLAIN_RELEASES) {
      rmSync(at(FOLDER.traffic), { force: true });
      rmSync(at(FOLDER.current), { force: true });
      if (given) write(FOLDER.traffic, lines([given]));
      if (link !== '') symlinkSync(link, at(FOLDER.current));
      expect({ given, link, said: run('plain_release').trim() }).toEqual({ given, link, said: release });
      expect(plainRelease(given, link)).toBe(release);
    }
  });

  test('whether migrations changed the schema for old code is the same in both languages', () => {
    for (const [ran, reversible, before, after, changed] of SCHEMA_CHANGES) {
      const said = run('if schema_changed "$@"; then echo yes; else echo no; fi', [
        String(ran),
        String(reversible),
        before,
        after,
      ]).trim();
      const migrations = { ran, reversible, state_before: before, state_after: after };
      expect([migrations, said]).toEqual([migrations, changed ? 'yes' : 'no']);
      expect([migrations, changesSchema({ migrations })]).toEqual([migrations, changed]);
    }
  });

  test('a colour has the same network in both languages', () => {
    expect(run('color_network my_shop-2 green')).toBe(colorNetwork('my_shop-2', 'green'));
    expect(run('color_network shop blue back.end')).toBe(colorNetwork('shop', 'blue', 'back.end'));
    expect(run('color_network shop blue default')).toBe(colorNetwork('shop', 'blue'));
  });

  test('a record of the traffic that cannot be read is no switch that has not been', () => {
    const share = () => run('if share=$(recorded_share); then echo "<$share>"; else echo unknown; fi').trim();
    expect(share()).toBe('<>');
    for (const [text, said] of [
      ['', 'unknown'],
      ['{"share":"gre', 'unknown'],
      ['{"share":"red","fence":1}\n', 'unknown'],
      ['{"project":"shop","share":"green-25","fence":1,"routes":[]}\n', '<green-25>'],
    ] as const) {
      write(FOLDER.traffic, text);
      expect([text, share()]).toEqual([text, said]);
    }
  });

  test('every line of the history is one that is read again, with version, commit and environment of its release', async () => {
    write('releases/r1/release.json', `${head('r1')},"created":"x"}\n`);
    write('releases/r2/release.head', head('r2'));
    write('images', 'web sha256:web web:1\ndb sha256:db db:1\n');
    write('digests', `web registry.test/web@${SHA256} other/web@${SHA256}\ndb \n`);
    run(
      `
record_deploy r2 '' succeeded false 1200 images digests 4000000000
record_deploy r2 green restored true 0 nothing nothing
record_move switch r2 blue green-25 succeeded "$1"
record_move confirm r1 green blue returned 'not confirmed in time'
record_move confirm r1 blue blue confirmed "$1"
record_move install '' blue blue installed "$1"
mark_release r2 rolled-back
record_move rollback r1 green blue succeeded "$1"
record_return r1 r2 succeeded "$1" 3000
record_return r1 r2 restored "$1" 4000 yes
mark_release r2 taken-back
record_stand_by r1-green green succeeded "$1" 10 . yes
record_backup 20260101-000000-ab12 succeeded read 123456789012 5000
record_restore 20260101-000000-ab12 failed 6000 ''
record_restore 20260101-000000-ab12 succeeded 7000 2026-01-01T00:00:00Z
`,
      [jsonText(REASON)],
    );
    const { records, unread } = readHistory(read(FOLDER.history));
    expect(unread).toEqual([]);
    const common = (release: string) => ({
      deployment_id: '7-deploy',
      release,
      version: record(release).version,
      sha: record(release).sha,
      environment: 'production',
      color: '',
      actor: ACTOR,
      run_url: 'https://github.example/o/r/actions/runs/7',
      reason: REASON,
      bad: false,
      at: expect.stringMatching(/Z$/),
    });
    const none = { version: '', sha: '', environment: '' };
    const rollback = { operation: 'rollback', from: '', to: '', previous: '', duration_ms: 0 };
    expect(records).toEqual([
      {
        operation: 'deploy',
        ...common('r2'),
        reason: '',
        outcome: 'succeeded',
        ref: 'refs/heads/main',
        duration_ms: 1200,
        digests: { web: `registry.test/web@${SHA256}`, db: 'sha256:db' },
        free_bytes: 4_000_000_000,
      },
      {
        operation: 'deploy',
        ...common('r2'),
        reason: '',
        color: 'green',
        outcome: 'restored',
        bad: true,
        ref: 'refs/heads/main',
        duration_ms: 0,
        digests: {},
      },
      {
        operation: 'switch',
        ...common('r2'),
        color: 'blue',
        outcome: 'succeeded',
        from: 'blue',
        to: 'green-25',
      },
      {
        operation: 'confirm',
        ...common('r1'),
        color: 'blue',
        reason: 'not confirmed in time',
        outcome: 'returned',
        from: 'green',
        to: 'blue',
      },
      {
        operation: 'confirm',
        ...common('r1'),
        color: 'blue',
        outcome: 'confirmed',
        from: 'blue',
        to: 'blue',
      },
      {
        operation: 'install',
        ...common(''),
        ...none,
        color: 'blue',
        outcome: 'installed',
        from: 'blue',
        to: 'blue',
      },
      { ...rollback, ...common('r2'), reason: '', outcome: 'rolled-back', bad: true },
      { ...rollback, ...common('r1'), color: 'blue', outcome: 'succeeded', from: 'green', to: 'blue' },
      { ...rollback, ...common('r1'), outcome: 'succeeded', previous: 'r2', duration_ms: 3000 },
      {
        ...rollback,
        ...common('r1'),
        outcome: 'restored',
        previous: 'r2',
        duration_ms: 4000,
        data_taken_back: true,
      },
      { ...rollback, ...common('r2'), reason: '', outcome: 'taken-back' },
      {
        operation: 'redeploy',
        ...common('r1-green'),
        ...none,
        color: 'green',
        outcome: 'succeeded',
        duration_ms: 10,
        digests: { web: `registry.test/web@${SHA256}`, db: 'sha256:db' },
        data_taken_back: true,
      },
      {
        operation: 'backup',
        ...common(''),
        ...none,
        reason: '',
        outcome: 'succeeded',
        backup: '20260101-000000-ab12',
        verified: 'read',
        bytes: 123_456_789_012,
        duration_ms: 5000,
      },
      {
        operation: 'restore',
        ...common(''),
        ...none,
        reason: '',
        outcome: 'failed',
        backup: '20260101-000000-ab12',
        duration_ms: 6000,
      },
      {
        operation: 'restore',
        ...common(''),
        ...none,
        reason: '',
        outcome: 'succeeded',
        backup: '20260101-000000-ab12',
        duration_ms: 7000,
        data_saved: '2026-01-01T00:00:00Z',
      },
    ]);
    const schema = JSON.parse(
      readFileSync(join(__dirname, '../schema/history.schema.json'), 'utf8'),
    ) as Schema;
    for (const line of read(FOLDER.history).trim().split('\n')) {
      expect(await validateSchema(schema, JSON.parse(line))).toEqual([]);
    }
  });

  test('the manifest of a backup is one that is read again, with what served then', async () => {
    write('releases/r1/release.json', `${head('r1')},"created":"x"}\n`);
    write('services', `db postgres:17 ${SHA256} running\n`);
    const sum = 'b'.repeat(64);
    write(
      'files',
      `db.shop.pgdump\tpostgres\tdb\tshop\t5000000000\t${sum}\tpg_dump (PostgreSQL) 17.2\titems 3\\n\\"a\\"\n` +
        `db.globals.sql\tpostgres-globals\tdb\t\t12\t${sum}\tpg_dumpall\t\n`,
    );
    mkdirSync(at('backups'));
    run('write_manifest backups b1 2026-01-01T00:00:00Z shop r1 restore services files');
    const { records, unread } = readBackups(read('backups/manifest.json'));
    expect(unread).toEqual([]);
    const file = { service: 'db', sha256: sum };
    expect(records).toEqual([
      {
        id: 'b1',
        created: '2026-01-01T00:00:00Z',
        deployment_id: '7-deploy',
        project: 'shop',
        release: 'r1',
        version: record('r1').version,
        sha: record('r1').sha,
        actor: ACTOR,
        run_url: 'https://github.example/o/r/actions/runs/7',
        verified: 'restore',
        bytes: 5_000_000_012,
        services: [{ name: 'db', image: 'postgres:17', image_id: SHA256, state: 'running' }],
        files: [
          {
            ...file,
            name: 'db.shop.pgdump',
            kind: 'postgres',
            source: 'shop',
            bytes: 5_000_000_000,
            tool: 'pg_dump (PostgreSQL) 17.2',
            answer: 'items 3\n"a"',
          },
          {
            ...file,
            name: 'db.globals.sql',
            kind: 'postgres-globals',
            source: '',
            bytes: 12,
            tool: 'pg_dumpall',
            answer: '',
          },
        ],
      },
    ]);
    const schema = JSON.parse(
      readFileSync(join(__dirname, '../schema/backup.schema.json'), 'utf8'),
    ) as Schema;
    expect(await validateSchema(schema, JSON.parse(read('backups/manifest.json')))).toEqual([]);
  });

  test('a backup is whole where every file that its manifest names can be read and is there', () => {
    write('services', '');
    write('files', `a.dump\tcommand\tapi\tx\t3\t${'b'.repeat(64)}\tsh\t{\\"name\\":1}\n`);
    write('backups/b1/a.dump', 'abc');
    run('write_manifest backups/b1 b1 2026-01-01T00:00:00Z shop "" read services files');
    const manifest = read('backups/b1/manifest.json');
    const isWhole = (changed: string) => {
      write('backups/b1/manifest.json', changed);
      return run('if is_whole "$path/backups/b1"; then echo whole; else echo not; fi').trim();
    };
    expect(isWhole(manifest)).toBe('whole');
    for (const changed of [
      manifest.replace('"bytes":3,"sha256"', '"bytes":4,"sha256"'),
      manifest.replace('"kind":"command","service":"api"', '"service":"api","kind":"command"'),
      manifest.replace(/"files":\[.*\]/, '"files":[]'),
      manifest.replace('"id":"b1"', '"id":"b2"'),
      manifest.slice(0, -2),
    ]) {
      expect(changed).not.toBe(manifest);
      expect(isWhole(changed)).toBe('not');
    }
    expect(isWhole(manifest)).toBe('whole');
    renameSync(at('backups/b1/a.dump'), at('elsewhere'));
    symlinkSync(at('elsewhere'), at('backups/b1/a.dump'));
    expect(isWhole(manifest)).toBe('not');
  });

  test('a folder whose name is no id is no backup, whatever its manifest says', () => {
    write('services', '');
    write('files', `a.dump\tcommand\tapi\tx\t3\t${'b'.repeat(64)}\tsh\t\n`);
    for (const name of ['b1 b2', '.b1', 'B1', 'b1*']) {
      write(`backups/${name}/a.dump`, 'abc');
      run(`write_manifest "backups/$1" "$1" 2026-01-01T00:00:00Z shop "" read services files`, [name]);
      expect(run('if is_whole "$path/backups/$1"; then echo whole; else echo not; fi', [name]).trim()).toBe(
        'not',
      );
    }
  });

  test('what a power cut left of a line takes no other line along', () => {
    write(FOLDER.history, '{"operation":"deploy","depl');
    run('mark_release r1 rolled-back; mark_release r1 taken-back');
    const { records, unread } = readHistory(read(FOLDER.history));
    expect(records.map(({ outcome }) => outcome)).toEqual(['rolled-back', 'taken-back']);
    expect(unread).toHaveLength(1);
  });

  test('the record of the traffic is one that is read again, and remembers what served before', () => {
    const routes = [{ name: 'web', service: 'web', port: 80, blue: ['127.0.0.1:1'], green: ['127.0.0.1:2'] }];
    const put = (share: string, release: string, fence: number) =>
      run('write_traffic shop nginx edge "$1" 2026-01-01T00:00:00Z "$2" "$3" /var/lib/x "$4"', [
        share,
        release,
        String(fence),
        JSON.stringify(routes),
      ]);
    put('blue', 'r1', 1);
    put('green', 'r2', 2);
    put('green', 'r2', 3);
    expect(readTraffic(read(FOLDER.traffic))).toEqual({
      record: {
        project: 'shop',
        proxy: 'nginx',
        container: 'edge',
        share: 'green',
        since: '2026-01-01T00:00:00Z',
        release: 'r2',
        previous: 'r1',
        fence: 3,
        folder: '/var/lib/x',
        routes,
      },
      unread: [],
    });
    expect(run('recorded_text share; recorded_fence')).toBe('green\n3\n');
  });

  test('a release is recorded whole, and current leads to it in one step', () => {
    write('releases/r2/release.head', head('r2'));
    write('releases/r2/images', `web ${SHA256} web:1\n`);
    write('releases/r2/services', '');
    symlinkSync('releases/gone', at('current'));
    expect(
      run(
        'current_release; write_release "$path/releases/r2" r1 true false a b 20260101-000000-ab12; link_current r2; link_current r2; current_release',
      ),
    ).toBe('r2');
    expect(readlinkSync(at(FOLDER.current))).toBe('releases/r2');
    const { records, unread } = readReleases(lines([JSON.parse(read('releases/r2/release.json')) as object]));
    expect(unread).toEqual([]);
    expect(records).toEqual([
      {
        ...record('r2'),
        created: expect.stringMatching(/Z$/),
        previous: 'r1',
        images: { web: SHA256 },
        migrations: { ran: true, reversible: false, state_before: 'a', state_after: 'b' },
        backup: '20260101-000000-ab12',
      },
    ]);
  });
});
