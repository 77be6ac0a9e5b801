import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Call } from './call.ts';
import { containerOf, halt, launch, make, untilStopped } from './container.ts';
import { Refusal, options, unknown } from './refusal.ts';
import { type FakeContainer, type State, sha256 } from './state.ts';

interface Service {
  image: string;
  command?: string[] | null;
  labels?: Record<string, string>;
  healthcheck?: object;
  scale?: number;
  deploy?: { replicas?: number };
  networks?: Record<string, { aliases?: string[]; ipv4_address?: string } | null>;
  container_name?: string;
  configs?: { source: string; target?: string }[];
  ports?: { target: number; published?: string; host_ip?: string; protocol?: string }[];
  [key: string]: unknown;
}

interface Model {
  name: string;
  services: Record<string, Service>;
  networks?: Record<string, { name?: string } | null>;
  configs?: Record<string, { content?: string }>;
  [key: string]: unknown;
}

/** `docker compose …`. Answers what goes to stdout. */
export async function composeCommand(state: State, words: readonly string[], call: Call): Promise<string> {
  const { values, rest } = options(words, {
    values: {
      project: ['--project-name'],
      folder: ['--project-directory'],
      env: ['--env-file'],
      file: ['--file', '-f'],
      profile: ['--profile'],
    },
  });
  const given = (name: string) => values.get(name)?.[0];
  const [command = '', ...more] = rest;
  const folder = path.resolve(call.cwd, given('folder') ?? '.');
  const files = (values.get('file') ?? [path.join(folder, 'compose.yaml')]).map((one) =>
    path.resolve(call.cwd, one),
  );
  const load = async () => await readModel(call, files, given('project'), folder, given('env'));
  switch (command) {
    case 'config':
      return await config(more, await load());
    case 'up':
      return up(state, more, call, await load(), folder, files);
    case 'run':
      return await runOnce(state, more, call, await load());
    case 'exec': {
      const { values: given, rest: named } = options(more, {
        flags: ['-T'],
        values: { env: ['--env', '-e'] },
      });
      const model = await load();
      const [one] = containersOf(state, model.name, named[0]!);
      if (!one?.State.Running) throw new Refusal(`service "${named[0]}" is not running`);
      if (hangs(state, named.slice(1))) {
        // A process of the container's, by its environment.
        const env = Object.fromEntries(
          (given.get('env') ?? []).map((one) => one.split(/=(.*)/s).slice(0, 2)),
        );
        throw new Refusal('', await call.run({ words: ['sleep', '300'], env, isInteractive: false }));
      }
      return act(state, named.slice(1));
    }
    case 'restart': {
      const known = { values: { timeout: ['--timeout', '-t'] }, flags: ['--no-deps'] };
      const model = await load();
      for (const name of options(more, known).rest)
        for (const one of containersOf(state, model.name, name)) launch(state, one);
      return '';
    }
  }
  throw unknown(['compose', ...words]);
}

/** Reads compose files as far as tests write them: resolved ones as they are, others with variables and short forms. */
async function readModel(
  call: Call,
  files: readonly string[],
  given: string | undefined,
  folder: string,
  envFile: string | undefined,
): Promise<Model> {
  if (files.length !== 1) throw unknown(['compose', ...files]);
  const text = readFileSync(files[0]!, 'utf8');
  if (files[0]!.endsWith('.json')) {
    const model = JSON.parse(text) as Model;
    return { ...model, name: given ?? model.name };
  }
  const env = new Map(
    readEnv(envFile, folder)
      .split('\n')
      .flatMap((line): [string, string][] => {
        const [, key, value] = /^(\w+)="?(.*?)"?$/.exec(line) ?? [];
        return key === undefined ? [] : [[key, value!]];
      }),
  );
  const { parse } = await import('yaml');
  const filled = text.replace(
    /\$\{(\w+)(?::?-([^}]*))?\}/g,
    (_all, key: string, otherwise: string | undefined) => {
      if (otherwise === undefined && !env.has(key))
        call.err(
          `time="2026-11-27T08:00:00Z" level=warning msg="The \\"${key}\\" variable is not set. Defaulting to a blank string."\n`,
        );
      return env.get(key) ?? otherwise ?? '';
    },
  );
  let model: Model;
  try {
    model = parse(filled) as Model;
  } catch (error) {
    throw new Refusal(`yaml: ${(error as Error).message}`);
  }
  const services = Object.fromEntries(
    Object.entries(model.services).map(([name, service]) => {
      const { build, ports = [], volumes, environment, ...rest } = service;
      const mounts = (volumes ?? []) as unknown[];
      if (build !== undefined) throw unknown(['compose', 'config', name]);
      if (typeof service.image !== 'string')
        throw new Refusal(`service "${name}" has neither an image nor a build context`);
      return [
        name,
        {
          command: null,
          entrypoint: null,
          networks: { default: null },
          ...rest,
          ...(Object.keys(environment ?? {}).length > 0 ? { environment } : {}),
          ...(ports.length > 0
            ? { ports: ports.map((one) => ({ mode: 'ingress', protocol: 'tcp', ...one })) }
            : {}),
          ...(mounts.length > 0 ? { volumes: mounts.map((one) => bound(one, folder)) } : {}),
        } as Service,
      ];
    }),
  );
  const named =
    given ?? env.get('COMPOSE_PROJECT_NAME') ?? (model.name as string | undefined) ?? path.basename(folder);
  const networks = Object.fromEntries(
    Object.entries<{ external?: boolean } | null>({ default: null, ...model.networks }).map(([key, one]) => [
      key,
      { name: one?.external ? key : `${named}_${key}`, ...one },
    ]),
  );
  return { ...model, name: named, services, networks };
}

