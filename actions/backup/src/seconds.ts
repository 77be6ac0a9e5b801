/** Milliseconds as the programs take times: whole seconds, rounded up. */
export function seconds(milliseconds: number): string {
  return String(Math.ceil(milliseconds / 1000));
}
