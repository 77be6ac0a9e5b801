import {
  type Clock,
  Failure,
  GENERAL_CODES,
  type FailureKind,
  type Fields,
  type Inputs,
  type Log,
  type Place,
  type Redactor,
  causesOf,
  codeBlock,
  cut,
  escapeLog,
  escapeMarkdown,
  folded,
  messageOf,
  parseFields,
  redactor,
  systemClock,
} from '@deploy-actions/kit';
import { openLines } from './open-lines.ts';
import { type Workflow, readWorkflow } from './workflow.ts';

/** The part of @actions/core that this package uses; tests pass a fake. */
export interface Core {
  setOutput(name: string, value: string): void;
  setSecret(value: string): void;
  saveState(name: string, value: string): void;
  getState(name: string): string;
  info(text: string): void;
  debug(text: string): void;
  notice(text: string, properties?: AnnotationProperties): void;
  warning(text: string, properties?: AnnotationProperties): void;
  error(text: string, properties?: AnnotationProperties): void;
  startGroup(title: string): void;
  endGroup(): void;
  summary: { addRaw(text: string, newLine?: boolean): unknown; write(): Promise<unknown> };
}

export interface AnnotationProperties {
  title?: string;
  file?: string;
  startLine?: number;
  startColumn?: number;
}

/** The runner's side of things, as an action's policy sees it. All text is redacted and escaped behind it. */
export interface Ports {
  log: Log;
  clock: Clock;
  workflow: Workflow;
  redactor: Redactor;
  /** Aborts when the run is cancelled (SIGINT, then SIGTERM); its reason is a Failure. */
  signal: AbortSignal;
  /** Registers a secret that became known on the way, with the runner's mask too. */
  addSecret(value: string): void;
  /** Appends Markdown to the job summary. Untrusted parts must be escaped already; secrets are removed. */
  summary(markdown: string): void;
  /** Marks a place in a file of the user's. */
  annotate(level: 'notice' | 'warning' | 'error', message: string, place?: Place): void;
  /** Keeps a value for the action's post step. */
  saveState(name: string, value: string): void;
  /** Inputs whose value a variable of the environment gave, each with that variable's name. */
  variables: ReadonlyMap<string, string>;
}

export type OutputValue = string | number | boolean | object | undefined;

export interface Action<F extends Fields, O extends string> {
  name: string;
  fields: F;
  /** Every output of action.yml. */
  outputs: readonly O[];
  run(inputs: Inputs<F>, ports: Ports): Promise<Record<O, OutputValue>>;
  /** The post step, where action.yml has one. `state` is what main has kept, empty for what it has not. */
  post?(inputs: Inputs<F>, ports: Ports, state: (name: string) => string): Promise<void>;
}

/** What stands in the world around an action; the defaults are the real ones. */
export interface Surroundings {
  core: Core;
  env: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  signal: AbortSignal;
}

/** Longest step summary that the runner keeps is 1 MiB; a longer one is lost as a whole. */
const SUMMARY_LIMIT = 1_000_000;

const HEADLINES: Record<FailureKind, string> = {
  input: 'The workflow needs a change',
  refused: 'Refused',
  unhealthy: 'Not healthy',
  remote: 'Failed on the server',
  lost: 'Connection lost',
  busy: 'Busy',
};

/**
 * Runs an action as the runner expects: inputs from the environment, secrets masked before anything is
 * printed, outputs set (also those of a Failure), one error on failure. Answers the exit code.
 */
export async function runAction<F extends Fields, O extends string>(
  action: Action<F, O>,
  surroundings: Surroundings,
): Promise<0 | 1> {
  const { core, env } = surroundings;
  const secrets = redactor();
  const ports = openPorts(surroundings, secrets);
  let code: 0 | 1 = 0;
  try {
    const inputs = readInputs(action.fields, env, ports);
    const outputs = await action.run(inputs, ports);
    setOutputs(core, action.outputs, outputs);
  } catch (error) {
    code = 1;
    const failure = error instanceof Failure ? error : undefined;
    if (failure?.outputs) setOutputs(core, action.outputs, failure.outputs);
    reportFailure(action.name, error, ports);
  }
  await ports.flush();
  return code;
}

