import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type ComposeModel,
  STACK_CLI_VARIABLES,
  type Service,
  parseModel,
  toStack,
} from '@deploy-actions/compose';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { filesOfKeys } from './stack-keys.ts';

/**
 * Compose makes the containers of each file of `stacks/`, and Swarm those of the stack that it becomes: Docker itself says
 * whether they are the same.
 */
const FOLDER = join(__dirname, 'stacks');
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({
    name: basename(file, '.yaml'),
    /** The keys that the first line of a file says are refused. */
    refused: /^# Refused: (.*)$/m.exec(readFileSync(join(FOLDER, file), 'utf8'))?.[1]?.split(', ') ?? [],
  }));
const NAMES = FILES.flatMap(({ name, refused }) => (refused.length === 0 ? [name] : []));

/** On the host. */
const PATH = '/srv/stacks';
const IMAGE = '127.0.0.1:1/base:1';

let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ registry: false });
  host = lab.host;
  const address = (await host.sh("ip -4 route get 1.1.1.1 | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p'")).trim();
  await host.sh(`
    docker swarm init --advertise-addr ${address} >/dev/null
    docker node update --label-add storage=one "$(docker node ls -q)" >/dev/null
    mkdir -p ${PATH} /srv/backups /tmp/base/bin
    cp "$(command -v busybox)" /tmp/base/bin/busybox
    tar cC /tmp/base . | docker import --change 'CMD ["/bin/busybox","sleep","3600"]' - ${IMAGE} >/dev/null`);
  for (const file of readdirSync(FOLDER)) {
    await host.exec(['tee', `${PATH}/${file}`], { input: readFileSync(join(FOLDER, file)) });
  }
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

interface Container {
  Config: Record<string, unknown> & { Labels: Record<string, string>; Env: string[] | null };
  HostConfig: Record<string, unknown> & {
    Mounts?: { Type: string; Target: string; TmpfsOptions?: object }[];
  };
  Mounts: {
    Type: string;
    Name?: string;
    Source: string;
    Destination: string;
    RW: boolean;
    Propagation: string;
  }[];
}

/** What a container has of Docker's other ways to say the same, or of Swarm's own. */
const ELSEWHERE = new Set([
  // Compared as mounts.
  'Binds',
  'Mounts',
  'Tmpfs',
  'ShmSize',
  // Networks, ports and restarts are of the service in Swarm: compared there.
  'NetworkMode',
  'PortBindings',
  'RestartPolicy',
  // What Compose's reservation is to a container is the node's in Swarm, which is told.
  'MemoryReservation',
  // Docker's own words for nothing.
  'Isolation',
  'ConsoleSize',
  'Annotations',
]);

const sorted = (list: unknown): string[] => [...((list ?? []) as string[])].sort();

