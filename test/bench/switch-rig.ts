import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { node24 } from '@deploy-actions/tooling';
import type { Color } from '@deploy-actions/ledger';
import { type Site, proxyOf } from '@deploy-actions/traffic';
import { siteOf } from '@deploy-actions/traffic/testing';

/** Ports on loopback: the two colours, and each proxy's front door. */
export const PORTS = { blue: 18191, green: 18192, proxy: 18190, admin: 18189 } as const;

/** The application of the count, as a module for Node: its arguments are a port, a version and an address. */
export const APP = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
const [port, version, host = '127.0.0.1'] = process.argv.slice(2);
let stopping = false;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const url = new URL(request.url, 'http://app');
    const answer = () => { response.setHeader('x-app-version', version); if (stopping) response.setHeader('connection', 'close'); response.end('{"version":"' + version + '"}'); };
    if (url.pathname === '/slow') setTimeout(answer, Number(url.searchParams.get('ms') ?? 1500)); else answer();
  });
});
server.keepAliveTimeout = 75000;
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nX-App-Version: ' + version + '\\r\\nSec-WebSocket-Accept: ' + key + '\\r\\n\\r\\n');
  socket.on('error', () => {}); socket.on('data', () => {});
});
server.listen(Number(port), host);
process.on('SIGTERM', () => { stopping = true; server.close(() => process.exit(0)); server.closeIdleConnections(); setTimeout(() => process.exit(0), 3000).unref(); });
`;

/** Starts an application that answers with its version. */
export async function startApp(folder: string, port: number, version: string): Promise<ChildProcess> {
  const file = join(folder, 'app.mjs');
  writeFileSync(file, APP);
  const child = spawn(node24(), [file, String(port), version], { stdio: 'ignore' });
  await listening(port);
  return child;
}

export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Traefik listens before it has read a router. */
async function loaded(url: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await fetch(url)).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${url} does not answer`);
}

/** A proxy that runs, with the ways to switch it. */
export interface RunningProxy {
  /** Each answers when its command has returned. */
  ways: Readonly<Record<string, (to: Color) => Promise<void> | void>>;
  /** Moves from one share to another by name, such as `green-25`. */
  share(from: string, to: string): Promise<void> | void;
  stop(): Promise<void>;
}

/** Where a proxy runs. */
export interface Place {
  /** Behind a proxy's name in the table. */
  title: string;
  start(program: string, args: readonly string[]): ProxyProcess;
}

interface ProxyProcess {
  ended: Promise<unknown>;
  /** Runs a command beside the proxy, where it runs. */
  run(program: string, ...args: string[]): void;
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGUSR2'): void;
}

/** A process of this machine. */
export const ON_HOST: Place = {
  title: '',
  start(program, args) {
    const child = spawn(program, args, { stdio: 'ignore' });
    return {
      ended: new Promise((resolve) => child.on('exit', resolve)),
      run: (command, ...rest) => void run(command, ...rest),
      signal: (name) => void child.kill(name),
    };
  },
};

/** A container with this machine's network and the folder of the count, of an image that has the proxies. */
export function inContainer(image: string, folder: string, env: NodeJS.ProcessEnv): Place {
  let count = 0;
  return {
    title: ' in a container',
    start(program, args) {
      count += 1;
      const name = `switch-bench-${process.pid}-${count}`;
      const mount = ['--volume', `${folder}:${folder}`, '--env', `HOME=${folder}`];
      const child = spawn(
        'docker',
        ['run', '--rm', '--name', name, '--network', 'host', ...mount, image, program, ...args],
        { stdio: 'ignore', env },
      );
      return {
        ended: new Promise((resolve) => child.on('exit', resolve)),
        run: (command, ...rest) => void runIn(env, 'docker', 'exec', name, command, ...rest),
        signal(signal) {
          // One that has ended is there no longer, which is what is wanted.
          spawnSync('docker', ['kill', '--signal', signal, name], { stdio: 'ignore', env });
        },
      };
    },
  };
}

function siteFor(folder: string, sticky?: string, more: Partial<Site> = {}): Site {
  mkdirSync(join(folder, 'flags'), { recursive: true, mode: 0o755 });
  return siteOf({
    project: 'bench',
    routes: [
      {
        name: 'web',
        service: 'web',
        port: 8080,
        blue: [`127.0.0.1:${PORTS.blue}`],
        green: [`127.0.0.1:${PORTS.green}`],
        plain: [`127.0.0.1:${PORTS.blue}`],
      },
    ],
    folder: join(folder, 'flags'),
    sticky,
    canaryLog: '',
    canaryLogInside: '',
    ...more,
  });
}

/** A proxy's configuration with the colours. */
async function prepared(kind: string, before: string, site: Site, file: string) {
  const preparation = await proxyOf(kind).prepare();
  return await preparation.install(before, site, { file, login: run('id', '-un').trim() });
}

const moveFlag = (site: Site) => (from: string, to: string) =>
  renameSync(join(site.folder, from), join(site.folder, to));

const renameFlag = (site: Site) => (to: Color) => {
  renameSync(join(site.folder, to === 'blue' ? 'green' : 'blue'), join(site.folder, to));
};

const run = (command: string, ...args: string[]) => runIn(process.env, command, ...args);

