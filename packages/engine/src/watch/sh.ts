/** Where the programs of `watch.ts` stand: in a file of its own, as those of `../sh.ts` do. */
export const WATCHED_SH: URL | string = new URL('watched.sh', import.meta.url);
export const LIST_CONTAINERS_SH: URL | string = new URL('list-containers.sh', import.meta.url);
export const FOLLOW_CONTAINERS_SH: URL | string = new URL('follow-containers.sh', import.meta.url);
export const READ_LOGS_SH: URL | string = new URL('read-logs.sh', import.meta.url);
export const COMMAND_IN_SERVICE_SH: URL | string = new URL('command-in-service.sh', import.meta.url);
export const CONTAINER_EVIDENCE_SH: URL | string = new URL('container-evidence.sh', import.meta.url);
export const SERVER_LOAD_SH: URL | string = new URL('server-load.sh', import.meta.url);