/** What of a container the application can see, in one spelling. */
function seen({ Config, HostConfig, Mounts }: Container, grants: ReadonlySet<string>) {
  const filled = (value: unknown) =>
    value !== null &&
    value !== undefined &&
    value !== false &&
    value !== 0 &&
    value !== '' &&
    !(typeof value === 'object' && Object.keys(value).length === 0) &&
    !(Array.isArray(value) && value.join('') === '');
  const kept = (map: object, without: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(map).filter(([key, value]) => !without.has(key) && filled(value)));
  const tmpfs = [
    ...Object.entries((HostConfig['Tmpfs'] ?? {}) as Record<string, string>).map(([target, options]) => [
      target,
      Number(/size=(\d+)m/.exec(options)?.[1] ?? 0) * 1024 ** 2,
    ]),
    ...(HostConfig.Mounts ?? []).flatMap(({ Type, Target, TmpfsOptions }) =>
      Type === 'tmpfs'
        ? [[Target, (TmpfsOptions as { SizeBytes?: number } | undefined)?.SizeBytes ?? 0]]
        : [],
    ),
    ...(HostConfig['ShmSize'] === 67_108_864 ? [] : [['/dev/shm', HostConfig['ShmSize']]]),
  ];
  return {
    config: {
      ...kept(
        Config,
        new Set([
          'Labels',
          'Env',
          'Hostname',
          'ExposedPorts',
          'AttachStdout',
          'AttachStderr',
          'AttachStdin',
          'OnBuild',
          'Image',
          // Swarm itself stops its tasks, by what the service says: compared there.
          'StopTimeout',
        ]),
      ),
      Env: [...(Config.Env ?? [])].sort(),
      Labels: Object.fromEntries(
        Object.entries(Config.Labels).filter(([key]) => !key.startsWith('com.docker.')),
      ),
      Hostname: /^[0-9a-f]{12}$/.test(String(Config['Hostname'])) ? undefined : Config['Hostname'],
    },
    host: {
      ...kept(HostConfig, ELSEWHERE),
      // Their order and the prefix mean nothing to Docker.
      ExtraHosts: sorted(HostConfig['ExtraHosts']),
      CapAdd: sorted(HostConfig['CapAdd']).map((one) => one.replace(/^CAP_/, '')),
      CapDrop: sorted(HostConfig['CapDrop']).map((one) => one.replace(/^CAP_/, '')),
      Ulimits: sorted(((HostConfig['Ulimits'] ?? []) as object[]).map((one) => JSON.stringify(one))),
    },
    tmpfs: tmpfs.sort(),
    mounts: Mounts.filter((mount) => mount.Type !== 'tmpfs' && !grants.has(mount.Destination))
      .map(({ Type, Name, Source, Destination, RW, Propagation }) => ({
        Type,
        of: Name ?? Source,
        Destination,
        RW,
        Propagation,
      }))
      .sort((a, b) => (a.Destination < b.Destination ? -1 : 1)),
  };
}

interface Spec {
  Spec: {
    Name: string;
    EndpointSpec: {
      Mode: string;
      Ports?: { Protocol: string; TargetPort: number; PublishedPort?: number; PublishMode: string }[];
    };
    Mode: { Replicated?: { Replicas: number }; Global?: object };
    TaskTemplate: {
      ContainerSpec: Record<
        'Configs' | 'Secrets',
        { File?: { Name: string; UID: string; Mode: number } }[] | undefined
      > & { StopGracePeriod?: number };
      Networks: { Target: string; Aliases: string[] }[];
      Placement: { Constraints?: string[] };
      Resources: { Reservations?: { MemoryBytes?: number } };
      RestartPolicy: object;
    };
    UpdateConfig: { FailureAction: string; Order: string };
  };
}

function reservedBy({ deploy }: Service): unknown {
  const resources = deploy?.['resources'] as { reservations?: { memory?: string } } | undefined;
  return resources?.reservations?.memory;
}

const json = async <Value>(command: string): Promise<Value> => JSON.parse(await host.sh(command)) as Value;

async function resolved(name: string): Promise<ComposeModel> {
  const model = parseModel(
    await host.sh(`cd ${PATH} && docker compose -p ${name} -f ${name}.yaml config --format json`),
  );
  for (const service of Object.values(model.services)) {
    const image = `127.0.0.1:1/${service.image}`;
    await host.sh(`docker tag ${IMAGE} ${image}`);
    service.image = image;
  }
  return model;
}

