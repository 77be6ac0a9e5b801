import type { ComposeModel } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';
import type { Leftover } from './leftover.ts';

/**
 * Refuses external networks and volumes that services use and that are not on the server, and external configs and
 * secrets, which only Swarm has: Compose finds all of them missing only when it starts the service.
 * @throws Failure `refused` or `input` that names the service, the thing and what makes it.
 */
export function refuseMissingExternals(model: ComposeModel, there: readonly Leftover[]): void {
  const missing = new Map<string, string>();
  for (const [service, used] of Object.entries(model.services)) {
    const networks = Object.keys(used.networks ?? {});
    const volumes = (used.volumes ?? []).flatMap((mount) =>
      mount.type === 'volume' && mount.source !== undefined ? [mount.source] : [],
    );
    for (const [kind, names, group] of [
      ['network', networks, model.networks],
      ['volume', volumes, model.volumes],
    ] as const) {
      for (const key of names) {
        const one = group?.[key];
        if (!one?.external) continue;
        const name = one.name ?? key;
        if (there.some((thing) => thing.kind === kind && thing.name === name)) continue;
        const command = `docker ${kind} create ${name}`;
        if (!missing.has(command))
          missing.set(command, `the ${kind} ${name}, which ${service} uses as an external one,`);
      }
    }
    for (const [kind, grants, group] of [
      ['config', used.configs, model.configs],
      ['secret', used.secrets, model.secrets],
    ] as const) {
      for (const { source } of grants ?? []) {
        if (!group?.[source]?.external) continue;
        throw new Failure(
          'input',
          `${service} uses the ${kind} ${source}, which is external: only Swarm has those`,
          {
            input: 'compose-file',
            remedy: `Name a file: \`${kind}s: { ${source}: { file: ./${source} } }\`.`,
          },
        );
      }
    }
  }
  if (missing.size === 0) return;
  throw new Failure(
    'refused',
    `${[...missing.values()].join(' and ')} ${missing.size === 1 ? 'is' : 'are'} not on the server`,
    {
      code: 'external-missing',
      input: 'compose-file',
      remedy: `Make ${missing.size === 1 ? 'it' : 'them'} there: ${[...missing.keys()].join(' && ')}. Or leave \`external: true\` out, and Compose makes ${missing.size === 1 ? 'it' : 'them'}.`,
    },
  );
}
