import { followRun } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type VersionSource, parseVersionSource } from '@deploy-actions/probe';
import { deploymentIdOf } from '@deploy-actions/ledger';
import { type Server, type Session, serversOf, withSessions } from '@deploy-actions/shell';
import { PROXIES, type SeenServer, lookAt, settleInterrupted } from '@deploy-actions/traffic';
import type { SwitchInputs, SwitchOutputs } from './fields.ts';
import { installProxy } from './install-proxy.ts';
import { confirmSwitch, moveTraffic } from './move.ts';
import { showStatus } from './status.ts';
import { targetOf } from './target.ts';
import { uninstallProxy } from './uninstall-proxy.ts';
import type { World } from './world.ts';

/** The action: values in, outputs out, Failures thrown. */
export async function blueGreenSwitch(inputs: SwitchInputs, world: World): Promise<SwitchOutputs> {
  const source = checkInputs(inputs);
  return await withSessions(world, (inner) => switchOn(serversOf(inputs), source, inputs, inner));
}

async function switchOn(
  servers: readonly Server[],
  source: VersionSource,
  inputs: SwitchInputs,
  world: World,
): Promise<SwitchOutputs> {
  const look = (server: Server, session: Session) =>
    lookAt(
      server,
      session,
      {
        project: inputs.project,
        wantsConfig: inputs.install !== 'false' || inputs.uninstall,
        ...(inputs['site-config'] ? { siteConfig: inputs['site-config'] } : {}),
      },
      { signal: world.signal, log: world.log, followed: !inputs.status && !inputs.plan },
    );
  const seen = await Promise.all(servers.map(async (server) => look(server, await world.connect(server))));
  if (inputs.status) return showStatus(seen, inputs, world);
  if (inputs.install !== 'false') return await installProxy(seen, inputs, world);
  if (inputs.uninstall) return await uninstallProxy(seen, inputs, world);
  if (inputs.to === 'confirm') return await confirmSwitch(seen, inputs, world);
  if (inputs.plan) return await moveTraffic(seen, targetOf(seen, inputs.to), source, inputs, world);
  const deploymentId = deploymentIdOf(inputs['deployment-id'], world.workflow);
  let goesOn = world.workflow.runAttempt > 1;
  const settled = await Promise.all(
    seen.map(async (one) => {
      if (!(await settle(one, deploymentId, inputs, world))) return one;
      goesOn = true;
      return await look(one.server, one.session);
    }),
  );
  const target = targetOf(settled, inputs.to, goesOn ? deploymentId : undefined);
  return await moveTraffic(settled, target, source, inputs, world);
}

/** Rules across inputs. */
function checkInputs(inputs: SwitchInputs): VersionSource {
  const wrong = (input: string, message: string, remedy?: string) =>
    new Failure('input', `input \`${input}\` ${message}`, { input, remedy });
  if (inputs.install !== 'false' && inputs['site-config'] === undefined && inputs.proxy !== 'managed') {
    throw wrong(
      'site-config',
      'is needed to install',
      `Name the file on the server that has the site, such as ${(PROXIES.find(({ kind }) => kind === inputs.proxy) ?? PROXIES[0]!).siteExample}.`,
    );
  }
  if (inputs.uninstall && (inputs.install !== 'false' || inputs.to !== 'idle')) {
    throw wrong(
      'uninstall',
      `cannot be combined with \`${inputs.install !== 'false' ? 'install' : 'to'}\``,
      'Move the traffic, and take the parts out, in steps of their own.',
    );
  }
  if (inputs.to === 'confirm' && inputs['confirm-within'] !== undefined) {
    throw wrong('confirm-within', 'belongs to the switch, not to its confirmation');
  }
  if (inputs.to === 'confirm' && inputs.plan) {
    throw wrong('plan', 'has nothing to show for a confirmation: it moves no traffic');
  }
  const last = inputs.weight.at(-1)!;
  for (const name of ['confirm-within', 'stop-old'] as const) {
    if (inputs[name] !== undefined && last !== 100) throw wrong(name, 'needs a weight that ends at 100');
  }
  if (inputs['confirm-within'] !== undefined && inputs['stop-old'] !== undefined) {
    throw wrong(
      'stop-old',
      'cannot be combined with `confirm-within`: the old colour is what a missing confirmation returns to',
      'Give `stop-old` where you confirm.',
    );
  }
  try {
    return parseVersionSource(inputs['version-from']);
  } catch (error) {
    throw wrong('version-from', (error as Error).message);
  }
}

/**
 * What an earlier attempt of this job has left is brought to an end before anything is decided: a switch that is still
 * under way is waited for, what was cut off is finished or given back. True when there was something.
 */
async function settle(
  seen: SeenServer,
  deploymentId: string,
  inputs: SwitchInputs,
  world: World,
): Promise<boolean> {
  const { server, session, look } = seen;
  // With a colour in `to` the same switch is attached to instead.
  const own = look.unfinished.filter(
    (run) =>
      inputs.to === 'idle' && run.running && run.operation === 'switch' && run.deploymentId === deploymentId,
  );
  for (const run of own) {
    world.log.info(`${server.name}: a switch of this job is still under way: waits for its end`);
    const reference = { ...run, path: server.path, number: Number(/\d+$/.exec(run.directory)?.[0]) };
    await followRun(session, reference, {
      clock: world.clock,
      signal: world.signal,
      reopen: () => world.connect(server),
    }).result.catch(() => undefined);
  }
  const about = {
    deploymentId,
    lockTimeout: inputs['lock-timeout'],
    holder: { actor: world.workflow.actor, runUrl: world.workflow.runUrl },
  };
  return (await settleInterrupted(seen, about, () => world.connect(server), world)) || own.length > 0;
}
