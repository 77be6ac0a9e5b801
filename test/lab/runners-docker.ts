import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Lab } from '@deploy-actions/lab';
import { serveHttp } from '../support/server.ts';

interface Call {
  words: string[];
  folder: string;
  env: Record<string, string>;
}

/** The engine that a job on GitHub's runners has beside it. */
export interface RunnersDocker {
  /** A folder with the command `docker`. */
  programs: string;
  close(): Promise<void>;
}

/**
 * A `docker` for jobs, whose engine and Compose are those of the lab's server, since the machine of the tests need not have
 * Compose: the folder that it is called in is copied there first.
 */
export async function openRunnersDocker({ host }: Pick<Lab, 'host'>): Promise<RunnersDocker> {
  const answer = async ({ words, folder, env }: Call): Promise<{ code: number; output: string }> => {
    const there = `/srv/runner/${basename(folder)}`;
    const input = execFileSync('tar', ['-c', '-C', folder, '.'], { maxBuffer: 64 * 1024 * 1024 });
    const copied = await host.exec(['sh', '-c', 'mkdir -p "$0" && tar -x -C "$0"', there], { input });
    if (copied.code !== 0) throw new Error(copied.stderr);
    const ran = await host.exec(['sh', '-c', 'cd "$0" && exec docker "$@"', there, ...words], {
      env,
      timeoutMs: 300_000,
    });
    return { code: ran.code ?? 1, output: ran.stdout + ran.stderr };
  };
  const server = await serveHttp((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      answer(JSON.parse(body) as Call).then(
        (said) => response.end(JSON.stringify(said)),
        (error: unknown) => response.end(JSON.stringify({ code: 125, output: String(error) })),
      );
    });
  });
  const programs = mkdtempSync(join(tmpdir(), 'runners-docker-'));
  writeFileSync(join(programs, 'docker'), program(server.url), { mode: 0o755 });
  return {
    programs,
    async close() {
      rmSync(programs, { recursive: true });
      await server.close();
    },
  };
}

function program(url: string): string {
  return `#!/usr/bin/env node
const named = ['REGISTRY', 'VERSION', 'GITHUB_REPOSITORY'];
const env = Object.fromEntries(named.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
const body = JSON.stringify({ words: process.argv.slice(2), folder: process.cwd(), env });
fetch(${JSON.stringify(url)}, { method: 'POST', body })
  .then((answer) => answer.json())
  .then(({ code, output }) => {
    process.stdout.write(output, () => process.exit(code));
  });
`;
}
