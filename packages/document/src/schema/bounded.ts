import { Script, createContext } from 'node:vm';

/** A realm in which nothing stands but the work of the moment: only there can V8 be told to stop after a time. */
const realm = createContext(Object.create(null) as { work?: () => unknown });
const script = new Script('work()');

/**
 * Runs work that a hostile text can make endless, such as a pattern with nested repetitions, for so many milliseconds
 * at most. Undefined when that was not enough.
 */
export function bounded<T>(work: () => T, milliseconds: number): { value: T } | undefined {
  realm['work'] = work;
  try {
    return { value: script.runInContext(realm, { timeout: milliseconds }) as T };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    realm['work'] = undefined;
  }
}
