import type { FakeContainer } from './docker/state.ts';

/** What a container of the stack `shop` is made with; by default that of a PostgreSQL without volumes. */
interface Made {
  readonly image?: string;
  readonly program?: string;
  readonly mounts?: readonly object[] | undefined;
}

/** The one container of a service, which runs. */
export function runningContainer(
  service: string,
  { image = 'postgres:17', program = 'postgres', mounts = [] }: Made = {},
): FakeContainer {
  const id = Buffer.from(service).toString('hex').padEnd(64, 'd');
  return {
    ID: id,
    Id: id,
    Name: `/shop-${service}-1`,
    Created: '2026-01-01T00:00:00Z',
    Path: program,
    Args: [],
    Image: `sha256:${'1'.repeat(64)}`,
    RestartCount: 0,
    Config: {
      Image: image,
      Labels: {
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': service,
        'com.docker.compose.oneoff': 'False',
        'com.docker.compose.container-number': '1',
      },
      Entrypoint: [],
    },
    State: {
      Status: 'running',
      Running: true,
      ExitCode: 0,
      StartedAt: '2026-01-01T00:00:00Z',
      OOMKilled: false,
      Error: '',
      Pid: 1,
    },
    HostConfig: { NetworkMode: 'shop_default', IpcMode: 'private', PidMode: '', PortBindings: {} },
    NetworkSettings: { Networks: {}, Ports: {} },
    Mounts: [...mounts],
  };
}