const runIn = (env: NodeJS.ProcessEnv, command: string, ...args: string[]) => {
  const done = spawnSync(command, args, { encoding: 'utf8', env });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${done.stderr || done.stdout || String(done.error)}`);
  return done.stdout;
};

async function serve(
  child: ProxyProcess,
  ways: RunningProxy['ways'],
  share: RunningProxy['share'],
): Promise<RunningProxy> {
  await listening(PORTS.proxy);
  return {
    ways,
    share,
    async stop() {
      child.signal('SIGTERM');
      await Promise.race([child.ended, new Promise((resolve) => setTimeout(resolve, 3000))]);
      child.signal('SIGKILL');
      await child.ended;
    },
  };
}

export async function startNginx(
  folder: string,
  sticky?: string,
  place: Place = ON_HOST,
): Promise<RunningProxy> {
  const site = siteFor(folder, sticky);
  const siteFile = join(folder, 'site.conf');
  const main = join(folder, 'nginx.conf');
  const before = `server {
  listen 127.0.0.1:${PORTS.proxy};
  location / {
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_set_header Host $http_host;
    proxy_pass http://127.0.0.1:${PORTS.blue};
  }
}
`;
  writeFileSync(siteFile, (await prepared('nginx', before, site, siteFile)).text);
  writeFileSync(
    main,
    `worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http { access_log off; include ${siteFile}; }
`,
  );
  writeFileSync(join(site.folder, 'blue'), '');
  const child = place.start('nginx', ['-c', main, '-g', 'daemon off;']);
  const flag = renameFlag(site);
  return await serve(
    child,
    {
      [`nginx${place.title}, flag`]: flag,
      [`nginx${place.title}, reload`]: (to) => {
        flag(to);
        child.run('nginx', '-c', main, '-s', 'reload');
      },
    },
    moveFlag(site),
  );
}

export async function startHaproxy(
  folder: string,
  sticky?: string,
  place: Place = ON_HOST,
): Promise<RunningProxy> {
  const socket = join(folder, 'deploy.sock');
  const site = siteFor(folder, sticky, { socket, socketInside: socket });
  const file = join(folder, 'haproxy.cfg');
  const map = join(site.folder, 'haproxy.map');
  const before = `global
    maxconn 8000
    hard-stop-after 60s
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
frontend www
    bind 127.0.0.1:${PORTS.proxy}
    default_backend app
backend app
    server s1 127.0.0.1:${PORTS.blue}
`;
  writeFileSync(file, (await prepared('haproxy', before, site, file)).text);
  writeFileSync(map, 'bench blue\n');
  const child = place.start('haproxy', ['-W', '-db', '-f', file]);
  const persist = (to: string) => {
    writeFileSync(`${map}.new`, `bench ${to}\n`);
    renameSync(`${map}.new`, map);
  };
  const set = async (to: string) => {
    persist(to);
    await new Promise<void>((resolve, reject) => {
      const line = connect(socket, () => line.end(`set map ${map} bench ${to}\n`));
      line.on('data', () => undefined);
      line.on('end', resolve);
      line.on('error', reject);
    });
  };
  const proxy = await serve(
    child,
    {
      [`HAProxy${place.title}, map`]: set,
      [`HAProxy${place.title}, reload`]: (to) => {
        persist(to);
        child.signal('SIGUSR2');
      },
    },
    async (_, to) => await set(to),
  );
  // It gets its name when every port is bound.
  for (let tries = 0; !existsSync(socket) && tries < 400; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return proxy;
}

export async function startCaddy(
  folder: string,
  sticky?: string,
  place: Place = ON_HOST,
): Promise<RunningProxy> {
  const site = siteFor(folder, sticky);
  const file = join(folder, 'Caddyfile');
  const before = `{
	admin 127.0.0.1:${PORTS.admin}
	auto_https off
}
http://127.0.0.1:${PORTS.proxy} {
	reverse_proxy 127.0.0.1:${PORTS.blue}
}
`;
  writeFileSync(file, (await prepared('caddy', before, site, file)).text);
  writeFileSync(join(site.folder, 'blue'), '');
  const child = place.start('env', [`HOME=${folder}`, 'caddy', 'run', '--config', file]);
  const flag = renameFlag(site);
  return await serve(
    child,
    {
      [`Caddy${place.title}, flag`]: flag,
      [`Caddy${place.title}, reload`]: (to) => {
        flag(to);
        child.run('caddy', 'reload', '--force', '--config', file, '--address', `127.0.0.1:${PORTS.admin}`);
      },
    },
    moveFlag(site),
  );
}

/** Traefik has no package: the variable TRAEFIK names its program. */
export async function startTraefik(folder: string, program: string, sticky?: string): Promise<RunningProxy> {
  const bare = siteFor(folder, sticky);
  const watched = join(folder, 'watched');
  mkdirSync(watched, { recursive: true });
  const file = join(watched, 'site.yml');
  const before = `http:
  routers:
    web:
      rule: PathPrefix(\`/\`)
      service: web
  services:
    web:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${PORTS.blue}
`;
  const { text, copied } = await prepared('traefik', before, bare, file);
  const shares = proxyOf('traefik').files({ ...bare, ...(copied && { copied }) });
  const put = (share: string) => {
    const { content } = shares.find(({ name }) => name === `shares/${share}.yml`)!;
    writeFileSync(join(folder, 'share.yml'), content);
    renameSync(join(folder, 'share.yml'), join(watched, 'deploy-actions-bench.yml'));
  };
  put('blue');
  writeFileSync(file, text);
  const child = ON_HOST.start(program, [
    `--entrypoints.web.address=127.0.0.1:${PORTS.proxy}`,
    `--providers.file.directory=${watched}`,
  ]);
  const proxy = await serve(child, { 'Traefik, file': put }, async (_, to) => {
    put(to);
    // Two changes within providersThrottleDuration are seen one by one.
    await new Promise((resolve) => setTimeout(resolve, 4500));
  });
  await loaded(`http://127.0.0.1:${PORTS.proxy}/version`);
  return proxy;
}
