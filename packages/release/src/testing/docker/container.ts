import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from './refusal.ts';
import { type FakeContainer, type State, sha256 } from './state.ts';

export function containerOf(state: State, which: string): FakeContainer {
  const found = state.container(which);
  if (!found) throw new Refusal(`Error response from daemon: No such container: ${which}`);
  return found;
}

/** Resolves when a container does not run any more. Rejects when the client has gone. */
export async function untilStopped(
  state: State,
  id: string,
  signal: AbortSignal,
): Promise<FakeContainer | undefined> {
  for (;;) {
    const container = state.container(id);
    if (!container?.State.Running) return container;
    await sleep(50, undefined, { signal });
  }
}

/** Milliseconds that a container seems to have been up already: what has no health check is well at once. */
const UP_FOR = 60_000;

/** Starts a container, which then behaves as the script says of its image. */
export function launch(state: State, container: FakeContainer): void {
  refuseHeld(state, container);
  const { exits, health } = state.script().images?.[container.Config.Image] ?? {};
  container.State = {
    ...container.State,
    Status: exits === undefined ? 'running' : 'exited',
    Running: exits === undefined,
    ExitCode: exits ?? 0,
    StartedAt: new Date(Date.now() - UP_FOR).toISOString(),
    ...(container.State.Health
      ? { Health: { Status: health ?? 'healthy', FailingStreak: health === 'unhealthy' ? 3 : 0, Log: [] } }
      : {}),
  };
  state.save(container);
}

/** A port of the server, and a static address, are of one container that runs. */
function refuseHeld(state: State, container: FakeContainer): void {
  const others = state.containers().filter((one) => one.State.Running && one.ID !== container.ID);
  const portsOf = (one: FakeContainer) =>
    Object.entries(one.HostConfig.PortBindings).flatMap(([port, to]) =>
      (to as { HostPort: string }[]).map(({ HostPort }) => `${HostPort}/${port.split('/')[1]}`),
    );
  const addressesOf = (one: FakeContainer) =>
    Object.values(one.NetworkSettings.Networks).flatMap(({ IPAddress }) =>
      IPAddress === '' ? [] : [IPAddress],
    );
  for (const port of portsOf(container)) {
    if (others.some((one) => portsOf(one).includes(port)))
      throw new Refusal(
        `Error response from daemon: driver failed programming external connectivity on endpoint ${container.Name.slice(1)}: Bind for 0.0.0.0:${port.split('/')[0]} failed: port is already allocated`,
      );
  }
  if (addressesOf(container).some((address) => others.some((one) => addressesOf(one).includes(address))))
    throw new Refusal('Error response from daemon: Address already in use');
}

export function halt(state: State, container: FakeContainer, code: number): void {
  container.State = { ...container.State, Status: 'exited', Running: false, ExitCode: code };
  state.save(container);
}

let created = 0;

/** As Docker tells it, to the nanosecond: it lists containers by this, and no two are of the same moment. */
function createdNow(): string {
  created = (created + 1) % 1_000_000;
  return new Date().toISOString().replace('Z', `${String(created).padStart(6, '0')}Z`);
}

/** A container that was made and not started. */
export function make(
  state: State,
  about: {
    name: string;
    image: string;
    words?: string[];
    labels: Record<string, string>;
    checked: boolean;
    networks: { name: string; aliases: string[]; address: string }[];
    ports: Record<string, object[]>;
    files?: Record<string, string>;
  },
): FakeContainer {
  const image = state.image(about.image);
  if (!image) throw new Refusal(`Error response from daemon: No such image: ${about.image}`);
  if (state.container(about.name))
    throw new Refusal(
      `Error response from daemon: Conflict. The container name "/${about.name}" is already in use`,
    );
  const id = sha256(`${about.name} ${process.hrtime.bigint()}`);
  const container: FakeContainer = {
    ID: id,
    Id: id,
    Name: `/${about.name}`,
    Created: createdNow(),
    Path: 'app',
    Args: about.words ?? [],
    Image: image.Id,
    RestartCount: 0,
    Config: {
      Image: about.image,
      Labels: about.labels,
      Entrypoint: state.script().images?.[about.image]?.entrypoint ?? [],
    },
    Files: about.files ?? {},
    State: {
      Status: 'created',
      Running: false,
      ExitCode: 0,
      StartedAt: '0001-01-01T00:00:00Z',
      OOMKilled: false,
      Error: '',
      Pid: 0,
      ...(about.checked ? { Health: { Status: 'starting', FailingStreak: 0, Log: [] } } : {}),
    },
    HostConfig: {
      NetworkMode: about.networks[0]?.name ?? 'bridge',
      IpcMode: 'private',
      PidMode: '',
      PortBindings: about.ports,
    },
    NetworkSettings: {
      Networks: Object.fromEntries(
        about.networks.map((one) => [one.name, { IPAddress: one.address, Aliases: one.aliases, Links: [] }]),
      ),
      Ports: about.ports,
    },
    Mounts: [],
  };
  state.save(container);
  return container;
}
