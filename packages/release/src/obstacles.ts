import {
  type ComposeModel,
  type SentFile,
  applyImages,
  relocate,
  withVariableValues,
} from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';
import { refuseMissingExternals } from './externals.ts';
import type { Inspection } from './inspection.ts';
import { refuseLeftovers, refuseOtherFolder } from './ownership.ts';
import { type Wanted, envFileAt, forgottenSources, refuseOtherEngine } from './preparation.ts';

/** What of a release a deployment would refuse, each by the deployment's own rule. */
export interface Obstacles {
  /** Containers, volumes and networks of the project's name that are not this application's. */
  ownership: Failure | undefined;
  /** External networks and volumes that are not there. */
  externals: Failure | undefined;
  /** What `images` says of services that are not there, or without a digest. */
  images: Failure | undefined;
  /** Configs and secrets of variables that have no value. */
  values: Failure | undefined;
  /** Files that are mounted or read and are nowhere. */
  files: Failure | undefined;
  /** What may be a mistake among them. */
  notes: readonly string[];
  /** The configuration with the images that would run. */
  model: ComposeModel;
}

/**
 * All that stands in the way of a release, where `prepareRelease` stops at the first. What rests on something that is
 * wrong itself is not judged twice. Throws what is no Failure.
 */
export function obstaclesOf(
  found: Inspection,
  path: string,
  wanted: Pick<Wanted, 'images' | 'digestRule' | 'workspaceSources' | 'adopt' | 'engine'> & {
    files: readonly SentFile[];
    /** The input; empty: `.env`. */
    envFile: string;
  },
): Obstacles {
  const notes: string[] = [];
  let model = found.config;
  const caught = (judge: () => void): Failure | undefined => {
    try {
      judge();
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  };
  const ownership = caught(() => {
    refuseOtherEngine(found, wanted);
    refuseOtherFolder(found, path);
    refuseLeftovers(found, found.config, path, wanted.adopt);
  });
  const externals = caught(() => refuseMissingExternals(found.config, found.leftovers));
  const images = caught(() => {
    const applied = applyImages(found.config, wanted.images, wanted.digestRule);
    model = applied.model;
    notes.push(...applied.notes);
  });
  const values = caught(() => {
    model = withVariableValues(model, found.granted, envFileAt(path, wanted.envFile));
  });
  const files = caught(() => {
    const moved = relocate(model, { stage: found.stage, path, shared: found.shared }, wanted.files);
    notes.push(...forgottenSources(moved, found, wanted.workspaceSources, path));
  });
  return { ownership, externals, images, values, files, notes, model };
}

/** Relative sources of mounts, configs and secrets, to look up whether one was forgotten in `files`. */
export function relativeSources(found: Pick<Inspection, 'config' | 'stage'>): string[] {
  const { services, configs = {}, secrets = {} } = found.config;
  const sources = [
    ...Object.values(services).flatMap((service) =>
      (service.volumes ?? []).flatMap((mount) => (mount.type === 'bind' ? [mount.source] : [])),
    ),
    ...[...Object.values(configs), ...Object.values(secrets)].map((one) => one?.file),
  ];
  return sources.flatMap((source) =>
    source?.startsWith(`${found.stage}/`) ? [source.slice(found.stage.length + 1)] : [],
  );
}