test.each(NAMES)('%s: what Swarm runs is what Compose would have run', async (name) => {
  const model = await resolved(name);
  await host.exec(['tee', `${PATH}/${name}.json`], { input: JSON.stringify(model) });
  const files = new Map<string, { sha256: string; bytes: number }>();
  for (const one of [...Object.values(model.configs ?? {}), ...Object.values(model.secrets ?? {})]) {
    if (one?.file === undefined) continue;
    const [sum, size] = (await host.sh(`sha256sum <${one.file} | cut -d' ' -f1; wc -c <${one.file}`))
      .trim()
      .split('\n');
    files.set(one.file, { sha256: sum!, bytes: Number(size) });
  }
  const { release, refusals } = toStack(model, { path: PATH, oneShot: [], files, nodes: 1 });
  expect(refusals).toEqual([]);

  // In a cluster nobody makes a folder that is missing: the deployment looks before. Compose would.
  for (const { source } of release.sources) await host.sh(`[ -e ${source} ] || mkdir -p ${source}`);
  // Compose's containers are made, and not started.
  await host.sh(`cd ${PATH} && docker compose -p ${name} -f ${name}.json create --pull never`);
  const byCompose = new Map<string, Container>();
  for (const service of Object.keys(model.services)) {
    const [one] = await json<Container[]>(
      `docker inspect $(docker compose -p ${name} -f ${PATH}/${name}.json ps -aq ${service} | head -n 1)`,
    );
    byCompose.set(service, one!);
  }
  await host.sh(`cd ${PATH} && docker compose -p ${name} -f ${name}.json down`);

  for (const object of release.objects) {
    const command = ['docker', object.kind, 'create', object.name];
    if (object.source && 'content' in object.source)
      await host.exec([...command, '-'], { input: object.source.content });
    else await host.exec([...command, object.source!.file]);
  }
  await host.exec(['tee', `${PATH}/${name}.stack.json`], { input: release.json });
  const environment = STACK_CLI_VARIABLES.filter((one) => one === 'HOME' || one === 'PATH').map(
    (one) => `${one}="$${one}"`,
  );
  const deployed = await host.exec([
    'sh',
    '-c',
    `env -i ${environment.join(' ')} docker stack deploy --detach=true --resolve-image never -c ${PATH}/${name}.stack.json ${name}`,
  ]);
  expect(deployed).toMatchObject({ code: 0, stderr: '' });

  for (const { name: service, replicas, order, ports } of release.services) {
    const wanted = model.services[service]!;
    const [{ Spec: spec }] = await json<[Spec]>(`docker service inspect ${name}_${service}`);
    const { ContainerSpec, Networks, Placement, Resources } = spec.TaskTemplate;
    expect(spec.Mode).toEqual(
      replicas === undefined ? { Global: {} } : { Replicated: { Replicas: replicas } },
    );
    expect(spec.UpdateConfig).toMatchObject({ FailureAction: 'pause', Order: order });
    expect(
      (spec.EndpointSpec.Ports ?? []).map((port) => [
        port.TargetPort,
        port.PublishedPort,
        port.Protocol,
        port.PublishMode,
      ]),
    ).toEqual(
      expect.arrayContaining(
        ports.map((port) => [
          port.target,
          port.published,
          port.protocol,
          port.mode === 'mesh' ? 'ingress' : 'host',
        ]),
      ),
    );
    expect(spec.EndpointSpec.Ports ?? []).toHaveLength(ports.length);
    expect(Networks).toHaveLength(Object.keys(wanted.networks ?? {}).length);
    const aliases = Networks.flatMap((one) => one.Aliases);
    for (const attachment of Object.values(wanted.networks ?? {}))
      expect(aliases).toEqual(expect.arrayContaining([service, ...(attachment?.aliases ?? [])]));
    expect(Placement.Constraints ?? []).toEqual(
      expect.arrayContaining(
        (wanted.deploy?.['placement'] as { constraints?: string[] } | undefined)?.constraints ?? [],
      ),
    );
    const stopped = byCompose.get(service)!.Config['StopTimeout'];
    expect((ContainerSpec.StopGracePeriod ?? 10e9) / 1e9).toBe(stopped ?? 10);
    const reserved = wanted['mem_reservation'] ?? reservedBy(wanted);
    expect(Resources.Reservations?.MemoryBytes ?? 0).toBe(Number(reserved ?? 0));

    const container = await madeBySwarm(`${name}_${service}`);
    const targets = [...(ContainerSpec.Configs ?? []), ...(ContainerSpec.Secrets ?? [])].map(
      (one) => one.File!.Name,
    );
    const grants = new Set(
      (['configs', 'secrets'] as const).flatMap((kind) =>
        (wanted[kind] ?? []).map(({ source, target = source }) =>
          target.startsWith('/') ? target : kind === 'configs' ? `/${target}` : `/run/secrets/${target}`,
        ),
      ),
    );
    expect(
      new Set(
        targets.map((target) =>
          grants.has(target) ? target : grants.has(`/${target}`) ? `/${target}` : `/run/secrets/${target}`,
        ),
      ),
    ).toEqual(grants);
    expect(seen(container, grants)).toEqual(seen(byCompose.get(service)!, grants));
  }
  await host.sh(`docker stack rm ${name} >/dev/null`);
});

