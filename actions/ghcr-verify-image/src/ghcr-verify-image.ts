import type { Http } from '@deploy-actions/http';
import { formatReference, isLoopback } from '@deploy-actions/image';
import {
  Failure,
  FieldError,
  type Inputs,
  formatDuration,
  messageOf,
  pool,
  publishReport,
  retry,
} from '@deploy-actions/kit';
import type { OutputValue, Ports } from '@deploy-actions/runner';
import type { Trust } from '@deploy-actions/sigstore';
import { type AttestationPorts, type AttestationRule, findAttestation } from './attestation/attestation.ts';
import { credentialsFor } from './registry/credentials.ts';
import type { fields, outputs } from './fields.ts';
import { type Expectation, inspect } from './inspect.ts';
import { nearest } from './nearest.ts';
import { Problem } from './problem.ts';
import { type Promotable, contradiction, describePromotions, promote } from './promotion.ts';
import { type Repository, openRepository } from './registry/registry.ts';
import { renderLine, renderSummary } from './summary.ts';
import { openTokens } from './registry/token.ts';
import { type Wanted, gather, looksLikeYaml, parseImageLines } from './wanted.ts';
import { type Verification, isPromoted, promotionsOf, toReport, toReportFile } from './verification.ts';
import { openWire } from './registry/wire.ts';

export interface VerifyPorts extends Pick<
  Ports,
  'log' | 'clock' | 'workflow' | 'redactor' | 'signal' | 'summary'
> {
  http: Http;
  /** Reads a text file of the workspace. */
  readText(path: string): Promise<string>;
  /** Writes the whole report and answers where it is. */
  writeReport(json: string): string;
  random?: () => number;
  /** Milliseconds between two lines about what is waited for. */
  tellEvery?: number;
}

type VerifyInputs = Inputs<typeof fields>;
type VerifyOutputs = Record<(typeof outputs)[number], OutputValue>;

/**
 * Verifies every image and names it by its digest. All images are looked at, also when one fails; then one
 * Failure tells of all of them.
 */
export async function verifyImages(inputs: VerifyInputs, ports: VerifyPorts): Promise<VerifyOutputs> {
  const { clock, log, signal } = ports;
  const started = clock.now();
  const wanted = await readImages(inputs.images);
  const rule = attestationRule(inputs, ports);
  const registries = [...new Set(wanted.map(({ reference }) => reference.registry))];
  const credentials = credentialsFor(
    {
      registry: inputs.registry,
      username: inputs['registry-username'],
      password: inputs['registry-password'],
      jobToken: inputs['github-token'],
      actor: ports.workflow.actor,
      serverUrl: ports.workflow.serverUrl,
    },
    registries,
  );
  const isInsecure = (host: string) =>
    isLoopback(host) || inputs['insecure-registries'].includes(host.toLowerCase());
  const trust = rule && (await readTrust(inputs['trusted-root'], ports));

  const wire = openWire({
    http: ports.http,
    clock,
    log,
    signal,
    timeout: inputs['request-timeout'],
    random: ports.random,
    tellEvery: ports.tellEvery,
  });
  const onToken = (token: string) => ports.redactor.add(token);
  const tokens = openTokens({
    wire,
    credentials,
    isInsecure,
    onToken,
    onAnonymous: (registry, path, problem) =>
      log.warning(
        `${registry}/${path} is public and was read without credentials, since they were denied: ${problem.message}`,
      ),
  });
  const expectation: Expectation = {
    platforms: inputs.platforms,
    labels: inputs.labels,
    maxSize: inputs['max-size'],
    maxSizeAction: inputs['max-size-action'],
    maxAge: inputs['max-age'],
  };
  const attestationPorts: AttestationPorts | undefined = trust && {
    trust,
    github: { wire, apiUrl: ports.workflow.apiUrl, token: inputs['github-token'], now: () => clock.wall() },
  };

  const outcomes = await pool(wanted, inputs.concurrency, async (one): Promise<Verification> => {
    const repository = openRepository({ wire, tokens, clock, isInsecure }, one.reference);
    const outcome = await verifyOne(
      one,
      repository,
      { expectation, rule, attestationPorts, wait: inputs.wait },
      ports,
    );
    if (outcome.problem)
      log.info(`${one.names.join(', ')}: ${outcome.problem.code}: ${outcome.problem.message}`);
    else log.info(renderLine(outcome));
    for (const warning of outcome.found?.warnings ?? []) log.warning(warning);
    return outcome;
  });

  const verified = outcomes.every(({ problem }) => problem === undefined);
  if (verified && inputs.promote !== undefined) {
    const pushTokens = openTokens({ wire, actions: 'pull,push', credentials, isInsecure, onToken });
    await promoteAll(inputs.promote, outcomes, { ...ports, concurrency: inputs.concurrency }, (reference) =>
      openRepository({ wire, tokens: pushTokens, clock, isInsecure, tag: inputs.promote! }, reference),
    );
  }

  const elapsedMs = clock.now() - started;
  const report = toReport(outcomes, elapsedMs);
  ports.summary(renderSummary(outcomes, clock.wall()));
  const shared = {
    'all-verified': verified,
    promoted: promotedOf(outcomes),
    ...publishReport(
      report,
      ports.redactor,
      (json) => ports.writeReport(json),
      toReportFile(outcomes, elapsedMs),
    ),
  };
  if (!verified) throw failureOf(outcomes, shared);
  const all = {
    ...shared,
    images: byName(outcomes, ({ reference }, digest) => `${reference.repository}@${digest}`),
    digests: byName(outcomes, (_, digest) => digest),
  };
  if (!report.ok) throw promotionFailure(outcomes, all);
  return all;
}

