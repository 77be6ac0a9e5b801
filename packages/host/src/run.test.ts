import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '@deploy-actions/kit';
import { localSession } from '@deploy-actions/shell/local-session';
import type { Operation, RunEvent } from './run.ts';
import { startRun } from './start.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function application(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'host-'));
  folders.push(folder);
  return path.join(folder, 'app');
}

function operation(more: Partial<Operation> & { body: string }): Operation {
  return {
    name: 'deploy',
    path: application(),
    deploymentId: 'run-1',
    inputHash: 'a'.repeat(64),
    holder: { actor: 'octocat', runUrl: 'https://example.org/run/1' },
    ...more,
  };
}

test('a run tells its phases and lines and ends with the fields of its result', async () => {
  const events: RunEvent[] = [];
  const run = await startRun(
    localSession(),
    operation({
      body: `operate() {
        phase pull; say "pulling $what"; run "a nap" sh -c 'echo out; echo err >&2'
        phase up; result name "it's $what"; warn careful
      }`,
      parameters: { what: `a 'quoted'\n$thing \`x\`` },
    }),
    { clock: systemClock, onEvent: (event) => events.push(event) },
  );
  const result = await run.result;
  expect(result).toMatchObject({ outcome: 'succeeded', fresh: true });
});
