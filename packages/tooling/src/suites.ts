import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration, pool } from '@deploy-actions/kit';
import { LabRefusal, checkLab, openLab, prepareLab } from '@deploy-actions/lab';
import { NO_ACT } from './act.ts';
import { checkBuilds } from './build-check.ts';
import { brokenLinks, renderDocs } from './docs.ts';
import { node24 } from './node24.ts';
import { pageWorkflows } from './page-workflows.ts';
import { findProgram, runProgram, withHeartbeat } from './program.ts';
import { findRoot } from './root.ts';
import { shellFiles } from './shell-files.ts';
import type { Tally } from './tally.ts';
import { MEMORY, temporaryFolder } from './temporary-folder.ts';
import { REASON } from './test-if.ts';
import { goTool, installDebian, nodeTool, pythonTool } from './tools.ts';

export interface SuiteRun {
  tally: Tally;
  say(line: string): void;
  /** Parts of test files' paths; all files when there are none. */
  patterns: readonly string[];
}

export interface Suite {
  name: string;
  title: string;
  /** Whether Jest runs it, so that file patterns mean something. */
  jest?: boolean;
  /**
   * What it needs and others do not wait for: begun while the suites before it run. What fails here the suite itself tries again,
   * and tells.
   */
  prepare?(say: SuiteRun['say']): Promise<void>;
  run(run: SuiteRun): Promise<void>;
}

/** All suites of `npm test`, cheapest first. */
export const SUITES: readonly Suite[] = [
  {
    name: 'format',
    title: 'Prettier',
    run: (run) => check(run, 'prettier', ['--check', '--log-level=warn', '.']),
  },
  { name: 'lint', title: 'ESLint', run: (run) => check(run, 'eslint', ['--max-warnings=0', '.']) },
  { name: 'types', title: 'TypeScript', run: (run) => check(run, 'tsc', ['-p', '.']) },
  { name: 'shellcheck', title: 'the shell programs', run: runShellcheck },
  { name: 'docs', title: 'tables and catalog are those of action.yml', run: checkDocs },
  { name: 'unit', title: 'every policy, by fakes', jest: true, run: (run) => jest(run, 'unit', WAITING) },
  { name: 'builds', title: 'dist is what the sources build, in any folder', run: checkBuildsSuite },
  {
    name: 'contract',
    title: 'the bundles do what action.yml says',
    jest: true,
    run: (run) => jest(run, 'contract', [`--max-workers=${availableParallelism()}`]),
  },
  { name: 'workflows', title: 'actionlint and zizmor', run: checkWorkflows },
  { name: 'lab', title: 'real servers', jest: true, prepare: prepareLabSuite, run: runLab },
];

/** One test that is a tool of node_modules. */
async function check(
  { tally, say }: SuiteRun,
  name: 'prettier' | 'eslint' | 'tsc',
  args: string[],
): Promise<void> {
  const started = Date.now();
  const { code, output } = await withHeartbeat(
    () => `  ${name}: ${formatDuration(Date.now() - started)}`,
    () =>
      runProgram(node24(), ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', nodeTool(name), ...args], {
        cwd: findRoot(),
      }),
  );
  if (code === 0) {
    tally.passed();
    say(`  ${name}: fine in ${formatDuration(Date.now() - started)}`);
  } else {
    tally.failed(name, output);
  }
}

