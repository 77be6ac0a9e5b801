import { type GitHubApi, isDenied } from '@deploy-actions/github';
import {
  type CheckResult,
  type PublishedReport,
  messageOf,
  publishReport,
  redactTexts,
} from '@deploy-actions/kit';
import { type DeploymentRecord, type HistoryEntry, type Reading, isId } from '@deploy-actions/ledger';
import type { Ports } from '@deploy-actions/runner';
import { type Found, findEvidence } from './evidence.ts';
import type { RecordInputs, outputs } from './fields.ts';
import { type Told, readApprovals, tellDeployment, tellPullRequest, tellRelease } from './github/parts.ts';
import { logTails } from './log-tails.ts';
import { storyMarkdown } from './markdown.ts';
import { type PastDeployment, pastDeployments, together } from './metrics/deployments.ts';
import { type Metrics, metricsOf } from './metrics/dora.ts';
import { leadTimes } from './metrics/lead-time.ts';
import { renderPage } from './page/page.ts';
import { recordOfRun } from './run-record.ts';
import { type Story, linksOf, reasonOf, sentenceOf } from './story.ts';
import { heldAgainst } from './thresholds.ts';
import { ROLLBACK_MODES, judge } from './verdict.ts';
import { watchedIntervals } from './watched.ts';

/** Everything outside that deployment-record touches. */
export interface World {
  /** GitHub's API, or a Failure where there is no token for it; asked for when a part needs it. */
  github(): GitHubApi;
  /** The history of each server, or why it is not known. Throws a Failure where no server is named. */
  histories(): Promise<readonly ServerHistory[]>;
  /** Reads a file of the run; throws where there is none. */
  readFile(path: string): string;
  /** The end of one. */
  readTail(path: string): string;
  isFile(path: string): boolean;
  /** Writes a file of this step, without secrets already, and answers its path. */
  write(name: string, text: string): string;
}

/** What one server tells of its past. */
export interface ServerHistory {
  server: string;
  /** Throws the Failure that kept it from being read. */
  read(): Reading<HistoryEntry>;
}

export type RecordPorts = Pick<
  Ports,
  'workflow' | 'log' | 'clock' | 'signal' | 'redactor' | 'summary' | 'annotate'
>;

export type RecordOutputs = Record<(typeof outputs)[number], string | number | object | undefined>;

/** By the job's status alone nobody knows what became of a deployment: in a later job it is that job's own. */
const NOTHING_TOLD =
  'Nothing says what was deployed: `record`, `reports` and `outcome` are all empty or cannot be read, so the status is that of the job alone; in a later job give `job-status: ${{ needs.NAME.result }}`';

/** Longest `record` output, in bytes: as an input it must fit an environment variable. */
const RECORD_LIMIT = 48 * 1024;

/**
 * Closes a run. What can be known without anybody is decided first; each part that asks GitHub or a server costs itself alone when it
 * fails, and the record is
 * written whatever they say.
 */
