import { afterEach, expect, test } from '@jest/globals';
import { shaOf } from '@deploy-actions/github/testing';
import { readWorkflow } from '../../../../packages/runner/src/workflow.ts';
import { type PrepareRig, eventFile, rigPrepare } from '../testing/rig.ts';
import type { Collected } from './collect.ts';
import { type Entry, entryOfCommit } from './entry.ts';
import { markdownNotes, plainNotes } from './render.ts';

let rig: PrepareRig | undefined;

afterEach(async () => {
  await rig?.close();
  expect(rig?.stub.violations ?? []).toEqual([]);
  rig = undefined;
});

const COMMITS = [
  { sha: shaOf('0'), message: 'init', author: 'ada' },
  { sha: shaOf('1'), message: 'chore: release', author: 'ada' },
  { sha: shaOf('2'), message: 'feat(cart): keep it when logging in (#12)\n\nLong story', author: 'lin' },
  { sha: shaOf('3'), message: 'fix: prices with @everyone and <b>|pipes|</b>', author: 'eve' },
  {
    sha: shaOf('4'),
    message: 'Merge pull request #12 from x',
    author: 'ada',
    parents: [shaOf('3'), shaOf('2')],
  },
  { sha: shaOf('5'), message: 'feat!: a new API', author: 'lin' },
  { sha: shaOf('6'), message: 'Tidy up', author: 'ada' },
];
const REPOSITORY = {
  name: 'org/shop',
  commits: COMMITS,
  tags: [
    { name: 'v1.9.0', sha: shaOf('1'), annotated: true },
    { name: 'v1.10.0', sha: shaOf('6') },
    { name: 'v1.10.0-rc.1', sha: shaOf('3') },
    { name: 'v0.9.0', sha: shaOf('0') },
  ],
};

function run(ref = 'refs/tags/v1.10.0') {
  return readWorkflow({
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_SHA: shaOf('6'),
    GITHUB_REF: ref,
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: eventFile({}),
    GITHUB_RUN_ID: '1',
    GITHUB_JOB: 'p',
  });
}

test('notes are the commits since the version before by SemVer, grouped by type, merges left out', async () => {
  rig = await rigPrepare(run(), REPOSITORY);
  const { outputs } = await rig.prepare({ notes: 'commits' });
  expect(outputs['previous-version']).toBe('v1.9.0');
  expect(outputs.notes).toBe(
    [
      '5 commits since v1.9.0',
      '',
      'Breaking changes',
      '• a new API (lin)',
      '',
      'Features',
      '• cart: keep it when logging in (#12) (lin)',
      '',
      'Fixes',
      '• prices with @everyone and <b>|pipes|</b> (eve)',
      '',
      'Other changes',
      '• Tidy up (ada)',
    ].join('\n'),
  );
  const { notes } = rig.written;
  expect(notes).toContain('### Features\n\n- **cart:** keep it when logging in');
  expect(notes).toContain(`[\`3333333\`](https://github.com/org/shop/commit/${shaOf('3')})`);
  expect(notes).toContain('@\u200beveryone and &lt;b&gt;\\|pipes\\|&lt;/b&gt;');
  expect(notes).toContain('By ada, eve, lin.');
  expect(notes).toContain(`https://github.com/org/shop/compare/v1.9.0...${shaOf('6')}`);
  expect(rig.written.summary).toContain('### What is new');
});

