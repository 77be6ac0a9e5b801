/** Told what the lab is doing, one short line at a time. */
export type Progress = (line: string) => void;

export const silent: Progress = () => {};

/** How often a long step says that it is still running, in milliseconds. Users may not see 15 s of silence. */
const HEARTBEAT_MS = 8_000;

/** Runs one step, says that it begins, that it goes on and how long it took. The error of the step passes through. */
export async function step<T>(progress: Progress, name: string, run: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
  progress(`${name} ...`);
  const heartbeat = setInterval(() => progress(`${name}: ${seconds()} s so far`), HEARTBEAT_MS);
  try {
    const value = await run();
    progress(`${name}: done in ${seconds()} s`);
    return value;
  } finally {
    clearInterval(heartbeat);
  }
}