export async function recordDeployment(
  asGiven: RecordInputs,
  ports: RecordPorts,
  world: World,
): Promise<RecordOutputs> {
  const { workflow, log, clock, redactor } = ports;
  const begun = clock.now();
  const parts = openParts(ports);
  const found = findEvidence(asGiven, world.readFile);
  const inputs = filled(asGiven, found);
  if (inputs.outcome === undefined && found.record === undefined && found.reports.length === 0)
    found.problems.push(NOTHING_TOLD);
  for (const problem of found.problems) log.warning(`${problem}.`);
  const { reports } = found;
  const { status, name: rule } = judge({
    outcome: inputs.outcome ?? found.outcome,
    rollbackMode: inputs['rollback-mode'],
    jobStatus: inputs['job-status'],
    reports,
  });

  let approvals: DeploymentRecord['approvals'] = [];
  const environment = inputs.environment ?? found.record?.environment ?? '';
  if (inputs.approvals)
    await parts.may('approvals', 'actions: read', async () => {
      approvals = await readApprovals(world.github(), workflow.runId, environment);
    });
  const { past, metrics } =
    inputs.history === 'server' ? await lastDeployments(environment, ports, world, parts) : {};

  const record = redactTexts(
    recordOfRun({
      status,
      inputs,
      backup: found.backup,
      step: found.record,
      reports,
      approvals,
      workflow,
      now: clock.wall(),
    }),
    redactor,
  );
  const { over, unknown } = heldAgainst(inputs, {
    durationMs: record.duration_ms,
    reports,
    wholes: found.wholes,
    metrics,
  });
  for (const sentence of over) log.warning(`${sentence}.`);
  for (const sentence of unknown) log.notice(`${sentence}.`);
  const commitUrl =
    record.git_sha === '' || workflow.repository === ''
      ? ''
      : `${workflow.serverUrl}/${workflow.repository}/commit/${record.git_sha}`;
  const story: Story = redactTexts(
    {
      status,
      sentence: sentenceOf(status, record, workflow.repository),
      why: status === 'success' || status === 'unchanged' ? '' : reasonOf(reports),
      repository: workflow.repository,
      record,
      reports,
      watched: watchedIntervals(found.wholes),
      steps: found.record?.phases ?? [],
      warnings: [...over, ...found.problems, ...parts.left()],
      links: linksOf(inputs['environment-url'], record.run_url, commitUrl, inputs.links),
      logs: status === 'success' || status === 'unchanged' ? [] : logTails(inputs.logs, world, log),
      past,
      metrics,
    },
    redactor,
  );
  log.info(`${story.sentence} (${status}: ${rule})`);

  let deployment = '';
  if (inputs['deployment-status'])
    await parts.may('deployment', 'deployments: write', async () => {
      const { id, ...told } = await tellDeployment(world.github(), story, inputs, workflow);
      deployment = id;
      say(told, log);
    });
  let commentUrl = '';
  if (inputs.comment)
    await parts.may('comment', 'pull-requests: write', async () => {
      const { url, ...told } = await tellPullRequest(world.github(), story, inputs, workflow);
      commentUrl = url;
      say(told, log);
    });
  const notesFile = inputs['notes-file'];
  if (notesFile !== undefined)
    await parts.may('release notes', 'contents: write', async () => {
      const tag = inputs['release-tag'] ?? (releaseTag(ports) || workflow.tag);
      say(await tellRelease(world.github(), tag, world.readFile(notesFile)), log);
    });

  const whole: Story = {
    ...story,
    warnings: redactTexts([...over, ...found.problems, ...parts.left()], redactor),
  };
  const json = JSON.stringify(record, null, 2);
  const recordFile = world.write(`deployment-record-${record.deployment_id}.json`, `${json}\n`);
  const page = world.write('deployment.html', renderPage(whole));
  const published = publish(story, parts.results, clock.now() - begun, ports, world, metrics);
  ports.summary(storyMarkdown(whole));
  const given = [...inputs.logs, ...(inputs.reports ?? '').split('\n'), inputs.record ?? '']
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[[{]/.test(line) && world.isFile(line));
  return {
    status,
    summary: story.sentence,
    'deployment-id': record.deployment_id,
    'duration-ms': record.duration_ms,
    record: Buffer.byteLength(json) > RECORD_LIMIT ? '' : JSON.stringify(record),
    'record-file': recordFile,
    page,
    files: [...new Set([recordFile, page, published['report-file'], ...given])].join('\n'),
    metrics,
    'environment-url': inputs['environment-url'] ?? '',
    deployment,
    'comment-url': commentUrl,
    ...published,
  };
}

/** The inputs, with what the reports' files say where an input says nothing; the step's own record goes before them. */
function filled(inputs: RecordInputs, { record, said }: Found): RecordInputs {
  const or = (input: string | undefined, recorded: string | undefined, from: string) =>
    input ?? (recorded ? undefined : from || undefined);
  return {
    ...inputs,
    version: or(inputs.version, record?.version, said.version),
    environment: or(inputs.environment, record?.environment, said.environment),
    'deployment-id': or(
      inputs['deployment-id'],
      record?.deployment_id,
      isId(said['deployment-id']) ? said['deployment-id'] : '',
    ),
    reason: inputs.reason ?? (said.reason || undefined),
    'rollback-mode': inputs['rollback-mode'] ?? ROLLBACK_MODES.find((one) => one === said['rollback-mode']),
  };
}

function publish(
  story: Story,
  checks: CheckResult[],
  elapsedMs: number,
  { redactor }: RecordPorts,
  world: World,
  metrics: Metrics | undefined,
): PublishedReport {
  const report = {
    kind: 'record',
    ok: story.status === 'success' || story.status === 'unchanged',
    summary: story.why === '' ? story.sentence : `${story.sentence} ${story.why}`,
    elapsedMs: Math.round(elapsedMs),
    checks,
  } as const;
  const whole = { ...report, record: story.record, reports: story.reports, metrics };
  return publishReport(report, redactor, (json) => world.write('report.json', json), whole);
}

/** The deployments that the servers' histories tell of, and what they say; each undefined where it is not known. */
async function lastDeployments(
  environment: string,
  { log, clock }: RecordPorts,
  world: World,
  parts: Parts,
): Promise<{ past?: PastDeployment[]; metrics?: Metrics }> {
  let past: PastDeployment[] | undefined;
  const each: PastDeployment[][] = [];
  const take = ({ server, read }: ServerHistory, several: boolean) => {
    const { records, unread } = read();
    for (const sentence of unread) log.info(several ? `${server}: ${sentence}` : sentence);
    each.push(pastDeployments(records, environment));
  };
  let more: readonly ServerHistory[] = [];
  await parts.may('history', undefined, async () => {
    const histories = await world.histories();
    if (histories.length === 1) take(histories[0]!, false);
    else more = histories;
  });
  for (const one of more) await parts.may(`history of ${one.server}`, undefined, () => take(one, true));
  if (each.length > 0) past = together(each);
  if (past === undefined) return {};
  const known = past;
  let times: number[] = [];
  await parts.may('lead time', 'contents: read', async () => {
    times = await leadTimes(world.github(), known);
  });
  return { past, metrics: metricsOf(past, clock.wall().getTime(), times) };
}

function releaseTag({ workflow }: Pick<RecordPorts, 'workflow'>): string {
  if (workflow.eventName !== 'release') return '';
  const release = workflow.event()['release'];
  const tag =
    typeof release === 'object' && release !== null ? (release as Record<string, unknown>)['tag_name'] : '';
  return typeof tag === 'string' ? tag : '';
}

function say({ info, notice }: Told, log: RecordPorts['log']): void {
  if (info !== undefined) log.info(`${info}.`);
  if (notice !== undefined) log.notice(`${notice}.`);
}

interface Parts {
  results: CheckResult[];
  /** A part that the record goes on without; the reader is told, and which permission it needs. */
  may(name: string, permission: string | undefined, work: () => void | Promise<void>): Promise<void>;
  /** Sentences about those that were left out. */
  left(): string[];
}

function openParts({ clock, log, signal }: RecordPorts): Parts {
  const results: CheckResult[] = [];
  const left: string[] = [];
  return {
    results,
    left: () => [...left],
    async may(name, permission, work) {
      const started = clock.now();
      const elapsed = () => ({ attempts: 1, elapsedMs: Math.round(clock.now() - started) });
      try {
        await work();
        results.push({ name, ok: true, ...elapsed() });
      } catch (error) {
        const why =
          permission !== undefined && isDenied(error)
            ? `the token may not do it, which needs \`${permission}\``
            : messageOf(error).replace(/\.$/, '');
        results.push({ name, ok: false, severity: 'warn', ...elapsed(), detail: why });
        left.push(`The ${name} part is left out: ${why}`);
        if (!signal.aborted) log.warning(`The ${name} part is left out: ${why}.`);
      }
    },
  };
}
