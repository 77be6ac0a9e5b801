import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Call } from './call.ts';
import { containerOf, halt, launch, make, untilStopped } from './container.ts';
import { execute } from './execute.ts';
import { Refusal, options, unknown } from './refusal.ts';
import type { FakeThing, State } from './state.ts';
import { dialStdio, idOf, inspectTasks, swarmAbout, swarmCommand } from './swarm.ts';
import { render } from './template.ts';

/** Docker's own commands, of an engine that answers or of the client alone. Answers what goes to stdout. */
export function engineCommand(
  state: State,
  words: readonly string[],
  call: Call,
  answers = true,
): string | Promise<string> {
  const [name = '', ...rest] = words;
  const two = `${name} ${rest[0] ?? ''}`;
  const after = rest.slice(1);
  switch (name) {
    case 'info':
    case 'version': {
      const { values } = options(rest, { values: { format: ['--format', '-f'] } });
      const about = { ...ABOUT, ...swarmAbout(state) };
      return `${render(values.get('format')?.[0] ?? '{{json .}}', answers ? about : { ...about, DockerRootDir: '' })}\n`;
    }
    case 'node':
    case 'service':
    case 'stack':
    case 'config':
    case 'secret':
      return swarmCommand(state, call, words);
    case 'ps':
      return list(state, rest);
    case 'inspect':
      if (rest[0] === '--type' && rest[1] === 'task') return inspectTasks(state, rest.slice(2));
      return inspectContainers(state, call, rest);
    case 'exec':
      // Every container of a test has the network of the machine: what others have open there is none of theirs.
      if (rest.slice(1).join(' ') === 'cat /proc/net/tcp /proc/net/tcp6') {
        const { Config } = containerOf(state, rest[0] ?? '');
        return state.script().connections?.[Config.Image] ?? '  sl  local_address rem_address   st\n';
      }
      return execute((which) => containerOf(state, which), rest, call);
    case 'cp': {
      const { rest: places } = options(rest, { flags: ['--follow-link', '-L'] });
      const [, which = '', file = ''] = /^([^:]+):(.*)$/.exec(places[0] ?? '') ?? [];
      const content = containerOf(state, which).Files?.[file];
      if (content === undefined || places.length !== 2)
        throw new Refusal(
          `Error response from daemon: Could not find the file ${file} in container ${which}`,
        );
      writeFileSync(path.resolve(call.cwd, places[1]!), content);
      return '';
    }
    case 'create':
      return create(state, rest);
    case 'tag':
      return tag(state, rest[0]!, rest[1]!);
    case 'pull':
      return pull(state, options(rest, { flags: ['--quiet', '-q'] }).rest[0]!);
    case 'stop':
    case 'pause':
    case 'unpause':
    case 'start':
    case 'rm':
    case 'rename':
    case 'wait':
    case 'logs':
      return containerCommand(state, name, rest, call);
  }
  switch (two) {
    case 'manifest inspect':
      return manifest(state, after);
    case 'container inspect':
      return inspectContainers(state, call, after);
    case 'image inspect':
      return inspectImages(state, call, after);
    case 'image ls':
      return listImages(state, after);
    case 'image rm': {
      const { rest: references } = options(after, {});
      const missing = references.filter((one) => !state.read('images', one));
      for (const one of references) if (!missing.includes(one)) state.remove('images', one);
      if (missing.length > 0)
        throw new Refusal(
          missing.map((one) => `Error response from daemon: No such image: ${one}`).join('\n'),
        );
      return '';
    }
    case 'network inspect':
    case 'volume inspect': {
      const { values, rest: names } = options(after, { values: { format: ['--format', '-f'] } });
      return names
        .map((one) => {
          const found =
            state.read(`${name}s`, one) ??
            state.read(`${name}s`, state.names(`${name}s`).find((key) => idOf(key) === one) ?? one);
          if (!found) throw new Refusal(`Error response from daemon: get ${one}: no such ${name}`);
          return `${render(values.get('format')?.[0] ?? '{{json .}}', found)}\n`;
        })
        .join('');
    }
    case 'system dial-stdio':
      return dialStdio(state, call);
    case 'network ls':
    case 'volume ls':
      return listThings(state, name as 'network' | 'volume', after);
    case 'volume rm':
      for (const one of after) {
        if (!state.read('volumes', one))
          throw new Refusal(`Error response from daemon: get ${one}: no such volume`);
        state.remove('volumes', one);
      }
      return '';
    case 'network create':
    case 'volume create': {
      const known = { label: ['--label'], driver: ['--driver'], opt: ['--opt'] };
      const {
        values,
        flags,
        rest: names,
      } = options(after, { values: known, flags: ['--internal', '--ipv6', '--attachable'] });
      const [one] = names;
      if (one === undefined || names.length > 1) throw unknown(words);
      if (name === 'network' && state.read('networks', one))
        throw new Refusal(`Error response from daemon: network with name ${one} already exists`);
      const Labels = Object.fromEntries(
        (values.get('label') ?? []).map((label) => label.split(/=(.*)/s, 2) as [string, string]),
      );
      // A volume that is there stays as it is.
      if (!state.read(`${name}s`, one))
        state.write(`${name}s`, one, {
          Name: one,
          Labels,
          Internal: flags.has('--internal'),
          Scope: values.get('driver')?.[0] === 'overlay' ? 'swarm' : 'local',
          Attachable: flags.has('--attachable'),
        } satisfies FakeThing);
      return `${one}\n`;
    }
    case 'network connect':
    case 'network disconnect':
    case 'network rm':
      return changeNetwork(state, rest[0]!, after);
  }
  throw unknown(words);
}

