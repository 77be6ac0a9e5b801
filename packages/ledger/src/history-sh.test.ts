import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { FOLDER } from './folder.ts';
import { readHistory } from './history.ts';
import { jsonText } from './json-text.ts';
import { ACTOR, SHA256, SHELLS, folderForEach, headOf, recordOf } from './testing/application-folder.ts';

const folder = folderForEach(beforeEach, afterEach);
const { at, read, write } = folder;

const REASON = 'r1 was asked for: "now", 100 % \\ é\n$(true)';

describe.each(SHELLS)('%s', (shell) => {
  const run = (body: string, args?: readonly string[]) => folder.run(shell, body, args);

  test('a history that could not be written is told: a mark may be missing in it', () => {
    symlinkSync('/dev/full', at('.deploy/history.jsonl'));
    const said = run(`warn() { printf '%s\\n' "$1"; }\nmark_release r7 rolled-back 2>/dev/null`);
    expect(said).toContain('the history could not be written');
    expect(said).toContain('r7');
  });

  test('every line of the history is one that is read again, with version, commit and environment of its release', async () => {
    write('releases/r1/release.json', `${headOf('r1')},"created":"x"}\n`);
    write('releases/r2/release.head', headOf('r2'));
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
      version: recordOf(release).version,
      sha: recordOf(release).sha,
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

  test('what a power cut left of a line takes no other line along', () => {
    write(FOLDER.history, '{"operation":"deploy","depl');
    run('mark_release r1 rolled-back; mark_release r1 taken-back');
    const { records, unread } = readHistory(read(FOLDER.history));
    expect(records.map(({ outcome }) => outcome)).toEqual(['rolled-back', 'taken-back']);
    expect(unread).toHaveLength(1);
  });
});
