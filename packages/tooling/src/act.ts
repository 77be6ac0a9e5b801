import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
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
  event?: 'push' | 'workflow_dispatch' | 'workflow_run' | 'pull_request' | 'release';
  /** The event's payload, such as `{ ref: 'refs/tags/v1' }`, or made from the commit of the consumer's repository. */
  payload?: object | ((head: string) => object | Promise<object>);
  /** What stands in for the actions of others that the workflow names, by `owner/name`. actions/checkout is there. */
  standIns?: Readonly<Record<string, StandIn>>;
  secrets?: Readonly<Record<string, string>>;
  variables?: Readonly<Record<string, string>>;
  /** Those of a `workflow_dispatch`; texts, also of a boolean, as in GitHub's event. */
  inputs?: Readonly<Record<string, string>>;
  /** More environment for every step. */
  env?: Readonly<Record<string, string>>;
  /** A folder of programs that steps find before those of this machine. */
  programs?: string;
  onLine?(line: string): void;
  /** Cancels the run, as a person does, at the first line for which it is true. */
  cancelAt?(line: string): boolean;
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
 * Runs a consumer's workflow with act on this machine itself, without a container: `uses: org/deploy-actions/<name>@v1`
 * is read from the release tree of this checkout. Answers the exit status and the log.
 */
export async function runWorkflow(run: WorkflowRun): Promise<{ exitCode: number; log: string }> {
  const tool = await goTool('act');
  if ('reason' in tool) throw new Error(tool.reason);
  const folder = mkdtempSync(join(tmpdir(), 'act-'));
  let standIns: Awaited<ReturnType<typeof openStandIns>> | undefined;
  try {
    const release = releaseRepository(join(folder, 'release'));
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
    const given = { ...run.secrets, ...run.variables };
    const flags = [
      // act would ask a person for one that is empty; GitHub has no such secret.
      ...Object.entries(run.secrets ?? {}).flatMap(([name, value]) => (value ? ['--secret', name] : [])),
      ...Object.keys(run.variables ?? {}).flatMap((name) => ['--var', name]),
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
        '--local-repository',
        `org/deploy-actions@v1=${release}`,
        ...namedBy(run.workflow).flatMap(([name, ref]) =>
          standIns?.folders[name] ? ['--local-repository', `${name}@${ref}=${standIns.folders[name]}`] : [],
        ),
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
    return { exitCode: code, log: output };
  } finally {
    await standIns?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The actions that a workflow uses, with the commit or tag of each. */
function namedBy(workflow: string): [name: string, ref: string][] {
  const uses = readFileSync(workflow, 'utf8').matchAll(/uses: ([\w.-]+\/[\w.-]+)@(\S+)/g);
  return [...new Map([...uses].map(([, name, ref]) => [name!, ref!]))];
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

/** The release tree of this checkout as a git repository with the tag v1. */
function releaseRepository(folder: string): string {
  const tree = releaseTree(findRoot());
  writeTree(tree, folder);
  commitAll(folder);
  execFileSync('git', ['tag', 'v1'], { cwd: folder });
  return folder;
}

function consumerRepository(folder: string, run: WorkflowRun): string {
  cpSync(run.repository, folder, { recursive: true });
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  cpSync(run.workflow, join(folder, '.github/workflows', basename(run.workflow)));
  // No two runs are about the same commit, also within one second.
  commitAll(folder, randomUUID());
  execFileSync('git', ['remote', 'add', 'origin', 'https://github.com/org/shop.git'], { cwd: folder });
  return folder;
}

function commitAll(folder: string, message = 'content'): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all', '--force');
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  git(...author, 'commit', '--quiet', '--allow-empty', '-m', message);
}
