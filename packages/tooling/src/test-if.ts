/** What stands between a skipped test's name and its reason; the test runner splits there. */
export const REASON = ' — skipped: ';

interface TestFunction {
  (name: string, work: () => Promise<void> | void, timeout?: number): void;
  skip(name: string, work: () => Promise<void> | void): void;
}

/**
 * Jest's `test` where the reason not to run is undefined, else a skipped test that carries the reason in its
 * name, since Jest has no other place for it: `const testWithAct = testIf(test, reason)`.
 */
export function testIf(test: TestFunction, reason: string | undefined): TestFunction {
  if (reason === undefined) return test;
  const skip = (name: string, work: () => Promise<void> | void) =>
    test.skip(`${name}${REASON}${reason}`, work);
  return Object.assign(skip, { skip });
}
