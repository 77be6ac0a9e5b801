import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { parseYaml } from './action-file.ts';
import { node24 } from './node24.ts';
import { runProgram } from './program.ts';
import { releaseTree, writeTree } from './release-tree.ts';
import { findRoot } from './root.ts';
import { type StandIn, openStandIns } from './stand-in.ts';
import { goTool, whyNoGoTool } from './tools.ts';

export interface WorkflowRun {
  /** The workflow file. It is run as it stands. */
  workflow: string;
  /** A folder whose content is the consumer's repository. */
  repository: string;
  /** Its name at GitHub. Default `org/shop`. */
  repositoryName?: string;
  /** Reusable workflows of other repositories that the workflow calls: files, by what stands behind `uses:`. */
  called?: Readonly<Record<string, string>>;
  event?: 'push' | 'workflow_dispatch' | 'workflow_run' | 'pull_request' | 'release';
  /** The event's payload, such as `{ ref: 'refs/tags/v1' }`, or made from the commit of the consumer's repository. */
  payload?: object | ((head: string) => object | Promise<object>);
  /** What stands in for the actions of others that the workflow names, by `owner/name`. actions/checkout is there. */
  standIns?: Readonly<Record<string, StandIn>>;
  secrets?: Readonly<Record<string, string>>;
  variables?: Readonly<Record<string, string>>;
  /**
   * Secrets and variables of the environments that jobs name, which come before those above. act knows no environments: such
   * a job reads them under a name that begins with its environment's.
   */
  environments?: Readonly<Record<string, Settings>>;
  /** Those of a `workflow_dispatch`; texts, also of a boolean, as in GitHub's event. */
  inputs?: Readonly<Record<string, string>>;
  /** More environment for every step. */
  env?: Readonly<Record<string, string>>;
  /** A folder of programs that steps find before those of this machine. */
  programs?: string;
  onLine?(line: string): void;
  /** Cancels the run, as a person does, at the first line for which it is true; an error where no line is. */
  cancelAt?(line: string): boolean;
}

/** What stands in the settings of one environment. */
export interface Settings {
  secrets?: Readonly<Record<string, string>>;
  variables?: Readonly<Record<string, string>>;
}

/**
 * Why act cannot be had on this machine, as a sentence; undefined when it is there, or can be built when first
 * asked for.
 */
export function whyNoAct(): string | undefined {
  return process.env[NO_ACT] ?? whyNoGoTool('act');
}

/** Set by the test runner where building act has failed: the reason. */
export const NO_ACT = 'DEPLOY_ACTIONS_NO_ACT';

/**
 * Runs a consumer's workflow with act on this machine itself, without a container: `uses: org/deploy-actions/<name>@…`
 * is read from the release tree of this checkout, by whatever tag. Answers the exit status and the log.
 */
export async function runWorkflow(run: WorkflowRun): Promise<{ exitCode: number; log: string }> {
  const tool = await goTool('act');
  if ('reason' in tool) throw new Error(tool.reason);
  const folder = mkdtempSync(join(tmpdir(), 'act-'));
  let standIns: Awaited<ReturnType<typeof openStandIns>> | undefined;
  try {
    const release = releaseFolder(join(folder, 'release'));
    const consumer = consumerRepository(join(folder, 'consumer'), run);
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: consumer, encoding: 'utf8' }).trim();
    // By the time a run that another one started begins, the default branch has gone on.
    if (run.event === 'workflow_run') commitAll(consumer, 'later');
    const event = join(folder, 'event.json');
    const payload = typeof run.payload === 'function' ? await run.payload(head) : run.payload;
    // act takes no `--input` where it is given an event, and GitHub's events have them as well.
    writeFileSync(event, JSON.stringify({ ...payload, ...(run.inputs ? { inputs: run.inputs } : {}) }));
    standIns = await openStandIns(join(folder, 'stand-ins'), {
      'actions/checkout': (call) => checkOut(consumer, call.inputs['ref'] || head, call.workspace),
      ...run.standIns,
    });
    for (const name of ['config', 'cache']) mkdirSync(join(folder, name));
    const { secrets, variables } = settingsOf(run);
    const given = { ...secrets, ...variables };
    const named = namedBy([run.workflow, ...Object.values(run.called ?? {})]);
    const flags = [
      // act would ask a person for one that is empty; GitHub has no such secret.
      ...Object.entries(secrets).flatMap(([name, value]) => (value ? ['--secret', name] : [])),
      ...Object.keys(variables).flatMap((name) => ['--var', name]),
      ...Object.entries({ ...newRun(), ...run.env }).flatMap(([name, value]) => [
        '--env',
        `${name}=${value}`,
      ]),
    ];
    const cancelled = new AbortController();
    const { code, output } = await runProgram(
      tool.path,
      [
        run.event ?? 'push',
        '--workflows',
        join('.github/workflows', basename(run.workflow)),
        '--platform',
        'ubuntu-latest=-self-hosted',
        ...named.flatMap(([name, ref]) => {
          const local = name === 'org/deploy-actions' ? release : standIns?.folders[name];
          return local === undefined ? [] : ['--local-repository', `${name}@${ref}=${local}`];
        }),
        ...calledRepositories(join(folder, 'called'), run),
        '--eventpath',
        event,
        ...flags,
      ],
      {
        cwd: consumer,
        // A value that is not on the command line is taken from the environment.
        env: {
          ...given,
          HOME: folder,
          XDG_CONFIG_HOME: join(folder, 'config'),
          XDG_CACHE_HOME: join(folder, 'cache'),
          PATH: [dirname(node24()), run.programs, process.env['PATH']].filter(Boolean).join(delimiter),
        },
        interrupt: cancelled.signal,
        onLine: (line) => {
          run.onLine?.(line);
          if (run.cancelAt?.(line)) cancelled.abort();
        },
      },
    );
    if (run.cancelAt && !cancelled.signal.aborted)
      throw new Error(`the run ended with ${code} before it came to where it is to be cancelled:\n${output}`);
    return { exitCode: code, log: output };
  } finally {
    await standIns?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The repositories of the actions that workflows use, each with every commit or tag of it that they name. */
function namedBy(workflows: readonly string[]): [name: string, ref: string][] {
  const uses = workflows.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/uses: ([\w.-]+\/[\w.-]+)(?:\/[\w-]+)?@([\w./-]+)/g),
  ]);
  // An action that is made of others names these by `v1`.
  const all = new Set(['org/deploy-actions@v1', ...uses.map(([, name, ref]) => `${name}@${ref}`)]);
  return [...all].map((one) => one.split('@') as [string, string]);
}

