import { inspect } from '@deploy-actions/host';
import { type HistoryEntry, type Reading, readHistory } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { READ_HISTORY } from './history-program.ts';

/** Milliseconds. */
const LONGEST_READING = 30_000;

/**
 * The last `lines` lines of an application's history, oldest first, in one exec that changes nothing of the application; each
 * deployment leaves one to three. Empty where there is no history. Throws the Failure of what is wrong.
 */
export async function readServerHistory(
  session: Session,
  path: string,
  lines: number,
  options: { signal?: AbortSignal } = {},
): Promise<Reading<HistoryEntry>> {
  const { fields } = await inspect(session, {
    path,
    program: READ_HISTORY.with({ history_lines: String(lines) }),
    passing: true,
    timeout: LONGEST_READING,
    ...options,
  });
  return readHistory(fields['history'] ?? '');
}
