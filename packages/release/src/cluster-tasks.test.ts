import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readServices, readTasks, weighService } from '@deploy-actions/engine/stack';

const TASKS = readFileSync(join(import.meta.dirname, 'sh/cluster-tasks.sh'), 'utf8');
const FOUND = readFileSync(join(import.meta.dirname, '../../engine/src/found-specs.sh'), 'utf8');
/** What the last survey says, of the same package. */
const SURVEYED = readFileSync(join(import.meta.dirname, 'sh/surveyed.sh'), 'utf8');
const [NEW, OLD] = ['a'.repeat(64), 'b'.repeat(64)];
/** Ids of the cluster have 25 letters. */
const idOf = (name: string) => name.padEnd(25, '0');
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

/** What the cluster says of a service. */
interface Held {
  mode?: string;
  replicas?: number;
  state?: string;
  since?: string;
  hash?: string;
  words?: string;
}

/** One line of its tasks. */
interface Task {
  id?: string;
  hash?: string;
  wanted?: string;
  state?: string;
  exit?: string;
  /** Seconds that it has been in that state. */
  since?: number;
  node?: string;
  words?: string;
}

const heldLine = ({
  mode = 'replicated',
  replicas = 1,
  state = '-',
  since = '-',
  hash = NEW,
  words = '',
}: Held) => `${idOf('s1')} web ${mode} ${replicas} ${state} ${since} ${hash} web:v2 ${words}\n`;
const taskLine = (
  {
    id,
    hash = NEW,
    wanted = 'running',
    state = 'running',
    exit = '-',
    since = 60,
    node = 'n1',
    words = '',
  }: Task,
  index: number,
) =>
  `web ${idOf(id ?? `t${index}`)} ${hash} ${wanted} ${state} ${exit} 1 ${ago(since)} ${node} web:v2 ${words}\n`;

interface Case {
  held?: Held;
  tasks?: Task[];
  /** Ids of tasks that were there before anything was changed. */
  before?: string[];
  /** It was changed by this deployment. */
  changed?: boolean;
  /** What somebody else deployed counts as the release has it. */
  counts?: boolean;
}

