import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { node24 } from './node24.ts';
import { runProgram } from './program.ts';
import { releaseTree, writeTree } from './release-tree.ts';
import { findRoot } from './root.ts';
import { goTool, whyNoGoTool } from './tools.ts';

export interface WorkflowRun {
  /** The workflow file. It is run as it stands. */
  workflow: string;
  /** A folder whose content is the consumer's repository. */
  repository: string;
  event?: 'push' | 'workflow_dispatch' | 'workflow_run' | 'pull_request' | 'release';
  /** The event's payload, such as `{ ref: 'refs/tags/v1' }`. */
  payload?: object;
  secrets?: Readonly<Record<string, string>>;
  variables?: Readonly<Record<string, string>>;
  inputs?: Readonly<Record<string, string>>;
  /** More environment for every step. */
  env?: Readonly<Record<string, string>>;
  onLine?(line: string): void;
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
  try {
    const release = releaseRepository(join(folder, 'release'));
    const consumer = consumerRepository(join(folder, 'consumer'), run);
    const event = join(folder, 'event.json');
    writeFileSync(event, JSON.stringify(run.payload ?? {}));
    for (const name of ['config', 'cache']) mkdirSync(join(folder, name));
    const given = { ...run.secrets, ...run.variables };
    const flags = [
      ...Object.keys(run.secrets ?? {}).flatMap((name) => ['--secret', name]),
      ...Object.keys(run.variables ?? {}).flatMap((name) => ['--var', name]),
      ...Object.entries(run.inputs ?? {}).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
      ...Object.entries({ ...newRun(), ...run.env }).flatMap(([name, value]) => [
        '--env',
        `${name}=${value}`,
      ]),
    ];
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
          PATH: [dirname(node24()), process.env['PATH'] ?? ''].join(delimiter),
        },
        ...(run.onLine ? { onLine: (line: string) => run.onLine!(line) } : {}),
      },
    );
    return { exitCode: code, log: output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  commitAll(folder);
  execFileSync('git', ['remote', 'add', 'origin', 'https://github.com/org/shop.git'], { cwd: folder });
  return folder;
}

function commitAll(folder: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all', '--force');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '--quiet', '-m', 'content');
}
