import { Failure } from '@deploy-actions/kit';
import { isId } from '@deploy-actions/ledger';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import { SILENCE_MS, freshName, runEntry } from './exec.ts';
import { followToEnd, following, reconnect, runOf } from './follow.ts';
import { programText } from './define-program.ts';
import { variables } from './parameters.ts';
import { execScript } from './host-parts.ts';
import type { FollowOptions, Operation, Run, Upload } from './run.ts';
import { uploadStream } from './upload-stream.ts';

/**
 * Uploads an operation, starts it as a detached program and follows it, in one exec. Resolves when it has
 * been started (or found running, or found done); `run.result` then resolves at its end.
 *
 * The same id, operation and input hash again: a running one is followed from its beginning, a succeeded one
 * reported; otherwise the next number is started. A drop before the start is known is mended by asking again:
 * the server knows this very start by its launch name and does not start twice.
 */
export async function startRun(session: Session, operation: Operation, options: FollowOptions): Promise<Run> {
  checkOperation(operation);
  options.signal?.throwIfAborted();
  const launch = freshName();
  const token = freshName();
  const files = [...runFiles(operation)];
  const resume = operation.resumeOnBoot === undefined ? '' : operation.resumeOnBoot ? 'yes' : 'no';
  const reference = {
    path: operation.path,
    deploymentId: operation.deploymentId,
    operation: operation.name,
    number: 0,
    directory: '',
  };
  const self = following(reference, session, options, operation.program.program.results);
  for (let again = false; ; again = true) {
    let launched!: (disposition: Run['disposition']) => void;
    const known = new Promise<Run['disposition']>((resolve) => {
      launched = resolve;
    });
    // Cut off at once, it might have started on the server what nobody here knows of, and could ask to stop.
    const cutting = cutsAfter(known, options);
    const exec = runEntry(
      self.session,
      {
        script: execScript('_launch'),
        args: [
          operation.path,
          operation.deploymentId,
          operation.name,
          launch,
          // After a drop the first try may have taken the staged files with it; the server knows by the launch.
          operation.staging ?? '',
          resume,
          again ? 'again' : '',
          token,
          operation.inputHash,
        ],
        input: uploadStream(files),
        signal: cutting,
        silence: options.silence ?? SILENCE_MS,
      },
      (frame) => {
        if (frame.type !== 'run') {
          self.onFrame(frame);
          return;
        }
        const told = /^(\d{1,9}) (started|reattached|reported) (\/[^\0-\x1f\x7f]*)$/.exec(
          frame.payload.toString('utf8'),
        );
        if (!told) throw new Error('it does not say which run was started');
        const [, number, disposition, directory] = told;
        Object.assign(self.reference, { number: Number(number), directory });
        self.fresh = disposition === 'started';
        launched(disposition as Run['disposition']);
      },
    );
    exec.catch(() => {});
    try {
      const disposition = await Promise.race([known, exec.then(() => known)]);
      return runOf(self, disposition, followToEnd(self, exec, options));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof SessionFailure && error.code === 'lost' && self.session.gone.aborted))
        throw error;
      await reconnect(self, error, options);
    }
  }
}

/** Milliseconds that a start which is under way has, after a cancellation, to say what it started. */
const LAST_WORD = 4000;

/** Aborts with the signal's reason, but not before `known` has settled or its time is over. */
function cutsAfter(known: Promise<unknown>, { signal, clock }: FollowOptions): AbortSignal {
  const cutting = new AbortController();
  const cut = async () => {
    const over = new AbortController();
    await Promise.race([known, clock.sleep(LAST_WORD, over.signal).catch(() => undefined)]);
    over.abort();
    cutting.abort(signal?.reason);
  };
  signal?.addEventListener('abort', () => void cut(), { once: true });
  return cutting.signal;
}

function* runFiles(operation: Operation): Generator<Upload> {
  const { holder, order, lockTimeout = 600_000, allowOlder = false } = operation;
  yield { name: 'program', content: programText(operation.program.program) };
  yield {
    name: 'parameters',
    content:
      variables({
        path: operation.path,
        deployment_id: operation.deploymentId,
        operation: operation.name,
        lock_timeout: String(Math.ceil(lockTimeout / 1000)),
        holder_actor: oneLine(holder.actor),
        holder_url: oneLine(holder.runUrl),
        ...(order
          ? {
              order_key: order.key,
              order_number: String(order.number),
              order_attempt: String(order.attempt),
              order_passes: order.passes === true ? 'yes' : '',
              allow_older: allowOlder ? 'yes' : '',
            }
          : {}),
      }) + variables(operation.program.parameters),
  };
  if (operation.program.program.secrets.length > 0) {
    yield { name: 'secrets', content: variables(operation.program.secrets) };
  }
  for (const file of operation.files ?? []) yield { ...file, name: `files/${file.name}` };
}

function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').trim();
}

function checkOperation(operation: Operation): void {
  const { name, deploymentId, inputHash, order } = operation;
  if (!/^[a-z][a-z-]*$/.test(name)) throw new TypeError(`${name} is no name of an operation`);
  if (!isId(deploymentId)) {
    throw new Failure('input', `the deployment id ${JSON.stringify(deploymentId)} is not usable`, {
      input: 'deployment-id',
      remedy:
        'Use up to 63 lower-case letters, digits, dots, hyphens and underscores; begin with a letter or digit.',
    });
  }
  if (!/^[0-9a-f]{16,64}$/.test(inputHash)) throw new TypeError('the input hash is not hexadecimal');
  if (order && !(/^[A-Za-z0-9._-]+$/.test(order.key) && Number.isInteger(order.number + order.attempt))) {
    throw new TypeError('the order key must be plain, number and attempt whole numbers');
  }
}
