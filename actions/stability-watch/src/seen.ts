import type { ContainerScope } from '@deploy-actions/probe';
import type { Baseline } from './baseline.ts';
import type { Limits, Sample, Spent, Tally } from './budget.ts';
import type { Incident } from './container-signals.ts';

/** What ended the watch before its time. */
export interface Found extends Partial<Pick<Spent, 'target' | 'limit'>> {
  kind: 'requests' | 'container' | 'log' | 'server' | 'metric';
  /** One sentence. */
  reason: string;
  incident?: Incident;
}

/** Something that was looked at once an interval. */
export interface Looked {
  kind: Found['kind'];
  /** As the report names it. */
  name: string;
  /** What could not be seen, as sentences. */
  missing(): string[];
  /** What was seen, for people. */
  detail(): string;
}

/** Something whose requests are counted: a target, or a proxy's log. */
export interface Counted {
  name: string;
  /** What else was seen of it, for people. */
  detail?(): string;
}

/** What a watch has seen. */
export interface Seen {
  /** Those that a sample's `target` is the place of. */
  targets: readonly Counted[];
  scope: ContainerScope | undefined;
  tallies: readonly Readonly<Tally>[];
  limits: Limits;
  samples: readonly Sample[];
  incidents: readonly { incident: Incident; at: number }[];
  notes: readonly string[];
  /** What could not be seen, as sentences. */
  missing: readonly string[];
  found: Found | undefined;
  /** What would have ended it, where it only measures. */
  alarm: Found | undefined;
  /** What it is compared with. */
  baseline: Baseline | undefined;
  /** What took the sight away, such as a lost connection. */
  lost: unknown;
  /** Milliseconds after the warm-up. */
  elapsedMs: number;
  evidence: readonly string[];
  /** What was looked at once an interval. */
  periodic: readonly Looked[];
}
