import { SERVER_LOAD } from '@deploy-actions/engine/watch';
import type { Session } from '@deploy-actions/shell';

/** How a server is loaded at a moment. What could not be read is undefined. */
export interface ServerLoad {
  /** Since the server was started, in ticks: what is not idle, and all. Only differences mean something. */
  cpu: { busy: number; all: number } | undefined;
  /** Share of the memory that no program can have any more, 0 to 1. */
  memory: number | undefined;
  /** The fullest of the file systems that count: of /, of `path` and of the engine's own folder. */
  disk: { share: number; mount: string } | undefined;
}

/** Looks at the server's processors, memory and disks. `path` is the application's folder, or empty. */
export async function readLoad(
  session: Session,
  options: { path: string; dockerHost?: string | undefined; signal?: AbortSignal },
): Promise<ServerLoad> {
  const { stdout } = await session.run({
    script: SERVER_LOAD.text(),
    args: [options.dockerHost ?? '', options.path],
    timeout: 30_000,
    signal: options.signal,
  });
  return parseLoad(stdout.toString('utf8'));
}

/** What `server_load` has printed, as far as it has the form that Linux and POSIX give it (proc(5), df(1)). */
export function parseLoad(text: string): ServerLoad {
  const ticks = /^cpu (\d+(?: \d+){3,})$/m.exec(text)?.[1]?.split(' ').map(Number);
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? NaN);
  const [total, available] = [kib('MemTotal'), kib('MemAvailable')];
  const disks = [...text.matchAll(/^disk .*\s(\d+)\s+(\d+)\s+(\d+)\s+\d+%\s+(\/.*)$/gm)].map(
    ([, , used, free, mount]) => ({
      // As df counts: what is reserved for root is neither used nor free.
      share: Number(used) / Math.max(1, Number(used) + Number(free)),
      mount: mount!,
    }),
  );
  return {
    // user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user already.
    cpu: ticks && {
      all: sum(ticks.slice(0, 8)),
      busy: sum(ticks.slice(0, 8)) - ticks[3]! - (ticks[4] ?? 0),
    },
    memory: total > 0 && available >= 0 ? 1 - available / total : undefined,
    disk: disks.sort((a, b) => b.share - a.share)[0],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
