import { Failure, backoffDelay, formatDuration, messageOf } from '@deploy-actions/kit';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import { type EventReader, eventReader } from './events.ts';
import { SILENCE_MS, runEntry } from './exec.ts';
import type { Frame } from './frames.ts';
import { execScript } from './host-parts.ts';
import type { ResultForms } from './result-forms.ts';
import { parseResult, runState } from './result.ts';
import type { FollowOptions, Run, RunReference, RunResult, RunState } from './run.ts';

/** An exec that ends early while the session lives (the server's, not the link's, doing) is tried so often. */
const EARLY_ENDS = 5;

/** What is known of a run that is being followed; survives reconnects. */
export interface Following {
  reference: RunReference;
  fresh: boolean;
  session: Session;
  /** Takes the frames of an exec that follows. */
  onFrame(frame: Frame): void;
  /** Bytes of the log that were told. */
  offset(): number;
  /** Set when the run has ended. */
  ended(): RunResult | undefined;
}

export function following(
  reference: RunReference,
  session: Session,
  options: FollowOptions,
  forms: ResultForms,
): Following {
  let events: EventReader | undefined;
  let offset = 0;
  let state: RunState | undefined;
  let result: RunResult | undefined;
  const self: Following = {
    reference,
    fresh: true,
    session,
    offset: () => offset,
    ended: () => result,
    onFrame({ type, payload }) {
      switch (type) {
        case 'token':
          events ??= eventReader(payload.toString('latin1'), options.onEvent);
          break;
        case 'log':
          offset += payload.length;
          events?.push(payload);
          break;
        case 'state': {
          const told = runState(payload.toString('latin1'));
          if (told !== state) options.onEvent?.({ type: 'state', state: told });
          state = told;
          break;
        }
        case 'result':
          events?.end();
          result = parseResult(payload, self.reference, self.fresh, forms);
          break;
        case 'dead': {
          const after = payload.toString('utf8');
          throw new Failure(
            'lost',
            `the program on ${self.session.name} was killed${after ? ` after ${after}` : ''} and left no result`,
            {
              remedy:
                'Run it again: the next run on this server first finishes or reverts what this one began.',
            },
          );
        }
      }
    },
  };
  return self;
}

/**
 * Follows to the end: `first` is the exec that follows already (of startRun); after a drop new ones are begun
 * where the log was left.
 */
export async function followToEnd(
  self: Following,
  first: Promise<void> | undefined,
  options: FollowOptions,
): Promise<RunResult> {
  let exec = first ?? followOnce(self, options);
  for (let earlyEnds = 0; ;) {
    try {
      await exec;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof SessionFailure && error.code === 'lost')) throw error;
      if (self.session.gone.aborted) await reconnect(self, error, options);
      else if (++earlyEnds >= EARLY_ENDS) throw error;
    }
    const result = self.ended();
    if (result) return result;
    exec = followOnce(self, options);
  }
}

async function followOnce(self: Following, options: FollowOptions): Promise<void> {
  const { directory } = self.reference;
  await runEntry(
    self.session,
    {
      script: execScript('_follow'),
      args: [directory, String(self.offset())],
      signal: options.signal,
      silence: options.silence ?? SILENCE_MS,
    },
    self.onFrame,
  );
}

export async function reconnect(self: Following, cause: unknown, options: FollowOptions): Promise<void> {
  const { clock, reopen, reconnectFor = 120_000, signal, onEvent } = options;
  const began = clock.now();
  let last = cause;
  for (let attempt = 1; reopen; attempt += 1) {
    const delay = backoffDelay({ initial: 500, max: 10_000 }, attempt);
    if (clock.now() - began + delay > reconnectFor) break;
    await clock.sleep(delay, signal);
    try {
      const old = self.session;
      self.session = await reopen();
      await old.close();
      onEvent?.({ type: 'reconnected', attempt });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // A changed host key or a key that is no longer let in does not mend itself.
      if (!(error instanceof Failure && (error.kind === 'lost' || isBooting(error)))) throw error;
      last = error;
    }
  }
  const tried = reopen ? ` and could not be restored within ${formatDuration(reconnectFor)}` : '';
  throw new SessionFailure(
    'lost',
    `the connection to ${self.session.name} was lost${tried}: ${messageOf(last)}`,
    {
      cause: last,
      remedy:
        `The run goes on there by itself (${self.reference.directory}). ` +
        'Run this again with the same `deployment-id`: it reattaches and reports the outcome.',
    },
  );
}

/** While a server restarts, it refuses connections for a time. */
function isBooting(error: Failure): boolean {
  return error instanceof SessionFailure && error.code === 'connection-refused';
}

export function runOf(self: Following, disposition: Run['disposition'], result: Promise<RunResult>): Run {
  result.catch(() => {});
  return {
    reference: self.reference,
    disposition,
    get session() {
      return self.session;
    },
    result,
  };
}

/** Follows a run that was started before, from the beginning of its log; of its fields those with a form are read. */
export function followRun(
  session: Session,
  reference: RunReference,
  options: FollowOptions,
  forms: ResultForms = {},
): Run {
  const self = following(reference, session, options, forms);
  self.fresh = false;
  return runOf(self, 'reattached', followToEnd(self, undefined, options));
}