/** A mount of the project's folder in its short form, or any in its long one. */
function bound(text: unknown, folder: string): object {
  if (typeof text === 'object' && text !== null) return text;
  const [source, target, how] = String(text).split(':');
  if (!source?.startsWith('./') || target === undefined) throw unknown(['compose', 'config', String(text)]);
  return {
    type: 'bind',
    source: path.join(folder, source),
    target,
    ...(how === 'ro' ? { read_only: true } : {}),
    bind: { create_host_path: true },
  };
}

/** The file that is named, else the one in the folder. */
function readEnv(file: string | undefined, folder: string): string {
  try {
    return readFileSync(file ?? path.join(folder, '.env'), 'utf8');
  } catch {
    if (file !== undefined) throw new Refusal(`couldn't find env file: ${file}`);
    return '';
  }
}

async function config(words: readonly string[], model: Model): Promise<string> {
  const { flags, values, rest } = options(words, {
    values: { format: ['--format'], hash: ['--hash'] },
    flags: ['--services'],
  });
  if (rest.length > 0) throw unknown(['compose', 'config', ...words]);
  if (flags.has('--services')) return `${Object.keys(model.services).join('\n')}\n`;
  if (values.get('hash')?.[0] === '*')
    return Object.entries(model.services)
      .map(([name, one]) => `${name} ${sha256(JSON.stringify(one))}\n`)
      .join('');
  if (values.get('format')?.[0] !== 'json') throw unknown(['compose', 'config', ...words]);
  return `${JSON.stringify(model, null, 2)}\n`;
}

function containersOf(state: State, project: string, service: string): FakeContainer[] {
  return state.containers().filter(({ Config: { Labels } }) => {
    const isOwn =
      Labels['com.docker.compose.project'] === project && Labels['com.docker.compose.service'] === service;
    return isOwn && Labels['com.docker.compose.oneoff'] === 'False';
  });
}

function up(
  state: State,
  words: readonly string[],
  call: Call,
  model: Model,
  folder: string,
  files: readonly string[],
): string {
  const { flags, values, rest } = options(words, {
    values: { timeout: ['--timeout', '-t'], pull: ['--pull'], scale: ['--scale'] },
    flags: [
      '--detach',
      '-d',
      '--no-deps',
      '--no-build',
      '--no-color',
      '--quiet-pull',
      '--force-recreate',
      '--no-recreate',
    ],
  });
  if (!flags.has('--detach') || !flags.has('--no-deps')) throw unknown(['compose', 'up', ...words]);
  const refusal = state.script().up;
  if (refusal !== undefined) throw new Refusal(refusal);
  for (const name of rest) {
    const service = model.services[name];
    if (!service) throw new Refusal(`no such service: ${name}`);
    const fails = state.script().images?.[service.image]?.fails;
    if (fails !== undefined) throw new Refusal(`Error response from daemon: ${fails}`);
    const hash = sha256(JSON.stringify(service));
    const image = state.image(service.image);
    const old = containersOf(state, model.name, name);
    const scaled = values.get('scale')?.find((one) => one.startsWith(`${name}=`));
    const replicas =
      scaled === undefined
        ? (service.scale ?? service.deploy?.replicas ?? 1)
        : Number(scaled.slice(name.length + 1));
    const isKept = (one: FakeContainer) =>
      flags.has('--no-recreate') ||
      (!flags.has('--force-recreate') &&
        one.Config.Labels['com.docker.compose.config-hash'] === hash &&
        one.Image === image?.Id);
    const kept = old.filter(isKept).slice(0, replicas);
    for (const one of old) if (!kept.includes(one)) state.remove('containers', one.ID);
    for (const one of kept) if (!one.State.Running) launch(state, one);
    // As Compose counts on: from the highest number that a container has.
    let number = Math.max(
      0,
      ...kept.map((one) => Number(one.Config.Labels['com.docker.compose.container-number'])),
    );
    for (let missing = replicas - kept.length; missing > 0; missing -= 1) {
      number += 1;
      launch(
        state,
        make(state, {
          ...aboutOf(service, name, model, number),
          labels: labelsOf(service, name, model, number, hash, folder, files),
        }),
      );
    }
    call.err(` Container ${model.name}-${name}-1  Started\n`);
  }
  return '';
}

