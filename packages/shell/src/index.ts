import { Failure } from '@deploy-actions/kit';
import type { LocalOptions } from './local-options.ts';
import type { Server } from './server.ts';
import type { Outcome, Session, SessionPorts } from './session.ts';

export { quote } from './quote.ts';
export { HostKeys, fingerprintOf, knownHostsName } from './host-keys.ts';
export { type Connecting, withSessions } from './sessions.ts';
export { SessionFailure, type SessionFailureCode } from './session-failure.ts';
export {
  type Destination,
  type ServerInputs,
  optionalServerFields,
  parseDestination,
  serverFields,
  serverVariable,
  serversOf,
} from './server-fields.ts';
export type { Hop, PrivateKey, Server } from './server.ts';
export type { LocalOptions } from './local-options.ts';
export type { Outcome, Program, Proof, Session, SessionPorts } from './session.ts';

/**
 * An authenticated session to a server whose host key is pinned; through its jump host where it has one.
 * Throws SessionFailure (see its codes); a host key that is not pinned stops before anything but the key
 * exchange was sent. `ports.signal` ends the opening only; an open session is ended by `close`.
 */
export async function openSession(server: Server, ports: SessionPorts): Promise<Session> {
  const { openSshSession } = await import('./ssh-session.ts');
  return await openSshSession(server, ports);
}

/**
 * Runs a process on the runner, without a shell; argv[0] is looked up on PATH. Answers any exit code.
 * A `refused` Failure when there is no such program.
 */
export async function runLocal(
  argv: readonly [string, ...string[]],
  options: LocalOptions = {},
): Promise<Outcome> {
  const { runProcess } = await import('./local-process.ts');
  try {
    return await runProcess(argv, options);
  } catch (error) {
    throw new Failure('refused', `${argv[0]} cannot be run on the runner`, { cause: error });
  }
}
