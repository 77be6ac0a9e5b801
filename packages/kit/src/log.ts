/** Where an action tells what it does. Implementations escape and redact; callers pass plain text. */
export interface Log {
  info(text: string): void;
  debug(text: string): void;
  /** Shown as an annotation of the run. */
  notice(text: string): void;
  warning(text: string): void;
  /** Folds what `work` logs under a title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}
