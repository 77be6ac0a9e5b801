import { part } from '@deploy-actions/host/part';
import { type Question, question } from '@deploy-actions/host/question';
import { ENGINE_ADDRESS } from '../address.ts';

/** What the engine's events call a container's service, and `True` for one that was made for one command. */
export const EVENT_LABELS = { service: 'com.docker.compose.service', oneOff: 'com.docker.compose.oneoff' };

const WATCHED = part(new URL('watched.sh', import.meta.url), { needs: [ENGINE_ADDRESS] });
/** What is asked of a cluster is the programs' own. */
const CLUSTER = part(new URL('../swarm.sh', import.meta.url));
const SPECS = part(new URL('../swarm-specs.sh', import.meta.url), { needs: [CLUSTER] });
const FOUND = part(new URL('../found-specs.sh', import.meta.url), { needs: [SPECS] });
const TASKS = part(new URL('list-tasks.sh', import.meta.url), { needs: [ENGINE_ADDRESS, CLUSTER, FOUND] });
const NODE = part(new URL('list-node.sh', import.meta.url), { needs: [WATCHED] });
const IPVS = part(new URL('../ipvs.sh', import.meta.url));
const FACTS = part(new URL('node-facts.sh', import.meta.url), { needs: [ENGINE_ADDRESS, CLUSTER, IPVS] });
const REACH = part(new URL('reach-nodes.sh', import.meta.url));
const SERVICE_LOG_PART = part(new URL('service-log.sh', import.meta.url), {
  needs: [ENGINE_ADDRESS, CLUSTER],
});
const LIST = part(new URL('list-containers.sh', import.meta.url), { needs: [WATCHED] });
const FOLLOW = part(new URL('follow-containers.sh', import.meta.url), { needs: [WATCHED] });
const STRETCH = part(new URL('log-stretch.sh', import.meta.url));
const LOGS = part(new URL('read-logs.sh', import.meta.url), { needs: [WATCHED, STRETCH] });
const CONTAINER_LOG = part(new URL('read-container-log.sh', import.meta.url), {
  needs: [ENGINE_ADDRESS, STRETCH],
});
const LOG_FILE = part(new URL('read-log-file.sh', import.meta.url), { needs: [ENGINE_ADDRESS] });
const COMMAND = part(new URL('command-in-service.sh', import.meta.url), { needs: [ENGINE_ADDRESS] });
const EVIDENCE = part(new URL('container-evidence.sh', import.meta.url), { needs: [ENGINE_ADDRESS] });
const LOAD = part(new URL('server-load.sh', import.meta.url), { needs: [ENGINE_ADDRESS] });

// The first argument of each is the engine's address, or empty.
export const LIST_CONTAINERS = question(LIST);
export const LIST_TASKS = question(TASKS);
export const LIST_NODE = question(NODE);
export const NODE_FACTS = question(FACTS);
export const REACH_NODES = question(REACH);
export const SERVICE_LOG = question(SERVICE_LOG_PART);
export const FOLLOW_CONTAINERS = question(FOLLOW);
export const READ_LOGS = question(LOGS);
export const READ_CONTAINER_LOG = question(CONTAINER_LOG);
export const READ_LOG_FILE = question(LOG_FILE);
export const COMMAND_IN_SERVICE = question(COMMAND);
export const CONTAINER_EVIDENCE = question(EVIDENCE);
export const SERVER_LOAD = question(LOAD);

/** All of them, for the checks that each must pass. */
export const QUESTIONS: readonly Question[] = [
  LIST_CONTAINERS,
  LIST_TASKS,
  LIST_NODE,
  SERVICE_LOG,
  NODE_FACTS,
  REACH_NODES,
  FOLLOW_CONTAINERS,
  READ_LOGS,
  READ_CONTAINER_LOG,
  READ_LOG_FILE,
  COMMAND_IN_SERVICE,
  CONTAINER_EVIDENCE,
  SERVER_LOAD,
];
