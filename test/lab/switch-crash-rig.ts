import { expect } from '@jest/globals';
import type { Host, Lab, Link, Load, LoadRecord } from '@deploy-actions/lab';
import type { BundleResult, RunningBundle } from '@deploy-actions/tooling';
import { type Color, type Inputs, PATH, served, serverInputs, startStep } from './color-rig.ts';
import { IS_FULL } from './fault-rig.ts';

export type Mover = 'blue-green-switch' | 'rollback';

/** What can happen at a place of the journal. */
export type Fault =
  'program and runner are killed' | 'the runner is killed' | 'the connection is cut' | 'the server restarts';

/** The version that is in a colour. */
export const VERSIONS: Readonly<Record<Color, string>> = { blue: 'v1', green: 'v2' };

export const other = (color: Color): Color => (color === 'blue' ? 'green' : 'blue');

/** What a switch to a colour, or a rollback to it, journals, in order: every one is a place where it can be cut off. */
export function journalOf(mover: Mover, to: Color): string[] {
  const liveStop = ['live-stop:begin', 'live-stop:done'];
  const isRollback = mover === 'rollback';
  return [
    'locked',
    'phase:check',
    'check:done',
    'phase:switch',
    `from.${other(to)}`,
    ...(isRollback ? [] : liveStop),
    `apply:begin.${to}`,
    `apply:done.${to}`,
    'phase:verify',
    'verified',
    'phase:settle',
    ...(isRollback ? liveStop : []),
    'live-start:begin',
    'live-start:done',
    'recorded',
    'phase:drain',
    'drained',
  ];
}

/** Each place of the journal, as a rollback to blue or a switch to green has it, and just before the result. */
export function placesOf(mover: Mover): string[] {
  return [...journalOf(mover, mover === 'rollback' ? 'blue' : 'green'), 'result'];
}

const FAULTS: readonly Fault[] = [
  'program and runner are killed',
  'the runner is killed',
  'the connection is cut',
];

/** A restart takes long: by default at these places alone, where the most is half done. */
const RESTARTS: Readonly<Record<Mover, string>> = {
  'blue-green-switch': 'apply:done.green',
  rollback: 'apply:begin.blue',
};

/** Each place once, with the faults in turn; with DEPLOY_ACTIONS_FULL_MATRIX every fault at every place. */
export function crashes(mover: Mover): { place: string; fault: Fault }[] {
  const places = placesOf(mover);
  if (IS_FULL) {
    const all: Fault[] = [...FAULTS, 'the server restarts'];
    return places.flatMap((place) => all.map((fault) => ({ place, fault })));
  }
  // The two movers begin with different faults, so that a place that both have meets two of them.
  const offset = mover === 'rollback' ? 1 : 0;
  return places.map((place, index) => ({
    place,
    fault: place === RESTARTS[mover] ? 'the server restarts' : FAULTS[(index + offset) % FAULTS.length]!,
  }));
}

/** A server with both colours behind nginx, a way to its sshd that can be cut, and visitors. */
export interface Stage {
  readonly lab: Lab;
  readonly host: Host;
  readonly link: Link;
  readonly load: Load;
}

export interface Cut {
  readonly place: string;
  readonly fault: Fault;
  readonly mover: Mover;
  readonly inputs: Inputs;
  readonly runId: string;
}

const PAUSE = `${PATH}/.deploy/pause-at`;

/** Starts a step through the link, and waits until the server stands still at the place; answers its program too. */
export async function startPaused(
  { lab, host, link }: Stage,
  { place, mover, inputs, runId }: Omit<Cut, 'fault'>,
): Promise<{ running: RunningBundle; pid: string }> {
  await host.write(PAUSE, `${place}:before\n`, { owner: 'deploy' });
  const through = {
    ...serverInputs(lab, [host]),
    ...inputs,
    host: `deploy@127.0.0.1:${link.port}`,
    'known-hosts': host.knownHosts({ port: link.port }),
  };
  const running = startStep(mover, through, { runId });
  // All programs of a run share its session: the one that stands still is the run's.
  const paused = host.sh(
    `for i in $(seq 1200); do
       s=$(grep -l paused ${PATH}/.deploy/runs/${runId}-*/*/state 2>/dev/null | head -n 1)
       [ -z "$s" ] || { read -r pid _ <"\${s%state}pid"; echo "$pid"; exit 0; }
       sleep 0.05
     done
     exit 1`,
  );
  const ended = running.done.then(({ shown }) => {
    throw new Error(`it ended before ${place}:\n${shown}`);
  });
  // Of two that lose, one may fail later.
  paused.catch(() => {});
  ended.catch(() => {});
  return { running, pid: (await Promise.race([paused, ended])).trim() };
}