/** The first container that Swarm makes for a service. Whether it runs is the image's affair, which is empty here. */
async function madeBySwarm(service: string): Promise<Container> {
  const found = await host.sh(`
    for try in $(seq 240); do
      container=$(docker ps -aq --no-trunc --filter label=com.docker.swarm.service.name=${service} | tail -n 1)
      [ -z "$container" ] || { docker inspect "$container"; exit; }
      sleep 0.5
    done
    docker service ps --no-trunc ${service} >&2
    exit 1`);
  return (JSON.parse(found) as Container[])[0]!;
}

test.each(FILES.filter(({ refused }) => refused.length > 0))(
  '$name: what a stack would leave out or change is refused, all at once',
  async ({ name, refused }) => {
    const { refusals } = toStack(await resolved(name), { path: PATH, oneShot: [], files: new Map() });
    expect(refusals.map(({ key }) => key).sort()).toEqual(refused.sort());
  },
);

test('Swarm takes no other names of services and networks than those that are deployed', async () => {
  const takes = async (name: string) => {
    const service = await host.exec([
      'docker',
      'service',
      'create',
      '--detach',
      '--replicas',
      '0',
      '--name',
      name,
      IMAGE,
    ]);
    const network = await host.exec(['docker', 'network', 'create', '--driver', 'overlay', name]);
    return [service.code === 0, network.code === 0];
  };
  for (const name of ['shop_a.b', 'shop_a_', `shop_${'a'.repeat(59)}`])
    expect(await takes(name)).toEqual([false, false]);
  expect(await takes(`shop_${'a'.repeat(58)}`)).toEqual([true, true]);
});

test('of files made of all keys, as Compose resolves them, each is known, and every stack is read without a word of what was ignored', async () => {
  const count = 80;
  const files = filesOfKeys(count);
  await host.sh(`mkdir -p ${PATH}/keys`);
  const written = files.map((file, index) => `${index} ${JSON.stringify(file)}`).join('\n');
  const inLines = (each: string) => `cd ${PATH}/keys && while read -r number text; do ${each}; done`;
  await host.exec(['sh', '-c', inLines('printf %s "$text" >"$number.yaml"')], { input: `${written}\n` });
  const answers = await host.sh(
    `cd ${PATH}/keys && for file in $(seq 0 ${count - 1}); do docker compose -f "$file.yaml" config --format json 2>/dev/null | tr -d '\n' || :; echo; done`,
    { timeoutMs: 240_000 },
  );
  const contents = new Map([['/etc/hostname', { sha256: 'a'.repeat(64), bytes: 3 }]]);
  const stacks = answers
    .split('\n')
    .slice(0, count)
    .flatMap((text) => {
      // What Compose itself refuses, such as a service both in a network and beside it.
      if (text === '') return [];
      const { release, refusals } = toStack(parseModel(text), { path: PATH, oneShot: [], files: contents });
      expect(refusals.filter(({ why }) => why.startsWith('is not known here'))).toEqual([]);
      return [JSON.stringify(JSON.parse(release.json))];
    });
  expect(stacks.length).toBeGreaterThan(count * 0.8);
  const lines = stacks.map((text, index) => `${index} ${text}`).join('\n');
  await host.exec(['sh', '-c', inLines('printf %s "$text" >"$number.json"')], { input: `${lines}\n` });
  // The file is read whole before the engine is asked, and there is none.
  const read = await host.sh(
    `cd ${PATH}/keys && for number in $(seq 0 ${stacks.length - 1}); do
       DOCKER_HOST=unix:///nowhere docker stack deploy --detach=true -c "$number.json" keys 2>&1 || :
     done`,
    { timeoutMs: 240_000 },
  );
  const told = read
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('Cannot connect to the Docker daemon'));
  expect(told).toEqual([]);
  expect(read.match(/Cannot connect/g)).toHaveLength(stacks.length);
});
