import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ActionFile, readAction } from './action-file.ts';
import { removeDeadFolders } from './dead-folders.ts';
import { type Annotation, parseCommand, parseCommandFile, readAnnotations } from './file-command.ts';
import { node24 } from './node24.ts';

/** One step of a job: an action's bundle with what the workflow gives it. */
export interface BundleRun {
  /** The action's name, such as `health-wait`. */
  action: string;
  /** What stands under `with:`. An input left out or undefined takes its default of action.yml. */
  inputs?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Which of the action's programs; default `main`. */
  step?: 'main' | 'post';
  /**
   * More environment; it wins over the run's own GITHUB_* and RUNNER_* values. By default PATH names an empty
   * folder and HOME a fresh one, so that every test proves that an action needs no program of the runner's.
   */
  env?: Readonly<Record<string, string | undefined>>;
  /** Folder of the checkout (GITHUB_WORKSPACE); default a fresh, empty one. */
  workspace?: string;
  /** What `${{ job.status }}` is in a default of action.yml; default `success`. */
  jobStatus?: 'success' | 'failure' | 'cancelled';
  /** State that main left for post: `result.state` of the main step. */
  state?: Readonly<Record<string, string>>;
  /** Cancels the step as GitHub does when it aborts: SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more. */
  signal?: AbortSignal;
  /** Called with each line of the log as it arrives, standard output and error alike. */
  onLine?(line: string): void;
  /** A checkout or a release tree to take the action from; default this checkout. */
  tree?: string;
  /** Milliseconds after which the step is killed and the run rejects; default ten minutes. */
  timeout?: number;
}

export interface BundleResult {
  /** The exit status; null when a signal ended it. */
  exitCode: number | null;
  /** The signal that ended it. */
  endedBy: NodeJS.Signals | null;
  outputs: Record<string, string>;
  /** What it saved for its post step. */
  state: Record<string, string>;
  /** What it appended to GITHUB_ENV. */
  exported: Record<string, string>;
  /** The step summary, Markdown. */
  summary: string;
  /** All that it printed, as it was, commands included. */
  log: string;
  /** The log as a reader sees it: masks applied, `add-mask` commands gone. */
  shown: string;
  annotations: Annotation[];
  /** Values that it asked the runner to mask. */
  masks: string[];
  /** Whole time of the process in milliseconds. */
  elapsedMs: number;
  /** GITHUB_WORKSPACE and RUNNER_TEMP of the run; they are there until this process ends. */
  workspace: string;
  temp: string;
}

export interface RunningBundle {
  readonly pid: number;
  /** Sends one signal to the step's process. */
  kill(signal: NodeJS.Signals): void;
  /** Cancels the step as GitHub does. */
  cancel(): void;
  readonly done: Promise<BundleResult>;
}

/** Runs a bundle to its end, as the Actions runner would. */
export function runBundle(run: BundleRun): Promise<BundleResult> {
  return startBundle(run).done;
}

/** Starts a bundle as the Actions runner would. */
export function startBundle(run: BundleRun): RunningBundle {
  const action = readAction(run.action, run.tree);
  const program = run.step === 'post' ? action.runs.post : action.runs.main;
  if (!program) throw new Error(`${run.action} has no ${run.step ?? 'main'} program`);
  const bundle = resolve(action.folder, program);
  if (!existsSync(bundle)) {
    throw new Error(`${run.action} has no bundle at ${bundle}: run \`npm run build -- ${run.action}\` first`);
  }
  const folders = makeFolders(run.workspace);
  const started = performance.now();
  const child = spawn(node24(), [bundle], {
    cwd: folders.workspace,
    env: environment(run, action, folders),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const cancelling = new Set<NodeJS.Timeout>();
  const cancel = () => {
    child.kill('SIGINT');
    cancelling.add(setTimeout(() => child.kill('SIGTERM'), 7500));
    cancelling.add(setTimeout(() => child.kill('SIGKILL'), 10_000));
  };
  run.signal?.addEventListener('abort', cancel, { once: true });
  if (run.signal?.aborted) cancel();

  const done = collect(child, run).then(({ log, exitCode, endedBy }): BundleResult => {
    run.signal?.removeEventListener('abort', cancel);
    for (const timer of cancelling) clearTimeout(timer);
    const masks = log.split('\n').flatMap((line) => {
      const command = parseCommand(line);
      return command?.name === 'add-mask' && command.data !== '' ? [command.data] : [];
    });
    return {
      exitCode,
      endedBy,
      outputs: parseCommandFile(readFileSync(folders.files.GITHUB_OUTPUT, 'utf8')),
      state: parseCommandFile(readFileSync(folders.files.GITHUB_STATE, 'utf8')),
      exported: parseCommandFile(readFileSync(folders.files.GITHUB_ENV, 'utf8')),
      summary: readFileSync(folders.files.GITHUB_STEP_SUMMARY, 'utf8'),
      log,
      shown: applyMasks(log, masks),
      annotations: readAnnotations(log),
      masks,
      elapsedMs: performance.now() - started,
      workspace: folders.workspace,
      temp: folders.temp,
    };
  });
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), cancel, done };
}