async function runShellcheck({ tally, say }: SuiteRun): Promise<void> {
  await installDebian({ shellcheck: 'shellcheck' }, say);
  const program = findProgram('shellcheck');
  if (!program) {
    tally.failed('shellcheck', 'shellcheck is not installed (on Debian: apt-get install shellcheck)');
    return;
  }
  const files = shellFiles(findRoot());
  for (const { file, shell } of files) {
    const { code, output } = await runProgram(program, [`--shell=${shell}`, '--external-sources', file], {
      cwd: findRoot(),
    });
    if (code === 0) tally.passed();
    else tally.failed(`shellcheck ${file}`, output);
  }
  const { SERVER_PROGRAMS, NOT_ASKED, checkedText } = await import('./server-programs.ts');
  const folder = mkdtempSync(join(tmpdir(), 'server-programs-'));
  try {
    await pool([...SERVER_PROGRAMS.entries()], availableParallelism(), async ([index, one]) => {
      const file = join(folder, String(index));
      writeFileSync(file, checkedText(one));
      const args = ['--shell=dash', `--exclude=${NOT_ASKED.join(',')}`, '--format=gcc', file];
      const { code, output } = await runProgram(program, args);
      if (code === 0) tally.passed();
      else tally.failed(`the server program ${one.name}`, output);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`  ${files.length} shell programs, ${SERVER_PROGRAMS.length} programs for servers`);
}

async function checkDocs({ tally }: SuiteRun): Promise<void> {
  const root = findRoot();
  for (const { file, current, wanted, problem } of renderDocs(root)) {
    if (problem !== undefined) tally.failed(`${file.slice(root.length + 1)} is current`, problem);
    else if (current === wanted) tally.passed();
    else tally.failed(`${file.slice(root.length + 1)} is current`, 'it is stale: run `npm run docs`');
  }
  const broken = brokenLinks(root);
  if (broken.length === 0) tally.passed();
  else tally.failed('every link in a page leads to a file and a heading of it', broken.join('\n'));
}

async function checkBuildsSuite({ tally, say }: SuiteRun): Promise<void> {
  const started = Date.now();
  const results = await withHeartbeat(
    () => `  building: ${formatDuration(Date.now() - started)}`,
    () => checkBuilds(findRoot(), (line) => say(`  ${line}`)),
  );
  for (const { name, problem } of results) {
    if (problem === undefined) tally.passed();
    else tally.failed(name, problem);
  }
}

async function checkWorkflows({ tally, say }: SuiteRun): Promise<void> {
  const root = findRoot();
  const started = Date.now();
  await withHeartbeat(
    () => `  still at it after ${formatDuration(Date.now() - started)}`,
    async () => {
      const listed = [
        'ls-files',
        '-co',
        '--exclude-standard',
        '.github/workflows',
        'examples',
        'test/lab/workflows',
      ];
      const workflows = (await runProgram('git', listed, { cwd: root })).stdout
        .split('\n')
        .filter((file) => /\.ya?ml$/.test(file));
      const actionlint = await goTool('actionlint', say);
      if ('reason' in actionlint) tally.skipped('actionlint', actionlint.reason);
      else {
        const { code, output } = await runProgram(actionlint.path, ['-no-color', ...workflows], {
          cwd: root,
        });
        if (code === 0) tally.passed(workflows.length);
        else tally.failed('actionlint', output);
        await checkPages(actionlint.path, tally);
      }
      const audit = await pythonTool('zizmor', say);
      if ('reason' in audit) tally.skipped('zizmor', audit.reason);
      else {
        const options = [
          '--offline',
          '--no-progress',
          '--color=never',
          '--persona=pedantic',
          '--config=.github/zizmor.yml',
        ];
        const { code, output } = await runProgram(
          audit.path,
          [...options, '.github', 'actions', ...workflows],
          { cwd: root },
        );
        if (code === 0) tally.passed();
        else tally.failed('zizmor', output);
      }
    },
  );
}

/** What the pages show to be copied holds against actionlint as the examples do. */
async function checkPages(actionlint: string, tally: Tally): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'page-workflows-'));
  try {
    const workflows = pageWorkflows(findRoot());
    for (const { name, text } of workflows) writeFileSync(join(folder, name), text);
    const files = workflows.map(({ name }) => name);
    const { code, output } = await runProgram(actionlint, ['-no-color', ...files], { cwd: folder });
    if (code === 0) tally.passed(workflows.length);
    else tally.failed('actionlint on the pages', output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepareLabSuite(say: SuiteRun['say']): Promise<void> {
  await checkLab();
  await Promise.all([prepareLab({ progress: (line) => say(`  lab: ${line}`) }), goTool('act', say)]);
}

async function runLab(run: SuiteRun): Promise<void> {
  let lab;
  try {
    await checkLab();
    // Held open meanwhile, so that the engine stays up between two test files.
    lab = await openLab({ hosts: 0, registry: false, progress: (line) => run.say(`  ${line}`) });
  } catch (error) {
    if (!(error instanceof LabRefusal)) throw error;
    run.tally.skipped('lab', error.message);
    return;
  }
  const act = await withHeartbeat(
    () => '  building act',
    () => goTool('act', run.say),
  );
  if ('reason' in act) process.env[NO_ACT] = act.reason;
  try {
    await jest(run, 'lab', WAITING);
  } finally {
    await lab.close();
  }
}

interface JestReport {
  numTotalTests: number;
  testResults: {
    name: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Tests that start programs or servers wait more than they compute: two on each processor. */
const WAITING = [`--max-workers=${2 * availableParallelism()}`];

/** Runs one of the Jest projects and counts each of its tests. */
async function jest(
  { tally, say, patterns }: SuiteRun,
  project: 'unit' | 'contract' | 'lab',
  args: string[],
): Promise<void> {
  const root = findRoot();
  const folder = join(root, '.cache/jest');
  mkdirSync(folder, { recursive: true });
  const report = join(folder, `${project}-${process.pid}.json`);
  // What tests leave in the folder for temporary files goes with it.
  // The lab's files may be larger than memory.
  const temporary = temporaryFolder(project === 'lab' ? undefined : MEMORY);
  const { code, output } = await runProgram(
    node24(),
    [
      '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
      nodeTool('jest'),
      `--config=packages/tooling/jest/${project}.json`,
      `--reporters=<rootDir>/packages/tooling/jest/${project === 'lab' ? 'each-' : ''}reporter.cjs`,
      '--json',
      `--outputFile=${report}`,
      '--passWithNoTests',
      // A program or a connection that a test left behind must not keep the whole run from its end.
      '--forceExit',
      ...args,
      ...patterns,
    ],
    { cwd: root, env: { ...process.env, TMPDIR: temporary }, onLine: say },
  ).finally(() => rmSync(temporary, { recursive: true, force: true }));
  let result: JestReport;
  try {
    result = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
  } catch (cause) {
    throw new Error(`Jest ended with ${code} and no report: ${output.slice(-2000)}`, { cause });
  } finally {
    rmSync(report, { force: true });
  }
  for (const file of result.testResults) {
    const name = file.name.slice(root.length + 1);
    // The file itself failed: it does not load, or has no test.
    if (file.assertionResults.length === 0) tally.failed(name, file.message, 'told');
    for (const one of file.assertionResults) {
      if (one.status === 'passed') tally.passed();
      else if (one.status === 'failed')
        tally.failed(`${name} › ${one.fullName}`, one.failureMessages.join('\n'), 'told');
      else {
        const [title, reason] = one.fullName.split(REASON);
        tally.skipped(`${name} › ${title!}`, reason ?? one.status);
      }
    }
  }
}
