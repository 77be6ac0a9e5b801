import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { Host, Lab } from '@deploy-actions/lab';
import type { RunningBundle } from '@deploy-actions/tooling';
import { startDeploy } from './deploy-rig.ts';
import { IS_FULL, PATH, type SmallDeploy } from './fault-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

/** What the program on the manager journals of a deployment, in order, and the one on another node. */
export const JOURNALS = {
  manager: [
    'locked',
    'phase:preflight',
    'phase:pull',
    'phase:ready',
    'lead:taking',
    'lead:taken',
    'phase:up',
    'up:begin',
    'phase:wait',
    'phase:finish',
    'committed',
  ],
  worker: ['locked', 'phase:preflight', 'phase:pull', 'phase:ready', 'phase:finish'],
} as const;

export type Role = keyof typeof JOURNALS;

/** What can happen at a place of the journal. */
export type ClusterFault =
  | 'the program is killed'
  | 'the connection is cut'
  | 'the host is killed'
  | 'the quorum is lost and comes back'
  | 'the runner is killed';

export interface Crash {
  role: Role;
  place: string;
  fault: ClusterFault;
}

const FAULTS: Readonly<Record<Role, readonly ClusterFault[]>> = {
  manager: [
    'the program is killed',
    'the connection is cut',
    'the host is killed',
    'the quorum is lost and comes back',
    'the runner is killed',
  ],
  // The quorum is the managers'.
  worker: ['the program is killed', 'the connection is cut', 'the host is killed', 'the runner is killed'],
};

/**
 * Where the most is half done, for every run of the tests; DEPLOY_ACTIONS_FULL_MATRIX tries every fault at every place. That the
 * manager goes on without a runner, and refuses without a quorum, swarm.test.itg.ts has.
 */
const SAMPLE: readonly Crash[] = [
  { role: 'manager', place: 'phase:wait:before', fault: 'the program is killed' },
  { role: 'worker', place: 'phase:ready:before', fault: 'the program is killed' },
];

export function clusterCrashes(): readonly Crash[] {
  if (!IS_FULL) return SAMPLE;
  return (['manager', 'worker'] as const).flatMap((role) =>
    [...JOURNALS[role], 'result'].flatMap((event) =>
      FAULTS[role].map((fault) => ({ role, place: `${event}:before`, fault })),
    ),
  );
}

/** Starts a deployment of a version to nodes of the cluster, each through the port that is given for it, if any. */
export async function startStack(
  lab: Lab,
  { run, tag }: SmallDeploy,
  {
    hosts = lab.hosts,
    ports = new Map(),
  }: { hosts?: readonly Host[]; ports?: ReadonlyMap<Host, number> } = {},
): Promise<() => RunningBundle> {
  const workspace = stackCheckout();
  const compose = join(workspace, 'compose.yaml');
  // Both services differ from version to version, and no node waits for another one.
  writeFileSync(
    compose,
    readFileSync(compose, 'utf8')
      .replace('    depends_on', "    environment: { VERSION: '${TOKEN}' }\n    depends_on")
      .replace('{ mode: global }', '{ mode: global, update_config: { parallelism: 0 } }')
      .replace('  store:\n', "  store:\n    environment: { VERSION: '${TOKEN}' }\n"),
  );
  const portOf = (host: Host) => ports.get(host) ?? host.sshPort;
  const inputs = await stackInputs(lab, workspace, {
    version: tag,
    hosts,
    more: {
      host: hosts.map((host) => `deploy@127.0.0.1:${portOf(host)}`).join('\n'),
      'known-hosts': hosts.map((host) => host.knownHosts({ port: portOf(host) })).join('\n'),
      'keep-releases': 3,
    },
  });
  return () => startDeploy(inputs, { workspace, runId: run, timeout: 580_000 });
}

