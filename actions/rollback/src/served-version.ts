import { Failure, messageOf, sameVersion } from '@deploy-actions/kit';
import { type VersionSource, parseVersionSource, throughSession, versionOf } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { type FrontDoor, type SeenServer, doorFor } from '@deploy-actions/traffic';
import type { RollbackInputs, RollbackOutputs } from './fields.ts';

/** How often, and with how many milliseconds between, the site is asked until it answers with the old version. */
const ATTEMPTS = 5;
const PAUSE = 1000;

/** How the version that is served is proven. */
export interface VersionProof extends FrontDoor {
  source: VersionSource;
}

/**
 * What `version-from` and `verify-url` say, for one server; undefined when the version is not asked for. An `input`
 * Failure where it is, and nothing says where to ask: before anything is changed.
 */
export function versionProof(
  seen: Pick<SeenServer, 'look'>,
  inputs: Pick<RollbackInputs, 'version-from' | 'verify-url'>,
): VersionProof | undefined {
  const { 'version-from': from, 'verify-url': url } = inputs;
  if (from === undefined) return undefined;
  let source: VersionSource;
  try {
    source = parseVersionSource(from);
  } catch (error) {
    throw new Failure('input', `input \`version-from\` ${messageOf(error)}`, { input: 'version-from' });
  }
  const { proxy } = seen.look;
  const door = doorFor(proxy, url);
  if (door) return { source, ...door };
  throw new Failure('input', 'nothing says where the version of `version-from` is to be asked for', {
    input: 'verify-url',
    remedy:
      'Give `verify-url`, such as https://shop.example.org/version: no proxy was prepared here that would tell.',
  });
}

/** The version that is served now is the recorded one, soon. Throws `unhealthy`, with what was answered instead. */
export async function proveVersion(
  seen: SeenServer,
  version: string,
  proof: VersionProof,
  ports: Ports,
  outputs: RollbackOutputs,
): Promise<void> {
  const reach = throughSession(seen.session, { log: ports.log, redactor: ports.redactor });
  const colon = proof.connect.lastIndexOf(':');
  const [address, port] = [proof.connect.slice(0, colon), proof.connect.slice(colon + 1)];
  let answered = '';
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (attempt > 1) await ports.clock.sleep(PAUSE, ports.signal);
      try {
        const answer = await reach.request({
          url: proof.url,
          deadline: 10_000,
          overflow: 'cut',
          signal: ports.signal,
          // The server asks the proxy beside it, whose certificate may be for another name.
          connect: { address: address.replace(/^\[|\]$/g, ''), addressPort: Number(port), insecure: true },
        });
        const got = versionOf(answer, proof.source);
        if (got !== undefined && sameVersion(version, got)) {
          ports.log.info(`${seen.server.name}: ${proof.url} answers with version ${got}`);
          return;
        }
        answered = `answers ${answer.status} with ${got === undefined ? 'no version' : `version ${got}`}`;
      } catch (error) {
        ports.signal.throwIfAborted();
        answered = `does not answer (${messageOf(error)})`;
      }
    }
  } finally {
    await reach.close();
  }
  throw new Failure(
    'unhealthy',
    `after the rollback ${proof.url} ${answered} on ${seen.server.name}, not with version ${version}`,
    {
      remedy: 'Look at what the proxy leads to; `version-from` or `verify-url` may name the wrong place.',
      outputs,
    },
  );
}
