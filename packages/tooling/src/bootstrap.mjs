// The first step of every verb (`npm test`, `npm start` …): plain JavaScript without dependencies, so that it runs on a
// fresh clone with Node 20. It installs the npm packages when they are missing or not those of package-lock.json, finds
// Node 24, and runs the verb's TypeScript with it.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const [verb = '', ...args] = process.argv.slice(2);

/** Playing a deployment needs no compiler and no linter, and is to begin soon on a fresh clone. */
const lean = verb === 'start' || verb === 'lab';

/** Ends with the one sentence that says what to install; nothing was changed before. */
function stop(sentence) {
  console.error(sentence);
  process.exit(2);
}

/** The packages of package-lock.json that node_modules has not got, or has in another version. */
function missingPackages() {
  const hidden = join(root, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  if (!existsSync(hidden)) return Object.keys(wanted);
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted)
    .filter(([path, one]) => {
      if (!path.startsWith('node_modules/') || one.optional || one.devOptional || one.peer) return false;
      if (lean && one.dev) return false;
      if (one.link) return !existsSync(join(root, path));
      return present[path]?.version !== one.version;
    })
    .map(([path]) => path);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds `.cache/install.lock` during `work`; waits for another holder, and takes over from a dead one. */
async function locked(work) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const path = join(root, '.cache/install.lock');
  for (let waited = 0; ; waited += 1) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(existsSync(path) ? readFileSync(path, 'utf8') : '0');
      // A file still empty belongs to somebody who has just made it.
      if (holder > 0 ? !isAlive(holder) : existsSync(path) && Date.now() - statSync(path).mtimeMs > 5000) {
        rmSync(path, { force: true });
        continue;
      }
      if (waited % 20 === 0)
        console.log(`waiting for another run (process ${holder}) that installs npm packages`);
      await sleep(500);
    }
  }
  const free = () => rmSync(path, { force: true });
  process.once('exit', free);
  try {
    return await work();
  } finally {
    free();
    process.removeListener('exit', free);
  }
}

/** Runs npm with a line every five seconds; answers its exit status. */
async function npm(args) {
  const started = Date.now();
  const child = spawn('npm', [...args, '--loglevel=error', '--no-progress'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const beat = setInterval(() => {
    const folder = join(root, 'node_modules');
    const count = existsSync(folder) ? readdirSync(folder).length : 0;
    console.log(
      `  npm ${args[0]}: ${Math.round((Date.now() - started) / 1000)} s, ${count} folders in node_modules`,
    );
  }, 5000);
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(-1));
    child.on('close', resolve);
  });
  clearInterval(beat);
  if (code === -1) stop('npm is not on PATH: install Node 20 or later together with npm.');
  return code;
}

async function install() {
  const fresh = !existsSync(join(root, 'node_modules/.package-lock.json'));
  const started = Date.now();
  console.log(
    `installing the npm packages of package-lock.json (${fresh ? 'first run' : 'they have changed'})`,
  );
  // npm ci would empty node_modules under the feet of whatever else runs from it.
  let code = fresh ? await npm(['ci', ...(lean ? ['--omit=dev'] : [])]) : await npm(['install', '--no-save']);
  if (code !== 0 && fresh) {
    console.log('npm ci failed; trying npm install, which takes what the registry has');
    code = await npm(['install', '--no-save']);
  }
  if (code !== 0) stop(`npm cannot install the packages (exit status ${code}): see its message above.`);
  console.log(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** A Node ≥ 24 that really runs here: this one, or the one that npm brought. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const brought = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
  if (existsSync(brought) && spawnSync(brought, ['--version']).status === 0) return brought;
  return stop(
    `Node ${process.versions.node} is too old and none is brought along for ${process.platform}-${process.arch}: install Node 24 from https://nodejs.org and put it first on PATH.`,
  );
}

console.log(
  `deploy-actions: ${['npm', verb === 'test' || verb === 'start' ? verb : `run ${verb}`, ...args].join(' ')}`,
);
if (Number(process.versions.node.split('.')[0]) < 20)
  stop(`Node ${process.versions.node} is too old: install Node 20 or later.`);
if (missingPackages().length > 0) {
  await locked(async () => {
    if (missingPackages().length > 0) await install();
  });
}
const node = findNode();
const child = spawn(
  node,
  [
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    '--disable-warning=ExperimentalWarning',
    join(root, 'packages/tooling/src/cli.ts'),
    verb,
    ...args,
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [dirname(node), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    },
  },
);
// A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is handed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('close', (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15));
});