/** Gives every image the tag, and notes what became of it. */
async function promoteAll(
  tag: string,
  outcomes: readonly Verification[],
  ports: VerifyPorts & { concurrency: number },
  open: (reference: Wanted['reference']) => Repository,
): Promise<void> {
  const images = outcomes.map(({ wanted, found }): Promotable => ({
    repository: open(wanted.reference),
    digest: found!.digest,
  }));
  const two = contradiction(images);
  if (two) {
    const [one, other] = two;
    throw new Failure(
      'input',
      `input \`promote\`: ${one.repository.reference.repository}:${tag} cannot name both ${formatReference(one.repository.reference)} and ${formatReference(other.repository.reference)}`,
      { input: 'promote', remedy: 'Give one image of each repository, and a step of its own for the other.' },
    );
  }
  const promotions = await promote(tag, images, ports);
  for (const outcome of outcomes) {
    outcome.promotion = promotions.find(
      ({ repository }) => repository === outcome.wanted.reference.repository,
    );
  }
}

/** By name, what the tag named before and what it names now, of the images that have it. */
function promotedOf(
  outcomes: readonly Verification[],
): Record<string, { before: string | null; digest: string }> | undefined {
  if (promotionsOf(outcomes).length === 0) return undefined;
  return Object.fromEntries(
    outcomes.flatMap(({ wanted, promotion }) => {
      if (promotion === undefined || !isPromoted(promotion)) return [];
      const { before = null, digest } = promotion;
      return wanted.names.map((name) => [name, { before, digest }] as const);
    }),
  );
}

/** The failure of images that are verified, of which not all could be given the tag. */
function promotionFailure(outcomes: readonly Verification[], outputs: Record<string, unknown>): Failure {
  const promotions = promotionsOf(outcomes);
  const { kind, code, message, remedy, cause } = promotions.flatMap(({ problem }) => problem ?? [])[0]!;
  return new Failure(kind, `${message}; ${describePromotions(promotions)}`, { code, remedy, cause, outputs });
}

interface Task {
  expectation: Expectation;
  rule: AttestationRule | undefined;
  attestationPorts: AttestationPorts | undefined;
  /** Milliseconds to wait for an image that is not there yet. */
  wait: number;
}