interface Folders {
  workspace: string;
  temp: string;
  home: string;
  /** A folder with nothing in it, for PATH. */
  empty: string;
  files: Record<CommandFile, string>;
}

const COMMAND_FILES = [
  'GITHUB_OUTPUT',
  'GITHUB_STATE',
  'GITHUB_ENV',
  'GITHUB_PATH',
  'GITHUB_STEP_SUMMARY',
] as const;
type CommandFile = (typeof COMMAND_FILES)[number];

function makeFolders(workspace: string | undefined): Folders {
  const base = mkdtempSync(join(processFolder(), 'run-'));
  const at = (name: string) => {
    const path = join(base, name);
    mkdirSync(path);
    return path;
  };
  const commands = at('commands');
  const files = Object.fromEntries(
    COMMAND_FILES.map((name) => [name, join(commands, name.toLowerCase())]),
  ) as Record<CommandFile, string>;
  for (const path of Object.values(files)) writeFileSync(path, '');
  writeFileSync(join(commands, 'event.json'), '{}');
  return {
    workspace: workspace ?? at('workspace'),
    temp: at('temp'),
    home: at('home'),
    empty: at('path'),
    files,
  };
}

/**
 * The folder for the runs of this process. Folders of processes that are gone are removed on the way, so that
 * a killed test run leaves nothing for long.
 */
function processFolder(): string {
  const parent = join(tmpdir(), `deploy-actions-runs-${process.getuid?.() ?? 0}`);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  removeDeadFolders(parent, /^(\d+)$/);
  const own = join(parent, String(process.pid));
  mkdirSync(own, { recursive: true });
  return own;
}

let runs = 0;

function environment(run: BundleRun, action: ActionFile, folders: Folders): Record<string, string> {
  runs += 1;
  // Later runs have higher numbers, also across test processes: a deployment refuses to be overtaken by an older run.
  const number = Math.floor(Date.now() / 100) + runs;
  const sha = '0123456789abcdef0123456789abcdef01234567';
  const env: Record<string, string | undefined> = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: `__org_${action.id}`,
    GITHUB_ACTION_PATH: action.folder,
    GITHUB_ACTION_REPOSITORY: 'org/deploy-actions',
    GITHUB_ACTOR: 'octocat',
    GITHUB_TRIGGERING_ACTOR: 'octocat',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: join(folders.files.GITHUB_OUTPUT, '..', 'event.json'),
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_JOB: 'deploy',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_REPOSITORY_OWNER: 'org',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: String(number),
    GITHUB_RUN_NUMBER: String(number),
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: sha,
    GITHUB_WORKFLOW: 'Deploy',
    GITHUB_WORKSPACE: folders.workspace,
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'test',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: folders.temp,
    HOME: folders.home,
    PATH: folders.empty,
    TMPDIR: folders.temp,
    ...folders.files,
  };
  const given = { ...run.inputs };
  const names = new Set([...Object.keys(action.inputs), ...Object.keys(given)]);
  for (const name of names) {
    const value = given[name] ?? evaluate(action.inputs[name]?.default ?? '', run);
    env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] = String(value);
  }
  for (const [name, value] of Object.entries(run.state ?? {})) env[`STATE_${name}`] = value;
  const merged = Object.entries({ ...env, ...run.env });
  return Object.fromEntries(merged.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** The few expressions that an action.yml's defaults may hold. */
function evaluate(text: string, run: BundleRun): string {
  const env = run.env ?? {};
  return text.replace(/\$\{\{\s*([\w.]+)\s*\}\}/g, (whole, expression: string) => {
    if (expression === 'github.token') return env['GITHUB_TOKEN'] ?? '';
    if (expression === 'job.status') return run.jobStatus ?? 'success';
    const name = /^github\.(\w+)$/.exec(expression)?.[1];
    if (name === undefined) throw new Error(`${whole} in a default is not known to this harness`);
    return env[`GITHUB_${name.toUpperCase()}`] ?? '';
  });
}

function collect(
  child: ChildProcess,
  run: BundleRun,
): Promise<{ log: string; exitCode: number | null; endedBy: NodeJS.Signals | null }> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Awaited<ReturnType<typeof collect>>>();
  const timeout = run.timeout ?? 600_000;
  let log = '';
  let partial = '';
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeout);
  const take = (chunk: string) => {
    log += chunk;
    const lines = (partial + chunk).split('\n');
    partial = lines.pop()!;
    for (const line of lines) run.onLine?.(line);
  };
  child.stdout?.setEncoding('utf8').on('data', take);
  child.stderr?.setEncoding('utf8').on('data', take);
  child.on('error', reject);
  child.on('close', (exitCode, endedBy) => {
    clearTimeout(timer);
    if (partial !== '') run.onLine?.(partial);
    if (late)
      reject(new Error(`${run.action} did not end within ${timeout} ms; its log:\n${log.slice(-4000)}`));
    else settle({ log, exitCode, endedBy });
  });
  return promise;
}

function applyMasks(log: string, masks: readonly string[]): string {
  let shown = log
    .split('\n')
    .filter((line) => parseCommand(line)?.name !== 'add-mask')
    .join('\n');
  for (const mask of [...masks].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(mask, '***');
  return shown;
}