const ABOUT = {
  DockerRootDir: '/',
  ServerVersion: '28.0.0',
  ClientInfo: { Plugins: [{ Name: 'compose', Version: 'v2.40.0', Path: '' }] },
  Server: { Version: '28.0.0' },
  Client: { Version: '28.0.0' },
};

function list(state: State, words: readonly string[]): string {
  const { flags, values, rest } = options(words, {
    values: { filter: ['--filter', '-f'], format: ['--format'] },
    flags: ['--all', '-a', '--quiet', '-q', '--no-trunc'],
  });
  if (rest.length > 0) throw unknown(['ps', ...words]);
  const all = flags.has('--all') || flags.has('-a');
  const quiet = flags.has('--quiet') || flags.has('-q');
  const given = values.get('filter') ?? [];
  const networks = given.flatMap((one) => /^network=(.*)$/.exec(one)?.[1] ?? []);
  const statuses = given.flatMap((one) => /^status=(.*)$/.exec(one)?.[1] ?? []);
  const volumes = given.flatMap((one) => /^volume=(.*)$/.exec(one)?.[1] ?? []);
  const filters = labelFilters(
    given.filter((one) => !/^(?:network|volume|status)=/.test(one)),
    ['ps', ...words],
  );
  return state
    .containers()
    .filter(({ State: { Running } }) => all || Running)
    .filter(({ State: { Status } }) => statuses.length === 0 || statuses.includes(Status))
    .filter(({ NetworkSettings }) => networks.every((one) => one in NetworkSettings.Networks))
    .filter(({ Mounts }) =>
      volumes.every((name) => (Mounts as { Name?: string }[]).some((at) => at.Name === name)),
    )
    .filter(({ Config: { Labels } }) => filters.every((filter) => filter(Labels)))
    .map((one) => {
      if (quiet) return `${one.ID}\n`;
      const { Status, ExitCode, Health } = one.State;
      const health = Health
        ? Health.Status === 'starting'
          ? ' (health: starting)'
          : ` (${Health.Status})`
        : '';
      const shown = {
        ID: one.ID,
        Names: one.Name.slice(1),
        Image: one.Config.Image,
        State: Status,
        Ports: Object.entries(one.NetworkSettings.Ports)
          .flatMap(([port, to]) =>
            (to as { HostIp: string; HostPort: string }[]).map(
              ({ HostIp, HostPort }) => `${HostIp || '0.0.0.0'}:${HostPort}->${port}`,
            ),
          )
          .join(', '),
        Status:
          Status === 'running'
            ? `Up 5 minutes${health}`
            : Status === 'exited'
              ? `Exited (${ExitCode}) 5 minutes ago`
              : 'Created',
      };
      const methods = { Label: (key: string) => one.Config.Labels[key] ?? '' };
      return `${render(values.get('format')?.[0] ?? '{{json .}}', shown, methods)}\n`;
    })
    .join('');
}

