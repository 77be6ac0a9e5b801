import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { backupRig, idOf } from './testing/backup-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

test.each([
  'phase:preflight:after',
  'save:begin:after',
  'phase:read-back:before',
  'phase:load:before',
  'phase:encrypt:before',
  'phase:keep:before',
  'whole:before',
])(
  'a backup that is killed at %s counts for nothing, leaves no tool, and the next one is whole',
  async (place) => {
    const rig = backupRig(hostWith);
    // It encrypts as age begins, and no further.
    rig.host.tool(
      'age',
      'echo age-encryption.org/v1; cat >/dev/null </dev/null; for word; do :; done; cat "$word"',
    );
    const inputs = {
      verify: 'restore',
      'verify-query': 'db/shop: SELECT 1',
      'encrypt-to': `age1${'q'.repeat(58)}`,
    };
    const before = idOf(await rig.go(inputs));
    rig.host.pauseAt(place);
    const { done, ports } = rig.start(inputs);
    await paused(rig.host, '101-deploy/backup-2');
    process.kill(pidOf(rig.host, '101-deploy/backup-2'), 'SIGKILL');
    ports.cancel(new Failure('lost', 'the run was cancelled'));
    expect((await done).failure?.kind).toBe('lost');
    rig.host.pauseAt(undefined);
    for (const tool of ['psql', 'pg_dump', 'pg_restore']) {
      await eventually(() => rig.running(tool).length === 0, `the end of ${tool}`);
    }
    const listed = await rig.go({ list: 'true', databases: '' });
    expect(listed.outputs.backups).toMatchObject([{ id: before }]);
    expect(rig.folders().filter((name) => !name.startsWith('.new-'))).toEqual([before]);
    const next = idOf(await rig.go(inputs));
    expect(rig.folders()).toEqual([before, next].sort());
    expect(rig.docker.containers().map(({ Name }) => Name)).toEqual(['/shop-db-1']);
    expect(rig.history().map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed', 'succeeded']);
  },
);
