import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestHost, which } from '@deploy-actions/host/testing';
import { serve } from './docker/serve.ts';
import { hold, runTask } from './docker/swarm.ts';
import { type FakeContainer, type FakeThing, type Script, openState } from './docker/state.ts';

/** An engine that stands in for Docker's on a test's host: real calls of a program, containers that are files. */
export interface FakeDocker {
  /** Changes how the engine behaves from now on. */
  script(change: Partial<Script>): void;
  /** Makes a volume or network, with these labels. */
  make(
    kind: 'volume' | 'network',
    name: string,
    labels?: Readonly<Record<string, string>>,
    more?: Partial<FakeThing>,
  ): void;
  /** Puts an image onto the server. */
  putImage(reference: string, id: string): void;
  /** The references of all that are on the server, sorted. */
  images(): string[];
  /** Takes all images from the server. */
  forgetImages(): void;
  /** Adds a container that was made by other means, or changes one. */
  put(container: FakeContainer): void;
  /** Ends a container, as if its process had. Throws where there is none of that name. */
  stop(name: string, code?: number): void;
  /** All containers, also stopped ones. */
  containers(): FakeContainer[];
  /** `service image` of those that run, sorted; one-off containers left out. */
  running(project?: string): string[];
  /** Makes a service of a stack as a person does. */
  putService(name: string, stack: string): void;
  /** Deploys services as a person does who deploys by hand: their whole configuration, by which they run at once. */
  byHand(...specs: Parameters<typeof hold>[1][]): void;
  /** What the engine tells of a service besides, such as its last update. */
  changeService(name: string, more: object): void;
  /** The configuration of each service of the swarm, by its name. */
  specs(): Record<string, unknown>;
  /** A task of it runs on a node; the service is made where there is none. */
  putTask(name: string, stack: string, node: string): void;
  /** Services of the swarm with the image of each, sorted. */
  services(): string[];
  /** Names of the swarm's configs, sorted. */
  configs(): string[];
  /** What was asked of the engine, in order. */
  calls(): string[];
  /** Commands that were run in containers, in order. */
  commands(): string[];
}

interface FakeServiceImage {
  Spec: { TaskTemplate: { ContainerSpec: { Image: string } } };
}

/** What the quick client takes. Where it is missing, or old, each call starts Node by itself, which is only slower. */
const bash = which('bash');
const setpriv = which('setpriv');
const isQuick =
  bash !== undefined &&
  setpriv !== undefined &&
  spawnSync(setpriv, ['--pdeathsig', 'KILL', 'true']).status === 0;

/** Puts the stand-in first on a host's PATH. The registry has `images`: references by the id of their image. */
export function fakeDocker(host: TestHost, images: Readonly<Record<string, string>>): FakeDocker {
  const folder = path.join(host.home, 'engine');
  mkdirSync(folder, { recursive: true });
  let script: Script = {
    registry: Object.fromEntries(
      Object.entries(images).map(([reference, letter]) => [
        reference,
        { id: `sha256:${letter.repeat(64)}`, digest: `sha256:${letter.repeat(64)}` },
      ]),
    ),
  };
  // Calls that are under way read it.
  const write = () => {
    writeFileSync(path.join(folder, 'script.new'), JSON.stringify(script));
    renameSync(path.join(folder, 'script.new'), path.join(folder, 'script.json'));
  };
  write();
  const beside = (name: string) => path.join(import.meta.dirname, 'docker', name);
  const alone = host.tool(
    'docker-alone',
    `NODE_COMPILE_CACHE='${path.join(host.home, 'compiled')}' exec '${process.execPath}' --disable-warning=ExperimentalWarning '${beside('main.ts')}' '${folder}' "$@"`,
  );
  // Beside the tools, which no copy of the host takes along.
  const port = `${alone}.port`;
  host.atRemoval(serve(folder, port));
  if (isQuick)
    host.tool('docker', `. '${beside('docker-client')}' '${port}' '${alone}' '${setpriv}' "$@"`, bash);
  else host.tool('docker', `exec '${alone}' "$@"`);
  const lines = () => {
    try {
      return readFileSync(path.join(folder, 'calls'), 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
  };
  const containers = () => {
    try {
      return readdirSync(path.join(folder, 'containers'))
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .map(
          (name) => JSON.parse(readFileSync(path.join(folder, 'containers', name), 'utf8')) as FakeContainer,
        );
    } catch {
      return [];
    }
  };
  return {
    script(change) {
      script = { ...script, ...change };
      write();
    },
    make: (kind, Name, Labels = {}, more = {}) =>
      openState(folder).write(`${kind}s`, Name, {
        Name,
        Labels,
        Scope: 'local',
        ...more,
      } satisfies FakeThing),
    putImage: (reference, Id) => openState(folder).write('images', reference, { Id, RepoDigests: [] }),
    images: () => openState(folder).names('images').sort(),
    forgetImages() {
      const state = openState(folder);
      for (const name of state.names('images')) state.remove('images', name);
    },
    put: (container) => openState(folder).save(container),
    stop(name, code = 1) {
      const found = containers().find(({ Name }) => Name === `/${name}`);
      if (!found) throw new Error(`there is no container ${name}`);
      found.State = { ...found.State, Status: 'exited', Running: false, ExitCode: code };
      openState(folder).save(found);
    },
    containers,
    running: (project) =>
      containers()
        .filter(
          ({ State, Config: { Labels } }) => State.Running && Labels['com.docker.compose.oneoff'] === 'False',
        )
        .filter(
          ({ Config: { Labels } }) =>
            project === undefined || Labels['com.docker.compose.project'] === project,
        )
        .map(({ Config: { Image, Labels } }) => `${Labels['com.docker.compose.service']} ${Image}`)
        .sort(),
    putService: (Name, stack) =>
      openState(folder).write('services', Name, {
        ID: 's'.repeat(25),
        text: '',
        Spec: {
          Name,
          Labels: { 'com.docker.stack.namespace': stack },
          Mode: { Replicated: { Replicas: 1 } },
          TaskTemplate: { ContainerSpec: { Image: 'web', Labels: {}, Configs: [], Secrets: [] } },
        },
      }),
    byHand(...specs) {
      for (const spec of specs) hold(openState(folder), spec, JSON.stringify(spec));
    },
    changeService(name, more) {
      const state = openState(folder);
      state.write('services', name, { ...state.read<object>('services', name), ...more });
    },
    specs: () =>
      Object.fromEntries(
        openState(folder)
          .names('services')
          .map((name) => [name, openState(folder).read<{ Spec: unknown }>('services', name)!.Spec]),
      ),
    putTask: (name, stack, node) => runTask(openState(folder), name, stack, node),
    services: () =>
      openState(folder)
        .names('services')
        .map(
          (name) =>
            `${name} ${openState(folder).read<FakeServiceImage>('services', name)!.Spec.TaskTemplate.ContainerSpec.Image}`,
        )
        .sort(),
    configs: () => openState(folder).names('configs'),
    calls: () => lines().filter((line) => !line.startsWith('command ')),
    commands: () => lines().flatMap((line) => (line.startsWith('command ') ? [line.slice(8)] : [])),
  };
}
