import type { InspectedContainer } from './inspected.ts';

/**
 * What Compose writes on the containers and volumes that it makes. Programs on the server ask for a container's identity
 * through the engine's own file; here it is read of a stack that is taken over, and written where Compose must know it again.
 */
const COMPOSE = 'com.docker.compose';

const label = ({ Config }: InspectedContainer, name: string): string =>
  Config.Labels?.[`${COMPOSE}.${name}`] ?? '';

/** The service that a container is of; empty: of none. */
export const serviceOf = (container: InspectedContainer): string => label(container, 'service');

/** Whether it is one that a command was given to itself. */
export const isOneOff = (container: InspectedContainer): boolean => label(container, 'oneoff') === 'True';

/** The hash of the configuration that it was made from. */
export const configHashOf = (container: InspectedContainer): string => label(container, 'config-hash');

/** What it needs, as `db:service_healthy:false,redis:…`. */
export const needsLabel = (container: InspectedContainer): string => label(container, 'depends_on');

/** Whether a label is none of the user's. */
export const isComposeLabel = (name: string): boolean => name.startsWith(`${COMPOSE}.`);

/** The compose files that containers were brought up from: the longest list first, each file once. */
export function composeFilesOf(containers: readonly InspectedContainer[]): string[] {
  const lists = containers.map((one) => label(one, 'project.config_files').split(',').filter(Boolean));
  return [...new Set(lists.sort((a, b) => b.length - a.length).flat())];
}

/** By these Compose knows a volume as one of a project, by its name in the file. */
export function volumeLabels(project: string, key: string): string[] {
  return [`${COMPOSE}.project=${project}`, `${COMPOSE}.volume=${key}`];
}
