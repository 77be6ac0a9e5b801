import { type Upload, inspect } from '@deploy-actions/host';
import { type HistoryEntry, isAboutServing, readHistory } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { type ClusterSelf, readSelf } from './cluster-view.ts';
import { type TaskImage, readTaskImages } from './held-stack.ts';
import { INSPECT_NODE } from './programs.ts';

/** What was found on a node of a cluster that is no more than that. */
export interface NodeView {
  /** The host package's staging folder, with the files sent. */
  staging: string;
  self: ClusterSelf;
  /** Of the sources that were asked about, those that it has not. */
  missing: readonly string[];
  /** What the services were made from that run here, where a stack is to be taken over. */
  images: readonly TaskImage[];
  /** What it knows of what has served, oldest first: the end of its history. */
  history: readonly HistoryEntry[];
}

/** Sends the files to a node and looks whether it is fit. Throws the Failure of what is wrong. */
export async function inspectNode(
  session: Session,
  request: {
    path: string;
    files: readonly Upload[];
    dockerHost: string | undefined;
    sources: readonly string[];
    /** The stack whose images are asked for; default: none. */
    project?: string;
  },
  options: { signal?: AbortSignal; followed?: boolean } = {},
): Promise<NodeView> {
  const { staging, fields } = await inspect(session, {
    path: request.path,
    files: request.files,
    program: INSPECT_NODE.with({
      docker_host: request.dockerHost ?? '',
      sources: [...new Set(request.sources)].join('\n'),
      project: request.project ?? '',
    }),
    ...options,
  });
  const missing = (fields['missing'] ?? '').split('\n').filter((line) => line !== '');
  return {
    staging,
    self: readSelf(fields),
    missing,
    images: readTaskImages(fields['task_images'] ?? ''),
    history: readHistory(fields['history'] ?? '').records.filter(isAboutServing),
  };
}
