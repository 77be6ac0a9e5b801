/** Of a failure's code. */
export interface Explanation {
  /** In one line. */
  meaning: string;
  /** What to do. */
  remedy: string;
}
