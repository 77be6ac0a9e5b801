import {
  type ReleaseService,
  parseModel,
  recolor,
  servicesTable,
  writeRelease,
} from '@deploy-actions/compose';
import { type Upload, inspect } from '@deploy-actions/host';
import type { Log } from '@deploy-actions/kit';
import {
  type ColorPort,
  formatPorts,
  parsePorts,
  type ReleaseRecord,
  type RollbackDecision,
  releaseIdInColor,
} from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import { READ_RELEASE } from './programs.ts';
import { secretValues } from './secret-values.ts';

export type RecolorDecision = Extract<RollbackDecision, { kind: 'recolor' }>;

/** A recorded release as its colour has it. */
export interface Recolored {
  /** Its id there. */
  release: string;
  /** What differs from the record; empty when it was deployed to this very colour. */
  uploads: Upload[];
}

/** Works out a recorded release for the idle colour. Throws a `refused` Failure where the proxy could not reach it there. */
export async function recolored(
  seen: { server: Server; session: Session },
  decision: RecolorDecision,
  project: string,
  ports: { log: Log; signal: AbortSignal; addSecret(value: string): void },
): Promise<Recolored> {
  const { release, to } = decision;
  if (release.color === to) return { release: release.id, uploads: [] };
  ports.log.info(
    `${seen.server.name}: ${release.id} was deployed to ${release.color}: it is brought up as ${to}`,
  );
  const read = await inspect(seen.session, {
    path: seen.server.path,
    program: READ_RELEASE.with({ release: release.id }),
    passing: true,
    signal: ports.signal,
  });
  return recordedAs(decision, project, {
    model: read.fields['compose_json'] ?? '{}',
    services: read.fields['services'] ?? '',
    liveOnly: read.fields['live_only'] ?? '',
    ports: parsePorts(read.fields['ports'] ?? ''),
    addSecret: ports.addSecret,
  });
}

interface RecordedFiles {
  model: string;
  services: string;
  liveOnly: string;
  ports: readonly ColorPort[];
  addSecret(value: string): void;
}

/** Pure: the files of a release in the other colour. */
export function recordedAs(decision: RecolorDecision, project: string, files: RecordedFiles): Recolored {
  const { to, release } = decision;
  const model = parseModel(files.model);
  for (const value of secretValues(model)) files.addSecret(value);
  const moved = recolor(model, project, to, files.ports);
  // Lines of step, kind, gate, replicas, hash, image and name.
  const table = `${files.services}${files.liveOnly}`.split('\n').map((line) => line.split(' '));
  const liveOnly = new Set(files.liveOnly.split('\n').map((line) => line.split(' ')[6]));
  const once = table.filter(([, kind]) => kind === 'once').map((line) => line[6]!);
  const { json, services } = writeRelease(moved, once);
  const isLiveOnly = ({ name }: { name: string }) => liveOnly.has(name);
  const id = releaseIdInColor(release.id, to);
  const own = files.ports.filter((one) => one.color === to && moved.services[one.service] !== undefined);
  const serving = services.filter((one) => !isLiveOnly(one));
  return {
    release: id,
    uploads: [
      { name: 'release/compose.json', content: json },
      { name: 'release/services', content: servicesTable(serving) },
      { name: 'release/live-only', content: servicesTable(services.filter(isLiveOnly)) },
      { name: 'release/ports', content: formatPorts(own) },
      { name: 'release/release.head', content: recordHead({ ...release, id, color: to }, serving) },
    ],
  };
}

/**
 * The first part of release.json, which the server ends: when it was made, what it replaces, its images. It brought the
 * schema nothing new.
 */
function recordHead(record: ReleaseRecord, serving: readonly ReleaseService[]): string {
  const {
    created: _created,
    previous: _previous,
    images: _images,
    migrations: _migrations,
    backup: _backup,
    ...kept
  } = record;
  const services = serving.map(({ name, image, replicas, hash, kind }) => ({
    name,
    image,
    replicas,
    hash,
    kind,
  }));
  return JSON.stringify({ ...kept, services }).slice(0, -1);
}
