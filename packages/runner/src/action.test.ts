import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, integer, required, secret, text } from '@deploy-actions/kit';
import { type Core, type Ports, explain, runAction, runPost } from './action.ts';
import { readWorkflow } from './workflow.ts';

function fakeCore(): Core & { calls: string[]; written: string } {
  const calls: string[] = [];
  const level = (name: string) => (line: string, properties?: { file?: string; startLine?: number }) => {
    calls.push(`${name}${properties?.file ? ` ${properties.file}:${properties.startLine}` : ''}: ${line}`);
  };
  const core = {
    calls,
    written: '',
    setOutput: (name: string, value: string) => calls.push(`output ${name}=${value}`),
    setSecret: (value: string) => calls.push(`mask ${value}`),
    saveState: (name: string, value: string) => calls.push(`state ${name}=${value}`),
    getState: () => 'kept',
    info: level('info'),
    debug: level('debug'),
    notice: level('notice'),
    warning: level('warning'),
    error: level('error'),
    startGroup: (title: string) => calls.push(`group ${title}`),
    endGroup: () => calls.push('end'),
    summary: {
      addRaw(raw: string) {
        core.written += raw;
      },
      write: async () => {},
    },
  };
  return core as unknown as Core & { calls: string[]; written: string };
}

const fields = { host: required(text()), token: secret(text()), port: integer(1, 65535) };
const signal = new AbortController().signal;
const env = { INPUT_HOST: 'h', INPUT_TOKEN: 'geheimnis-1', GITHUB_STEP_SUMMARY: '/dev/null' };

test('secrets are masked before anything is printed, and in every sink', async () => {
  const core = fakeCore();
  const code = await runAction(
    {
      name: 'a',
      fields,
      outputs: ['ok'],
      async run(_inputs, ports) {
        ports.log.info('token geheimnis-1');
        ports.annotate('warning', 'geheimnis-1', { file: 'compose.yaml', line: 3 });
        ports.summary('| geheimnis-1 |');
        return { ok: true };
      },
    },
    { core, env, signal },
  );
  expect(code).toBe(0);
  const firstPrinted = core.calls.findIndex((call) => !call.startsWith('mask'));
  expect(core.calls.slice(0, firstPrinted)).toContain('mask geheimnis-1');
  expect(core.calls.filter((call) => !call.startsWith('mask')).join('\n')).not.toContain('geheimnis');
  expect(core.calls).toContain('warning compose.yaml:3: ***');
  expect(core.calls).toContain('output ok=true');
  expect(core.written).toBe('| *** |\n');
});

test('a failure is told once, says what to do, and keeps its outputs', async () => {
  const core = fakeCore();
  const run = async () => {
    throw new Failure('busy', 'the lock is held by octocat', {
      remedy: 'Wait, or raise lock-timeout',
      outputs: { ok: false, list: [1] },
      details: 'tail ::error::x',
      cause: new Error('flock: 1'),
    });
  };
  const code = await runAction({ name: 'a', fields, outputs: ['ok', 'list'], run }, { core, env, signal });
  expect(code).toBe(1);
  expect(core.calls.filter((call) => call.startsWith('error'))).toEqual([
    'error: Busy: the lock is held by octocat. Wait, or raise lock-timeout.',
  ]);
  expect(core.calls).toContain('output ok=false');
  expect(core.calls).toContain('output list=[1]');
  expect(core.calls).toContain('info: tail ::error::x');
  expect(core.calls).toContain('info: caused by: flock: 1');
});

test('what stands open in the log is not told again as evidence, and what is folded is', async () => {
  const core = fakeCore();
  const tell = (folded: boolean) => async (_inputs: unknown, ports: Ports) => {
    if (folded) await ports.log.group('Migrate', () => Promise.resolve(ports.log.info('no such column')));
    else ports.log.info('migration 3: starting\nno such column');
    throw new Failure('remote', 'the command failed', { details: 'no such column\napi: exited' });
  };
  await runAction({ name: 'a', fields, outputs: [], run: tell(false) }, { core, env, signal });
  await runAction({ name: 'a', fields, outputs: [], run: tell(true) }, { core, env, signal });
  expect(core.calls.filter((call) => /^(info|group|end|error)/.test(call))).toEqual([
    'info: migration 3: starting\nno such column',
    'error: Failed on the server: the command failed.',
    'info: api: exited',
    'group Migrate',
    'info: no such column',
    'end',
    'error: Failed on the server: the command failed.',
    'info: no such column\napi: exited',
  ]);
  // The summary has all of it: it is read without the log.
  expect(core.written).toContain('no such column\napi: exited');
});

test('a failure of which the action has told nothing itself is the summary: what, what to do, and the evidence folded', async () => {
  const core = fakeCore();
  const run = async () => {
    throw new Failure('refused', 'the user <deploy> may not use Docker', {
      code: 'docker-not-allowed',
      remedy: 'Add it to the group docker',
      outputs: { outcome: 'nothing-changed' },
      details: 'tail ``` of geheimnis-1',
    });
  };
  await runAction({ name: 'a', fields, outputs: ['outcome'], run }, { core, env, signal });
  expect(core.written).toBe(
    [
      '### ❌ a: Refused: the user &lt;deploy&gt; may not use Docker',
      'Add it to the group docker',
      'Outcome: `nothing-changed`.',
      '[What `docker-not-allowed` means](https://github.com/org/deploy-actions/blob/main/docs/troubleshooting.md#docker-not-allowed).',
      '<details><summary>What was seen</summary>',
      '````\ntail ``` of ***\n````',
      '</details>',
      '\n',
    ].join('\n\n'),
  );
});

