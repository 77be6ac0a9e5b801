import type { Report } from '@deploy-actions/kit';

export const STATUSES = ['started', 'progress', 'success', 'failure', 'rolled-back', 'cancelled'] as const;

/** What a message announces. `started` and `progress` are on the way; the other four settle a message. */
export type Status = (typeof STATUSES)[number];

/** One step of a deployment as a live message ticks it off. */
export interface Phase {
  name: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Milliseconds; of a running phase, so far. */
  elapsedMs: number;
}

export interface Link {
  name: string;
  /** An http or https address. */
  url: string;
}

export interface Commit {
  /** The whole hash; a message shows the first seven digits. */
  sha: string;
  /** The first line of its message; empty when the event does not tell. */
  subject: string;
  author: string;
}

/**
 * One message to people, before any messenger's dialect: what happened, where, to which version, by whom. All
 * texts are plain and untrusted; renderers escape them.
 */
export interface Notice {
  status: Status;
  title: string;
  /** Free text, one or more lines; may be empty. */
  message: string;
  /** `owner/name`; empty outside a run. */
  repository: string;
  environment: string;
  version: string;
  deploymentId: string;
  /** Branch or tag, short. */
  ref: string;
  commit: Commit | undefined;
  actor: string;
  /** The page of the run; empty outside a run. */
  run: Link | undefined;
  /** Milliseconds since the live message's first call; undefined for a single message. */
  elapsedMs: number | undefined;
  fields: readonly (readonly [name: string, value: string])[];
  phases: readonly Phase[];
  reports: readonly Report[];
  links: readonly Link[];
  /** Long text such as a log's tail; the first to be cut. */
  details: string;
}

/** How much of a notice a destination gets: `summary` leaves out details, phases and single checks. */
export type Detail = 'full' | 'summary';

export const ICONS: Record<Status, string> = {
  started: '🚀',
  progress: '⏳',
  success: '✅',
  failure: '❌',
  'rolled-back': '⏪',
  cancelled: '🚫',
};

/** The colour bar of a message, as `#rrggbb`. */
export const COLORS: Record<Status, string> = {
  started: '#0b6bcb',
  progress: '#0b6bcb',
  success: '#1f883d',
  failure: '#cf222e',
  'rolled-back': '#bf8700',
  cancelled: '#6e7781',
};

/** Whether people may be called by name for it. */
export const alarming = (status: Status): boolean => status === 'failure' || status === 'rolled-back';

/** Whether nothing more is to come after it. */
export const settled = (status: Status): boolean => status !== 'started' && status !== 'progress';