/** `network ls` and `volume ls`. */
function listThings(state: State, name: 'network' | 'volume', words: readonly string[]): string {
  const { flags, values, rest } = options(words, {
    values: { filter: ['--filter', '-f'], format: ['--format'] },
    flags: ['--quiet', '-q', '--no-trunc'],
  });
  if (rest.length > 0) throw unknown([name, 'ls', ...words]);
  const given = values.get('filter') ?? [];
  const scope = given.find((one) => one.startsWith('scope='))?.slice(6);
  const filters = labelFilters(
    given.filter((one) => !one.startsWith('scope=')),
    [name, 'ls', ...words],
  );
  return state
    .names(`${name}s`)
    .map((one) => state.read<FakeThing>(`${name}s`, one)!)
    .filter(
      ({ Labels = {}, Scope = 'local' }) =>
        (scope ?? Scope) === Scope && filters.every((filter) => filter(Labels)),
    )
    .map(({ Name, Labels = {} }) => {
      if (flags.has('--quiet') || flags.has('-q')) return `${Name}\n`;
      const methods = { Label: (key: string) => Labels[key] ?? '' };
      return `${render(values.get('format')?.[0] ?? '{{json .}}', { Name, ID: idOf(Name) }, methods)}\n`;
    })
    .join('');
}

function labelFilters(filters: readonly string[], words: readonly string[]) {
  return filters.map((one) => {
    const [, key, value] = /^label=([^=]+)(?:=(.*))?$/.exec(one) ?? [];
    if (key === undefined) throw unknown(words);
    return (labels: Readonly<Record<string, string>>) =>
      value === undefined ? key in labels : labels[key] === value;
  });
}

function changeNetwork(state: State, change: string, words: readonly string[]): string {
  const { values, rest } = options(words, { values: { alias: ['--alias'], link: ['--link'] } });
  const [network = '', which] = rest;
  if (!state.read('networks', network))
    throw new Refusal(`Error response from daemon: network ${network} not found`);
  if (change === 'rm') {
    if (state.containers().some((one) => network in one.NetworkSettings.Networks))
      throw new Refusal(`Error response from daemon: network ${network} has active endpoints`);
    state.remove('networks', network);
    return `${network}\n`;
  }
  const container = containerOf(state, which!);
  const { Networks } = container.NetworkSettings;
  if (change === 'connect') {
    if (network in Networks)
      throw new Refusal(`Error response from daemon: endpoint with name ${container.Name} already exists`);
    Networks[network] = {
      IPAddress: '',
      Aliases: values.get('alias') ?? [],
      Links: values.get('link') ?? [],
    };
  } else {
    if (!(network in Networks))
      throw new Refusal(`Error response from daemon: container ${which} is not connected to ${network}`);
    Reflect.deleteProperty(Networks, network);
  }
  state.save(container);
  return '';
}

function inspectContainers(state: State, call: Call, words: readonly string[]): string {
  const { values, rest } = options(words, {
    values: { format: ['--format', '-f'], type: ['--type'] },
  });
  const format = values.get('format')?.[0] ?? '{{json .}}';
  // A template goes by the program's own names, else by those of the JSON, and never by both.
  if (/\.ID\b/.test(format) && /\.(?:HostIp|Id)\b/.test(format))
    throw new Refusal('template parsing error: map has no entry for key "ID"');
  const lines: string[] = [];
  const missing = rest.filter((one) => {
    const found = state.container(one);
    if (found) lines.push(`${render(format, found)}\n`);
    return !found;
  });
  // What is there is told all the same.
  if (missing.length > 0) {
    call.out(lines.join(''));
    throw new Refusal(missing.map((one) => `Error: No such object: ${one}`).join('\n'));
  }
  return lines.join('');
}

function inspectImages(state: State, call: Call, words: readonly string[]): string {
  const { values, rest } = options(words, { values: { format: ['--format', '-f'] } });
  const lines: string[] = [];
  for (const one of rest) {
    const found = state.image(one);
    if (!found) {
      call.out(lines.join(''));
      throw new Refusal(`Error: No such image: ${one}`);
    }
    const { healthcheck } = state.script().images?.[one] ?? {};
    const Config = {
      Entrypoint: ['/entry'],
      Cmd: ['serve'],
      Healthcheck: healthcheck === undefined ? undefined : { Test: healthcheck },
    };
    lines.push(`${render(values.get('format')?.[0] ?? '{{json .}}', { Config, ...found })}\n`);
  }
  return lines.join('');
}

function listImages(state: State, words: readonly string[]): string {
  const { values } = options(words, {
    values: { format: ['--format'] },
    flags: ['--no-trunc', '--digests'],
  });
  return state
    .names('images')
    .map((reference) => {
      const { Id, RepoDigests } = state.image(reference)!;
      const [, repository, tag, digest] = /^(.*?)(?::([^:/@]+))?(?:@(.*))?$/.exec(reference)!;
      const known = RepoDigests.find((one) => one.startsWith(`${repository}@`))?.split('@')[1];
      const shown = {
        ID: Id,
        Repository: repository,
        Tag: tag ?? '<none>',
        Digest: digest ?? known ?? '<none>',
      };
      return `${render(values.get('format')?.[0] ?? '{{json .}}', shown)}\n`;
    })
    .join('');
}

