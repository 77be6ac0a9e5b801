import type { Session } from '@deploy-actions/shell';
import { frameReader } from '../frames.ts';

/** A session with a server that somebody else has taken over: whatever a result says, these fields are in it. */
export function lyingSession(session: Session, fields: Readonly<Record<string, string>>): Session {
  const lies = Object.entries(fields).map(
    ([name, value]) => `${name} ${Buffer.byteLength(value)}\n${value}\n`,
  );
  return Object.create(session, {
    run: {
      value: (program: Parameters<Session['run']>[0]) => {
        const { onStdout } = program;
        if (!onStdout) return session.run(program);
        const read = frameReader(({ type, payload }) => {
          const told = type === 'result' ? Buffer.concat([payload, Buffer.from(lies.join(''))]) : payload;
          onStdout(Buffer.concat([Buffer.from(`${type} ${told.length}\n`), told, Buffer.from('\n')]));
        });
        return session.run({ ...program, onStdout: read });
      },
    },
  }) as Session;
}
