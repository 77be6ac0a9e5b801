import { formatDuration } from '@deploy-actions/kit';
import { type Check, failedBy, judged, passed, told, unknown } from './check.ts';

/** Whether the login user gets in, and may do there what a deployment does. */
export const ACCESS: readonly Check[] = [
  {
    name: 'connection',
    judge({ server, proof, connection: { connectMs } }) {
      const as = `${server.user}@${server.host}, port ${server.port}`;
      const by =
        proof === undefined
          ? ''
          : `, with ${proof.key}; the server proved itself by ${proof.hostKey} (known-hosts, line ${proof.line})`;
      return passed(`${as} in ${formatDuration(connectMs)}${by}`);
    },
  },
  {
    name: 'system',
    judge({ facts: { machine } }) {
      const { system, kernel, processors, host, groups, user } = machine;
      if (kernel === '')
        return unknown('the server does not tell what it is', 'Try it on the server: uname -srm; id');
      const count = processors === undefined ? '' : `, ${processors} processors`;
      return told(
        `${system === '' ? kernel : `${system}, ${kernel}`}${count}; ${host}; ${user} in ${groups.join(', ')}`,
      );
    },
  },
  {
    name: 'path',
    judge({ facts, server }) {
      if (facts.path) return failedBy(facts.path);
      const isThere = facts.machine.disks.path?.folder === server.path;
      return passed(
        isThere
          ? `${server.path} is the login user's own`
          : `${server.path} is not there yet, and the login user may make it`,
      );
    },
  },
  {
    name: 'docker',
    judge: ({ facts }) =>
      'failure' in facts.engine
        ? failedBy(facts.engine.failure)
        : judged(facts.engine, ({ engine, compose, root }) =>
            engine === ''
              ? unknown('the engine does not tell its version', 'Try it on the server: docker version.')
              : passed(`Docker ${engine}, Compose ${compose}, images in ${root}`),
          ),
  },
];
