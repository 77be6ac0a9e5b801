import { type ClusterTask, type HeldService, shouldRun } from './lines.ts';

/** What is said of a service of a cluster: it is well, it may become so, or it will not by waiting. */
export interface Weighed {
  word: 'ok' | 'wait' | 'bad';
  /** A sentence that begins with the service's name; empty where it is well. */
  reason: string;
}

/** What a service is weighed by. */
export interface Scales {
  services: readonly HeldService[];
  tasks: readonly ClusterTask[];
  /** The hash that it is to have; undefined: the one that the cluster holds. */
  hash: string | undefined;
  /** When its last update began as it was before; what is newer counts. */
  updatedBefore: string | undefined;
  /** Ids of tasks from before: their ends are history. */
  before: ReadonlySet<string>;
  /** It may have been changed just now: its tasks must settle, and be of the wanted configuration. */
  changed: boolean;
  /** Milliseconds since 1970, by the server's clock. */
  now: number;
}

/** Seconds for which what runs must have run; `settle` in sh. */
export const SETTLE = 4;
/** As many ends are no accident. */
const ENDS = 5;

/**
 * The word on a service: as many tasks as should run do, on the wanted configuration and none of another, settled. A rejected
 * task is a failure, so are five that have ended, and so is an update that the cluster has stopped or taken back.
 * `weigh_tasks` is the same on the server, and a test runs both through one table.
 */
export function weighService(
  name: string,
  { services, tasks, hash, updatedBefore, before, changed, now }: Scales,
): Weighed {
  const held = services.find((one) => one.name === name);
  const wait = (reason: string): Weighed => ({ word: 'wait', reason: `${name} ${reason}` });
  const bad = (reason: string): Weighed => ({ word: 'bad', reason: `${name} ${reason}` });
  if (!held) return wait('is not in the cluster yet');
  // What somebody else deployed bears no hash: then its image tells.
  const isHeld = (task: ClusterTask) =>
    task.hash === held.hash && (held.hash !== '-' || task.image === held.image);
  const own = tasks.filter(({ service }) => service === name);
  const current = own.filter((task) => shouldRun(task) && isHeld(task));
  const running = current.filter(({ state }) => state === 'running');
  const late = current.findLast(({ state }) => state !== 'running');
  const waiting = late ? `: a task is ${late.state}${whereOf(late)}${wordsOf(late)}` : '';
  const isOlder = own.some((task) => shouldRun(task) && !isHeld(task));
  const news = own.filter((task) => !shouldRun(task) && !before.has(task.id) && isHeld(task));
  const rejected = news.findLast(({ state }) => state === 'rejected');
  if (rejected) return bad(`was rejected${whereOf(rejected)}${wordsOf(rejected)}`);
  const ended = news.filter(({ state }) => state === 'failed' || state === 'complete');
  const last = ended.at(-1);
  const end =
    last &&
    `${whereOf(last)}${wordsOf(last)}${last.exitCode === undefined ? '' : `, exit code ${last.exitCode}`}`;
  if (held.updated !== updatedBefore && /^(?:paused|rollback_.*)$/.test(held.update)) {
    const said = held.words === '' ? '' : `: ${held.words}`;
    return bad(
      `did not stand its update (${held.update})${said}${end === undefined ? '' : `; last task${end}`}`,
    );
  }
  if (changed && hash !== undefined && held.hash !== hash)
    return bad('is not as the release has it: the cluster took it back, or somebody changed it');
  if (ended.length >= ENDS) return bad(`ends again and again${end!}`);
  if (held.update === 'updating') return wait(`is being updated${waiting}`);
  const need = held.mode === 'replicated' ? held.replicas : current.length;
  if (held.mode === 'global' && need === 0) return wait('has no task on any node');
  if (running.length < need || isOlder || current.length > running.length)
    return wait(`runs ${running.length} of ${need} tasks${waiting}`);
  const young = Math.min(...running.map(({ since }) => ageOf(since, now)));
  if (need > 0 && changed && young < SETTLE) return wait(`has been up for ${young} s only`);
  return { word: 'ok', reason: '' };
}

/** Whole seconds; what a node says that is ahead of the server has just begun, which can only prolong a wait. */
function ageOf(since: string, now: number): number {
  const at = Date.parse(since);
  return Number.isFinite(at) ? Math.max(0, Math.floor(now / 1000) - Math.floor(at / 1000)) : 0;
}

/** The node that a task is on, in words. */
export function whereOf({ node }: Pick<ClusterTask, 'node'>): string {
  return node === '-' ? '' : ` on ${node}`;
}

function wordsOf({ words }: Pick<ClusterTask, 'words'>): string {
  return words === '' ? '' : `: ${words}`;
}
