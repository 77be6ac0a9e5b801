import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseLook } from '../look.ts';
import { LOOK } from '../program/index.ts';
import { siteOf } from '../testing/site.ts';
import { PROXIES } from './registry.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'share-places-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What each proxy's own part finds, by kind, as the program that looks at a server asks them. */
function shares(): Record<string, string> {
  const texts = LOOK.own.filter(({ name }) => /-look$|^flag$|^of-proxy$/.test(name));
  const given = `set -u; project=shop folder=. watched=. share_names='blue green green-25' proxy_kinds='${PROXIES.map(({ kind }) => kind).join(' ')}'\n`;
  const ask = 'for kind in $proxy_kinds; do echo "$kind $(of_proxy share "$kind")"; done\n';
  const { stdout, stderr } = spawnSync('sh', ['-s'], {
    input: given + texts.map((part) => part.source()).join('') + ask,
    cwd: home,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
}

/** Where each has its share, and what it reads there. */
const PLACES: Readonly<Record<string, readonly [file: string, content: string]>> = {
  nginx: ['green-25', ''],
  caddy: ['green-25', ''],
  haproxy: ['haproxy.map', 'other blue\nshop green-25\n'],
  traefik: ['deploy-actions-shop.yml', '{}\n# deploy-actions shop green-25\n'],
};

test.each(PROXIES.map(({ kind }) => kind))('%s: its share is read where it goes by it', (kind) => {
  const [file, content] = PLACES[kind]!;
  writeFileSync(join(home, file), content);
  expect(shares()[kind]).toBe('green-25');
});

test.each(PROXIES.map(({ kind }) => kind))(
  '%s: where it is the one that was prepared, no other counts',
  (kind) => {
    const site = { ...siteOf({ kind }), url: 'http://127.0.0.1/', connect: '127.0.0.1:80' };
    const found = Object.fromEntries(
      PROXIES.map((one) => [`share_${one.kind}`, one.kind === kind ? '' : 'blue']),
    );
    expect(parseLook({ ...found, proxy: JSON.stringify(site) }).share).toBeUndefined();
    expect(parseLook({ ...found, [`share_${kind}`]: 'green', proxy: JSON.stringify(site) }).share).toBe(
      'green',
    );
    expect(parseLook(found).share).toBe('blue');
  },
);