test('the summary that a failing action has written itself stands alone', async () => {
  const core = fakeCore();
  await runAction(
    {
      name: 'a',
      fields,
      outputs: [],
      async run(_inputs, ports) {
        ports.summary('### ❌ v2 is not healthy');
        throw new Failure('unhealthy', 'v2 is not healthy');
      },
    },
    { core, env, signal },
  );
  expect(core.written).toBe('### ❌ v2 is not healthy\n');
});

test('text from outside cannot start a log command', async () => {
  const core = fakeCore();
  await runAction(
    {
      name: 'a',
      fields,
      outputs: [],
      async run(_inputs, ports) {
        ports.log.info('::set-output name=x::y');
        return {};
      },
    },
    { core, env, signal },
  );
  expect(core.calls.filter((call) => call.startsWith('info'))).toEqual([
    'info: :\u200b:set-output name=x::y',
  ]);
});

test('a wrong input stops the action before it runs', async () => {
  const core = fakeCore();
  let ran = false;
  const run = async () => {
    ran = true;
    return {};
  };
  const code = await runAction(
    { name: 'a', fields, outputs: [], run },
    { core, env: { ...env, INPUT_PORT: '0' }, signal },
  );
  expect([code, ran]).toEqual([1, false]);
  expect(core.calls).toContain(
    'error: The workflow needs a change: input `port`: "0" is not a whole number from 1 to 65535.',
  );
});

test('an unexpected error is called a defect, with its stack below', () => {
  const { headline, below } = explain('a', new TypeError('x is undefined'));
  expect(headline).toContain('a: unexpected error: x is undefined');
  expect(below.join()).toContain('action.test.ts');
});

test('cleaning up turns a job red only by a Failure', async () => {
  for (const [error, expected] of [
    [new Error('odd'), 0],
    [new Failure('lost', 'the server is between two releases'), 1],
  ] as const) {
    const run = async () => {
      throw error;
    };
    expect(await runPost({ name: 'a', fields, post: run }, { core: fakeCore(), env, signal })).toBe(expected);
  }
});

test('a summary over the limit is cut at a line and says so', async () => {
  const core = fakeCore();
  await runAction(
    {
      name: 'a',
      fields,
      outputs: [],
      async run(_inputs, ports) {
        ports.summary('ä line\n'.repeat(300_000));
        return {};
      },
    },
    { core, env, signal },
  );
  expect(Buffer.byteLength(core.written)).toBeLessThan(1024 * 1024);
  expect(core.written).toContain('_The rest was cut');
  expect(core.written).not.toContain('\ufffd');
});

test('the run is known from the documented variables, its payload from the event file', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json');
  writeFileSync(path, '{"head_commit":{"message":"m"}}');
  const workflow = readWorkflow({
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_EVENT_PATH: path,
    GITHUB_ACTOR: 'a',
  });
  expect(workflow.runUrl).toBe('https://github.com/o/r/actions/runs/7/attempts/2');
  expect(workflow.event()).toEqual({ head_commit: { message: 'm' } });
  expect(readWorkflow({}).event()).toEqual({});
  expect(readWorkflow({}).runUrl).toBe('');
});

test('a secret across the cut of a long line of the log is not shown in part', async () => {
  const secret = 'S3cr3t-0123456789-abcdefghijklmnop';
  for (const before of [64 * 1024 - 31, 64 * 1024 - 3, 64 * 1024 - 34, 64 * 1024]) {
    const core = fakeCore();
    await runAction(
      {
        name: 'a',
        fields,
        outputs: [],
        async run(_inputs, ports) {
          ports.log.info(`first\n${'x'.repeat(before)}${secret}${'y'.repeat(5000)}\nlast`);
          return {};
        },
      },
      { core, env: { ...env, INPUT_TOKEN: secret }, signal },
    );
    const shown = core.calls.filter((call) => call.startsWith('info')).join('\n');
    expect(shown).not.toContain('S3cr');
    expect(shown).toMatch(/^info: first\nx+(\*\*\*)?y*…? \(\d+ more characters\)\nlast$|\*…/);
    expect(shown).toMatch(/ more characters\)\nlast$/);
  }
});

test('what is wrong with an input is told by main alone, and a run that gets no secrets is told why', async () => {
  const post = async () => {
    throw new Error('must not run');
  };
  const core = fakeCore();
  expect(await runPost({ name: 'a', fields, post }, { core, env: {}, signal })).toBe(0);
  expect(core.calls.filter((call) => /^(error|warning|info)/.test(call))).toEqual([]);

  const run = async () => ({});
  const dependabot = { ...env, INPUT_HOST: '', GITHUB_ACTOR: 'dependabot[bot]' };
  await runAction({ name: 'a', fields, outputs: [], run }, { core, env: dependabot, signal });
  expect(core.calls).toContain(
    "error: The workflow needs a change: input `host` is required and is empty. GitHub gives Dependabot's runs no secrets of the repository, so a value that comes from one is empty.",
  );
});
