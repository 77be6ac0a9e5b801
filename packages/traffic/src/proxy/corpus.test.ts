import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseDocument } from '@deploy-actions/document/parse';
import type { Site } from '../site.ts';
import { siteOf } from '../testing/site.ts';
import { frontDoor } from './door.ts';
import { proxyOf } from './registry.ts';

/**
 * Configurations as people have them. The first lines of each say what must come of it: `asks URL at HOST:PORT, lines N…`
 * (where the site is asked, and which lines become a choice), or `refused: …`. Whatever is accepted is held against the
 * proxy itself, before and after.
 */
interface Fixture {
  /** Folder or file below `fixtures`. */
  name: string;
  /** The user's file in it. */
  file: string;
  contained: boolean;
  /** Its syntax is newer than the program that distributions have. */
  newer: boolean;
  asks?: { url: string; connect: string; lines: number[] };
  refused?: string;
}

const KINDS = ['nginx', 'haproxy', 'caddy', 'traefik'] as const;
type Kind = (typeof KINDS)[number];

const folderOf = (kind: Kind) => join(import.meta.dirname, kind, 'fixtures');

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

function fixturesOf(kind: Kind): Fixture[] {
  const folder = folderOf(kind);
  return filesIn(folder).flatMap((file): Fixture[] => {
    const head = /^(?:#[^\n]*\n)+/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
    const asks = /^# asks (\S+) at (\S+), lines([ \d]*)$/m.exec(head);
    const refused = /^# refused: (.*)$/m.exec(head)?.[1];
    if (!asks && refused === undefined) {
      if (/^# (?:asks|refused)/m.test(head)) throw new Error(`the head of ${file} cannot be read`);
      return [];
    }
    return [
      {
        name: file.slice(folder.length + 1),
        file,
        contained: /^# container$/m.test(head),
        newer: /^# needs /m.test(head),
        ...(asks && {
          asks: {
            url: asks[1]!,
            connect: asks[2]!,
            lines: asks[3]!.split(' ').filter(Boolean).map(Number),
          },
        }),
        ...(refused !== undefined && { refused }),
      },
    ];
  });
}

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'corpus-'));
  chmodSync(home, 0o755);
  const made = spawnSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=shop', '-days', '2', '-keyout', 'key.pem', '-out', 'cert.pem'],
    { cwd: home, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr ?? String(made.error)}`);
  writeFileSync(
    join(home, 'both.pem'),
    readFileSync(join(home, 'cert.pem')) + '\n' + readFileSync(join(home, 'key.pem'), 'utf8'),
  );
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Paths of a server, as they are in a folder of the test's. */
function localized(text: string): string {
  return text
    .replace(/\/etc\/letsencrypt\/live\/[^/]+\/fullchain\.pem/g, join(home, 'cert.pem'))
    .replace(/\/etc\/letsencrypt\/live\/[^/]+\/privkey\.pem/g, join(home, 'key.pem'))
    .replace(/\/etc\/ssl\/private\/[a-z]+\.pem/g, join(home, 'both.pem'))
    .replace(/\/var\/log\/nginx\//g, `${home}/`)
    .replace(/^\s*errorfile .*\n/gm, '')
    .replace(/127\.0\.0\.53/g, '127.0.0.1');
}

const MAIN = `worker_processes 1;
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log access.log;
  include site.conf;
}
`;

/** A fixture in a folder of its own, as the proxy would find it. */
function placed(kind: Kind, fixture: Fixture): { folder: string; site: string; main: string } {
  const folder = mkdtempSync(join(home, 'one-'));
  chmodSync(folder, 0o755);
  const [top = ''] = fixture.name.split('/');
  if (fixture.name.includes('/')) {
    cpSync(join(folderOf(kind), top), folder, { recursive: true });
    for (const file of filesIn(folder)) writeFileSync(file, localized(readFileSync(file, 'utf8')));
    return {
      folder,
      site: join(folder, fixture.name.slice(top.length + 1)),
      main: join(folder, 'nginx.conf'),
    };
  }
  const site = join(folder, kind === 'nginx' ? 'site.conf' : fixture.name);
  writeFileSync(site, localized(readFileSync(fixture.file, 'utf8')));
  if (kind === 'nginx') writeFileSync(join(folder, 'nginx.conf'), MAIN);
  return { folder, site, main: kind === 'nginx' ? join(folder, 'nginx.conf') : site };
}

/**
 * What the program says of a configuration; its output where it is content. Traefik is in no package: the files of its
 * folder are held against one another.
 */
async function held(kind: Kind, folder: string, main: string): Promise<string> {
  if (kind === 'traefik') {
    expect(await danglingNames(folder)).toEqual([]);
    return '';
  }
  const [program, args] = {
    nginx: ['nginx', ['-T', '-q', '-p', folder, '-c', main]],
    haproxy: ['haproxy', ['-c', '-f', main]],
    caddy: ['caddy', ['adapt', '--adapter', 'caddyfile', '--config', main]],
  }[kind] as [string, string[]];
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
  if (error) throw new Error(`${program} is not there to hold the corpus against: ${error.message}`);
  if (status !== 0) throw new Error(`${program} refuses ${main}:\n${stderr}${readFileSync(main, 'utf8')}`);
  return stdout;
}

type Named = Readonly<Record<string, Record<string, unknown>>>;

/**
 * What the files of a watched folder name and none of them has. They are one configuration, where a name stands for what
 * is of the same provider, unless another one is said: https://doc.traefik.io/traefik/providers/overview/
 */
async function danglingNames(folder: string): Promise<string[]> {
  const files = filesIn(folder).filter((file) => /\.ya?ml$/.test(file));
  const parts: Partial<Record<string, Named>>[] = [];
  for (const file of files) {
    const { value } = await parseDocument(readFileSync(file, 'utf8'), { merge: true });
    parts.push((value as { http?: Partial<Record<string, Named>> }).http ?? {});
  }
  const section = (name: string) => Object.assign({}, ...parts.map((one) => one[name] ?? {})) as Named;
  const [services, middlewares, transports] = ['services', 'middlewares', 'serversTransports'].map(section);
  const dangling = (among: Named | undefined, names: unknown[]) =>
    names
      .filter((name): name is string => typeof name === 'string' && !/@(?!file$)/.test(name))
      .filter((name) => among?.[name.replace(/@file$/, '')] === undefined);
  return [
    ...Object.values(section('routers')).flatMap((router) => [
      ...dangling(services, [router['service']]),
      ...dangling(middlewares, (router['middlewares'] as unknown[] | undefined) ?? []),
    ]),
    ...Object.values(services!).flatMap((service) => [
      ...dangling(transports, [(service['loadBalancer'] as Named | undefined)?.['serversTransport']]),
      ...dangling(
        services,
        ((service['weighted'] as { services: { name: string }[] } | undefined)?.services ?? []).map(
          ({ name }) => name,
        ),
      ),
    ]),
  ];
}

function siteFor(kind: Kind, folder: string, fixture: Fixture, more: Partial<Site>): Site {
  const map = join(folder, 'flags');
  mkdirSync(map, { recursive: true });
  writeFileSync(join(map, 'haproxy.map'), 'shop blue\n');
  const log = join(folder, 'canary.log');
  const socket = kind === 'haproxy' ? join(folder, 'deploy.sock') : '';
  const [route] = siteOf().routes;
  const colors = fixture.contained ? { blue: ['web-blue:8080'], green: ['web-green:8080'] } : {};
  return siteOf({
    kind,
    folder: map,
    container: fixture.contained ? 'edge' : '',
    routes: [{ ...route!, ...colors }],
    canaryLog: log,
    canaryLogInside: log,
    socket,
    socketInside: socket,
    ...more,
  });
}

const VARIANTS: readonly [string, Partial<Site>][] = [
  ['as it is', { canary: false, canaryLogInside: '' }],
  ['with a canary', { canary: true, sticky: 'shop_side' }],
  ['with no header for visitors', { canary: false, header: undefined }],
];

describe.each(KINDS)('%s', (kind) => {
  const fixtures = fixturesOf(kind);
  const accepted = fixtures.filter(({ asks }) => asks !== undefined);
  const refused = fixtures.filter((one) => one.refused !== undefined);

  test('there are a dozen configurations and more', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(12);
  });

  test.each(accepted.map((one) => [one.name, one] as const))('%s', async (_, fixture) => {
    const preparation = await proxyOf(kind).prepare();
    const { folder, site: file, main } = placed(kind, fixture);
    const text = readFileSync(file, 'utf8');
    const isHeld = !fixture.newer;
    const whole = isHeld && !(fixture.contained && kind === 'nginx') ? await held(kind, folder, main) : '';
    const around = {
      file,
      login: userInfo().username,
      ...(kind === 'nginx' && whole !== '' ? { whole } : {}),
    };
    for (const [variant, more] of VARIANTS) {
      const site = siteFor(kind, folder, fixture, more);
      const edit = await preparation.install(text, site, around);
      const lines = edit.changes.flatMap((change) => {
        const found = /^line (\d+): .*(?:becomes a choice|leads to the colours)/.exec(change);
        return found ? [Number(found[1])] : [];
      });
      expect({ variant, lines, door: frontDoor(edit.doors, undefined, undefined) }).toEqual({
        variant,
        lines: fixture.asks!.lines,
        door: { url: fixture.asks!.url, connect: fixture.asks!.connect },
      });
      expect(preparation.uninstall(edit.text, 'shop', file)).toBe(text);
      expect((await preparation.install(edit.text, site, around)).text).toBe(edit.text);
      if (isHeld) {
        writeFileSync(file, edit.text);
        // What a proxy goes by besides its configuration, as a switch would bring it along.
        const files = proxyOf(kind).files({ ...site, ...(edit.copied && { copied: edit.copied }) });
        for (const [index, { content }] of files.entries()) {
          writeFileSync(join(folder, 'deploy-actions-shop.yml'), content);
          if (index > 0) await held(kind, folder, main);
        }
        if (files.length === 0) await held(kind, folder, main);
        rmSync(join(folder, 'deploy-actions-shop.yml'), { force: true });
        writeFileSync(file, text);
      }
    }
  });

  test.each(refused.map((one) => [one.name, one] as const))(
    '%s is refused by its line',
    async (_, fixture) => {
      const preparation = await proxyOf(kind).prepare();
      const { folder, site: file } = placed(kind, fixture);
      const site = siteFor(kind, folder, fixture, {});
      const installed = (async () =>
        await preparation.install(readFileSync(file, 'utf8'), site, { file, login: 'deploy' }))();
      await expect(installed).rejects.toMatchObject({
        kind: 'input',
        message: expect.stringMatching(
          new RegExp(
            `^${file.replace(/[.]/g, '\\.')}${kind === 'traefik' ? '(?:, line \\d+)?' : ', line \\d+'}: ${fixture.refused!.replace(/[().]/g, '\\$&')}`,
          ),
        ),
        remedy: expect.stringMatching(/\w/),
      });
      expect(existsSync(dirname(file))).toBe(true);
    },
  );
});
