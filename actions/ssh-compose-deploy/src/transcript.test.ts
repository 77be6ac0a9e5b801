import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { redactor } from '@deploy-actions/kit';
import { transcript } from './transcript.ts';
import { fakeWorkflow } from '@deploy-actions/runner/testing';

function taking(several: boolean) {
  const secrets = redactor();
  secrets.add('hunter2-hunter2');
  const workflow = fakeWorkflow({ temp: mkdtempSync(join(tmpdir(), 'transcript-')) });
  return transcript({ workflow, redactor: secrets }, several);
}

test('all that a server says is kept without secrets, and what the migrations say by itself too', () => {
  const words = taking(false);
  words.take('web1', { type: 'phase', name: 'pull', at: 0 });
  words.take('web1', { type: 'line', text: 'pulling' });
  words.take('web1', { type: 'state', state: 'running' });
  words.take('web1', { type: 'phase', name: 'migrate', at: 5 });
  words.take('web1', { type: 'line', text: 'ALTER TABLE with hunter2-hunter2' });
  words.take('web1', { type: 'phase', name: 'up', at: 9 });
  words.take('web1', { type: 'warning', text: 'slow' });
  const { log, migrationLog } = words.files();
  expect(readFileSync(log!, 'utf8')).toBe(
    '== Pull the images\npulling\n== Migrate\nALTER TABLE with ***\n== Bring up what changed\nslow\n',
  );
  expect(readFileSync(migrationLog!, 'utf8')).toBe('== Migrate\nALTER TABLE with ***\n');
  expect(statSync(log!).mode & 0o777).toBe(0o600);
});

test('lines of several servers carry their names, and each is in a phase of its own', () => {
  const words = taking(true);
  words.take('web1', { type: 'phase', name: 'migrate', at: 0 });
  words.take('web2', { type: 'line', text: 'waiting' });
  words.take('web1', { type: 'line', text: 'migrating' });
  expect(readFileSync(words.files().log!, 'utf8')).toBe(
    'web1 | == Migrate\nweb2 | waiting\nweb1 | migrating\n',
  );
  expect(readFileSync(words.files().migrationLog!, 'utf8')).toBe('web1 | == Migrate\nweb1 | migrating\n');
});

test('where nothing was said there is no file', () => {
  expect(taking(false).files()).toEqual({ log: undefined, migrationLog: undefined });
});
