import { inspect } from '@deploy-actions/host';
import { Failure, type Clock, messageOf } from '@deploy-actions/kit';
import { type InspectionRequest, lookFiles, lookParameters } from '@deploy-actions/release';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import { PROXIES } from '@deploy-actions/traffic/proxies';
import { type Facts, readFacts } from './facts.ts';
import { PREFLIGHT } from './programs.ts';

export interface LookOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds for which the processors are watched; undefined: not at all. */
  watchProcessors: number | undefined;
}

/**
 * Looks at a server in one exec: no lock, nothing made in the application's folder, nothing left behind. Throws the Failure
 * that keeps it from being looked at at all.
 */
export async function lookAtServer(
  session: Session,
  request: InspectionRequest,
  { clock, signal, watchProcessors }: LookOptions,
): Promise<Facts> {
  const warnings: string[] = [];
  const asked = clock.wall().getTime();
  const { fields } = await inspect(session, {
    path: request.path,
    files: lookFiles(request),
    program: PREFLIGHT.with({
      want: 'preflight',
      cpu_seconds: watchProcessors === undefined ? '' : (watchProcessors / 1000).toFixed(2),
      proxy_kinds: PROXIES.map(({ kind }) => kind).join(' '),
      ...lookParameters(request),
    }),
    signal,
    visit: true,
    onEvent: (event) => void (event.type === 'warning' && warnings.push(event.text)),
  });
  try {
    const answered = clock.wall().getTime();
    return readFacts(fields, request, warnings, { asked, answered });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new SessionFailure(
      'lost',
      `${session.name} did not answer as a program of ours does: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
