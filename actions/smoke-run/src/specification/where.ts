/** A place in the user's file, for annotations. */
export interface Where {
  file: string | undefined;
  line: number;
  column: number;
}
