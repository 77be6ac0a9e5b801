import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPOSE, deployRig } from '../../actions/ssh-compose-deploy/src/testing/deploy-rig.ts';
import { deploy } from '../../actions/ssh-compose-deploy/src/ssh-compose-deploy.ts';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { Program, Session } from '@deploy-actions/shell';

/** What a server answered to one exec. */
export interface RecordedExec {
  /** The text of the program; the words for it come before. */
  script: string;
  /** What it printed, base64, piece by piece. */
  pieces: { text: string; after: number[] }[];
  /** The execs of this server, by their places in the list, that had ended before this one's end. */
  after: number[];
}

/** All that a server was asked and answered in one deployment. */
export interface Recording {
  execs: RecordedExec[];
  /** The application's folder there. */
  path: string;
}

/** Recordings of a deployment's kinds: a new version, and one where nothing differs; alone, and beside a second server. */
export interface Recordings {
  alone: { upgrade: Recording; unchanged: Recording };
  beside: { upgrade: Recording; unchanged: Recording };
}

/** Deploys to servers with the programs under a real sh and an engine that stands in for Docker, and keeps their words. */
export async function record(): Promise<Recordings> {
  const ends: (() => Promise<void>)[] = [];
  const hostWith = hostsForEach((end) => void ends.push(end));
  const kinds = async (names: string[]) => {
    const rig = deployRig(names, hostWith);
    const one = async (version: string) => {
      const recordings: Recording[] = [];
      const world = rig.world(String((runs += 1)));
      const connect: typeof world.connect = async (server) => {
        const recording: Recording = { execs: [], path: '' };
        recordings.push(recording);
        const session = await world.connect(server);
        recording.path = server.path;
        return recorded(session, recording);
      };
      await deploy(rig.inputs(version), { ...world, connect });
      return recordings.at(-1)!;
    };
    await one('v1');
    return { upgrade: await one('v2'), unchanged: await one('v2') };
  };
  let runs = 100;
  try {
    return { alone: await kinds(['web1']), beside: await kinds(['web1', 'web2']) };
  } finally {
    for (const end of ends) await end();
  }
}

/** The checkout that the recorded deployments came from. */
export function writeCheckout(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), COMPOSE);
}

function recorded(session: Session, { execs }: Recording): Session {
  const ended: number[] = [];
  return {
    ...session,
    get counts() {
      return session.counts;
    },
    async run(program: Program) {
      const exec: RecordedExec = { script: program.script, pieces: [], after: [] };
      const place = execs.push(exec) - 1;
      const take = (bytes: Buffer) =>
        void exec.pieces.push({ text: bytes.toString('base64'), after: [...ended] });
      const onStdout = program.onStdout && {
        onStdout(bytes: Buffer) {
          take(bytes);
          program.onStdout!(bytes);
        },
      };
      const outcome = await session.run({ ...program, ...onStdout });
      if (!program.onStdout && outcome.stdout.length > 0) take(outcome.stdout);
      exec.after = [...ended];
      ended.push(place);
      return outcome;
    },
  };
}

/** What the process of the servers reads. */
export function readRecording(file: string): Recording {
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}
