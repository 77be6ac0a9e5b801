/** A command in a container. */
export interface Inside {
  words: readonly string[];
  /** Variables that it has besides. */
  env: Readonly<Record<string, string>>;
  /** Whether it reads what the client reads; otherwise nothing. */
  isInteractive: boolean;
}

/** One call of docker, as its client makes it. */
export interface Call {
  /** The folder that it was made in. */
  cwd: string;
  out(text: string): void;
  err(text: string): void;
  /**
   * Runs a command in the client's environment and group, with what it reads and writes. Resolves with its exit code. Where the
   * client is killed it goes on, and has nothing more to read.
   */
  run(inside: Inside): Promise<number>;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}
