// A process of SSH servers that answer from a recording: `fleet-servers.ts RECORDING COUNT ROUND_TRIP WORK`. It prints
// where they are as a line of JSON, and what they were asked as another when its input ends.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLink } from '@deploy-actions/lab';
import ssh2 from 'ssh2';
import { type RecordedExec, type Recording, readRecording } from './fleet-recording.ts';

const [file = '', count = '1', roundTrip = '0', work = '0'] = process.argv.slice(2);
const recording = readRecording(file);
const hostKey = ssh2.utils.generateKeyPairSync('ed25519');
/** What a program says as soon as it has the lock. */
const AT_WORK = 'state 7\nrunning\n';
/** What starting a program takes on a quiet server, in milliseconds. */
const LAUNCH = 100;
const asked = { connections: 0, execs: 0 };

/** One server, for one connection at a time. */
async function openServer(): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    asked.connections += 1;
    const answers = answering(recording);
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      if (context.method === 'publickey') context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        asked.execs += 1;
        answers(acceptExec());
      });
    });
  });
  const front = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done));
  const { port } = front.address() as AddressInfo;
  if (Number(roundTrip) === 0) return port;
  return (await openLink(port, { delayMs: Number(roundTrip) / 2 })).port;
}

/** Answers the execs of one connection as they were answered in the recording, in the same order. */
function answering({ execs }: Recording): (channel: ssh2.ServerChannel) => void {
  const taken = new Set<number>();
  const ended = new Set<number>();
  let wake = () => {};
  let woken = new Promise<void>((done) => (wake = done));
  const until = async (places: readonly number[]) => {
    while (!places.every((place) => ended.has(place))) await woken;
  };
  return (channel) => {
    let input = Buffer.alloc(0);
    let exec: RecordedExec | undefined;
    const over = new Promise<void>((done) => channel.on('end', done));
    channel.on('data', (bytes: Buffer) => {
      if (exec) return;
      input = Buffer.concat([input, bytes]);
      const [nonce = '', length = '', rest] = input.toString('latin1').split(/\n(\d+)\n(.*)/s);
      if (rest === undefined || rest.length < Number(length)) return;
      const script = input.subarray(nonce.length + length.length + 2).subarray(0, Number(length));
      const place = placeOf(script.toString('utf8'));
      exec = execs[place]!;
      void answer(place, exec, nonce);
    });
    const answer = async (place: number, { pieces, after }: RecordedExec, nonce: string) => {
      channel.write(`\n${nonce}\n`);
      channel.stderr.write(`\n${nonce}\n`);
      const begins = pieces.findIndex(({ text }) => Buffer.from(text, 'base64').includes(AT_WORK));
      const gap = Number(work) / (pieces.length - begins - 1);
      for (const [index, piece] of pieces.entries()) {
        const bytes = Buffer.from(piece.text, 'base64');
        // The answer to a list comes before the rest of the input; everything else after it.
        if (!bytes.toString('latin1').startsWith('missing ')) await over;
        await until(piece.after);
        if (begins >= 0 && index === 0) await sleep(LAUNCH);
        if (begins >= 0 && index > begins && gap > 0) await sleep(gap);
        channel.write(bytes);
      }
      await over;
      await until(after);
      ended.add(place);
      wake();
      woken = new Promise<void>((done) => (wake = done));
      channel.exit(0);
      channel.end();
    };
  };

  /** The first one that nobody asked for yet, else one that was asked for before: a sign of life comes many times. */
  function placeOf(script: string): number {
    const fits = (place: number) => script.endsWith(execs[place]!.script);
    const places = execs.map((_, place) => place).filter(fits);
    const place = places.find((one) => !taken.has(one)) ?? places[0];
    if (place === undefined) throw new Error(`this was not asked in the recording: ${script.slice(-300)}`);
    taken.add(place);
    return place;
  }
}

const ports = await Promise.all(Array.from({ length: Number(count) }, openServer));
process.stdout.write(`${JSON.stringify({ ports, key: hostKey.public.split(' ').slice(0, 2).join(' ') })}\n`);
process.stdin.resume();
process.stdin.on('end', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ ...asked, cpu: (user + system) / 1e6 })}\n`, () => process.exit());
});
