import {
  Failure,
  FieldError,
  type Fields,
  duration,
  field,
  integer,
  linesOf,
  orVariable,
  pattern,
  quote,
  rawText,
  required,
  secret,
  whyEmpty,
  withDefault,
} from '@deploy-actions/kit';
import { HostKeys } from './host-keys.ts';
import { armour } from './key-armour.ts';
import type { Hop, Server } from './server.ts';

/** `[user@]host[:port]` as written; what is missing comes from the inputs `user` and `port`. */
export interface Destination {
  user: string | undefined;
  host: string;
  port: number | undefined;
}

const USER = /^[A-Za-z_][A-Za-z0-9_.@\\+-]*\$?$/;
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._@+-]+)+\/?$/;

/**
 * Parses `[user@]host[:port]`; an IPv6 address stands in brackets where a port follows, and may without.
 * FieldError for anything else.
 */
export function parseDestination(value: string): Destination {
  const wrong = (what: string) =>
    new FieldError(`${quote(value)} ${what}`, {
      remedy: 'Write [user@]host[:port], such as deploy@web1.example.org:2222.',
    });
  const at = value.lastIndexOf('@');
  const user = at < 0 ? undefined : value.slice(0, at);
  const rest = value.slice(at + 1);
  if (user !== undefined && !USER.test(user)) throw wrong('has no valid user before the @');
  const bracketed = /^\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\](?::(\d+))?$/.exec(rest);
  const plain = /^([A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?)(?::(\d+))?$/.exec(rest);
  const bare = /^([0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/.exec(rest);
  const match = bracketed ?? plain ?? bare;
  if (!match) throw wrong('is not a host');
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && !(port >= 1 && port <= 65535)) throw wrong('has no valid port');
  return { user, host: match[1]!, port };
}

const destinations = linesOf(parseDestination);

const privateKey = secret({
  ...rawText(),
  parse: (value: string): string | undefined => armour(value),
});

/**
 * The variable of the environment that stands for a server input: `DEPLOY_SSH_KEY` for `ssh-key`. So a workflow names its
 * server once for a job, and not in each of its steps.
 */
export function serverVariable(input: string): string {
  return `DEPLOY_${input.toUpperCase().replaceAll('-', '_')}`;
}

/** The same fields, each with its variable. */
function withVariables<F extends Fields>(fields: F): F {
  return Object.fromEntries(
    Object.entries(fields).map(([name, one]) => [name, orVariable(one, serverVariable(name))]),
  ) as F;
}

const shared = {
  ...withVariables({
    user: pattern(USER, 'a user name'),
    port: withDefault(integer(1, 65535), 22),
    'ssh-passphrase': secret(rawText()),
    'known-hosts': withDefault(
      field((value) => HostKeys.parse(value)),
      HostKeys.parse(''),
    ),
    'jump-host': field(parseDestination),
    'jump-ssh-key': privateKey,
    'docker-host': pattern(
      /^(unix:\/\/\/[A-Za-z0-9._/@+-]+|tcp:\/\/[A-Za-z0-9._:[\]-]+)$/,
      'a Docker address on the server, such as unix:///run/user/1000/docker.sock',
    ),
  }),
  'connect-timeout': withDefault(duration(1000, 600_000), 30_000),
};

const path = pattern(PATH, 'an absolute path of plain characters (letters, digits and . _ @ + -)');

/** The server inputs for an action that needs a server. Light: nothing of SSH is loaded by it. */
export const serverFields = {
  ...withVariables({
    host: { ...destinations, required: true },
    'ssh-key': required(privateKey),
    path: required(path),
  }),
  ...shared,
};

/** The same for an action that can do without a server: `host`, `ssh-key` and `path` may be empty. */
export const optionalServerFields = {
  ...withVariables({ host: destinations, 'ssh-key': privateKey, path }),
  ...shared,
};

/** Values of `serverFields` or `optionalServerFields`. */
export interface ServerInputs {
  host: Destination[];
  user: string | undefined;
  port: number;
  'ssh-key': string | undefined;
  'ssh-passphrase': string | undefined;
  'known-hosts': HostKeys;
  'jump-host': Destination | undefined;
  'jump-ssh-key': string | undefined;
  path: string | undefined;
  'connect-timeout': number;
  'docker-host': string | undefined;
}

/**
 * The servers that the inputs mean, in the order given, each host once; none when `host` is empty.
 * An `input` Failure names the rule across inputs that is broken.
 */
export function serversOf(inputs: ServerInputs): Server[] {
  if (inputs.host.length === 0) return [];
  const key = inputs['ssh-key'];
  const hostKeys = inputs['known-hosts'];
  const passphrase = inputs['ssh-passphrase'];
  if (key === undefined)
    throw wrong(
      'ssh-key',
      'is required with `host` and is empty',
      whyEmpty('ssh-key', { variable: serverVariable('ssh-key') }),
    );
  if (inputs['jump-ssh-key'] !== undefined && !inputs['jump-host']) {
    throw wrong('jump-ssh-key', 'is given without `jump-host`');
  }
  const hop = (where: Destination, defaultPort: number): Omit<Hop, 'key'> => {
    const user = where.user ?? inputs.user;
    if (user === undefined) {
      throw wrong(
        'user',
        `is needed: ${where.host} names none`,
        `Set \`user\` or ${serverVariable('user')}, or write user@host.`,
      );
    }
    return { host: where.host, port: where.port ?? defaultPort, user, hostKeys };
  };
  const jump: Hop | undefined = inputs['jump-host'] && {
    ...hop(inputs['jump-host'], 22),
    key:
      inputs['jump-ssh-key'] === undefined
        ? { text: key, passphrase, input: 'ssh-key' }
        : { text: inputs['jump-ssh-key'], passphrase, input: 'jump-ssh-key' },
  };
  const hops = inputs.host.map((where) => hop(where, inputs.port));
  const bare = hostKeys.bareLine;
  if (bare !== undefined && (hops.length > 1 || jump)) {
    const hosts = jump ? `${hops.length + 1}, the jump host included` : hops.length;
    throw wrong(
      'known-hosts',
      `line ${bare}: a bare fingerprint is bound to no host, and there are ${hosts}`,
      'Write `host SHA256:…` for each host.',
    );
  }
  const seen = new Set<string>();
  return hops.map((one): Server => {
    const address = `${one.host.toLowerCase()} ${one.port}`;
    if (seen.has(address)) throw wrong('host', `names ${one.host}, port ${one.port}, twice`);
    seen.add(address);
    const shared = hops.filter((other) => other.host.toLowerCase() === one.host.toLowerCase()).length > 1;
    return {
      ...one,
      name: shared
        ? one.host.includes(':')
          ? `[${one.host}]:${one.port}`
          : `${one.host}:${one.port}`
        : one.host,
      key: { text: key, passphrase, input: 'ssh-key' },
      jump,
      path: (inputs.path ?? '').replace(/\/$/, ''),
      connectTimeout: inputs['connect-timeout'],
      dockerHost: inputs['docker-host'],
    };
  });
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\` ${message}`, { input, remedy });
}
