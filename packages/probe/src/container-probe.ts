import { complaintOf } from '@deploy-actions/engine/complaint';
import { COMMAND_IN_SERVICE } from '@deploy-actions/engine/watch';
import { OutOfTime, cut } from '@deploy-actions/kit';
import { type Session, SessionFailure } from '@deploy-actions/shell';
import { type Container, type ContainerScope, listContainers } from './container.ts';
import { type ProbeLimits, attempt } from './http-probe.ts';
import type { TextMatch } from './expectation.ts';
import type { Attempt, ComposeTarget, ExecTarget } from './target.ts';

/** Whether every container of a service is healthy, or up where it has no healthcheck. */
export async function probeCompose(
  session: Session,
  scope: ContainerScope,
  target: ComposeTarget,
  limits: ProbeLimits,
): Promise<Attempt> {
  return await attempt(limits, async () => {
    const containers = await listContainers(session, { ...scope, services: [target.service] }, limits.signal);
    const detail = notReady(containers, target.service, scope.project);
    return detail === undefined ? { ok: true } : { ok: false, phase: 'container', detail };
  });
}

function notReady(containers: Container[], service: string, project: string): string | undefined {
  if (containers.length === 0) return `project ${project} has no container of service ${service}`;
  const bad = containers.find(
    ({ status, health }) => status !== 'running' || (health !== undefined && health !== 'healthy'),
  );
  if (!bad) return undefined;
  const state =
    bad.status !== 'running'
      ? `${bad.status}${bad.status === 'exited' ? ` with code ${bad.exitCode}` : ''}`
      : `${bad.health}`;
  return `${bad.name} is ${state}, wanted ${bad.health === undefined ? 'running' : 'healthy'}`;
}

/** Runs a command in a service's container; good when it exits 0 and prints what is expected. */
export async function probeExec(
  session: Session,
  scope: ContainerScope,
  target: ExecTarget,
  limits: ProbeLimits,
): Promise<Attempt> {
  return await attempt(limits, async () => {
    const { ran, code, stdout, stderr } = await runInService(
      session,
      scope,
      target.service,
      target.command,
      limits,
    );
    const said = `${stdout.toString('utf8')}${stderr.toString('utf8')}`.trim();
    if (!ran) return { ok: false, phase: 'container', detail: said };
    if (code !== 0)
      return {
        ok: false,
        phase: 'exec',
        detail: `${target.command[0]} ended with exit code ${code}${said === '' ? '' : `: ${cut(said.replace(/\s+/g, ' '), 200)}`}`,
      };
    const output = stdout.toString('utf8');
    const detail = target.output && unmetOutput(output, target.output);
    return detail === undefined ? { ok: true } : { ok: false, phase: 'expectation', detail };
  });
}

function unmetOutput(output: string, wanted: TextMatch): string | undefined {
  try {
    if (wanted.test(output)) return undefined;
  } catch (error) {
    if (error instanceof OutOfTime) return `the output cannot be judged: ${error.message}`;
    throw error;
  }
  return `the output is "${cut(output.trim().replace(/\s+/g, ' '), 200)}", wanted ${wanted.text}`;
}

/** How a command in a service's container ended. */
export interface ServiceRun {
  /** False: no container of the service runs, as stderr says. */
  ran: boolean;
  code: number;
  stdout: Buffer;
  stderr: Buffer;
}

/**
 * The command's outcome; a time limit that ran out becomes exit code 124, as timeout(1) has it. Throws a Failure when
 * the engine does not answer.
 */
export async function runInService(
  session: Session,
  scope: ContainerScope,
  service: string,
  command: readonly string[],
  limits: ProbeLimits,
): Promise<ServiceRun> {
  let outcome;
  try {
    outcome = await session.run({
      script: COMMAND_IN_SERVICE.text(),
      args: [scope.dockerHost ?? '', scope.project, service, ...command],
      timeout: limits.timeout,
      signal: limits.signal,
    });
  } catch (error) {
    if (!(error instanceof SessionFailure) || error.code !== 'timed-out') throw error;
    const late = Buffer.from(`no end within ${Math.round(limits.timeout)} ms`);
    return { ran: true, code: 124, stdout: Buffer.alloc(0), stderr: late };
  }
  const { code, stdout, stderr } = outcome;
  // The first line is ours, whatever the command prints.
  const end = stdout.indexOf('\n');
  const said = stdout.subarray(0, Math.max(0, end)).toString('utf8');
  const rest = { code, stdout: stdout.subarray(end + 1), stderr };
  if (said === 'running') return { ran: true, ...rest };
  if (said === 'none') {
    const none = Buffer.from(`project ${scope.project} runs no container of service ${service}`);
    return { ran: false, ...rest, stderr: none };
  }
  throw await complaintOf(session, stderr.toString('utf8'), code, scope.dockerHost);
}
