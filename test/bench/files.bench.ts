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
import { hostsForEach, testInspection } from '@deploy-actions/host/testing';
import { fakeDocker } from '@deploy-actions/release/testing';
import { parseFields, systemClock } from '@deploy-actions/kit';
import { fakePorts } from '@deploy-actions/runner/testing';
import { openSession, serverFields, serversOf } from '@deploy-actions/shell';
import { startBundle } from '@deploy-actions/tooling';
import { table } from './peers.ts';
import { median } from './median.ts';

const COUNTS = [800, 4000];
/** Their median counts; the ways take turns, so that a busy moment hits them alike. */
const ROUNDS = 5;

/**
 * Many small files over a real sshd of this machine's: `tar | ssh tar` beside what ssh-compose-deploy does with them. The
 * look by itself (connect, list, archive, sums), the first time, again, and with one of them changed; and what they add to
 * a whole deployment by the bundle, beside one with a single file: sending, placing, mounting, recording. The engine there
 * stands in for Docker, and takes the same with one file and with many.
 */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'files-bench-'));
  chmodSync(folder, 0o755);
  const ends: (() => Promise<void>)[] = [];
  const host = hostsForEach((end) => void ends.push(end))('dash');
  fakeDocker(host, { 'registry.test/web:1': '1' });
  const sshd = await startSshd(folder, `${host.home}/bin`);
  try {
    const rows: string[][] = [];
    for (const count of COUNTS) rows.push(...(await measure(count, folder, sshd)));
    console.log(`medians of ${ROUNDS}; aim: 1.5 the first time, by itself and in a whole deployment`);
    console.log(table(['files', 'what', 'seconds', 'beside tar'], rows));
  } finally {
    sshd.end();
    for (const end of ends) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Sshd = Awaited<ReturnType<typeof startSshd>>;

async function measure(count: number, folder: string, sshd: Sshd): Promise<string[][]> {
  const few = join(folder, `checkout-1-${count}`);
  const many = join(folder, `checkout-${count}`);
  writeFiles(few, 1);
  const files = writeFiles(many, count);
  const look = async (path: string, sent: readonly Upload[]) => {
    const session = await openSession(sshd.server, { ...fakePorts(), clock: systemClock });
    const program = testInspection({ body: 'inspect() { result seen yes; }\n' });
    await inspect(session, { path: join(folder, path), program, files: sent });
    await session.close();
  };
  const deploy = async (workspace: string, project: string) => {
    const inputs = {
      ...sshd.given,
      path: join(folder, project),
      project,
      files: 'site',
      'min-free-disk': '1',
      'min-free-inodes': '0%',
    };
    const { exitCode, shown } = await startBundle({ action: 'ssh-compose-deploy', workspace, inputs }).done;
    if (exitCode !== 0) throw new Error(shown);
  };
  const times: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round += 1) {
    const timed = async (title: string, work: () => unknown) => {
      const started = performance.now();
      await work();
      // The first round warms both up.
      if (round > 0) (times[title] ??= []).push((performance.now() - started) / 1000);
    };
    const target = join(folder, `tar-${count}-${round}`);
    const app = `app-${count}-${round}`;
    await timed(TAR, () => execFileSync('sh', ['-c', sshd.tar(join(many, 'site'), target)]));
    await timed('a look, the first time', () => look(app, files));
    await timed('a look, the same again', () => look(app, files));
    const changed = [{ ...files[0]!, content: `changed ${round}\n` }, ...files.slice(1)];
    await timed('a look, one changed', () => look(app, changed));
    for (const [title, checkout] of [
      ['one file', few],
      ['all', many],
    ] as const) {
      const project = `shop-${count}-${round}-${title === 'all' ? 'all' : 'one'}`;
      await timed(`a deployment, ${title}`, () => deploy(checkout, project));
      await timed(`a deployment, ${title}, nothing changed`, () => deploy(checkout, project));
    }
  }
  const base = median(times[TAR]!);
  const of = (title: string) => median(times[title]!);
  const row = (title: string, seconds: number) => [
    String(count),
    title,
    `${seconds.toFixed(2)} s`,
    `${(seconds / base).toFixed(2)} x`,
  ];
  return [
    ...Object.keys(times).map((title) => row(title, of(title))),
    row('what they add to a deployment', of('a deployment, all') - of('a deployment, one file')),
    row(
      'what they add where nothing changed',
      of('a deployment, all, nothing changed') - of('a deployment, one file, nothing changed'),
    ),
  ];
}

const TAR = 'tar | ssh tar';

/** A checkout whose compose file mounts a folder of so many files. */
function writeFiles(checkout: string, count: number): Upload[] {
  const source = join(checkout, 'site');
  mkdirSync(source, { recursive: true });
  writeFileSync(
    join(checkout, 'compose.yaml'),
    `services:
  web:
    image: registry.test/web:1
    healthcheck: { test: [CMD, check] }
    volumes: ['./site:/site:ro']
`,
  );
  return Array.from({ length: count }, (_, index): Upload => {
    const name = `d${index % 100}/f${index}.html`;
    const content = `${index} `.repeat(100 + ((index * 7) % 700));
    mkdirSync(join(source, `d${index % 100}`), { recursive: true });
    writeFileSync(join(source, name), content);
    return { name: `project/shop/site/${name}`, content };
  });
}

/** An sshd of our own on a free port, for this very user; programs of `bin` come first. */
async function startSshd(folder: string, bin: string) {
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
    `SetEnv PATH=${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
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
    given,
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
