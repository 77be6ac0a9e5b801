import {
  BACKUP,
  LOADABLE_KINDS,
  type Query,
  type Repository,
  type Source,
  commandFile,
  queryFile,
  repositoryValues,
  sourceFile,
} from '@deploy-actions/archive';
import {
  ALONE,
  type MemberOutcome,
  type Operation,
  fleetFailure,
  operationHash,
  runTogether,
  succeeded,
} from '@deploy-actions/host';
import { Failure, type Report, escapeMarkdown, formatBytes, publishReport } from '@deploy-actions/kit';
import { type Verified, backupIdOf, jsonText } from '@deploy-actions/ledger';
import { writeReport } from '@deploy-actions/runner';
import { type Server, serversOf, withSessions } from '@deploy-actions/shell';
import { type BackupInputs, type BackupOutputs, EMPTY } from './fields.ts';
import { lookAtBackups } from './look.ts';
import { type Shared, memberOf } from './member.ts';
import { type Place, placesOf } from './nodes.ts';
import { reportOf, summaryOf } from './outcome.ts';
import { repositoryOf, secretsOf } from './repository.ts';
import { bringBack, returnOf } from './restore.ts';
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
    const repository = repositoryOf(inputs);
    if (repository) for (const one of secretsOf(repository)) world.addSecret(one);
    const wanted = returnOf(inputs);
    if (wanted) {
      return await withSessions(
        world,
        async (inner) => await bringBack(wanted, repository, inputs, inner, { elapsed, publish }),
      );
    }
    const sources = sourcesOf(inputs);
    return await withSessions(world, async (inner) => {
      const servers = serversOf(inputs);
      if (inputs.list || inputs.plan) return await lookAtBackups(servers, sources, repository, inputs, inner);
      return await save(servers, { sources, repository }, inputs, inner, { elapsed, publish });
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.outputs !== undefined) throw error;
    // Refused, or ended before any server was asked: whoever is told must hear why.
    const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
    const what = inputs.restore ?? inputs.confirm;
    const summary = `nothing was ${what === undefined ? 'saved' : 'changed'}: ${error.message}${remedy}`;
    world.summary(`### ❌ ${escapeMarkdown(summary)}\n`);
    const report: Report = { kind: 'backup', ok: false, summary, elapsedMs: elapsed(), checks: [] };
    const outputs = { ...EMPTY, duration: elapsed(), ...publish(report) };
    throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs });
  }
}

/** What is to be saved. Throws where that is nothing, or what is asked of it cannot be done. */
function sourcesOf(inputs: BackupInputs): Source[] {
  const { databases, commands, volumes, paths, pause, verify } = inputs;
  const sources = [...databases, ...commands, ...volumes, ...paths];
  if (inputs.list) return sources;
  if (sources.length === 0) {
    throw new Failure(
      'input',
      'input `databases` is empty, and so are commands, volumes and paths: there is nothing to save',
      {
        input: 'databases',
        remedy: 'Name the service of the database: `databases: "db: postgres"`.',
      },
    );
  }
  const unasked = inputs['verify-query'].find(
    ({ service }) => !databases.some((one) => one.service === service && LOADABLE_KINDS.includes(one.kind)),
  );
  if (unasked !== undefined) {
    throw new Failure(
      'input',
      `input \`verify-query\` asks ${unasked.service}, of which no PostgreSQL, MySQL or MariaDB is saved`,
      {
        input: 'verify-query',
        remedy: 'Name the service in `databases`, or leave its query out.',
      },
    );
  }
  const unloadable =
    verify === 'restore' ? sources.find(({ kind }) => !LOADABLE_KINDS.includes(kind)) : undefined;
  if (unloadable !== undefined) {
    const { kind, service, names } = unloadable;
    throw new Failure('input', `\`verify: restore\` cannot load the ${kind} ${service || names.join(' ')}`, {
      input: 'verify',
      remedy: `Save it in a step of its own with verify: read. What can be loaded: ${LOADABLE_KINDS.join(', ')}.`,
    });
  }
  if (pause.length > 0 && volumes.length + paths.length === 0) {
    throw new Failure(
      'input',
      'input `pause` stops services while volumes and paths are saved, and there are none',
      {
        input: 'pause',
        remedy: 'Leave it out: databases are saved by their own tools while they serve.',
      },
    );
  }
  return sources;
}

