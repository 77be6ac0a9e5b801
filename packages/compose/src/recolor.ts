import { Failure } from '@deploy-actions/kit';
import {
  type Color,
  type ColorPort,
  LABELS,
  colorProject,
  isColorNetwork,
  otherColor,
  recolorNetwork,
} from '@deploy-actions/ledger';
import { type ComposeModel, type Port, mapServices } from './model.ts';

/**
 * The model of a colour, as it was deployed, as the other colour would have it: its project, network, names and ports.
 * Images, environment, mounts and replicas stay. `project` is the base project; `recorded` are the ports of both
 * colours. A `refused` Failure where the other colour has no such ports: the proxy could not reach it.
 */
export function recolor(
  model: ComposeModel,
  project: string,
  to: Color,
  recorded: readonly ColorPort[],
): ComposeModel {
  const from = otherColor(to);
  const moved = (network: string) => recolorNetwork(network, project, from);
  const recolored = mapServices(model, (service, name) => ({
    ...service,
    ...(service.networks && {
      networks: Object.fromEntries(
        Object.entries(service.networks).map(([network, attachment]) => {
          const aliases = attachment?.aliases?.map((alias) =>
            alias === `${name}-${from}` ? `${name}-${to}` : alias,
          );
          return [moved(network), aliases ? { ...attachment, aliases } : attachment];
        }),
      ),
    }),
    environment: { ...service.environment, DEPLOY_COLOR: to },
    labels: { ...service.labels, [LABELS.color]: to },
    ...(service.ports && { ports: service.ports.map((port) => movedPort(name, port, to, recorded)) }),
  }));
  return {
    ...recolored,
    name: colorProject(project, to),
    networks: Object.fromEntries(
      Object.entries(model.networks ?? {}).map(([key, network]) => [
        moved(key),
        isColorNetwork(key, project, from) ? { ...network, name: moved(key) } : network,
      ]),
    ),
  };
}

function movedPort(service: string, port: Port, to: Color, recorded: readonly ColorPort[]): Port {
  const isAllocated = recorded.some((one) => one.service === service && one.target === port.target);
  // Of a service that is only ever up in one colour.
  if (!isAllocated) return port;
  const [first, last] = String(port.published).split('-').map(Number);
  const replicas = (last ?? first!) - first! + 1;
  const own = recorded
    .filter((one) => one.color === to && one.service === service && one.target === port.target)
    .sort((a, b) => a.replica - b.replica)
    .slice(0, replicas)
    .map((one) => one.port);
  if (own.length < replicas) {
    throw new Failure(
      'refused',
      `${to} has ${own.length} of the ${replicas} ports that ${service}:${port.target} needs there`,
      { remedy: `Deploy that version again (ssh-compose-deploy), to ${to}: the ports are set aside then.` },
    );
  }
  return { ...port, published: replicas === 1 ? String(own[0]) : `${own[0]}-${own.at(-1)}` };
}
