import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fields, quantile } from '@deploy-actions/kit';
import { findRoot, listPrograms, node24, readAction } from '@deploy-actions/tooling';
import { samplesFor } from '../contract/samples.ts';

/** Processes of each kind; their median counts. */
const ROUNDS = 15;

/** How long a bundle may take to connect before it counts as one that does not, in milliseconds. */
const PATIENCE = 3000;

/** Another checkout, whose bundles are held against ours. */
const BESIDE = process.env['DEPLOY_ACTIONS_BESIDE'];

/** What is started: a program with its environment, over when it ends or when it connects. */
interface Start {
  title: string;
  path: string;
  env: Record<string, string>;
  /** The last byte of this time is the end of the process, or its first connection. */
  until: 'end' | 'connection';
  size: string;
}

/**
 * The start of each bundle, as a multiple of an empty program's: up to its error about missing inputs (what every
 * run pays), and with right inputs up to its first connection to a server (all that it needs by then is loaded).
 * Rounds alternate between all of them, so that a busy moment hits them alike. And the bundles' sizes. With
 * DEPLOY_ACTIONS_BESIDE, the bundles of that checkout stand beside ours.
 */
export async function run(): Promise<void> {
  const root = findRoot();
  const folder = mkdtempSync(join(tmpdir(), 'startup-'));
  let connected = () => {};
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.destroy();
    connected();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const samples = { ...samplesFor(address), address };
  try {
    const empty = join(folder, 'empty.js');
    writeFileSync(empty, '"use strict";\n');
    // For ssh-compose-deploy, which reads it before it connects.
    writeFileSync(join(folder, 'compose.yaml'), 'services: { web: { image: nginx } }\n');
    const starts: Start[] = [
      { title: '(empty)', path: empty, env: {}, until: 'end', size: '' },
      ...(
        await Promise.all(
          listPrograms(root).map(async (name) => {
            const needed = await neededBy(root, name);
            const trees = [root, ...(BESIDE && listPrograms(BESIDE).includes(name) ? [BESIDE] : [])];
            return trees.flatMap((tree) => startsOf(tree, name, needed, samples, folder));
          }),
        )
      ).flat(),
    ];
    const times = new Map(starts.map((start) => [start, [] as (number | undefined)[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const start of starts) {
        const all = times.get(start)!;
        // One that did not connect the first time never will.
        if (round > 0 && all[0] === undefined) continue;
        all.push(await timed(start, (listener) => (connected = listener)));
      }
    }
    const base = middle(times.get(starts[0]!)!)!;
    const rows = starts.map((start) => {
      const ms = middle(times.get(start)!);
      const shown =
        ms === undefined ? ['no connection', ''] : [`${ms.toFixed(0)} ms`, `${(ms / base).toFixed(1)} x`];
      return [
        start.title,
        start.until === 'end' ? 'its first error' : 'its first connection',
        ...shown,
        start.size,
      ];
    });
    console.log(table(['start of', 'until', 'median', 'ratio', 'size'], rows));
    console.log('aims: at most 4 x without SSH, 5.5 x with it; 1.2 MB');
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an action needs besides its required inputs in order to connect; undefined: the sample of that name. */
const ALSO: Record<string, Record<string, string | undefined>> = {
  'slack-notify': {
    'bot-token': `xoxb-1234567890-1234567890-${'a'.repeat(24)}`,
    channel: 'C0123456789',
    'api-url': 'http://ADDRESS/api',
    status: 'success',
  },
  'telegram-notify': {
    'bot-token': undefined,
    'chat-id': undefined,
    'api-url': 'http://ADDRESS',
    status: 'success',
  },
  'smoke-run': { checks: '- { name: home, request: GET / }', 'base-url': 'http://ADDRESS/' },
};

/** The inputs that an action needs. */
async function neededBy(root: string, name: string): Promise<ReadonlySet<string>> {
  const { fields } = (await import(join(root, 'actions', name, 'src/fields.ts'))) as { fields: Fields };
  return new Set(Object.entries(fields).flatMap(([input, { required }]) => (required ? [input] : [])));
}

function startsOf(
  root: string,
  name: string,
  needed: ReadonlySet<string>,
  samples: Record<string, string>,
  folder: string,
): Start[] {
  const action = readAction(name, root);
  const path = join(action.folder, action.runs.main);
  const env: Record<string, string> = { RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder, HOME: folder };
  const also = ALSO[name] ?? {};
  for (const [input, { default: value = '' }] of Object.entries(action.inputs)) {
    const usual = value.includes('${{') ? '' : value;
    const text = needed.has(input) || input in also ? (also[input] ?? samples[input] ?? '') : usual;
    env[`INPUT_${input.toUpperCase()}`] = text.replace('ADDRESS', samples['address']!);
  }
  return [
    {
      title: root === BESIDE ? `${name}, beside` : name,
      path,
      env: {},
      until: 'end',
      size: sizeOf(join(root, 'dist', name)),
    },
    { title: '', path, env, until: 'connection', size: '' },
  ];
}

/** Milliseconds from the start of the process; undefined when it makes no connection. */
async function timed(
  start: Start,
  onConnection: (listener: () => void) => void,
): Promise<number | undefined> {
  const started = performance.now();
  const child: ChildProcess = spawn(node24(), [start.path], { env: start.env, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  let answer: number | undefined;
  if (start.until === 'end') {
    await ended;
    return performance.now() - started;
  }
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const stop = (ms: number | undefined) => {
      answer ??= ms;
      clearTimeout(timer);
      resolve();
    };
    onConnection(() => stop(performance.now() - started));
    void ended.then(() => stop(undefined));
  });
  child.kill('SIGKILL');
  await ended;
  return answer;
}

/** The middle one of those that were there; undefined where none was. */
function middle(values: readonly (number | undefined)[]): number | undefined {
  return quantile(
    values.filter((value) => value !== undefined),
    0.5,
  );
}

/** All programs of a bundle, and what is read at the start; the step after the job is a bundle of its own. */
function sizeOf(folder: string): string {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const after = files.filter((file) => /(?:^|\.)post\.js$/.test(file));
  const main = files.filter((file) => !after.includes(file));
  const size = (list: string[]) =>
    (list.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) / 1e6).toFixed(2);
  const start = `${size(main)} MB, ${size(['index.js'])} MB of it at the start`;
  return after.length > 0 ? `${start}; post ${size(after)} MB` : start;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]!.length)));
  return [head, ...rows]
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index]!)).join('  '))
    .join('\n');
}