/**
 * Runs an action's post step. It fails the job only by a Failure: anything unexpected there is a warning,
 * since cleaning up must not turn a good deployment red.
 */
export async function runPost<F extends Fields, O extends string>(
  action: Pick<Action<F, O>, 'name' | 'fields' | 'post'>,
  surroundings: Surroundings,
): Promise<0 | 1> {
  const { core, env } = surroundings;
  const ports = openPorts(surroundings, redactor());
  let code: 0 | 1 = 0;
  let inputs: Inputs<F>;
  try {
    inputs = readInputs(action.fields, env, ports);
  } catch (error) {
    // Main had the same inputs, started nothing with them and has said what is wrong.
    ports.log.debug(`${action.name}: nothing to clean up: ${messageOf(error)}`);
    return code;
  }
  try {
    await action.post?.(inputs, ports, (name) => core.getState(name));
  } catch (error) {
    if (error instanceof Failure) {
      code = 1;
      reportFailure(action.name, error, ports);
    } else {
      ports.log.warning(`${action.name}: cleaning up failed: ${messageOf(error)}`);
    }
  }
  await ports.flush();
  return code;
}

function readInputs<F extends Fields>(fields: F, env: Surroundings['env'], ports: OpenPorts): Inputs<F> {
  const inputs = parseFields(fields, {
    input: (name) => rawInput(env, name),
    variable: (name) => env[name] ?? '',
    onSecret: ports.addSecret,
    onVariable: (input, variable) => ports.variables.set(input, variable),
    withheld: ports.workflow.withheldSecrets,
  });
  if (ports.variables.size > 0) {
    const given = [...ports.variables].map(([input, variable]) => `${input} (${variable})`);
    ports.log.info(`From the environment: ${given.join(', ')}`);
  }
  return inputs;
}

/** The raw text of an input: the runner hands it over as INPUT_<NAME>, spaces as underscores, hyphens kept. */
export function rawInput(env: Surroundings['env'], name: string): string {
  return env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] ?? '';
}

/** The headline, the remedy and, below them, evidence and causes: what a person reads first to last. */
export function explain(name: string, error: unknown): { headline: string; below: string[] } {
  if (!(error instanceof Failure)) {
    const stack = error instanceof Error && error.stack ? [error.stack] : [];
    return {
      headline: `${name}: unexpected error: ${messageOf(error)}. This is a defect of the action; please report it with the log.`,
      below: stack,
    };
  }
  const stop = (sentence: string) => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);
  const headline = [`${HEADLINES[error.kind]}: ${stop(error.message)}`, error.remedy && stop(error.remedy)]
    .filter(Boolean)
    .join(' ');
  const causes = causesOf(error).filter((cause) => !error.message.includes(cause));
  return {
    headline,
    below: [...(error.details ? [error.details] : []), ...causes.map((cause) => `caused by: ${cause}`)],
  };
}

/** Where each code of a failure is explained. */
const TROUBLESHOOTING = 'https://github.com/org/deploy-actions/blob/main/docs/troubleshooting.md';

function reportFailure(name: string, error: unknown, ports: OpenPorts): void {
  const { headline, below } = explain(name, error);
  ports.annotate('error', headline, error instanceof Failure ? error.place : undefined);
  for (const text of below) {
    const untold = ports.untold(text);
    if (untold !== '') ports.log.info(untold);
  }
  if (error instanceof Failure && error.code !== GENERAL_CODES[error.kind]) {
    ports.log.info(`${error.code}: ${TROUBLESHOOTING}#${error.code}`);
  }
  // What an action has told of its own end says more.
  if (!ports.hasSummary()) ports.summary(failureMarkdown(name, error, below));
}

