import { Failure } from '@deploy-actions/kit';
import { ENGINES, type EngineChoice, type EngineKind } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { USED_ENGINE } from './last-engine.ts';

/**
 * What the last release of the folder used, for `engine: auto`; Compose without one. Throws the Failure of a record that names
 * none that is known here; rejects when the connection is gone.
 */
export async function askEngine(session: Session, path: string): Promise<EngineKind> {
  const { code, stdout, stderr } = await session.run({
    script: USED_ENGINE.text(),
    args: [path],
    timeout: 30_000,
  });
  const said = stdout.toString('utf8').trim();
  const engine = ENGINES.find((one) => one === said);
  if (code === 0 && engine) return engine;
  const why = code === 0 ? 'names an engine that is not known here' : stderr.toString('utf8').trim();
  throw new Failure('remote', `what the last release in ${path} used could not be read: ${why}`, {
    input: 'engine',
    remedy: 'Say the `engine`: compose or swarm.',
  });
}

/**
 * The engine that is asked for, on a server with an open session; `auto` of a folder is what its last release used. Without a folder
 * nothing is known of one, and Compose is meant.
 */
export async function engineOf(
  asked: EngineChoice,
  session: Session,
  path: string | undefined,
): Promise<EngineKind> {
  if (asked !== 'auto') return asked;
  return path === undefined ? 'compose' : await askEngine(session, path);
}
