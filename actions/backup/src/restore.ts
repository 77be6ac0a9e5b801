import {
  RETURNING_KINDS,
  type Repository,
  type Return,
  type Source,
  restoreOperation,
} from '@deploy-actions/archive';
import { ALONE, type MemberOutcome, fleetFailure, runTogether, succeeded } from '@deploy-actions/host';
import { Failure, type Report } from '@deploy-actions/kit';
import { serversOf } from '@deploy-actions/shell';
import { type BackupInputs, type BackupOutputs, EMPTY } from './fields.ts';
import { memberOf } from './member.ts';
import type { Place } from './nodes.ts';
import { returnPlaces } from './return-places.ts';
import { reportOf, summaryOf } from './outcome.ts';
import type { World } from './world.ts';

/** Which backup, and what is to be done with it. */
export type Wanted = Pick<Return, 'backup' | 'step'>;

/** What the inputs `restore` and `confirm` ask for; undefined where they are empty. Throws where they do not go together. */
export function returnOf(inputs: BackupInputs): Wanted | undefined {
  const { restore, confirm, list, plan } = inputs;
  const backup = restore ?? confirm;
  if (backup === undefined) return undefined;
  if (list || plan) {
    throw new Failure('input', `input \`${list ? 'list' : 'plan'}\` does not go with restore or confirm`, {
      input: list ? 'list' : 'plan',
      remedy: 'Look first, and bring the backup back in a step of its own.',
    });
  }
  const byHand = chosenOf(inputs).find(({ kind }) => !RETURNING_KINDS.includes(kind));
  if (byHand !== undefined) {
    const { kind, service, names } = byHand;
    throw new Failure('input', `restore brings back no ${kind} (${service || names.join(' ')})`, {
      input: kind === 'command' ? 'commands' : 'databases',
      remedy: 'Leave it out, and bring it back by the commands of the manual ("Bring one back").',
    });
  }
  if (restore === undefined) return { backup, step: 'confirm' };
  if (confirm !== restore) {
    const given = confirm === undefined ? 'empty' : `${confirm}, another backup`;
    throw new Failure(
      'input',
      `\`restore\` would replace the data by those of ${restore}, and \`confirm\` is ${given}`,
      {
        input: 'confirm',
        remedy: `To replace them set confirm: ${restore}`,
      },
    );
  }
  return { backup, step: 'restore' };
}

/** Of the backup what is named beside `restore`; empty: all of it. */
function chosenOf({ databases, commands, volumes, paths }: BackupInputs): Source[] {
  return [...databases, ...commands, ...volumes, ...paths];
}

/** Brings a backup back on each server, or lets go what that has replaced there. */
export async function bringBack(
  wanted: Wanted,
  repository: Repository | undefined,
  inputs: BackupInputs,
  world: World,
  { elapsed, publish }: { elapsed(): number; publish(report: Report): Partial<BackupOutputs> },
): Promise<BackupOutputs> {
  const servers = serversOf(inputs);
  const { backup } = wanted;
  const places = await returnPlaces(servers, chosenOf(inputs), backup, inputs, world);
  const members = places.map((place) =>
    memberOf(
      place.server,
      place.session,
      (shared) => restoreOperation(shared, returning(place, wanted, repository, inputs, world)),
      inputs,
      world,
    ),
  );
  const outcomes = await runTogether(members, ALONE, world);
  const fields = outcomes.find(succeeded)?.result?.fields;
  const report = reportOf(outcomes, tellingOf(wanted), elapsed());
  const outputs: BackupOutputs = {
    ...EMPTY,
    backup: fields?.['backup'],
    folder: fields?.['folder'],
    replaced: fields?.['replaced'],
    duration: elapsed(),
    ...publish(report),
  };
  world.summary(summaryOf(report));
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  if (failure) throw failure;
  return outputs;
}

function returning(
  { server, engine, sources }: Place,
  { backup, step }: Wanted,
  repository: Repository | undefined,
  inputs: BackupInputs,
  { workflow }: World,
): Return {
  return {
    backup,
    step,
    sources,
    repository,
    project: inputs.project,
    engine,
    dockerHost: server.dockerHost,
    minFreeDisk: inputs['min-free-disk'],
    timeout: inputs.timeout,
    attempt: workflow.runAttempt,
  };
}

function tellingOf({ backup, step }: Wanted) {
  const words = (text = '') => text.split(' ').filter(Boolean).join(', ');
  if (step === 'confirm') {
    return {
      failed: `what the restore of ${backup} has replaced was not dropped`,
      done: `confirmed the restore of ${backup}`,
      sentence: ({ result }: MemberOutcome) => `dropped ${words(result!.fields['dropped'])}`,
    };
  }
  return {
    failed: `the restore of ${backup} failed`,
    done: `restored ${backup}`,
    sentence({ result }: MemberOutcome) {
      const { restored, replaced = '' } = result!.fields;
      const kept =
        replaced === ''
          ? ''
          : `; those from before are kept as ${words(replaced)} until confirm: ${backup} is given alone`;
      return `${words(restored)} came back${kept}`;
    },
  };
}
