import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runBundle, startBundle } from './run-action.ts';

const tree = mkdtempSync(join(tmpdir(), 'tree-'));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Writes an action `name` whose bundle is `program`. */
function action(name: string, program: string): string {
  mkdirSync(join(tree, 'actions', name), { recursive: true });
  mkdirSync(join(tree, 'dist', name), { recursive: true });
  writeFileSync(
    join(tree, 'actions', name, 'action.yml'),
    [
      'name: Sample',
      'description: A sample',
      'inputs:',
      '  color: { description: A color, default: blue }',
      '  token: { description: A token, default: "${{ github.token }}" }',
      'outputs:',
      '  answer: { description: The answer }',
      `runs: { using: node24, main: ../../dist/${name}/index.js, post: ../../dist/${name}/index.js }`,
    ].join('\n'),
  );
  writeFileSync(
    join(tree, 'dist', name, 'index.js'),
    `const { appendFileSync } = require('node:fs');\n${program}`,
  );
  return name;
}

test('a step gets its inputs, the defaults of action.yml and none of the surroundings', async () => {
  const lines: string[] = [];
  const result = await runBundle({
    tree,
    action: action('inputs', `console.log(JSON.stringify(process.env))`),
    inputs: { 'a list': 'x\ny' },
    env: { GITHUB_TOKEN: 'the-token' },
    onLine: (line) => lines.push(line),
  });
  const seen = JSON.parse(lines[0]!) as Record<string, string>;
  expect(seen).toMatchObject({
    INPUT_A_LIST: 'x\ny',
    INPUT_COLOR: 'blue',
    INPUT_TOKEN: 'the-token',
    CI: 'true',
  });
  expect(seen['PATH']).not.toEqual(process.env['PATH']);
  expect(seen['HOME']).not.toEqual(process.env['HOME']);
  expect(result.exitCode).toBe(0);
});

test('outputs, state, summary, annotations and masks are read as the runner reads them', async () => {
  const result = await runBundle({
    tree,
    action: action(
      'outputs',
      `appendFileSync(process.env.GITHUB_OUTPUT, 'answer<<E\\none\\ntwo\\nE\\nplain=a=b\\n');
       appendFileSync(process.env.GITHUB_STATE, 'kept=1\\n');
       appendFileSync(process.env.GITHUB_STEP_SUMMARY, '# Done');
       console.log('::add-mask::pass100%25word');
       console.log('the pass100%word');
       console.log('::error file=a%2Cb.yml,line=3,col=4::first%0Asecond');
       process.exitCode = 3;`,
    ),
  });
  expect(result).toMatchObject({
    exitCode: 3,
    outputs: { answer: 'one\ntwo', plain: 'a=b' },
    state: { kept: '1' },
    summary: '# Done',
    masks: ['pass100%word'],
    annotations: [{ level: 'error', file: 'a,b.yml', line: 3, column: 4, message: 'first\nsecond' }],
  });
  expect(result.shown).toContain('the ***\n');
  expect(result.shown).not.toContain('pass100');
});

test('the post step sees the state that main left', async () => {
  const name = action('post', `console.log(process.env.STATE_kept)`);
  const result = await runBundle({ tree, action: name, step: 'post', state: { kept: 'this' } });
  expect(result.log).toBe('this\n');
});

test('a cancelled step gets SIGINT first', async () => {
  const controller = new AbortController();
  const result = await runBundle({
    tree,
    action: action(
      'cancelled',
      `process.on('SIGINT', () => { console.log('told'); process.exit(130); }); setInterval(() => {}, 1000); console.log('up');`,
    ),
    signal: controller.signal,
    onLine: (line) => {
      if (line === 'up') controller.abort();
    },
  });
  expect(result).toMatchObject({ exitCode: 130, log: 'up\ntold\n' });
});

test('a killed step tells the signal that ended it', async () => {
  const name = action('killed', `setInterval(() => {}, 1000); console.log('up');`);
  const running = startBundle({ tree, action: name, onLine: () => running.kill('SIGKILL') });
  expect(await running.done).toMatchObject({ exitCode: null, endedBy: 'SIGKILL' });
});

test('a step that does not end is killed, and its log is told', async () => {
  const name = action('stuck', `setInterval(() => {}, 1000); console.log('still here');`);
  // On a busy machine Node alone takes a second before it says anything.
  await expect(runBundle({ tree, action: name, timeout: 4000 })).rejects.toThrow('still here');
});

test('a missing bundle says how to build it', () => {
  const name = action('unbuilt', '');
  rmSync(join(tree, 'dist', name), { recursive: true });
  expect(() => startBundle({ tree, action: name })).toThrow(`npm run build -- ${name}`);
});
