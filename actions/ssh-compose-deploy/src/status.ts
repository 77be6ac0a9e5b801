import { engineOf } from '@deploy-actions/engine/used-engine';
import { shortImage } from '@deploy-actions/image';
import { type HostStatus, holderText, statusOf } from '@deploy-actions/host';
import { codeSpan, escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';
import { type StackView, inspectForStatus } from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import type { Server } from '@deploy-actions/shell';
import { type DeployInputs, type DeployOutputs, EMPTY } from './fields.ts';
import { withDigest } from './images.ts';
import type { World } from './world.ts';

/** Changes nothing; tells what runs, since when, the kept releases and who holds the lock. */
export async function showStatus(
  inputs: DeployInputs,
  world: World,
  servers: readonly Server[],
): Promise<DeployOutputs> {
  const begun = world.clock.now();
  let first: StackView | undefined;
  let cluster = false;
  for (const [index, server] of servers.entries()) {
    // The other nodes of a cluster know their own containers alone, which the manager tells as tasks.
    if (cluster && index > 0) break;
    const session = await world.connect(server);
    if (index === 0) cluster = (await engineOf(inputs.engine, session, server.path)) === 'swarm';
    const view = await inspectForStatus(
      session,
      { path: server.path, project: inputs.project ?? '', dockerHost: server.dockerHost, cluster },
      { signal: world.signal },
    );
    const host = await statusOf(session, server.path);
    first ??= view;
    for (const sentence of view.unread) world.log.warning(`${server.name}: ${sentence}`);
    tell(server.name, view, host, world);
  }
  return {
    ...EMPTY,
    release: first?.current,
    version: first?.previousRelease?.version,
    'previous-release': first?.previousRelease?.previous,
    changed: false,
    services: first && servicesOf(first),
    duration: Math.round(world.clock.now() - begun),
  };
}

function tell(name: string, view: StackView, host: HostStatus, ports: Ports): void {
  const now = ports.clock.wall().getTime();
  const { log } = ports;
  const release = view.current === '' ? 'no release yet' : `release ${view.current}`;
  const holder = holderText(host.lock);
  log.info(`${name}: project ${view.project}, ${release}; ${holder}`);
  const running = view.containers.filter((one) => !one.oneOff);
  for (const one of running) {
    log.info(
      `  ${one.name}  ${stateOf(one)}, ${sinceText(one.startedAt, now)}  ${shortImage(withDigest(one.image, view.images))}`,
    );
  }
  if (running.length === 0) log.info('  no container of the project is there');
  for (const one of view.releases) {
    log.info(
      `  kept: ${one.id}  version ${one.version}, of ${one.created}${one.id === view.current ? '  (current)' : ''}`,
    );
  }
  for (const one of view.history.slice(-5)) {
    log.info(`  was: ${one.at}  ${one.operation} of ${one.release} ${one.outcome}, by ${one.actor}`);
  }
  ports.summary(`### ${escapeMarkdown(name)}: ${escapeMarkdown(release)}\n\n${escapeMarkdown(holder)}\n`);
  ports.summary(
    `${markdownTable(
      ['Container', 'State', 'Since', 'Image'],
      running.map((one) => [
        codeSpan(one.name),
        stateOf(one),
        sinceText(one.startedAt, now),
        codeSpan(shortImage(withDigest(one.image, view.images))),
      ]),
    )}\n`,
  );
  ports.summary(
    `${markdownTable(
      ['Kept release', 'Version', 'Created'],
      view.releases.map((one) => [codeSpan(one.id), codeSpan(one.version), escapeMarkdown(one.created)]),
    )}\n`,
  );
}

function stateOf(one: StackView['containers'][number]): string {
  if (one.status === 'exited') return `exited (${one.exitCode})`;
  return one.health ? `${one.status}, ${one.health}` : one.status;
}

/** How long ago; a container that never started has the year 1 there. */
function sinceText(time: string, now: number): string {
  const started = Date.parse(time);
  return started > 0 ? `since ${formatDuration(Math.max(0, now - started))}` : 'never started';
}

function servicesOf(view: StackView): Record<string, { image: string; state: string }> {
  return Object.fromEntries(
    view.containers
      .filter((one) => !one.oneOff)
      .map((one) => [one.service, { image: withDigest(one.image, view.images), state: stateOf(one) }]),
  );
}
