import type { Server } from './server.ts';
import type { Session } from './session.ts';

/** How a session to a server comes about; tests hand in another way. */
export interface Connecting {
  connect(server: Server): Promise<Session>;
}

/**
 * Hands a world to `work` whose sessions are all closed when the work has ended, however it ends; also one that is opened
 * too late for it.
 */
export async function withSessions<W extends Connecting, T>(
  world: W,
  work: (world: W) => Promise<T>,
): Promise<T> {
  const sessions = new Set<Session>();
  let ended = false;
  const connect = async (server: Server) => {
    const session = await world.connect(server);
    if (ended) await session.close();
    else sessions.add(session);
    return session;
  };
  try {
    return await work({ ...world, connect });
  } finally {
    ended = true;
    await Promise.all([...sessions].map((session) => session.close()));
  }
}
