import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure, formatDuration, messageOf, pool, readReports, whyEmpty } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { type NoticeInputs, nextPhases, noticeOf } from './context.ts';
import { type Courier, type Post, openCourier } from './delivery.ts';
import { type Handle, destinationKey, formatHandle, parseHandle } from './handle.ts';
import { askLastOutcome, unwanted } from './occasion.ts';
import { type Detail, type Notice, alarming, settled } from './record.ts';
import { recordedRun, statusOf } from './recorded-run.ts';

/** One place that gets the message. */
export interface Destination {
  /** What it is called in the log. */
  label: string;
  /** What tells it from the others; filed in the handle under a keyed hash. */
  address: string;
  detail: Detail;
}

export interface Outgoing<D extends Destination> {
  notice: Notice;
  destination: D;
  /** The message of an earlier call, to be edited. */
  earlier: { id: string; sealed?: string } | undefined;
  /** Whether people are called. */
  mention: boolean;
  silent: boolean;
  courier: Courier;
}

/** What a messenger says of a message that it took. */
export interface Sent {
  /** The message's id, where it can be edited later. */
  id?: string;
  sealed?: string;
  /** The message arrived, but nobody was called by it, who should have been. */
  shortfall?: unknown;
  /** The message stands, but without the files that belong to it: told as a warning. */
  withoutFiles?: unknown;
}

/** A messenger's own part: everything else about a notice is the same for all. */
export interface Messenger<D extends Destination> {
  name: string;
  /** Inputs without which nothing can be sent, with what was given. */
  needed: readonly { input: string; given: boolean }[];
  /** Known to the messenger and us alone; keys the handle. */
  secret: string;
  destinations: readonly D[];
  send(outgoing: Outgoing<D>): Promise<Sent>;
}

export interface NoticeOutputs {
  delivered: 'delivered' | 'skipped' | 'failed';
  message: string;
  attempts: number;
}

export type NoticePorts = Pick<Ports, 'log' | 'clock' | 'workflow' | 'redactor' | 'signal'>;

/**
 * Sends one notice to every destination: whether it is wanted, what it says, live messages, and what becomes
 * of failures. A messenger that cannot be reached does not fail the deployment unless `on-failure` says so,
 * but it is never silent.
 */
export async function notify<D extends Destination>(
  given: NoticeInputs,
  messenger: Messenger<D>,
  ports: NoticePorts,
  post: Post,
): Promise<NoticeOutputs> {
  const { log, clock, workflow, redactor } = ports;
  const found = readReports(given.reports ?? '', (path) =>
    readFileSync(resolve(workflow.workspace, path), 'utf8'),
  );
  const recorded = recordedRun(found);
  const inputs = { ...given, status: statusOf(given.status, recorded) };
  const earlier = inputs.update === undefined ? undefined : parseHandle(inputs.update);
  const skip = (): NoticeOutputs => ({ delivered: 'skipped', message: inputs.update ?? '', attempts: 0 });

  const missing = messenger.needed.find((one) => !one.given);
  if (missing) {
    const reason = inputs.optional ? '`optional` is true' : workflow.withheldSecrets();
    if (reason === undefined) {
      throw new Failure('input', `input \`${missing.input}\` is required and is empty`, {
        input: missing.input,
        remedy: whyEmpty(missing.input),
      });
    }
    log.notice(`${messenger.name}: message skipped: \`${missing.input}\` is empty, and ${reason}.`);
    return skip();
  }
  const reason = await unwanted(inputs.status, inputs['only-on'], () =>
    askLastOutcome(ports, inputs['github-token'], post),
  );
  if (reason !== undefined) {
    log.info(`${messenger.name}: message skipped: ${reason}.`);
    return skip();
  }
  if (inputs.update !== undefined && !earlier) {
    log.warning('`update` is not a handle of an earlier message; a new message is sent.');
  }

  for (const problem of found.problems) log.warning(`${problem}.`);
  const now = clock.wall().getTime();
  const phases = nextPhases(earlier?.phases ?? [], inputs.phase, inputs.status, now);
  const notice = redacted(
    noticeOf(inputs, workflow, { reports: found.reports, recorded, earlier, phases, now }),
    redactor,
  );

  const started = clock.now();
  const courier = openCourier({
    post,
    clock,
    deadline: inputs.deadline,
    signal: ports.signal,
    onRetry: (text) => log.info(`${messenger.name}: ${text}`),
  });
  const messages: Handle['messages'] = { ...earlier?.messages };
  const failures: { label: string; error: unknown }[] = [];
  await pool(messenger.destinations, 4, async (destination) => {
    const key = destinationKey(messenger.secret, destination.address);
    try {
      const sent = await messenger.send({
        notice,
        destination,
        earlier: earlier?.messages[key],
        mention: alarming(inputs.status) && !inputs.silent,
        silent: inputs.silent,
        courier,
      });
      if (sent.id !== undefined)
        messages[key] = { id: sent.id, ...(sent.sealed ? { sealed: sent.sealed } : {}) };
      if (sent.withoutFiles !== undefined) {
        if (!(sent.withoutFiles instanceof Failure)) throw sent.withoutFiles;
        const { message, remedy } = sent.withoutFiles;
        log.warning(
          `${messenger.name}: ${destination.label}: the message is there, its files are not: ${message.replace(/\.$/, '')}.${remedy ? ` ${remedy}` : ''}`,
        );
      }
      if (sent.shortfall !== undefined) failures.push({ label: destination.label, error: sent.shortfall });
    } catch (error) {
      failures.push({ label: destination.label, error });
    }
  });

  const outputs: NoticeOutputs = {
    delivered: failures.length === 0 ? 'delivered' : 'failed',
    message: formatHandle({ startedAt: earlier?.startedAt ?? now, phases, messages }),
    attempts: courier.attempts(),
  };
  const total = messenger.destinations.length;
  const time = formatDuration(clock.now() - started);
  const requests = `${outputs.attempts} ${outputs.attempts === 1 ? 'request' : 'requests'}`;
  if (failures.length === 0) {
    const verb = earlier && settled(inputs.status) ? 'settled' : earlier ? 'updated' : 'delivered';
    log.info(`${messenger.name}: message ${verb} at ${total} of ${total} in ${time}, ${requests}.`);
    return outputs;
  }
  return report(inputs, messenger, failures, outputs, log);
}

function report<D extends Destination>(
  inputs: NoticeInputs,
  messenger: Messenger<D>,
  failures: readonly { label: string; error: unknown }[],
  outputs: NoticeOutputs,
  log: NoticePorts['log'],
): NoticeOutputs {
  const unexpected = failures.find(({ error }) => !(error instanceof Failure));
  if (unexpected) throw unexpected.error;
  const sentences = failures.map(({ label, error }) => {
    const remedy = error instanceof Failure && error.remedy ? ` ${error.remedy}` : '';
    return `${label}: ${messageOf(error).replace(/\.$/, '')}.${remedy}`;
  });
  const first = failures[0]!.error as Failure;
  const summary = `${messenger.name}: the message was not delivered whole to ${failures.length} of ${messenger.destinations.length}: ${sentences.join(' ')}`;
  if (inputs['on-failure'] === 'fail') {
    throw new Failure(first.kind, summary, { cause: first.cause, outputs: { ...outputs } });
  }
  log.warning(summary);
  return outputs;
}

/** Takes every known secret out of a notice: it leaves the runner, where no mask of GitHub's reaches. */
function redacted(notice: Notice, redactor: NoticePorts['redactor']): Notice {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return redactor.redact(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item)]));
  };
  return clean(notice) as Notice;
}
