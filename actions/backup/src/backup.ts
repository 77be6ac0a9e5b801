import { BACKUP, type Source, sourceFile } from '@deploy-actions/archive';
import {
  ALONE,
  type Member,
  type MemberOutcome,
  fleetFailure,
  operationHash,
  outcomeText,
  runTogether,
  succeeded,
} from '@deploy-actions/host';
import {
  Failure,
  type Report,
  escapeMarkdown,
  formatBytes,
  formatDuration,
  markdownTable,
  publishReport,
} from '@deploy-actions/kit';
import { backupIdOf, deploymentIdOf, jsonText } from '@deploy-actions/ledger';
import { writeReport } from '@deploy-actions/runner';
import { type Server, type Session, serversOf, withSessions } from '@deploy-actions/shell';
import { type BackupInputs, type BackupOutputs, EMPTY } from './fields.ts';
import { lookAtBackups } from './look.ts';
import { seconds } from './seconds.ts';
import type { World } from './world.ts';

/** The action: values in, outputs out, Failures thrown. */
export async function backUp(inputs: BackupInputs, world: World): Promise<BackupOutputs> {
  const begun = world.clock.now();
  const elapsed = () => Math.round(world.clock.now() - begun);
  /** The file names the backup besides, for deployment-record. */
  const publish = (report: Report, backup?: string) =>
    publishReport(
      report,
      world.redactor,
      (json) => writeReport(world.workflow, 'backup', json),
      backup === undefined ? report : { ...report, backup },
    );
  try {
    const sources = sourcesOf(inputs);
    return await withSessions(world, async (inner) => {
      const servers = serversOf(inputs);
      if (inputs.list || inputs.plan) return await lookAtBackups(servers, sources, inputs, inner);
      return await save(servers, sources, inputs, inner, { elapsed, publish });
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.outputs !== undefined) throw error;
    // Refused, or ended before any server was asked: whoever is told must hear why.
    const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
    const summary = `nothing was saved: ${error.message}${remedy}`;
    world.summary(`### ❌ ${escapeMarkdown(summary)}\n`);
    const report: Report = { kind: 'backup', ok: false, summary, elapsedMs: elapsed(), checks: [] };
    const outputs = { ...EMPTY, duration: elapsed(), ...publish(report) };
    throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs });
  }
}

/** What is to be saved. Throws where that is nothing. */
function sourcesOf(inputs: BackupInputs): Source[] {
  if (inputs.databases.length === 0 && !inputs.list) {
    throw new Failure('input', 'input `databases` is empty, so there is nothing to save', {
      input: 'databases',
      remedy: 'Name the service of the database: `databases: "db: postgres"`.',
    });
  }
  return inputs.databases;
}

async function save(
  servers: readonly Server[],
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
  {
    elapsed,
    publish,
  }: { elapsed(): number; publish(report: Report, backup?: string): Partial<BackupOutputs> },
): Promise<BackupOutputs> {
  const backup = backupIdOf(world.clock.wall());
  const members = await Promise.all(
    servers.map(async (server) =>
      memberOf(server, await world.connect(server), backup, sources, inputs, world),
    ),
  );
  const outcomes = await runTogether(members, ALONE, world);
  const sizes = outcomes.filter(succeeded).map(bytesOf);
  const saved = outcomes.find(succeeded)?.result?.fields;
  const report = reportOf(outcomes, backup, elapsed());
  const outputs: BackupOutputs = {
    ...EMPTY,
    backup: saved?.['backup'],
    folder: saved?.['folder'],
    size: saved === undefined ? undefined : sizes.reduce((sum, one) => sum + one, 0),
    verified: saved?.['verified'],
    duration: elapsed(),
    ...publish(report, saved?.['backup']),
  };
  world.summary(summaryOf(outcomes, report));
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

function memberOf(
  server: Server,
  session: Session,
  backup: string,
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
): Member {
  const { actor, runUrl } = world.workflow;
  return {
    name: server.name,
    session,
    reopen: () => world.connect(server),
    operation: {
      name: 'backup',
      path: server.path,
      deploymentId: deploymentIdOf(inputs['deployment-id'], world.workflow),
      lockTimeout: inputs['lock-timeout'],
      holder: { actor, runUrl },
      program: BACKUP.with({
        project: inputs.project,
        docker_host: server.dockerHost ?? '',
        backup,
        verify: inputs.verify,
        retention: seconds(inputs.retention),
        keep_last: String(inputs['keep-last']),
        min_free_disk: String(inputs['min-free-disk']),
        timeout: seconds(inputs.timeout),
        actor: jsonText(actor),
        run_url: jsonText(runUrl),
      }),
      files: [{ name: 'sources', content: sourceFile(sources) }],
      // What was saved an hour ago, by the attempt before, is no backup of now: a second one is made each time.
      inputHash: operationHash([backup]),
    },
  };
}

function bytesOf({ result }: MemberOutcome): number {
  const text = result?.fields['bytes'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** What became of one server, in a sentence. */
function sentenceOf(outcome: MemberOutcome): string {
  if (!succeeded(outcome)) return outcomeText(outcome);
  const { folder = '', verified, removed = '' } = outcome.result!.fields;
  const proven = verified === 'read' ? 'every byte was read back' : 'not read back';
  const gone = removed === '' ? '' : `; old ones removed: ${removed.split(' ').join(', ')}`;
  return `${formatBytes(bytesOf(outcome))} in ${folder}, ${proven}${gone}`;
}

function reportOf(outcomes: readonly MemberOutcome[], backup: string, elapsedMs: number): Report {
  const checks = outcomes.map((outcome) => ({
    name: outcome.name,
    ok: succeeded(outcome),
    attempts: 1,
    elapsedMs: outcome.result?.elapsedMs ?? 0,
    detail: sentenceOf(outcome),
  }));
  const failed = checks.filter(({ ok }) => !ok);
  const summary =
    failed.length > 0
      ? `the backup failed on ${failed.map(({ name }) => name).join(', ')}: ${failed[0]!.detail}`
      : `backup ${backup} in ${formatDuration(elapsedMs)}: ${checks[0]?.detail ?? ''}`;
  return { kind: 'backup', ok: failed.length === 0, summary, elapsedMs, checks };
}

function summaryOf(outcomes: readonly MemberOutcome[], report: Report): string {
  const rows = outcomes.map((outcome) =>
    [outcome.name, formatDuration(outcome.result?.elapsedMs ?? 0), sentenceOf(outcome)].map(escapeMarkdown),
  );
  return `### ${report.ok ? '✅' : '❌'} ${escapeMarkdown(report.summary)}\n\n${markdownTable(['Server', 'Time', 'Outcome'], rows)}\n`;
}
