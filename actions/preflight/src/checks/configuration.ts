import type { Service } from '@deploy-actions/compose';
import type { Failure } from '@deploy-actions/kit';
import { isExample } from '../example-values.ts';
import { whatIsWrong } from '../required-env.ts';
import {
  type Check,
  type Seen,
  type Verdict,
  failed,
  failedBy,
  isEngineFailure,
  listed,
  ofRelease,
  passed,
  unknown,
  warned,
} from './check.ts';

const SET_THEM =
  'Add them to the env file on the server, or to `env`; a default stands as ${NAME:-default} in the compose file.';

/** Whether the configuration can be brought up with this environment. */
export const CONFIGURATION: readonly Check[] = [
  {
    name: 'configuration',
    judge({ facts }) {
      const { release } = facts;
      if ('is' in release)
        return passed(
          `valid: ${listed(Object.keys(release.is.config.services))} of the project ${release.is.project}`,
        );
      return isEngineFailure(facts) ? unknown('not looked at: see docker') : failedBy(release.failure);
    },
  },
  {
    name: 'variables',
    judge: (seen) =>
      ofRelease(seen, () => {
        const { warnings } = seen.facts;
        const { values } = seen.obstacles ?? {};
        if (values) return failedBy(values);
        if (warnings.length === 0) return passed('every variable that the compose files use is set');
        const names = warnings.map(
          (text) => /"([A-Za-z_][A-Za-z0-9_]*)" variable is not set/.exec(text)?.[1],
        );
        const others = warnings.filter((_, index) => names[index] === undefined);
        const unset = [...new Set(names.filter((name) => name !== undefined))];
        const words = unset.length === 0 ? [] : [`not set, so empty: ${listed(unset)}`];
        return failed([...words, ...others].join('; '), SET_THEM);
      }),
  },
  {
    name: 'required-env',
    judge(seen) {
      const { inputs, facts } = seen;
      const wanted = inputs['required-env'];
      if (wanted.length === 0) return undefined;
      const { values } = facts;
      if (values === undefined) return unknown(whyNoValues(seen));
      const wrong = wanted.flatMap((one) => whatIsWrong(one, values) ?? []);
      return wrong.length === 0
        ? passed(
            wanted.length === 1
              ? `${wanted[0]!.key} is as it must be`
              : `all ${wanted.length} are as they must be`,
          )
        : failed(wrong.join('; '), whereToSet(seen));
    },
  },
  {
    name: 'example-values',
    judge(seen) {
      const { values } = seen.facts;
      if (values === undefined) return unknown(whyNoValues(seen));
      const named = new Map(values);
      if ('is' in seen.facts.release)
        for (const service of Object.values(seen.facts.release.is.config.services))
          for (const [name, value] of Object.entries(service.environment ?? {}))
            if (typeof value === 'string' && !isExample(name, named.get(name) ?? '')) named.set(name, value);
      const found = [...named].filter(([name, value]) => isExample(name, value)).map(([name]) => name);
      return found.length === 0
        ? passed('no variable has the value of an example')
        : failed(
            `still as in an example: ${listed(found)}`,
            'Give them values of their own, such as by: openssl rand -hex 32',
          );
    },
  },
  obstacle('ownership', (seen) => {
    const { inputs, facts } = seen;
    return ofRelease(seen, ({ containers, current, project }) => {
      const foreign = containers.filter((one) => one.hash === '' && !one.oneOff);
      return current === '' && foreign.length > 0
        ? warned(
            `the project ${project} runs ${listed(foreign.map((one) => one.name))}, which no deployment of ours started`,
            `Set \`adopt: true\` in the first deployment to take it over, or give another \`project\`${inputs.project === undefined ? '' : ` than ${inputs.project}`}.`,
          )
        : passed(
            'is' in facts.release && facts.release.is.containers.length > 0
              ? 'what runs under the name of the project is this application'
              : 'nothing else has the name of the project',
          );
    });
  }),
  obstacle('externals', (seen) =>
    ofRelease(seen, ({ config }) =>
      [config.networks, config.volumes].some((group) =>
        Object.values(group ?? {}).some((one) => one?.external),
      )
        ? passed('every external network and volume is there')
        : undefined,
    ),
  ),
  obstacle('files', (seen) =>
    ofRelease(seen, () => {
      const notes = (seen.obstacles?.notes ?? []).filter((note) =>
        note.includes('Docker will make an empty folder'),
      );
      return notes.length > 0
        ? warned(notes.join('; '), `Add them to \`files\`, or put them below ${seen.server.path}/shared.`)
        : passed('every file that is mounted or read is sent, or on the server');
    }),
  ),
  {
    name: 'health-checks',
    judge: (seen) =>
      ofRelease(seen, ({ config, containers }) => {
        const once = new Set(
          Object.values(config.services).flatMap((service) =>
            Object.entries(service.depends_on ?? {}).flatMap(([name, { condition }]) =>
              condition === 'service_completed_successfully' ? [name] : [],
            ),
          ),
        );
        const bare = Object.entries(config.services).filter(
          ([name, service]) =>
            !once.has(name) &&
            !hasHealthCheck(service) &&
            // The image may have one.
            !containers.some((one) => one.service === name && one.health !== undefined),
        );
        return bare.length === 0
          ? passed('every service that stays up has one')
          : warned(
              `none in the compose file: ${listed(bare.map(([name]) => name))}`,
              'Add a `healthcheck`: without one a service counts as healthy as soon as it runs.',
            );
      }),
  },
  {
    name: 'limits',
    judge: (seen) =>
      hardening(
        seen,
        ({ deploy, mem_limit: limit }) =>
          limit === undefined &&
          (deploy as { resources?: { limits?: { memory?: unknown } } } | undefined)?.resources?.limits
            ?.memory === undefined,
        'without a limit of memory',
        'Set deploy.resources.limits.memory: one service must not take the memory of all.',
      ),
  },
  {
    name: 'root-user',
    judge: (seen) =>
      hardening(
        seen,
        ({ user }) => user === undefined || /^(?:root|0)(?::|$)/.test(String(user)),
        'with no `user` but root in the compose file',
        'Set `user`, unless the image has one of its own.',
      ),
  },
];

function obstacle(
  name: 'ownership' | 'externals' | 'files',
  otherwise: (seen: Seen) => Verdict | undefined,
): Check {
  return {
    name,
    judge(seen) {
      const failure: Failure | undefined = seen.obstacles?.[name];
      return failure ? failedBy(failure) : otherwise(seen);
    },
  };
}

function hardening(
  seen: Seen,
  isBare: (service: Service) => boolean,
  what: string,
  remedy: string,
): Verdict | undefined {
  return ofRelease(seen, ({ config }) => {
    const bare = Object.entries(config.services).filter(([, service]) => isBare(service));
    return bare.length === 0
      ? passed('every service')
      : failed(`${listed(bare.map(([name]) => name))} ${what}`, remedy);
  });
}

function hasHealthCheck({ healthcheck }: Service): boolean {
  return healthcheck !== undefined && healthcheck.disable !== true && healthcheck.test?.[0] !== 'NONE';
}

function whyNoValues({ facts }: Seen): string {
  return `the variables could not be read: see ${isEngineFailure(facts) ? 'docker' : 'configuration'}`;
}

function whereToSet({ server, inputs }: Seen): string {
  const file = inputs['env-file'] ?? '.env';
  return `Set them in ${file.startsWith('/') ? file : `${server.path}/shared/${file}`} on the server, or in \`env\`.`;
}