function tag(state: State, source: string, target: string): string {
  const image = state.image(source);
  if (!image) throw new Refusal(`Error response from daemon: No such image: ${source}`);
  state.write('images', target, image);
  return '';
}

/** `manifest inspect --verbose`: every image of the stand-in registry is of one layer. */
function manifest(state: State, words: readonly string[]): string {
  const [reference = ''] = options(words, { flags: ['--verbose', '--insecure'] }).rest;
  const { registry, pulls = {} } = state.script();
  if (pulls[reference] !== undefined) throw new Refusal(pulls[reference]);
  if (!registry[reference]) throw new Refusal(`no such manifest: ${reference}`);
  return `${JSON.stringify({ Ref: reference, SchemaV2Manifest: { layers: [{ size: 1000 }] } })}\n`;
}

function pull(state: State, reference: string): string {
  const { registry, pulls = {} } = state.script();
  const word = pulls[reference];
  if (word !== undefined) throw new Refusal(`Error response from daemon: ${word}`);
  const found = registry[reference];
  if (!found)
    throw new Refusal(`Error response from daemon: manifest for ${reference} not found: manifest unknown`);
  const repository = reference.replace(/(:[^:/@]+)?(@.*)?$/, '');
  state.write('images', reference, { Id: found.id, RepoDigests: [`${repository}@${found.digest}`] });
  return `${reference}\n`;
}

/** `create`: a container outside of every stack. */
function create(state: State, words: readonly string[]): string {
  const { values, rest } = options(words, {
    values: {
      name: ['--name'],
      label: ['--label'],
      network: ['--network'],
      environment: ['--env-file'],
      entrypoint: ['--entrypoint'],
      user: ['--user'],
      volume: ['--volume'],
      security: ['--security-opt'],
      from: ['--volumes-from'],
    },
  });
  const [image] = rest;
  const [name] = values.get('name') ?? [];
  if (image === undefined || name === undefined) throw unknown(['create', ...words]);
  const labels = Object.fromEntries(
    (values.get('label') ?? []).map((label) => label.split(/=(.*)/s, 2) as [string, string]),
  );
  const made = make(state, { name, image, labels, checked: false, networks: [], ports: {} });
  // A folder of the server; a volume has none here.
  const mounts = (values.get('volume') ?? []).flatMap((one) => {
    const [, Source, Destination] = /^(\/[^:]*):([^:]*)/.exec(one) ?? [];
    return Source === undefined ? [] : [{ Type: 'bind', Source, Destination }];
  });
  state.save({ ...made, Mounts: mounts });
  return `${made.ID}\n`;
}

function containerCommand(
  state: State,
  name: string,
  words: readonly string[],
  call: Call,
): string | Promise<string> {
  const known = {
    values: { time: ['--time', '-t'], tail: ['--tail'] },
    flags: ['--force', '-f', '--follow', '--volumes'],
  };
  const { flags, rest } = options(words, known);
  switch (name) {
    case 'rename': {
      const container = containerOf(state, rest[0]!);
      state.save({ ...container, Name: `/${rest[1]!}` });
      return '';
    }
    case 'logs': {
      const { ID } = containerOf(state, rest[0]!);
      return flags.has('--follow')
        ? untilStopped(state, ID, call.signal).then(() => state.log(ID))
        : state.log(ID);
    }
    case 'wait':
      return untilStopped(state, containerOf(state, rest[0]!).ID, call.signal).then((ended) => {
        if (!ended) throw new Refusal(`Error response from daemon: No such container: ${rest[0]!}`);
        return `${ended.State.ExitCode}\n`;
      });
  }
  for (const which of rest) {
    const container = containerOf(state, which);
    if (name === 'rm') state.remove('containers', container.ID);
    if (name === 'pause' || name === 'unpause') {
      const [from, to] = name === 'pause' ? ['running', 'paused'] : ['paused', 'running'];
      if (container.State.Status !== from)
        throw new Refusal(`Error response from daemon: Container ${container.ID} is not ${from}`);
      state.save({ ...container, State: { ...container.State, Status: to } });
    }
    if (name === 'stop') halt(state, container, 143);
    if (name === 'start') launch(state, container);
  }
  return rest.map((one) => `${one}\n`).join('');
}
