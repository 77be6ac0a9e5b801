import type { TestHost } from '@deploy-actions/host/testing';
import type { Session } from '@deploy-actions/shell';
import { type FakeDocker, fakeDocker } from './docker-host.ts';

/** A place on this machine that stands in for a server with Docker. */
export interface DockerServer {
  host: TestHost;
  docker: FakeDocker;
  /** The sessions that were opened to it, in order. */
  sessions: (Session & { cut(): void })[];
}

/** What a server has as `sh`. */
export type ServerShell = 'dash' | 'busybox';

/** Makes a host with that as its shell. */
export type HostWith = (shell: ServerShell) => TestHost;

export interface DockerServers<N extends string> {
  servers: Record<N, DockerServer>;
  /** A world's `connect`. */
  connect(server: { host: string; path: string }): Promise<Session>;
}

/**
 * Servers by their names. All stand on one machine, so each has a folder of its own: what the action knows as `path` is
 * replaced by that as soon as it connects.
 */
export function dockerServers<N extends string>(
  names: readonly N[],
  hostWith: HostWith,
  images: Readonly<Record<string, string>>,
  shell: ServerShell = 'dash',
): DockerServers<N> {
  const servers = Object.fromEntries(
    names.map((name) => {
      const host = hostWith(shell);
      return [name, { host, docker: fakeDocker(host, images), sessions: [] } satisfies DockerServer];
    }),
  ) as unknown as Record<N, DockerServer>;
  return {
    servers,
    connect(server) {
      const { host, sessions } = servers[server.host as N];
      server.path = host.path;
      const session = host.session();
      sessions.push(session);
      return Promise.resolve(session);
    },
  };
}