export async function resume(host: Host): Promise<void> {
  await host.sh(`rm -f ${PAUSE}`);
}

/**
 * Lets a step run into a fault; answers when the site serves after it, from when on no visitor may notice anything
 * (milliseconds since 1970), and how the step ended, where it was not killed.
 */
export async function cutOff(stage: Stage, cut: Cut): Promise<{ calmFrom: number; ended?: BundleResult }> {
  const { host, link, load } = stage;
  let calmFrom = Date.now();
  const { running, pid } = await startPaused(stage, cut);
  let ended: BundleResult | undefined;
  switch (cut.fault) {
    case 'program and runner are killed':
      await host.sh(`kill -KILL ${pid}; rm -f ${PAUSE}`);
      running.kill('SIGKILL');
      await running.done;
      break;
    case 'the runner is killed':
      running.kill('SIGKILL');
      await running.done;
      await resume(host);
      break;
    case 'the connection is cut':
      link.cut();
      await resume(host);
      ended = await running.done;
      break;
    case 'the server restarts':
      running.kill('SIGKILL');
      await running.done;
      await host.restart();
      await resume(host);
      await host.sh('nginx');
      await healthy(host);
      await load.seen(undefined, 60_000);
      calmFrom = Date.now();
      break;
  }
  await load.seen();
  return { calmFrom, ...(ended ? { ended } : {}) };
}

/** Waits until both colours are healthy again after a restart of the server. */
async function healthy(host: Host): Promise<void> {
  await host.sh(
    `for i in $(seq 300); do
       [ "$(docker inspect --format '{{.State.Health.Status}}' shop-blue-web-1 shop-green-web-1 | sort -u)" = healthy ] && exit 0
       sleep 0.1
     done
     docker ps -a >&2
     exit 1`,
  );
}

/** What visitors saw since a time: failures, and the versions that answered. */
export function seenSince(load: Load, since: number): { failures: LoadRecord[]; versions: string[] } {
  const records = load.records().filter(({ at }) => at >= since);
  return {
    failures: records.filter(({ failure }) => failure !== undefined),
    versions: [...new Set(records.map(({ version }) => version ?? 'none'))].sort(),
  };
}

/** Exactly one healthy version serves, all that belongs to it runs and nothing else of its kind, and nobody holds the lock. */
export async function expectServing({ host, load }: Stage, color: Color): Promise<void> {
  const [state, site] = await Promise.all([
    host.sh(
      `docker ps --format '{{.Names}} {{.Status}}' | sed 's/ Up .*(/ (/; s/ Up .*//' | sort
       flock -n ${PATH}/.deploy/lock true && echo 'lock free'
       ls ${PATH}/.deploy/runs/*/*/pid | while read -r pid; do [ -e "\${pid%pid}result" ] || echo "unfinished $pid"; done`,
    ),
    served(host),
  ]);
  expect({ color: site.color, version: site.version, state: state.trim().split('\n') }).toEqual({
    color,
    version: VERSIONS[color],
    state: [
      ...(color === 'blue'
        ? ['shop-blue-web-1 (healthy)', 'shop-blue-worker-1', 'shop-green-web-1 (healthy)']
        : ['shop-blue-web-1 (healthy)', 'shop-green-web-1 (healthy)', 'shop-green-worker-1']),
      'lock free',
    ],
  });
  const from = Date.now();
  await load.seen(VERSIONS[color]);
  expect(seenSince(load, from).versions).toEqual([VERSIONS[color]]);
}

/** The journal of the last run of a mover under a run's id, the times left out. */
export async function journalled(host: Host, mover: Mover, runId: string): Promise<string[]> {
  const operation = mover === 'rollback' ? 'rollback' : 'switch';
  const text = await host.sh(
    `cat "$(ls -d ${PATH}/.deploy/runs/${runId}-deploy/${operation}-* | sort -t - -k 3 -n | tail -n 1)/journal"`,
  );
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}
