import { readFileSync } from 'node:fs';
import { sentText } from '@deploy-actions/host/sent-text';
import {
  COMMAND_IN_SERVICE_SH,
  CONTAINER_EVIDENCE_SH,
  FOLLOW_CONTAINERS_SH,
  LIST_CONTAINERS_SH,
  READ_LOGS_SH,
  SERVER_LOAD_SH,
  WATCHED_SH,
} from './sh.ts';

/** What the engine's events call a container's service, and `True` for one that was made for one command. */
export const EVENT_LABELS = { service: 'com.docker.compose.service', oneOff: 'com.docker.compose.oneoff' };

/**
 * What is asked of a server and its containers outside of any run, in one exec each and without a trace on the server: a function
 * of the file, whose comment says what it takes and what it answers.
 */
const FILES = {
  list_containers: LIST_CONTAINERS_SH,
  follow_containers: FOLLOW_CONTAINERS_SH,
  read_logs: READ_LOGS_SH,
  command_in_service: COMMAND_IN_SERVICE_SH,
  container_evidence: CONTAINER_EVIDENCE_SH,
  server_load: SERVER_LOAD_SH,
};

export type WatchProgram = keyof typeof FILES;

export const WATCH_PROGRAMS = Object.keys(FILES) as WatchProgram[];

/** The files of a program, in the order in which they are sent. */
export const watchFiles = (name: WatchProgram): readonly (URL | string)[] => [WATCHED_SH, FILES[name]];

/** Its last line. */
export const watchEnd = (name: WatchProgram): string => `${name} "$@"\n`;

const texts = new Map<WatchProgram, string>();

/** A program as it is sent. Its arguments are those of the function; the first is the engine's address, or empty. */
export function watchText(name: WatchProgram): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text =
    watchFiles(name)
      .map((file) => sentText(readFileSync(file, 'utf8')))
      .join('') + watchEnd(name);
  texts.set(name, text);
  return text;
}