/** The word on the service. */
function judged(
  shell: readonly string[],
  { held = {}, tasks = [{}], before = [], changed = true, counts = false }: Case,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-tasks-'));
  try {
    const files = {
      'services.before': heldLine({ ...held, state: 'completed', since: 'long-ago', hash: OLD }),
      'tasks.before': before.map((id, index) => taskLine({ id }, index)).join(''),
      services: heldLine(held),
      tasks: tasks.map(taskLine).join(''),
      sums: held.hash === '-' ? `web ${OLD}\n` : '',
      '.deploy/adopted': counts ? `${OLD} ${NEW}\n` : `${OLD} ${OLD}\n`,
    };
    mkdirSync(join(folder, '.deploy'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const call = `set -u; LC_ALL=C; project=shop; path=${folder}; scratch=${folder}; up_wait_directory=${folder}/release; up_wait_names=; changed_services='${changed ? 'web ' : ''}'\n${SURVEYED}\n${FOUND}\n${TASKS}\nmkdir ${folder}/release; printf '%s\\n' '1 long gate 1 ${NEW} web:v2 web' >${folder}/release/services\nweigh_tasks`;
    const { stdout, stderr } = spawnSync(shell[0]!, [...shell.slice(1)], { input: call, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The word on the service in the other language. */
function weighed({ held = {}, tasks = [{}], before = [], changed = true, counts = false }: Case): string {
  const { word, reason } = weighService('web', {
    services: readServices(heldLine(held)),
    tasks: readTasks(tasks.map(taskLine).join('')),
    // As `list_tasks` tells it.
    hash: counts ? '-' : NEW,
    updatedBefore: 'long-ago',
    before: new Set(before.map(idOf)),
    changed,
    now: Date.now(),
  });
  return word === 'ok' ? 'ok web' : `${word} ${reason}`;
}

/** What `survey` keeps of tasks, by their ids, where the cluster tells these ones after the other. */
function surveyed(shell: readonly string[], views: readonly Task[][]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-tasks-'));
  try {
    for (const [index, tasks] of views.entries())
      writeFileSync(join(folder, `view-${index}`), tasks.map(taskLine).join(''));
    const engine = `engine_stack_services() { :; }; service_sums() { :; }; engine_stack_tasks() { cat "$view"; }`;
    const call = `set -u; LC_ALL=C; project=shop; scratch=${folder}\n${TASKS}\n${engine}\nfor view in ${folder}/view-*; do survey ${folder}/containers; done; cut -d ' ' -f 2 ${folder}/tasks`;
    const { stdout, stderr } = spawnSync(shell[0]!, [...shell.slice(1)], { input: call, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout
      .trim()
      .split('\n')
      .map((id) => id.replace(/0+$/, ''));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const updated = { state: 'updating', since: 'now' };

describe.each([[['dash']], [['busybox', 'sh']]])('%s: a service of a cluster', (shell) => {
  test.each<[what: string, given: Case, expected: string | RegExp]>([
    ['with all of its tasks is well', {}, 'ok web'],
    [
      'that somebody else deployed and counts as the release has it is well',
      { held: { hash: '-' }, tasks: [{ hash: '-' }], counts: true },
      'ok web',
    ],
    [
      'that somebody else deployed otherwise is not as the release has it',
      { held: { hash: '-' }, tasks: [{ hash: '-' }] },
      /^bad web is not as the release has it/,
    ],
    [
      'of somebody else’s is waited for while a task of another release runs',
      { held: { hash: '-', replicas: 1 }, tasks: [{ hash: '-' }, { hash: OLD }], counts: true },
      /^wait web runs 1 of 1 tasks/,
    ],
    [
      'that is not there yet is waited for',
      { tasks: [], held: { replicas: 1 } },
      'wait web runs 0 of 1 tasks',
    ],
    ['with too few of them too', { held: { replicas: 2 } }, 'wait web runs 1 of 2 tasks'],
    [
      'with one of the release before that still runs too',
      { tasks: [{}, { hash: OLD }] },
      'wait web runs 1 of 1 tasks',
    ],
    ['whose update goes on too', { held: updated }, 'wait web is being updated'],
    ['that has just begun must settle', { tasks: [{ since: 1 }] }, /^wait web has been up for [0-3] s only$/],
    [
      'whose node is ahead in time has just begun',
      { tasks: [{ since: -90 }] },
      'wait web has been up for 0 s only',
    ],
    ['that was not changed need not settle', { tasks: [{ since: 1 }], changed: false }, 'ok web'],
    [
      'that its node rejects has failed, in its words',
      { tasks: [{ state: 'rejected', wanted: 'shutdown', words: 'No such image: web:v2' }] },
      'bad web was rejected on n1: No such image: web:v2',
    ],
    [
      'that was rejected before this deployment has not',
      { tasks: [{}, { id: 'old', state: 'rejected', wanted: 'shutdown' }], before: ['old'] },
      'ok web',
    ],
    [
      'whose update the cluster has stopped has failed',
      { held: { state: 'paused', since: 'now', words: 'update paused due to failure' } },
      'bad web did not stand its update (paused): update paused due to failure',
    ],
    [
      'whose update was stopped before this deployment has not',
      { held: { state: 'paused', since: 'long-ago' } },
      'ok web',
    ],
    [
      'that the cluster took back has failed',
      { held: { state: 'rollback_completed', since: 'now', hash: OLD }, tasks: [{ hash: OLD }] },
      /^bad web did not stand its update \(rollback_completed\)/,
    ],
    [
      'that somebody else changed meanwhile has failed',
      { held: { hash: OLD }, tasks: [{ hash: OLD }] },
      'bad web is not as the release has it: the cluster took it back, or somebody changed it',
    ],
    [
      'that ends again and again has failed',
      {
        tasks: Array.from({ length: 5 }, () => ({
          state: 'failed',
          wanted: 'shutdown',
          exit: '1',
          words: 'task: non-zero exit (1)',
        })),
      },
      'bad web ends again and again on n1: task: non-zero exit (1), exit code 1',
    ],
    [
      'of every node without a node is waited for',
      { held: { mode: 'global', replicas: 0 }, tasks: [] },
      'wait web has no task on any node',
    ],
    [
      'of every node is well where its tasks run',
      { held: { mode: 'global', replicas: 0 }, tasks: [{}, { node: 'n2' }] },
      'ok web',
    ],
    ['with no replica asked for is well without one', { held: { replicas: 0 }, tasks: [] }, 'ok web'],
  ])('%s', (_what, given, expected) => {
    for (const word of [judged(shell, given), weighed(given)]) {
      if (typeof expected === 'string') expect(word).toBe(expected);
      else expect(word).toMatch(expected);
    }
  });

  test('that ends again and again is seen though the cluster keeps the last ends only', () => {
    const ended = (id: string): Task => ({ id, state: 'failed', wanted: 'shutdown' });
    const views = [
      [{ id: 'run' }],
      [{ id: 'a-next' }, ended('b'), ended('c')],
      [{ id: 'd-next' }, ended('c'), ended('e')],
      [{ id: 'f-next' }, ended('e'), ended('g')],
    ];
    expect(surveyed(shell, views)).toEqual(['b', 'c', 'f-next', 'e', 'g']);
  });
});
