import { inspect, readApart } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type RegistryLogin, registryConfig } from '@deploy-actions/release';
import type { Server, Session } from '@deploy-actions/shell';
import { ASK_REGISTRY } from './programs.ts';

/** What the registries say of images that the server has not. */
export interface RegistryAnswer {
  /** By reference: why it would not be pulled. */
  refused: ReadonlyMap<string, Failure>;
  /** Bytes that must be free for those that are there, so that the least is left; by the deployment's own rule. */
  wanted: number;
}

/** Milliseconds: a registry that hangs must not hold the look. */
const PATIENCE = 30_000;

/** Asks by the server, which will pull them. Throws the Failure that keeps it from being asked. */
export async function askRegistry(
  session: Session,
  { path, dockerHost }: Pick<Server, 'path' | 'dockerHost'>,
  references: readonly string[],
  login: RegistryLogin | undefined,
  { minFreeDisk, signal }: { minFreeDisk: number; signal: AbortSignal },
): Promise<RegistryAnswer> {
  const { fields } = await inspect(session, {
    path,
    program: ASK_REGISTRY.with({
      docker_host: dockerHost ?? '',
      references: references.join('\n'),
      min_free_disk: String(minFreeDisk),
      registry: login?.host ?? '',
      registry_config: login ? registryConfig(login) : '',
    }),
    timeout: PATIENCE,
    signal,
    visit: true,
  });
  const refused = new Map<string, Failure>();
  for (const [index, reference] of references.entries()) {
    const { failure } = readApart(fields[`image_${index + 1}`] ?? '', ASK_REGISTRY.results);
    if (failure) refused.set(reference, failure);
  }
  const wanted = fields['wanted'] ?? '';
  if (wanted === '') throw new Failure('remote', 'the server does not tell how much room the images need');
  return { refused, wanted: Number(wanted) };
}
