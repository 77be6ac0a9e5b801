import {
  type ComposeModel,
  type InspectedContainer,
  type InspectedImage,
  type WrittenFile,
  composeFilesOf,
  modelOfStack,
  parseModel,
  writtenFiles,
} from '@deploy-actions/compose';
import { inspect } from '@deploy-actions/host';
import type { Session } from '@deploy-actions/shell';
import { COPY_OUT } from './programs.ts';

/** A stack that somebody else started. It holds every secret of its services: never log it. */
export interface OldStack {
  /** A compose file that makes it. */
  model: ComposeModel;
  containers: InspectedContainer[];
  /** The compose files that it was started from, absolute, in their order. */
  files: string[];
  /** What cannot be brought back, for people. */
  lost: string[];
}

/** A container of any stack on the server. */
export interface OtherContainer {
  project: string;
  service: string;
  image: string;
  /** The folder that its stack was brought up in. */
  folder: string;
}

/** Where the stack is looked at. */
interface Place {
  path: string;
  dockerHost: string | undefined;
}

/** Milliseconds for files of a few kilobytes. */
const LONGEST_COPY = 60_000;

/**
 * Reads what the look at the server told of a stack that is being adopted; undefined where it told of none. What Compose
 * wrote into its containers is fetched from there.
 */
export async function readOldStack(
  session: Session,
  place: Place,
  fields: Readonly<Record<string, string>>,
  options: { signal?: AbortSignal },
): Promise<OldStack | undefined> {
  const containers = objects<InspectedContainer>(fields['stack'] ?? '').filter(
    ({ Id, Name, Config, HostConfig, NetworkSettings }) =>
      typeof Id === 'string' && typeof Name === 'string' && Config && HostConfig && NetworkSettings,
  );
  if (containers.length === 0) return undefined;
  const images = objects<InspectedImage>(fields['stack_images'] ?? '');
  const config = fields['own_config'] === undefined ? undefined : parseModel(fields['own_config']);
  const hashes = new Map(
    lines(fields['own_hashes'] ?? '').map((line) => line.split(' ', 2) as [string, string]),
  );
  const files = writtenFiles(containers, config);
  const written = await copyOut(session, place, files, options);
  const { model, lost } = modelOfStack(
    fields['project'] ?? '',
    containers,
    images,
    config && { model: config, hashes },
    written,
  );
  const broken = fields['own_broken'];
  if (broken !== undefined) {
    lost.push(
      `configs and secrets that its compose files give as text, if there are any: the files cannot be resolved any more (${broken.trim()})`,
    );
  }
  return { model, containers, files: composeFilesOf(containers), lost };
}

/** The content of files in containers; undefined for what is not there, or is no text. */
async function copyOut(
  session: Session,
  { path, dockerHost }: Place,
  files: readonly WrittenFile[],
  options: { signal?: AbortSignal },
): Promise<Map<WrittenFile, string | undefined>> {
  if (files.length === 0) return new Map();
  const readable = files.filter((file) => !/[\t\n]/.test(file.path));
  const { fields } = await inspect(session, {
    path,
    program: COPY_OUT.with({
      docker_host: dockerHost ?? '',
      copies: readable.map((file) => `${file.container}\t${file.path}`).join('\n'),
    }),
    passing: true,
    timeout: LONGEST_COPY,
    ...options,
  });
  return new Map(
    files.map((file) => {
      const text = fields[`copy_${readable.indexOf(file) + 1}`];
      // A compose file holds text: bytes that are none would come back as others.
      return [file, text === undefined || text.includes('\uFFFD') ? undefined : text];
    }),
  );
}

/** Reads the lines of `engine_stacks`. */
export function otherContainers(text: string): OtherContainer[] {
  return lines(text).flatMap((line) => {
    const [, project = '', service = '', once, release, image = '', folder = ''] = line.split('\t');
    return once === 'True' || release !== '-' || project === '' ? [] : [{ project, service, image, folder }];
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function objects<T>(text: string): T[] {
  return lines(text).flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [value as T] : [];
    } catch {
      return [];
    }
  });
}
