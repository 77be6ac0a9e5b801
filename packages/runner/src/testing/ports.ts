import { type Clock, type Place, type Redactor, redactor, systemClock } from '@deploy-actions/kit';
import { type MemoryLog, memoryLog } from '@deploy-actions/kit/testing';
import type { Ports } from '../action.ts';
import { fakeWorkflow } from './workflow.ts';

/** The runner's side of an action that keeps what it is told. */
export interface FakePorts extends Ports {
  log: MemoryLog;
  clock: Clock;
  redactor: Redactor;
  /** What the job summary holds. */
  summaries: string[];
  /** What was kept for the post step. */
  state: Map<string, string>;
  annotations: { level: string; message: string; place: Place | undefined }[];
  /** Cancels the run, as the runner does. */
  cancel(reason: Error): void;
}

/** The runner's side for one run of an action, on the real clock. */
export function fakePorts(workflow: Partial<Ports['workflow']> = {}): FakePorts {
  const controller = new AbortController();
  const secrets = redactor();
  const summaries: string[] = [];
  const state = new Map<string, string>();
  const annotations: FakePorts['annotations'] = [];
  return {
    log: memoryLog(),
    clock: systemClock,
    workflow: fakeWorkflow(workflow),
    redactor: secrets,
    signal: controller.signal,
    variables: new Map(),
    summaries,
    state,
    annotations,
    addSecret: (value) => secrets.add(value),
    summary: (markdown) => summaries.push(markdown),
    annotate: (level, message, place) => annotations.push({ level, message, place }),
    saveState: (name, value) => state.set(name, value),
    cancel: (reason) => controller.abort(reason),
  };
}
