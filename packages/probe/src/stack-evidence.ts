import { type ClusterTask, shouldRun, whereOf } from '@deploy-actions/engine/stack';
import { cut, messageOf } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { type Container, evidenceOf } from './container.ts';
import { type NodeContainers, type StackScope, type StackView, listNode, serviceLog } from './stack.ts';

/** A node of the cluster that can be asked. */
export interface NodeSession {
  /** As the user named it. */
  name: string;
  session: Session;
}

/** Containers that are shown of a service on a node, the newest first. */
const SHOWN = 2;

/**
 * What is known of services that are not well: the words of the nodes on their tasks; of each node that is given the health log and
 * the last lines of the containers concerned, and of tasks elsewhere what the cluster passes on of their logs.
 */
export async function stackEvidence(
  services: readonly string[],
  view: StackView,
  manager: Session,
  nodes: readonly NodeSession[],
  scope: StackScope,
): Promise<string[]> {
  const found = await Promise.all(
    nodes.map(async ({ name, session }) => {
      try {
        return { session, ...(await listNode(session, scope)) };
      } catch (error) {
        return `${name} does not tell of its containers: ${messageOf(error)}`;
      }
    }),
  );
  const asked = found.filter((one) => typeof one !== 'string');
  const evidence = found.filter((one) => typeof one === 'string');
  for (const service of services) {
    const tasks = view.tasks.filter((task) => task.service === service && isTold(task));
    const parts = tasks.map(taskWords);
    for (const { session, node, containers } of asked)
      for (const container of illOf(service, containers))
        parts.push(`on ${node}: ${await evidenceOf(session, scope, container)}`);
    const elsewhere = new Set(
      tasks.map(({ node }) => node).filter((node) => node !== '-' && !asked.some((one) => one.node === node)),
    );
    if (elsewhere.size > 0)
      parts.push(
        `the health logs of ${[...elsewhere].join(', ')} stay there: \`host\` does not name ${elsewhere.size === 1 ? 'it' : 'them'}`,
      );
    if (elsewhere.size > 0 || asked.length === 0) {
      const log = await serviceLog(manager, scope, service);
      if (log !== '') parts.push(`last lines, of all nodes:\n${cut(log, 12_000).replace(/^/gm, '  ')}`);
    }
    if (parts.length > 0) evidence.push(`service ${service}\n${parts.join('\n')}`);
  }
  return evidence;
}

/** What a task was stopped for by an update says nothing. */
function isTold(task: ClusterTask): boolean {
  return shouldRun(task) ? task.state !== 'running' : task.state !== 'shutdown';
}

/** The task in words, its node's included. */
function taskWords(task: ClusterTask): string {
  const code = task.exitCode === undefined || task.exitCode === 0 ? '' : `, exit code ${task.exitCode}`;
  return `task ${task.slot}${whereOf(task)}: ${task.state}${code}${task.words === '' ? '' : `: ${task.words}`}`;
}

/** Containers of a service that ended or are not healthy, the newest first. */
function illOf(service: string, containers: NodeContainers['containers']): Container[] {
  return containers
    .filter(
      (one) =>
        one.service === service && (one.status !== 'running' || (one.health ?? 'healthy') !== 'healthy'),
    )
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, SHOWN);
}