async function verifyOne(
  wanted: Wanted,
  repository: Repository,
  task: Task,
  ports: VerifyPorts,
): Promise<Verification> {
  const { clock } = ports;
  const started = clock.now();
  const outcome: Verification = {
    wanted,
    found: undefined,
    attested: undefined,
    problem: undefined,
    attempts: 0,
    elapsedMs: 0,
    traffic: repository.traffic,
  };
  try {
    outcome.found = await whenPushed(repository, task, ports, () => {
      outcome.attempts += 1;
      return inspect(repository, task.expectation, clock.wall());
    });
    if (task.rule && task.attestationPorts) {
      outcome.attested = await findAttestation(
        repository,
        outcome.found.digest,
        task.rule,
        task.attestationPorts,
      );
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    outcome.problem = await withNearest(error, repository);
  }
  outcome.elapsedMs = clock.now() - started;
  return outcome;
}

/** Looks again while the image is absent, for as long as it may still be on its way. */
async function whenPushed<T>(
  repository: Repository,
  { wait }: Task,
  ports: VerifyPorts,
  look: () => Promise<T>,
): Promise<T> {
  const { clock, log, signal, random } = ports;
  const started = clock.now();
  let told = -Infinity;
  return await retry(look, {
    clock,
    signal,
    random,
    within: wait,
    backoff: { initial: 1000, max: 5000, factor: 1.5 },
    retryable: (error) =>
      error instanceof Problem && ['tag-absent', 'image-absent', 'part-absent'].includes(error.code),
    onRetry: () => {
      if (clock.now() - told < 10_000) return;
      told = clock.now();
      log.info(
        `${formatReference(repository.reference)} is not there yet; waiting (${formatDuration(clock.now() - started)} of ${formatDuration(wait)})`,
      );
    },
  });
}

/** Tells an absent tag from an absent image, and names the tags that are most like the wanted one. */
async function withNearest(problem: Problem, repository: Repository): Promise<Problem> {
  const { tag, digest, registry, path } = repository.reference;
  if (
    (problem.code !== 'tag-absent' && problem.code !== 'image-absent') ||
    tag === undefined ||
    digest !== undefined
  )
    return problem;
  const tags = await repository.tags().catch((error: unknown) => {
    if (error instanceof Problem) return undefined;
    throw error;
  });
  if (tags === undefined) return problem;
  if (tags === 'absent') {
    return problem.code === 'image-absent'
      ? problem
      : new Problem('image-absent', `${registry} has no image ${path}`, {
          remedy: 'Check the spelling and the owner, and that the build pushed it before this step.',
        });
  }
  const close = nearest(tag, tags);
  const others =
    tags.length === 0
      ? 'it has no tags at all'
      : close.length > 0
        ? `nearest of its ${tags.length} tags: ${close.join(', ')}`
        : `none of its ${tags.length} tags is like it`;
  return new Problem('tag-absent', `${registry}/${path} has no tag ${tag}; ${others}`, {
    remedy:
      'Check the tag, and that the build pushed it before this step; `wait` gives a running build time.',
    cause: problem.cause,
  });
}

const ONE_FIELD = 'images';

/** The `images` input, as lines or as YAML. */
async function readImages(text: string): Promise<Wanted[]> {
  try {
    if (!looksLikeYaml(text)) return parseImageLines(text);
    const { DocumentError, documentFailure, readDocument } = await import('@deploy-actions/document');
    try {
      const { value, place } = await readDocument<Record<string, string>>(text, {
        schema: { type: 'object', minProperties: 1, additionalProperties: { type: 'string', minLength: 1 } },
      });
      return gather(
        Object.entries(value).map(([names, reference]) => [
          names.split(',').map((name) => name.trim()),
          reference.trim(),
          place([names], 'key').line,
        ]),
      );
    } catch (error) {
      throw error instanceof DocumentError ? documentFailure(error, { input: ONE_FIELD }) : error;
    }
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const where = error.line === undefined ? '' : `, line ${error.line}`;
    throw new Failure('input', `input \`${ONE_FIELD}\`${where}: ${error.message}`, {
      input: ONE_FIELD,
      remedy: error.remedy,
    });
  }
}

/** The inputs about attestations, held against each other. */
function attestationRule(inputs: VerifyInputs, { workflow }: VerifyPorts): AttestationRule | undefined {
  const mode = inputs.attestations;
  const key = inputs['cosign-key'];
  const named = (['signer-repo', 'signer-workflow', 'cosign-key', 'trusted-root'] as const).filter(
    (name) => inputs[name] !== undefined,
  );
  const wrong = (input: string, message: string, remedy: string) =>
    new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
  if (mode === 'none') {
    const [first] = named;
    if (first === undefined) return undefined;
    throw wrong(first, 'has no effect, since `attestations` is `none`', 'Set `attestations: required`.');
  }
  const common = { mode, predicateType: inputs['predicate-type'] };
  if (key) {
    const other = named.find((name) => name.startsWith('signer-'));
    if (other)
      throw wrong(other, 'says nothing about signatures made with `cosign-key`', 'Give one of the two.');
    return { ...common, by: { kind: 'key', key } };
  }
  const repository = inputs['signer-repo'] ?? workflow.repository;
  if (repository === '')
    throw wrong('signer-repo', 'is needed outside a workflow run', 'Write it as owner/name.');
  return {
    ...common,
    by: {
      kind: 'workflow',
      rule: {
        serverUrl: workflow.serverUrl.replace(/\/$/, ''),
        repository,
        workflow: inputs['signer-workflow'],
      },
    },
  };
}

async function readTrust(path: string | undefined, { readText }: VerifyPorts): Promise<Trust> {
  const { embeddedTrust, parseTrust } = await import('@deploy-actions/sigstore');
  if (path === undefined) return await embeddedTrust();
  try {
    return parseTrust(await readText(path), path);
  } catch (error) {
    throw new Failure('input', `input \`trusted-root\`: ${messageOf(error)}`, {
      input: 'trusted-root',
      remedy: 'Give the path of a file in the workspace that `gh attestation trusted-root` printed.',
      cause: error,
    });
  }
}

function byName(
  outcomes: readonly Verification[],
  value: (wanted: Wanted, digest: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    outcomes.flatMap(({ wanted, found }) =>
      wanted.names.map((name) => [name, value(wanted, found!.digest)] as const),
    ),
  );
}

function failureOf(outcomes: readonly Verification[], shared: Record<string, unknown>): Failure {
  const problems = outcomes.flatMap(({ problem }) => problem ?? []);
  const [first] = problems as [Problem, ...Problem[]];
  const rest = problems.length - 1;
  return new Failure(
    first.kind,
    rest === 0 ? first.message : `${first.message}; and ${rest} more of ${outcomes.length} images`,
    {
      remedy: first.remedy,
      details:
        rest === 0
          ? undefined
          : problems.map(({ message, remedy }) => `- ${message}. ${remedy ?? ''}`.trimEnd()).join('\n'),
      cause: first.cause,
      outputs: shared,
    },
  );
}