/** Does some work while hosts hang. They go on after it, however it ends: the cases that follow need them. */
export async function whilePaused(hosts: readonly Host[], work: () => Promise<void>): Promise<void> {
  const paused: Host[] = [];
  try {
    for (const host of hosts) {
      await host.pause();
      paused.push(host);
    }
    await work();
  } finally {
    await Promise.all(paused.map((host) => host.unpause()));
  }
}

/** What there is of the application over all nodes. */
interface ClusterSite {
  /** What each node answers. */
  answers: readonly (string | undefined)[];
  /** The version of each service, and the tasks that should run: service, version, state. */
  services: readonly string[];
  tasks: readonly string[];
  /** Of each node: the version of the release that \`current\` names, whether the lock is free, runs without an end. */
  nodes: readonly string[];
  /** Configs and secrets of the project that no kept release is made with. */
  strays: readonly string[];
}

async function siteOf(lab: Lab): Promise<ClusterSite> {
  const [first] = lab.hosts;
  const version = `{{range .Spec.TaskTemplate.ContainerSpec.Env}}{{.}} {{end}}`;
  const [said, cluster, nodes] = await Promise.all([
    answers(lab.hosts),
    first!.sh(
      `docker service inspect --format '{{.Spec.Name}} ${version}' $(docker service ls -q --filter label=com.docker.stack.namespace=shop) | sort
       echo --
       docker inspect --type task --format '{{.DesiredState}} {{.Status.State}} {{range .Spec.ContainerSpec.Env}}{{.}} {{end}}' \
         $(docker service ps -q --no-trunc --filter desired-state=running shop_web shop_store) | sort
       echo --
       cd ${PATH}
       for kind in config secret; do
         docker $kind ls --format '{{.Name}}' --filter label=deploy-actions.project=shop | while read -r name; do
           grep -qs "^$kind $name " releases/*/objects.list || echo "$kind $name"
         done
       done`,
    ),
    Promise.all(
      lab.hosts.map(
        async (host) =>
          await host.sh(
            `cd ${PATH}
             sed -n 's/.*"version":"\\([^"]*\\)".*/\\1/p' current/release.json
             flock -n .deploy/lock true && echo free || echo held
             for run in .deploy/runs/*/*; do [ -e "$run/result" ] || echo "without an end: $run"; done`,
          ),
      ),
    ),
  ]);
  const [services, tasks, strays] = cluster
    .split('--\n')
    .map((part) =>
      part
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [line.replace(/(\w+=\S+ )*(VERSION=\S+) .*/, '$2').trim()])),
    );
  return {
    answers: said,
    services: services!,
    tasks: tasks!,
    nodes: nodes.map((text) => text.trim().replaceAll('\n', ' ')),
    strays: strays!,
  };
}

/** Holds that one whole release runs on all nodes, that all records say so, that nothing is left over and no lock is held. */
export async function expectCluster(lab: Lab, version: string): Promise<void> {
  const said = `VERSION=secret-of-${version}`;
  const wanted: ClusterSite = {
    answers: lab.hosts.map(() => version),
    services: [`shop_store ${said}`, `shop_web ${said}`],
    tasks: Array.from({ length: lab.hosts.length + 1 }, () => `running running ${said}`),
    nodes: lab.hosts.map(() => `${version} free`),
    strays: [],
  };
  const end = Date.now() + 90_000;
  let site: ClusterSite | undefined;
  let trouble: unknown;
  while (Date.now() < end && !isDeepStrictEqual(site, wanted)) {
    try {
      site = await siteOf(lab);
    } catch (error) {
      trouble = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(site ?? trouble).toEqual(wanted);
}

/** Waits until all nodes are up by the word of a manager. */
export async function allReady(lab: Lab): Promise<void> {
  await lab.host.sh(
    `for i in $(seq 120); do
       [ "$(docker node ls --format '{{.Status}} {{.Availability}}' 2>/dev/null | grep -c '^Ready Active$')" = ${lab.hosts.length} ] && exit 0
       sleep 0.5
     done
     docker node ls
     exit 1`,
    { timeoutMs: 90_000 },
  );
}
