import { type Clock, Failure, type Inputs, type Log, type Redactor } from '@deploy-actions/kit';
import { type optionalServerFields, openSession, serversOf } from '@deploy-actions/shell';
import type { ServerSide } from './look.ts';
import { throughSession } from './session-reach.ts';

/** The one server of the inputs, opened. Throws an `input` Failure where they name none or several. */
export async function openServerSide(
  inputs: Inputs<typeof optionalServerFields>,
  ports: { clock: Clock; log: Log; redactor: Redactor; signal: AbortSignal },
): Promise<ServerSide> {
  const [server, another] = serversOf(inputs);
  if (!server) {
    throw new Failure('input', 'a target is on the server, and input `host` is empty', {
      input: 'host',
      remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
    });
  }
  if (another) {
    throw new Failure('input', 'input `host` names several servers', {
      input: 'host',
      remedy: 'Use one step for each server.',
    });
  }
  const session = await openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal });
  return { session, reach: throughSession(session, { log: ports.log, redactor: ports.redactor }) };
}
