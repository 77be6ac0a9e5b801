import { part } from '@deploy-actions/host';
import { LEDGER_READING_SH } from '@deploy-actions/ledger/sh';
import { COMPLAINT } from './complaint-table.ts';

/**
 * What programs on the server ask of the engine that runs containers, the functions `engine_…` of the
 * files `compose*.sh` (Docker with Compose, on one server) and `swarm*.sh` (Swarm mode, over several). No other .sh file calls
 * an engine, so that another one is other files with these functions.
 */
export const ENGINE = part(new URL('compose.sh', import.meta.url));

/** Which containers there are, and what becomes of each. */
export const ENGINE_CONTAINERS = part(new URL('compose-containers.sh', import.meta.url));

/** A release: what its file comes to, its containers made and started, and commands in them. */
export const ENGINE_RELEASES = part(new URL('compose-releases.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});

/** Networks and volumes. */
export const ENGINE_NETWORKS = part(new URL('compose-networks.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});

export const ENGINE_IMAGES = part(new URL('compose-images.sh', import.meta.url));

/** Services of a cluster, by Swarm mode: `swarm.sh`. */
export const ENGINE_CLUSTER = part(new URL('swarm.sh', import.meta.url));

/** The containers that its tasks have on a server. */
export const ENGINE_TASKS = part(new URL('swarm-containers.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});

/** Its configs and secrets. */
export const ENGINE_OBJECTS = part(new URL('swarm-objects.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_CONTAINERS],
});

/** The configuration of its services, whoever gave it. */
export const ENGINE_SPECS = part(new URL('swarm-specs.sh', import.meta.url), { needs: [ENGINE_CLUSTER] });

/** Gives a service its whole configuration. */
export const ENGINE_PUT = part(new URL('swarm-put.sh', import.meta.url), { needs: [ENGINE_CLUSTER] });

/** What the managers of a cluster tell one another. */
export const ENGINE_LEADS = part(new URL('swarm-lead.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_CONTAINERS],
});

/** All of them. */
export const ENGINE_PARTS = [
  ENGINE,
  ENGINE_CONTAINERS,
  ENGINE_RELEASES,
  ENGINE_NETWORKS,
  ENGINE_IMAGES,
  ENGINE_CLUSTER,
  ENGINE_TASKS,
  ENGINE_OBJECTS,
  ENGINE_SPECS,
  ENGINE_PUT,
  ENGINE_LEADS,
] as const;

/** Whether a service that somebody else deployed is as it was found. */
export const FOUND_SPECS = part(new URL('found-specs.sh', import.meta.url), { needs: [ENGINE_SPECS] });

/** What ends an operation by the table of what the engine's words mean. */
export const ENGINE_FAILURE = part(new URL('engine-failure.sh', import.meta.url), {
  needs: [ENGINE, COMPLAINT],
});

/** Whether the engine on the server will do, and what is asked of it beside other things. */
export const REQUIREMENTS = part(new URL('requirements.sh', import.meta.url), { needs: [ENGINE_FAILURE] });

/** Whether the kernel can spread connections over tasks. */
export const IPVS = part(new URL('ipvs.sh', import.meta.url));

/** Whether a server is the node of a cluster that it is taken for. */
export const CLUSTER = part(new URL('cluster.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_FAILURE, COMPLAINT],
});

/** Who meets whom on the networks of the colours, and what leads shared services to the live one. */
export const LIVE_NAMES = part(new URL('live-names.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_NETWORKS, part(LEDGER_READING_SH)],
});
