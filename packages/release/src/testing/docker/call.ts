/** One call of docker, as its client makes it. */
export interface Call {
  /** The folder that it was made in. */
  cwd: string;
  out(text: string): void;
  err(text: string): void;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}
