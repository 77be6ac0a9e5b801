/** What a process on the runner is given, how long it may take, and where its output goes. */
export interface LocalOptions {
  cwd?: string;
  /** The whole environment; default: this process's. */
  env?: Readonly<Record<string, string | undefined>>;
  input?: Buffer | string;
  /** Milliseconds; then it is ended together with what it started, and its exit code is 124, as timeout(1) has it. */
  timeout?: number;
  /** Ends it and what it started; the signal's reason is thrown. */
  signal?: AbortSignal;
  onStdout?(bytes: Buffer): void;
  onStderr?(bytes: Buffer): void;
}