/** The settings as act gets them: those of an environment under its name, in capitals. */
function settingsOf({ secrets, variables, environments = {} }: WorkflowRun): Required<Settings> {
  const all: Required<Settings> = { secrets: { ...secrets }, variables: { ...variables } };
  for (const [environment, settings] of Object.entries(environments)) {
    const own = (values: Settings['secrets']) =>
      Object.fromEntries(
        Object.entries(values ?? {}).map(([name, value]) => [ofEnvironment(environment, name), value]),
      );
    all.secrets = { ...all.secrets, ...own(settings.secrets) };
    all.variables = { ...all.variables, ...own(settings.variables) };
  }
  return all;
}

function ofEnvironment(environment: string, name: string): string {
  return `${environment.replaceAll('-', '_').toUpperCase()}_${name}`;
}

/** A workflow in which the jobs of the given environments read these first, as GitHub does for them. */
function inEnvironments(text: string, environments: WorkflowRun['environments']): string {
  if (environments === undefined) return text;
  const workflow = parseYaml(text) as { jobs: Record<string, { environment?: string | { name: string } }> };
  const jobs = Object.entries(workflow.jobs).map(([id, job]) => {
    const environment = typeof job.environment === 'object' ? job.environment.name : job.environment;
    if (environment === undefined || environments[environment] === undefined) return [id, job];
    const own = JSON.stringify(job).replace(
      /\b(secrets|vars)\.(\w+)/g,
      (whole, of: string, name: string) => `(${of}.${ofEnvironment(environment, name)} || ${whole})`,
    );
    return [id, JSON.parse(own) as object];
  });
  return JSON.stringify({ ...workflow, jobs: Object.fromEntries(jobs) as object });
}

/** The repositories of the reusable workflows that are called, as flags of act. */
function calledRepositories(folder: string, { called = {}, environments }: WorkflowRun): string[] {
  return Object.entries(called).flatMap(([uses, file], index) => {
    const [, name, path, ref] =
      /^([\w.-]+\/[\w.-]+)\/(\.github\/workflows\/[\w.-]+)@([\w./-]+)$/.exec(uses) ?? [];
    if (ref === undefined) throw new Error(`${uses} is no reusable workflow of another repository`);
    const repository = join(folder, String(index));
    mkdirSync(dirname(join(repository, path!)), { recursive: true });
    writeFileSync(join(repository, path!), inEnvironments(readFileSync(file, 'utf8'), environments));
    return ['--local-repository', `${name}@${ref}=${repository}`];
  });
}

/** What actions/checkout does with a `ref`, which act would download for it. */
function checkOut(consumer: string, ref: string, workspace: string): Promise<undefined> {
  const files = execFileSync('git', ['archive', ref], { cwd: consumer, maxBuffer: 64 * 1024 * 1024 });
  mkdirSync(workspace, { recursive: true });
  execFileSync('tar', ['-x', '-C', workspace], { input: files });
  return Promise.resolve(undefined);
}

let runs = 0;

/** act calls every run number 1; real ones rise, which a deployment relies on. */
function newRun(): Record<string, string> {
  runs += 1;
  const number = String(Math.floor(Date.now() / 100) + runs);
  return { GITHUB_RUN_ID: number, GITHUB_RUN_NUMBER: number };
}

/**
 * The release tree of this checkout. act copies the whole of it for each step that uses it, so that the bundles, which a release
 * holds as they are, stand there by a link.
 */
function releaseFolder(folder: string): string {
  const root = findRoot();
  const tree = [...releaseTree(root)].filter(([path]) => !path.startsWith('dist/'));
  writeTree(new Map(tree), folder);
  symlinkSync(join(root, 'dist'), join(folder, 'dist'));
  return folder;
}

function consumerRepository(folder: string, run: WorkflowRun): string {
  cpSync(run.repository, folder, { recursive: true });
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  writeFileSync(
    join(folder, '.github/workflows', basename(run.workflow)),
    inEnvironments(readFileSync(run.workflow, 'utf8'), run.environments),
  );
  // No two runs are about the same commit, also within one second.
  commitAll(folder, randomUUID());
  const origin = `https://github.com/${run.repositoryName ?? 'org/shop'}.git`;
  execFileSync('git', ['remote', 'add', 'origin', origin], { cwd: folder });
  return folder;
}

function commitAll(folder: string, message = 'content'): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all', '--force');
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  git(...author, 'commit', '--quiet', '--allow-empty', '-m', message);
}
