import { question } from '@deploy-actions/host/question';
import { FAILURE_KINDS, Failure, cut, failureCode } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { EXPLAIN } from './complaint-table.ts';

/** Answers code, message and remedy, a line each. */
export const EXPLAIN_COMPLAINT = question(EXPLAIN);

/**
 * What the engine on a server means by its words on stderr, as a Failure that names the server; a `remote` one with its
 * last line where the table does not know them. The table is the programs' own and is asked on the server, whose user it
 * names. Throws a SessionFailure when the connection is gone.
 */
export async function complaintOf(
  session: Session,
  said: string,
  exitCode: number,
  dockerHost = '',
): Promise<Failure> {
  const { stdout } = await session.run({
    script: EXPLAIN_COMPLAINT.text(),
    args: [dockerHost, cut(said.trim(), 8000)],
    timeout: 30_000,
  });
  const [code, message = '', remedy = ''] = stdout.toString('utf8').split('\n');
  const known = failureCode(code);
  if (known !== undefined) {
    return new Failure(FAILURE_KINDS[known], `${session.name}: ${message}`, { code: known, remedy });
  }
  const last = cut(said.trim().split('\n').at(-1) ?? '', 300);
  return new Failure('remote', `docker on ${session.name} ended with exit code ${exitCode}: ${last}`, {
    code: 'docker-failed',
    remedy: 'Try it on the server: docker info.',
  });
}
