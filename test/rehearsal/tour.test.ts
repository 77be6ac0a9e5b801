import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findRoot } from '@deploy-actions/tooling';
import { blocksOf } from '../lab/page-rig.ts';
import { introduce, thingsToTry } from './tour.ts';

const SSH = 'ssh -p 22 deploy@127.0.0.1';
const tour = thingsToTry('http://127.0.0.1:8080', SSH, 'green');

test('what is to try on the server stands on the page about lending a hand, whose commands a test runs', () => {
  const known = blocksOf('by-hand.md').flatMap(({ text }) => text.trim().split('\n'));
  const tried = tour.flatMap(({ command }) =>
    command.startsWith(`${SSH} `) ? [command.slice(SSH.length + 1)] : [],
  );
  expect(tried).toHaveLength(3);
  for (const command of tried)
    expect(known).toContain(command.replace('-p shop-green', '-p shop').replace(' backend', ' api'));
});

test('four things are to try; the one that asks the site asks what the sample answers', () => {
  expect(tour).toHaveLength(4);
  expect(tour[0]!.command).toBe('curl -s http://127.0.0.1:8080/version');
  expect(readFileSync(join(findRoot(), 'test/lab/app/api/serve.mjs'), 'utf8')).toContain("'GET /version'");
});

test('the rehearsal says first what comes and how long it takes', () => {
  for (const plan of ['running', 'start', 'install and start'] as const) {
    const said = introduce(plan);
    expect(said).toMatch(/about two minutes/);
    expect(said.match(/^ {2}\d\. v\d\.\d\.\d /gm)).toHaveLength(3);
  }
  expect(introduce('install and start')).toContain('Docker is installed first');
});
