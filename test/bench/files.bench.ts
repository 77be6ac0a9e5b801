import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Upload, inspect } from '@deploy-actions/host';
import { testInspection } from '@deploy-actions/host/testing';
import { parseFields, systemClock } from '@deploy-actions/kit';
import { fakePorts } from '@deploy-actions/runner/testing';
import { openSession, serverFields, serversOf } from '@deploy-actions/shell';

const FILES = 4000;
/** Their median counts; the ways take turns, so that a busy moment hits them alike. */
const ROUNDS = 5;

/**
 * Many small files over a real sshd of this machine's: `tar | ssh tar` beside what ssh-compose-deploy does with them
 * (one look: connect, list, archive, sums), the first time, again, and with one of them changed.
 */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'files-bench-'));
  chmodSync(folder, 0o755);
  const sshd = await startSshd(folder);
  try {
    const source = join(folder, 'source');
    const files = writeFiles(source);
    const look = async (path: string, sent: readonly Upload[]) => {
      const session = await openSession(sshd.server, { ...fakePorts(), clock: systemClock });
      const program = testInspection({ body: 'inspect() { result seen yes; }\n' });
      await inspect(session, { path: join(folder, path), program, files: sent });
      await session.close();
    };
    const times: Record<string, number[]> = {};
    for (let round = 0; round <= ROUNDS; round += 1) {
      const timed = async (title: string, work: () => unknown) => {
        const started = performance.now();
        await work();
        // The first round warms both up.
        if (round > 0) (times[title] ??= []).push((performance.now() - started) / 1000);
      };
      const target = join(folder, `tar-${round}`);
      await timed('tar | ssh tar', () => execFileSync('sh', ['-c', sshd.tar(source, target)]));
      await timed('ours, the first time', () => look(`app-${round}`, files));
      await timed('ours, the same again', () => look(`app-${round}`, files));
      const changed = [{ ...files[0]!, content: `changed ${round}\n` }, ...files.slice(1)];
      await timed('ours, one changed', () => look(`app-${round}`, changed));
    }
    const base = median(times['tar | ssh tar']!);
    console.log(`${FILES} files, medians of ${ROUNDS}; aim: 1.5 the first time`);
    for (const [title, all] of Object.entries(times))
      console.log(`${title.padEnd(22)} ${median(all).toFixed(2)} s  ${(median(all) / base).toFixed(2)} x`);
  } finally {
    sshd.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeFiles(source: string): Upload[] {
  return Array.from({ length: FILES }, (_, index): Upload => {
    const name = `d${index % 100}/f${index}.html`;
    const content = `${index} `.repeat(100 + ((index * 7) % 700));
    mkdirSync(join(source, `d${index % 100}`), { recursive: true });
    writeFileSync(join(source, name), content);
    return { name: `project/shop/site/${name}`, content };
  });
}

/** An sshd of our own on a free port, for this very user. */
async function startSshd(folder: string) {
  const [key, hostKey] = ['key', 'host-key'].map((name) => join(folder, name)) as [string, string];
  for (const file of [key, hostKey])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  copyFileSync(`${key}.pub`, join(folder, 'authorized'));
  const port = await freePort();
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'StrictModes no',
    'PidFile none',
    'UsePAM no',
    'PermitRootLogin yes',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${settings.join('\n')}\n`);
  const [type, text] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ') as [string, string];
  const known = `[127.0.0.1]:${port} ${type} ${text}`;
  writeFileSync(join(folder, 'known'), `${known}\n`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', () =>
      reject(new Error('sshd is not installed (on Debian: apt-get install openssh-server)')),
    );
    child.stderr.on('data', (line: Buffer) => line.includes('Server listening') && resolve());
    child.on('exit', () => reject(new Error('sshd ended')));
  });
  const given: Record<string, string> = {
    host: `${user}@127.0.0.1:${port}`,
    'ssh-key': readFileSync(key, 'utf8'),
    'known-hosts': known,
    path: '/srv/shop',
  };
  const [server] = serversOf(parseFields(serverFields, { input: (name) => given[name] ?? '' }));
  const options = `-F none -i ${key} -o UserKnownHostsFile=${join(folder, 'known')} -p ${port} ${user}@127.0.0.1`;
  return {
    server: server!,
    tar: (source: string, target: string) =>
      `tar -C ${source} -cf - . | ssh ${options} 'mkdir -p ${target} && tar -xf - -C ${target}'`,
    end: () => void child.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