/** What is saved, and where it is kept besides. */
interface Saving {
  sources: readonly Source[];
  repository: Repository | undefined;
}

async function save(
  servers: readonly Server[],
  what: Saving,
  inputs: BackupInputs,
  world: World,
  {
    elapsed,
    publish,
  }: { elapsed(): number; publish(report: Report, backup?: string): Partial<BackupOutputs> },
): Promise<BackupOutputs> {
  const backup = backupIdOf(world.clock.wall());
  const places = await placesOf(servers, what.sources, inputs, world);
  const members = places.map((place) =>
    memberOf(
      place.server,
      place.session,
      (shared) => ({ ...shared, ...saving(place, backup, what.repository, inputs, world) }),
      inputs,
      world,
    ),
  );
  const outcomes = await runTogether(members, ALONE, world);
  const sizes = outcomes.filter(succeeded).map(bytesOf);
  // One that was not sent is whole on its server all the same.
  const saved = (
    outcomes.find(succeeded) ?? outcomes.find(({ result }) => result?.fields['folder'] !== undefined)
  )?.result?.fields;
  const telling = { failed: 'the backup failed', done: `backup ${backup}`, sentence: sentenceOf };
  const report = reportOf(outcomes, telling, elapsed());
  const outputs: BackupOutputs = {
    ...EMPTY,
    backup: saved?.['backup'],
    folder: saved?.['folder'],
    size: saved === undefined ? undefined : sizes.reduce((sum, one) => sum + one, 0),
    verified: saved?.['verified'],
    snapshot: saved?.['snapshot'],
    duration: elapsed(),
    ...publish(report, saved?.['backup']),
  };
  world.summary(summaryOf(report));
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

function saving(
  { server, engine, sources, pause }: Place,
  backup: string,
  repository: Repository | undefined,
  inputs: BackupInputs,
  { workflow }: World,
): Omit<Operation, keyof Shared> {
  return {
    name: 'backup',
    program: BACKUP.with({
      project: inputs.project,
      engine,
      docker_host: server.dockerHost ?? '',
      backup,
      verify: inputs.verify,
      retention: seconds(inputs.retention),
      keep_last: String(inputs['keep-last']),
      min_free_disk: String(inputs['min-free-disk']),
      timeout: seconds(inputs.timeout),
      pause: pause.join(' '),
      actor: jsonText(workflow.actor),
      run_url: jsonText(workflow.runUrl),
      ...repositoryValues(repository),
    }),
    files: [
      { name: 'sources', content: sourceFile(sources) },
      { name: 'queries', content: queryFile(queriesOf(sources, inputs)) },
      { name: 'commands', content: commandFile(sources) },
      { name: 'recipients', content: inputs['encrypt-to'].map((one) => `${one}\n`).join('') },
    ],
    // What was saved an hour ago, by the attempt before, is no backup of now: a second one is made each time.
    inputHash: operationHash([backup]),
  };
}

/** Of a service that is saved on this server. */
function queriesOf(sources: readonly Source[], inputs: BackupInputs): Query[] {
  return inputs['verify-query'].filter(({ service }) => sources.some((one) => one.service === service));
}

function bytesOf({ result }: MemberOutcome): number {
  const text = result?.fields['bytes'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

const PROVEN: Readonly<Record<Verified, string>> = {
  none: 'not read back',
  read: 'every byte was read back',
  restore: 'every byte was read back, and all was loaded into a database of its own',
};

/** What became of one server where it went well, in a sentence. */
function sentenceOf(outcome: MemberOutcome): string {
  const { folder = '', verified, removed = '', snapshot = '', forgotten = '' } = outcome.result!.fields;
  const proven = PROVEN[(verified ?? 'none') as Verified];
  const gone = removed === '' ? '' : `; old ones removed: ${removed.split(' ').join(', ')}`;
  const sent =
    snapshot === ''
      ? ''
      : `; sent to the repository as snapshot ${snapshot.slice(0, 8)}${verified === 'none' ? '' : ', and read back there'}`;
  const goneThere = forgotten === '' ? '' : `; removed there: ${forgotten.split(' ').join(', ')}`;
  return `${formatBytes(bytesOf(outcome))} in ${folder}, ${proven}${gone}${sent}${goneThere}`;
}
