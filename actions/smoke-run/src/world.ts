import { mkdirSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Failure, messageOf } from '@deploy-actions/kit';
import { type Reach, fromRunner, runInService, throughSession } from '@deploy-actions/probe';
import { type Ports, commandEnvironment } from '@deploy-actions/runner';
import { type Session, openSession, runLocal, serversOf } from '@deploy-actions/shell';
import type { SmokeInputs, World } from './smoke-run.ts';

const LARGEST_FILE = 64 * 2 ** 20;

/** The real world around smoke-run. */
export function openWorld(inputs: SmokeInputs, ports: Ports): World & { close(): Promise<void> } {
  let opening: Promise<Session> | undefined;
  let reach: Reach | undefined;
  const workspace = ports.workflow.workspace;
  const session = () => (opening ??= open());

  async function open(): Promise<Session> {
    const servers = serversOf(inputs);
    const [server] = servers;
    if (!server) {
      throw new Failure('input', 'a check runs on the server, and input `host` is empty', {
        input: 'host',
        remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
      });
    }
    if (servers.length > 1)
      throw new Failure('input', 'input `host` names several servers', {
        input: 'host',
        remedy: 'Use one step for each server.',
      });
    return await openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal });
  }

  return {
    async reach() {
      reach ??=
        inputs.via === 'ssh'
          ? throughSession(await session(), { log: ports.log, redactor: ports.redactor })
          : fromRunner({ env: process.env, redactor: ports.redactor });
      return reach;
    },
    async exec(spec, timeout, signal) {
      if (spec.service === undefined) {
        const [program, ...args] = spec.command as [string, ...string[]];
        try {
          const { code, stdout, stderr } = await runLocal([program, ...args], {
            cwd: workspace,
            env: commandEnvironment(process.env),
            timeout,
            signal,
          });
          const output = stdout.toString('utf8') + stderr.toString('utf8');
          return {
            exitCode: code,
            output: code === 124 && output === '' ? `no end within ${timeout} ms` : output,
          };
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          // There is no such program: this check fails, the others are run all the same.
          throw new Error(messageOf(error), { cause: error });
        }
      }
      const project = inputs.project;
      if (project === undefined) {
        throw new Failure('input', `exec in service ${spec.service} needs the input \`project\``, {
          input: 'project',
          remedy: 'Name the compose project.',
        });
      }
      const scope = {
        project,
        services: [],
        ...(inputs['docker-host'] ? { dockerHost: inputs['docker-host'] } : {}),
      };
      const { code, stdout, stderr } = await runInService(
        await session(),
        scope,
        spec.service,
        spec.command,
        { timeout, signal },
      );
      return { exitCode: code, output: stdout.toString('utf8') + stderr.toString('utf8') };
    },
    readFile(path) {
      const file = inWorkspace(workspace, path);
      try {
        if (statSync(file).size > LARGEST_FILE) throw new Error('it is larger than 64 MiB');
        return readFileSync(file);
      } catch (error) {
        throw new Failure('input', `${path} cannot be read: ${messageOf(error)}`, {
          remedy: 'Is it checked out (actions/checkout), and relative to the workspace?',
          cause: error,
        });
      }
    },
    writeFile(path, name, text) {
      const file =
        path === undefined
          ? join(mkdtempSync(join(ports.workflow.temp, 'smoke-run-')), name)
          : resolve(workspace, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    async close() {
      await reach?.close();
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

/** A file of the workspace, also after its links are followed: a checkout must not read the runner's own files. */
function inWorkspace(workspace: string, path: string): string {
  const root = realpathSync(workspace);
  const wanted = resolve(root, path);
  let real: string;
  try {
    real = realpathSync(wanted);
  } catch {
    real = wanted;
  }
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
    throw new Failure('input', `${path} lies outside the workspace`, {
      remedy: 'Files of a run are read from the workspace only.',
    });
  }
  return real;
}
