import { readlinkSync, symlinkSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FOLDER } from './folder.ts';
import { colorNetwork, containersOfColor, isUp } from './color.ts';
import { changesSchema, readReleases } from './release-record.ts';
import { liveColor, parseShare } from './share.ts';
import { plainRelease, readTraffic } from './traffic-record.ts';
import {
  COLOR_CONTAINERS,
  LIVE_COLORS,
  PLAIN_RELEASES,
  SCHEMA_CHANGES,
  STATES,
  lines,
} from './testing/index.ts';
import { SHA256, SHELLS, folderForEach, headOf, recordOf } from './testing/application-folder.ts';

const folder = folderForEach(beforeEach, afterEach);
const { at, read, write } = folder;

describe.each(SHELLS)('%s', (shell) => {
  const run = (body: string, args?: readonly string[]) => folder.run(shell, body, args);

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
    write('releases/r2/release.head', headOf('r2'));
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
        ...recordOf('r2'),
        created: expect.stringMatching(/Z$/),
        previous: 'r1',
        images: { web: SHA256 },
        migrations: { ran: true, reversible: false, state_before: 'a', state_after: 'b' },
        backup: '20260101-000000-ab12',
      },
    ]);
  });
});