function aboutOf(service: Service, name: string, model: Model, number: number) {
  const networks = Object.entries(service.networks ?? {}).map(([key, attachment]) => ({
    name: model.networks?.[key]?.name ?? key,
    // As Compose does it.
    aliases: [`${model.name}-${name}-${number}`, name, ...(attachment?.aliases ?? [])],
    address: attachment?.ipv4_address ?? '',
  }));
  const ports = Object.fromEntries(
    (service.ports ?? []).map((one) => [
      `${one.target}/${one.protocol ?? 'tcp'}`,
      one.published === undefined ? [] : [{ HostIp: one.host_ip ?? '', HostPort: one.published }],
    ]),
  );
  return {
    name: service.container_name ?? `${model.name}-${name}-${number}`,
    image: service.image,
    words: service.command ?? [],
    checked: service.healthcheck !== undefined,
    networks,
    ports,
    files: Object.fromEntries(
      (service.configs ?? []).flatMap(({ source, target = `/${source}` }) => {
        const content = model.configs?.[source]?.content;
        return content === undefined ? [] : [[target, content.replaceAll('$$', '$')]];
      }),
    ),
  };
}

function labelsOf(
  service: Service,
  name: string,
  model: Model,
  number: number,
  hash: string,
  folder: string,
  files: readonly string[],
) {
  return {
    ...service.labels,
    'com.docker.compose.project': model.name,
    'com.docker.compose.service': name,
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.container-number': String(number),
    'com.docker.compose.config-hash': hash,
    'com.docker.compose.project.working_dir': folder,
    'com.docker.compose.project.config_files': files.join(','),
  };
}

/** `compose run`: a container of its own, that has ended when it is looked at, unless it hangs. */
async function runOnce(state: State, words: readonly string[], call: Call, model: Model): Promise<string> {
  const { flags, values, rest } = options(words, {
    values: { name: ['--name'] },
    flags: ['--detach', '-d', '--no-deps', '-T', '--rm'],
  });
  const [name, ...given] = rest;
  const service = model.services[name ?? ''];
  if (!service) throw new Refusal(`no such service: ${name}`);
  const command = given.length > 0 ? given : (service.command ?? []);
  if (!flags.has('--no-deps')) throw unknown(['compose', 'run', ...words]);
  const made = make(state, {
    ...aboutOf(service, name!, model, 1),
    name: values.get('name')?.[0] ?? `${model.name}-${name}-run`,
    labels: {
      ...service.labels,
      'com.docker.compose.project': model.name,
      'com.docker.compose.service': name!,
      'com.docker.compose.oneoff': 'True',
    },
  });
  const stays = hangs(state, command);
  if (stays) state.save({ ...made, State: { ...made.State, Status: 'running', Running: true } });
  let code = 0;
  try {
    state.addLog(made.ID, act(state, command));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.addLog(made.ID, `${error.message}\n`);
    code = error.code;
  }
  if (!stays) halt(state, containerOf(state, made.ID), code);
  if (!flags.has('--rm')) return `${made.ID}\n`;
  code = (await untilStopped(state, made.ID, call.signal))?.State.ExitCode ?? 137;
  state.remove('containers', made.ID);
  if (code !== 0) throw new Refusal(state.log(made.ID).trimEnd(), code);
  return state.log(made.ID);
}

function hangs(state: State, words: readonly string[]): boolean {
  return state.script().commands?.[words.join(' ')]?.hangs ?? false;
}

/** What a command in a container does, by the script. */
function act(state: State, words: readonly string[]): string {
  state.note(`command ${words.join(' ')}`);
  const { code = 0, output = '' } = state.script().commands?.[words.join(' ')] ?? {};
  if (code !== 0) throw new Refusal(output, code);
  return output;
}
