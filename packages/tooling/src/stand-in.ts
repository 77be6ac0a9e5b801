import { mkdirSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What a step asks of an action that is not this project's. */
export interface StandInCall {
  /** Its inputs, by their names in lower case, dashes kept. */
  inputs: Readonly<Record<string, string>>;
  /** The folder of the job. */
  workspace: string;
}

/** Does, in a test, what an action of somebody else would do, and answers its outputs. What it throws fails the step. */
export type StandIn = (call: StandInCall) => Promise<Readonly<Record<string, string>> | undefined>;

export interface StandIns {
  /** The folder of each action, by `owner/name`. */
  folders: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Makes actions by the names of others that hand their inputs to this process, as no runner here can download the real
 * ones. Each is a folder below `root`.
 */
export async function openStandIns(
  root: string,
  standIns: Readonly<Record<string, StandIn>>,
): Promise<StandIns> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const standIn = standIns[decodeURIComponent((request.url ?? '').slice(1))];
      const call = JSON.parse(body) as StandInCall;
      (standIn ?? (() => Promise.reject(new Error(`no stand-in for ${request.url}`))))(call).then(
        (outputs) => response.end(JSON.stringify(outputs ?? {})),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  const port = await listen(server);
  const folders: Record<string, string> = {};
  for (const name of Object.keys(standIns)) {
    const folder = join(root, name.replace('/', '+'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'action.yml'),
      `name: ${name}\ndescription: Stands in for it\nruns: { using: node24, main: index.mjs }\n`,
    );
    writeFileSync(join(folder, 'index.mjs'), program(`http://127.0.0.1:${port}/${encodeURIComponent(name)}`));
    folders[name] = folder;
  }
  return {
    folders,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function program(url: string): string {
  return `import { appendFileSync } from 'node:fs';
const inputs = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => name.startsWith('INPUT_'))
    .map(([name, value]) => [name.slice('INPUT_'.length).toLowerCase(), value]),
);
const body = JSON.stringify({ inputs, workspace: process.env.GITHUB_WORKSPACE });
const answer = await fetch(${JSON.stringify(url)}, { method: 'POST', body });
const text = await answer.text();
if (!answer.ok) {
  console.log('::error::' + text);
  process.exit(1);
}
for (const [name, value] of Object.entries(JSON.parse(text))) {
  appendFileSync(process.env.GITHUB_OUTPUT, name + '<<END_OF_VALUE\\n' + value + '\\nEND_OF_VALUE\\n');
}
`;
}
