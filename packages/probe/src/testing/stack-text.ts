/** Ids of a cluster have 25 letters. */
export const clusterId = (name: string) => name.padEnd(25, '0');

export const [NEW, OLD] = ['a'.repeat(64), 'b'.repeat(64)];

/** A task in a test; `since`: seconds that it has been in its state. */
export interface ToldTask {
  id: string;
  service?: string;
  hash?: string;
  wanted?: string;
  state?: string;
  exit?: number;
  slot?: number;
  since?: number;
  node?: string;
  words?: string;
}

/** What a manager tells in a test: a service web of two replicas on the nodes n1 and n2, which is well. */
export interface ToldStack {
  tasks?: readonly ToldTask[];
  update?: string;
  hash?: string;
  words?: string;
  replicas?: number;
  /** States of n1 and n2, as `docker node ls` has them. */
  nodes?: readonly string[];
  /** The hash that the record has. */
  wanted?: string;
}

/** The same as `list_tasks` prints it. */
export function stackText({
  tasks = [
    { id: 't1', node: 'n1' },
    { id: 't2', node: 'n2', slot: 2 },
  ],
  update = '-',
  hash = NEW,
  words = '',
  replicas = 2,
  nodes = ['Ready Active', 'Ready Active'],
  wanted,
}: ToldStack = {}): string {
  const now = Date.now();
  const timed = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  return [
    `now ${Math.floor(now / 1000)}`,
    ...nodes.map(
      (state, index) =>
        `node ${clusterId(`n${index + 1}`)} n${index + 1} ${state} ${index === 0 ? 'Leader' : '-'}`,
    ),
    `service ${clusterId('s1')} web replicated ${replicas} ${update} ${update === '-' ? '-' : timed(60)} ${hash} registry.test/web:v2 ${words}`,
    ...tasks.map(
      (task) =>
        `task ${task.service ?? 'web'} ${clusterId(task.id)} ${task.hash ?? NEW} ${task.wanted ?? 'running'} ${task.state ?? 'running'} ${task.exit ?? '-'} ${task.slot ?? 1} ${timed(task.since ?? 60)} ${task.node ?? 'n1'} registry.test/web:v2 ${task.words ?? ''}`,
    ),
    ...(wanted === undefined ? [] : [`wanted 1 long gate 2 ${wanted} registry.test/web:v2 web`]),
    '',
  ].join('\n');
}

/** A container of a task on a node, as `list_node` prints it. */
export interface ToldContainer {
  task: string;
  status?: string;
  exitCode?: number;
  oomKilled?: boolean;
  /** Null: it has no healthcheck. The engine says `unhealthy` of each that has ended. */
  health?: string | null;
  /** Tries of its healthcheck in a row that have failed. */
  failing?: number;
}

/** What a node prints of its containers. */
export function nodeText(name: string, containers: readonly ToldContainer[]): string {
  return [
    `node ${name}`,
    String(Math.floor(Date.now() / 1000)),
    ...containers.map(
      ({ task, status = 'exited', exitCode = 137, oomKilled = false, health = null, failing = 0 }) =>
        JSON.stringify({
          id: `c-${task}`,
          name: `/shop_web.${task}`,
          service: 'shop_web',
          task: clusterId(task),
          status,
          exitCode,
          oomKilled,
          error: '',
          health,
          failing,
          retries: 0,
          restarts: 0,
          policy: '',
          started: new Date(Date.now() - 5000).toISOString(),
          finished: new Date().toISOString(),
        }),
    ),
    '',
  ].join('\n');
}
