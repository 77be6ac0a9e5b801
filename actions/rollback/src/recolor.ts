import {
  type ColorPort,
  type ReleaseService,
  formatPorts,
  parseModel,
  parsePorts,
  recolor,
  servicesTable,
  writeRelease,
} from '@deploy-actions/compose';
import { type Operation, type Upload, inspect, operationHash } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type ReleaseRecord, colorProject, isColor, releaseIdInColor } from '@deploy-actions/ledger';
import { READ_RELEASE, STAND_BY, discardStaging, secretValues } from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import type { SeenServer } from '@deploy-actions/traffic';
import type { Decision } from './decision.ts';
import type { about } from './operations.ts';

export type RecolorDecision = Extract<Decision, { kind: 'recolor' }>;

/** A recorded release as its colour has it. */
export interface Recolored {
  /** Its id there. */
  release: string;
  /** What differs from the record; empty when it was deployed to this very colour. */
  uploads: Upload[];
}

/** Works out a recorded release for the idle colour. Throws a `refused` Failure where the proxy could not reach it there. */
export async function recolored(
  seen: SeenServer,
  decision: RecolorDecision,
  project: string,
  ports: Ports,
): Promise<Recolored> {
  const { release, to } = decision;
  if (release.color === to) return { release: release.id, uploads: [] };
  ports.log.info(
    `${seen.server.name}: ${release.id} was deployed to ${release.color}: it is brought up as ${to}`,
  );
  const read = await inspect(seen.session, {
    path: seen.server.path,
    program: READ_RELEASE.with({ release: release.id }),
    signal: ports.signal,
  });
  await discardStaging(seen.session, read.staging);
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

/** Brings the release up in the idle colour; no traffic moves. */
export function recolorOperation(
  seen: SeenServer,
  decision: RecolorDecision,
  made: Recolored,
  settings: {
    project: string;
    common: ReturnType<typeof about>;
    waitSeconds: number;
    hooks: readonly Upload[];
    actor: string;
    runUrl: string;
    reason: string;
  },
): Operation {
  const { to, fromRelease } = decision;
  const { project, common } = settings;
  const left = seen.look.releases.find((one) => one.id === fromRelease);
  const leftColor = left?.color;
  if (settings.hooks.length > 0 && left === undefined) {
    throw new Failure('refused', 'what serves now is no recorded release, so no command can run in it', {
      input: 'down-migrate',
      remedy: 'Run it by hand on the server, and set allow-past-migration: true.',
    });
  }
  return {
    ...common,
    name: 'redeploy',
    program: STAND_BY.with({
      project: colorProject(project, to),
      base_project: project,
      color: to,
      shared_services: 'keep',
      source: decision.release.id,
      release: made.release,
      failed_release: fromRelease,
      failed_project: isColor(leftColor) ? colorProject(project, leftColor) : project,
      docker_host: seen.server.dockerHost ?? '',
      wait_timeout: String(settings.waitSeconds),
      stop_timeout: '',
      remove_orphans: 'true',
      actor: settings.actor,
      run_url: settings.runUrl,
      reason: settings.reason,
    }),
    files: [...made.uploads, ...settings.hooks],
    inputHash: operationHash([
      'recolor',
      decision.release.id,
      to,
      seen.look.traffic?.fence ?? 0,
      seen.look.history.length,
    ]),
  };
}