test('by pull requests each is told once, and what came without one by its commit', async () => {
  const pulls = [
    { number: 12, title: 'feat(cart): keep it', author: 'lin', commits: [shaOf('2'), shaOf('4')] },
    { number: 13, title: 'An open one', author: 'eve', commits: [shaOf('3')], merged: false },
    { number: 14, title: 'Tidy up the whole', author: 'ada', commits: [shaOf('6')] },
  ];
  rig = await rigPrepare(run(), { ...REPOSITORY, pulls }, { contents: 'read', 'pull-requests': 'read' });
  const { outputs } = await rig.prepare({ notes: 'pull-requests' });
  expect(outputs.notes).toContain('• cart: keep it (lin, #12)');
  expect(outputs.notes!.match(/#12/g)).toHaveLength(1);
  expect(outputs.notes).toContain('• prices with @everyone');
  expect(outputs.notes).not.toContain('An open one');
  expect(outputs['pull-request']).toBe('14');
  expect(rig.written.notes).toContain('[#12](https://github.com/org/shop/pull/12)');
});

test('a token that may not read pull requests gets notes by commits, and is told why', async () => {
  rig = await rigPrepare(run(), REPOSITORY);
  const { outputs } = await rig.prepare({ notes: 'pull-requests' });
  expect(outputs.notes).toContain('• a new API (lin)');
  expect(rig.log.lines.join('\n')).toContain(
    'notice: The notes are by commits: the token may not read pull requests (`pull-requests: read`).',
  );
});

test('a token that may read nothing costs the notes, and nothing else', async () => {
  rig = await rigPrepare(run(), REPOSITORY, {});
  const { outputs, failure } = await rig.prepare({ notes: 'commits' });
  expect([failure, outputs.notes, outputs.version]).toEqual([undefined, '', 'v1.10.0']);
  expect(rig.log.lines.join('\n')).toContain('needs `contents: read`');
  expect(JSON.parse(outputs.report!).checks.at(-1)).toMatchObject({
    name: 'notes',
    ok: false,
    severity: 'warn',
  });
});

test('the beginning may be named, and the first version has all its commits', async () => {
  rig = await rigPrepare(run(), REPOSITORY);
  expect((await rig.prepare({ notes: 'commits', 'notes-since': 'v1.10.0-rc.1' })).outputs.notes).toMatch(
    /^3 commits since v1.10.0-rc.1\n/,
  );
  rig.stub.repository.tags = [];
  const { outputs } = await rig.prepare({ notes: 'commits' });
  expect(outputs.notes).toMatch(/^The first version: 7 commits, merges left out\n/);
  expect(outputs['previous-version']).toBe('');
  const wrong = rig.prepare({ notes: 'commits', 'notes-since': 'a...b' });
  await expect(wrong).rejects.toThrow('is not a tag or a commit');
});

const entry = (text: string): Entry => ({
  group: 'fix',
  scope: '',
  text,
  author: 'ada',
  number: undefined,
  sha: shaOf('1'),
});
const collected = (entries: Entry[]): Collected => ({
  previous: 'v1',
  entries,
  total: entries.length,
  pullRequest: undefined,
  told: undefined,
});

test('for a notice the notes are cut between two lines, and say how many are left out', () => {
  const entries = Array.from({ length: 500 }, (_, index) => entry(`change number ${index}`));
  const text = plainNotes(collected(entries));
  expect(text.length).toBeLessThanOrEqual(3000);
  const shown = text.match(/^• /gm)!.length;
  expect(text.endsWith(`\n… and ${500 - shown} more`)).toBe(true);
  expect(plainNotes(collected([entry('x'.repeat(5000))])).length).toBeLessThan(300);
  expect(plainNotes(collected([]))).toBe('Nothing new since v1');
});

test('what people write starts no line, calls nobody and is no markup', () => {
  const hostile = entryOfCommit({
    sha: shaOf('1'),
    message: 'fix: a\u2028::error::x\u202e @team [x](javascript:1) `\n\nBREAKING CHANGE: all',
    author: 'a\nb',
    merge: false,
    committedAt: '',
  });
  expect(hostile).toMatchObject({ group: 'breaking', author: 'a b' });
  expect(plainNotes(collected([hostile])).split('\n')).toHaveLength(4);
  const markdown = markdownNotes(collected([hostile]), { page: 'https://github.com/o/r', sha: shaOf('1') });
  expect(markdown).toContain('@\u200bteam \\[x\\]\\(javascript:1\\) \\`');
});

test.each([
  ['feat: x', 'feat', '', 'x'],
  ['Feat(a b): x', 'feat', 'a b', 'x'],
  ['fix(a)!: x', 'breaking', 'a', 'x'],
  ['chore(deps): bump', 'other', '', 'chore(deps): bump'],
  ['other: x', 'other', '', 'other: x'],
  ['breaking: x', 'other', '', 'breaking: x'],
  ['constructor: x', 'other', '', 'constructor: x'],
  ['feat:x', 'other', '', 'feat:x'],
  ['', 'other', '', '(no message)'],
])('the message "%s" is of the group %s', (message, group, scope, text) => {
  expect(
    entryOfCommit({ sha: shaOf('1'), message, author: '', merge: false, committedAt: '' }),
  ).toMatchObject({
    group,
    scope,
    text,
  });
});
