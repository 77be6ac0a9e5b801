import { cut, messageOf, OutOfTime, within } from '@deploy-actions/kit';
import {
  type ContainerScope,
  type LogPart,
  type ServerLoad,
  type ServerSide,
  type TextMatch,
  readLoad,
  readLogs,
} from '@deploy-actions/probe';
import { SessionFailure } from '@deploy-actions/shell';
import { share } from './budget.ts';
import type { Found, Looked } from './seen.ts';

/** Something that is looked at once an interval, at the start and at the end. */
export interface Periodic extends Looked {
  /** Answers why the watch must end; undefined when all is well. Throws what `unseen` takes or lets through. */
  look(last: boolean, signal: AbortSignal): Promise<string | undefined>;
}

/** Milliseconds for one pattern on what was logged in an interval. */
const SEARCH_TIME = 1000;

/** Looks for patterns in what the containers log. */
export function logPatterns(
  patterns: readonly TextMatch[],
  scope: ContainerScope,
  { session }: Pick<ServerSide, 'session'>,
): Periodic {
  const missing = new Set<string>();
  let since: number | undefined;
  let lines = 0;
  return {
    kind: 'log',
    name: `logs of ${scope.project}`,
    missing: () => [...missing],
    detail: () => `${lines} lines searched`,
    async look(last, signal) {
      const { until, parts } = await readLogs(session, scope, since, last, signal);
      since = until;
      for (const part of parts) {
        const of = part.text.split('\n');
        lines += of.filter((line) => line !== '').length;
        if (part.gap !== undefined) missing.add(`the log of ${part.name} ${part.gap}`);
        const reason = searched(part, of, patterns, missing);
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
  };
}

function searched(
  { name, service }: LogPart,
  lines: readonly string[],
  patterns: readonly TextMatch[],
  missing: Set<string>,
): string | undefined {
  for (const { text, expression } of patterns) {
    try {
      const found = expression
        ? within(SEARCH_TIME, () => lines.find((line) => expression.test(line)))
        : lines.find((line) => line.includes(text));
      if (found !== undefined)
        return `${name} (service ${service}) logged "${cut(found.trim(), 200)}", which log-patterns has as ${text}`;
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      missing.add(`the pattern ${text} ${error.message} on the log of ${name}`);
    }
  }
  return undefined;
}

/** Shares from 0 to 1; undefined is not judged. */
export interface LoadLimits {
  cpu: number | undefined;
  memory: number | undefined;
  disk: number | undefined;
}

/** Holds the server's load against limits: processors over the whole watch, memory at two looks in a row, disks at each. */
export function serverLoad(
  limits: LoadLimits,
  { session }: Pick<ServerSide, 'session'>,
  options: { path: string; dockerHost?: string | undefined },
): Periodic {
  const missing = new Set<string>();
  let first: ServerLoad | undefined;
  let latest: ServerLoad | undefined;
  let highMemory = 0;
  const cpu = () => {
    if (!first?.cpu || !latest?.cpu) return undefined;
    const all = latest.cpu.all - first.cpu.all;
    return all > 0 ? (latest.cpu.busy - first.cpu.busy) / all : undefined;
  };
  return {
    kind: 'server',
    name: `load of ${session.name}`,
    missing() {
      if (limits.cpu !== undefined && cpu() === undefined)
        missing.add(`${session.name} did not tell how busy its processors are`);
      return [...missing];
    },
    detail() {
      const busy = cpu();
      return [
        ...(busy === undefined ? [] : [`processors ${share(busy)}`]),
        ...(latest?.memory === undefined ? [] : [`memory ${share(latest.memory)}`]),
        ...(latest?.disk === undefined ? [] : [`disk ${latest.disk.mount} ${share(latest.disk.share)}`]),
      ].join(', ');
    },
    async look(last, signal) {
      latest = await readLoad(session, { ...options, signal });
      first ??= latest;
      const { memory, disk } = latest;
      if (limits.memory !== undefined) {
        if (memory === undefined) missing.add(`${session.name} did not tell how much memory is left`);
        highMemory = memory !== undefined && memory > limits.memory ? highMemory + 1 : 0;
        if (highMemory >= 2)
          return `${share(memory!)} of the memory of ${session.name} is taken, and max-memory is ${share(limits.memory)}`;
      }
      if (limits.disk !== undefined) {
        if (disk === undefined) missing.add(`${session.name} did not tell how full its disks are`);
        else if (disk.share > limits.disk)
          return `${disk.mount} of ${session.name} is ${share(disk.share)} full, and max-disk is ${share(limits.disk)}`;
      }
      const busy = cpu();
      if (last && limits.cpu !== undefined && busy !== undefined && busy > limits.cpu)
        return `the processors of ${session.name} were busy for ${share(busy)} of the watch, and max-cpu is ${share(limits.cpu)}`;
      return undefined;
    },
  };
}

/** Why a look showed nothing, where the watch can go on without it; what ends the watch is thrown on. */
export function unseen(error: unknown): string {
  if (error instanceof SessionFailure && error.code === 'timed-out')
    return `the server did not answer in time: ${messageOf(error)}`;
  throw error;
}

export interface PeriodicRun {
  /** Looks once; nothing while the look before is still under way. */
  look(): void;
  /** Waits for what is under way and looks for the last time. */
  finish(): Promise<void>;
  missing(): string[];
}

/** Looks at several things, one after the other, and tells what ends the watch. */
export function periodicRun(
  all: readonly Periodic[],
  signal: AbortSignal,
  on: { found(found: Found): void; failed(error: unknown): void },
): PeriodicRun {
  const missing: string[] = [];
  let under: Promise<void> | undefined;
  const once = async (last: boolean) => {
    for (const one of all) {
      try {
        const reason = await one.look(last, signal);
        if (reason !== undefined) on.found({ kind: one.kind, reason });
      } catch (error) {
        if (signal.aborted) return;
        missing.push(unseen(error));
      }
    }
  };
  const guarded = (last: boolean) => once(last).catch(on.failed);
  return {
    look() {
      under ??= guarded(false).finally(() => (under = undefined));
    },
    async finish() {
      await under;
      if (!signal.aborted) await guarded(true);
    },
    missing: () => [...missing, ...all.flatMap((one) => one.missing())],
  };
}