/** The summary of a step that ended before it had anything of its own to tell: what happened, what to do, the evidence folded. */
function failureMarkdown(name: string, error: unknown, below: readonly string[]): string {
  const failure = error instanceof Failure ? error : undefined;
  const kind = failure ? HEADLINES[failure.kind] : 'unexpected error';
  const outcome = failure?.outputs?.['outcome'];
  return [
    `### ❌ ${escapeMarkdown(`${name}: ${kind}: ${messageOf(error)}`)}`,
    ...(failure?.remedy === undefined ? [] : [escapeMarkdown(failure.remedy)]),
    ...(typeof outcome === 'string' ? [`Outcome: \`${outcome}\`.`] : []),
    ...(failure && failure.code !== GENERAL_CODES[failure.kind]
      ? [`[What \`${failure.code}\` means](${TROUBLESHOOTING}#${failure.code}).`]
      : []),
    ...(below.length === 0 ? [] : [folded('What was seen', codeBlock(below.join('\n\n')))]),
    '',
  ].join('\n\n');
}

function setOutputs(core: Core, names: readonly string[], values: Record<string, unknown>): void {
  for (const name of names) {
    const value = values[name];
    if (value === undefined) continue;
    core.setOutput(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
}

/** Values shorter than this are not registered as masks: the runner would blot out half of the log. */
const SHORTEST_MASK = 8;

/** Longest line of the log, in UTF-16 units; the runner's page does not show longer ones well. */
const LONGEST_LINE = 64 * 1024;

function cutLines(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return text
    .split('\n')
    .map((line) =>
      line.length <= LONGEST_LINE
        ? line
        : `${cut(line, LONGEST_LINE)} (${line.length - LONGEST_LINE} more characters)`,
    )
    .join('\n');
}

interface OpenPorts extends Ports {
  variables: Map<string, string>;
  /** Whether the action has written something to the summary. */
  hasSummary(): boolean;
  /** The part of an evidence that does not stand open in the log. */
  untold(evidence: string): string;
  flush(): Promise<void>;
}

function openPorts(surroundings: Surroundings, secrets: Redactor): OpenPorts {
  const { core, env, signal } = surroundings;
  const masked = new Set<string>();
  // Redacted, then cut: a line that is cut first shows the beginning of a secret, and of one in pieces all of it.
  const clean = (text: string) => cutLines(escapeLog(secrets.redact(text)));
  const open = openLines();
  let groups = 0;
  let summary = '';
  const annotate: Ports['annotate'] = (level, message, place) => {
    core[level](clean(message), {
      ...(place ? { file: place.file, startLine: place.line, startColumn: place.column } : {}),
    });
  };
  const log: Log = {
    info(text) {
      const cleaned = clean(text);
      if (groups === 0) open.take(cleaned);
      core.info(cleaned);
    },
    debug: (text) => core.debug(clean(text)),
    notice: (text) => annotate('notice', text),
    warning: (text) => annotate('warning', text),
    async group(title, work) {
      core.startGroup(clean(title));
      groups += 1;
      try {
        return await work();
      } finally {
        groups -= 1;
        core.endGroup();
      }
    },
  };
  return {
    log,
    clock: surroundings.clock ?? systemClock,
    workflow: readWorkflow(env),
    redactor: secrets,
    signal,
    variables: new Map(),
    annotate,
    addSecret(value) {
      secrets.add(value);
      for (const form of secrets.forms()) {
        if (masked.has(form) || form.length < SHORTEST_MASK) continue;
        masked.add(form);
        core.setSecret(form);
      }
    },
    summary(markdown) {
      summary += `${markdown}\n`;
    },
    hasSummary: () => summary !== '',
    untold: (evidence) => open.untold(clean(evidence)),
    saveState: (name, value) => core.saveState(name, value),
    async flush() {
      if (summary === '' || !env['GITHUB_STEP_SUMMARY']) return;
      let text = secrets.redact(summary);
      if (Buffer.byteLength(text) > SUMMARY_LIMIT) {
        const kept = Buffer.from(text).subarray(0, SUMMARY_LIMIT).toString('utf8');
        text = `${kept.slice(0, kept.lastIndexOf('\n'))}\n\n_The rest was cut: a step summary holds 1 MiB._\n`;
      }
      core.summary.addRaw(text, true);
      await core.summary.write();
    },
  };
}
