/** What a process on the runner is given, and where its output goes. */
export interface LocalOptions {
  cwd?: string;
  /** The whole environment; default: this process's. */
  env?: Readonly<Record<string, string>>;
  input?: Buffer | string;
  onStdout?(bytes: Buffer): void;
  onStderr?(bytes: Buffer): void;
}
