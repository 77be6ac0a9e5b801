import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Fault, startSlackStub, startTelegramStub } from '@deploy-actions/notice/testing';
import { findRoot, node24, readAction } from '@deploy-actions/tooling';

/** What the stubs do to the messages of one row. */
const SCENARIOS: [name: string, script: Fault[]][] = [
  ['no fault', []],
  ['one 429, Retry-After 1', [{ kind: 'busy', seconds: 1 }]],
  ['three 429, Retry-After 1', [1, 1, 1].map((seconds) => ({ kind: 'busy', seconds }))],
  ['one 503', [{ kind: 'status', status: 503 }]],
  ['connection cut before accepting', [{ kind: 'cut', accepted: false }]],
  ['connection cut after accepting', [{ kind: 'cut', accepted: true }]],
  ['a page with status 502', [{ kind: 'page', status: 502 }]],
  ['refused for good (403)', [{ kind: 'refuse', status: 403, error: 'action_prohibited' }]],
  ['hangs', Array.from({ length: 9 }, () => ({ kind: 'hang' as const, accepted: false }))],
];

/** How long a process may take before it counts as one that hangs, in milliseconds. */
const PATIENCE = 20_000;
const DEADLINE = '6s';

/** One program that sends a message to a stub. */
interface Sender {
  title: string;
  path: string;
  env: Record<string, string>;
  stub: { script(...faults: Fault[]): void; reset(): void; requests: unknown[]; messages(): unknown[] };
}

/**
 * Delivery under scripts of faults: requests, messages that arrived, exit code and time, ours beside Slack's own
 * action. Its bundle is not part of this project: SLACK_GITHUB_ACTION names the index.js of a copy.
 */
export async function run(): Promise<void> {
  const root = findRoot();
  const folder = mkdtempSync(join(tmpdir(), 'notify-bench-'));
  const slack = await startSlackStub();
  const telegram = await startTelegramStub();
  const peer = process.env['SLACK_GITHUB_ACTION'];
  const senders: Sender[] = [
    ours(root, 'slack-notify', slack, { 'webhook-url': slack.webhook }, 'webhook'),
    ours(
      root,
      'slack-notify',
      slack,
      { 'bot-token': slack.token, channel: 'deploys', 'api-url': slack.url },
      'bot',
    ),
    ours(
      root,
      'telegram-notify',
      telegram,
      { 'bot-token': telegram.token, 'chat-id': '-1', 'api-url': telegram.url },
      '',
    ),
  ];
  if (peer && existsSync(peer)) senders.push(...theirs(peer, slack));
  else console.log('SLACK_GITHUB_ACTION names no bundle of slack-github-action: only ours is measured');
  try {
    const cells = ['requests', 'arrived', 'exit', 'time'];
    const rows: string[][] = [];
    for (const [name, script] of SCENARIOS) {
      let base: number | undefined;
      for (const sender of senders) {
        sender.stub.reset();
        sender.stub.script(...script);
        const { exit, ms } = await timed(sender, folder);
        base ??= ms;
        const time = `${(ms / 1000).toFixed(2)} s (${(ms / base).toFixed(1)} x)`;
        rows.push([
          name,
          sender.title,
          String(sender.stub.requests.length),
          String(sender.stub.messages().length),
          exit,
          time,
        ]);
      }
    }
    console.log(table(['scenario', 'sender', ...cells], rows));
    console.log(
      `\nours with deadline: ${DEADLINE}; a process still there after ${PATIENCE / 1000} s is ended and counts as hanging\n`,
    );
    const sizes = new Map(senders.map((sender) => [sender.title, sizeOf(dirname(sender.path))]));
    const own = sizes.get(senders[0]!.title)!;
    console.log(
      table(
        ['bundle', 'size', 'ratio'],
        [...sizes].map(([title, size]) => [
          title,
          `${(size / 1e6).toFixed(2)} MB`,
          `${(size / own).toFixed(1)} x`,
        ]),
      ),
    );
  } finally {
    await Promise.all([slack.close(), telegram.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function ours(
  root: string,
  name: string,
  stub: Sender['stub'],
  inputs: Record<string, string>,
  how: string,
): Sender {
  const action = readAction(name, root);
  return {
    title: [name, how].filter(Boolean).join(', '),
    path: join(action.folder, action.runs.main),
    env: inputsOf({ status: 'success', deadline: DEADLINE, ...inputs }),
    stub,
  };
}

function theirs(
  path: string,
  slack: Sender['stub'] & { url: string; webhook: string; token: string },
): Sender[] {
  // The defaults of its action.yml.
  const defaults = { errors: 'false', 'payload-templated': 'false', retries: '5' };
  const payload = JSON.stringify({ text: 'Deployed shop', mrkdwn: false });
  const toChannel = JSON.stringify({ channel: 'deploys', text: 'Deployed shop', mrkdwn: false });
  return [
    {
      title: 'slack-github-action, webhook',
      path,
      env: inputsOf({ ...defaults, webhook: slack.webhook, 'webhook-type': 'incoming-webhook', payload }),
      stub: slack,
    },
    {
      title: 'slack-github-action, bot',
      path,
      env: inputsOf({
        ...defaults,
        method: 'chat.postMessage',
        token: slack.token,
        api: `${slack.url}/`,
        payload: toChannel,
      }),
      stub: slack,
    },
  ];
}

const inputsOf = (inputs: Record<string, string>) =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));

async function timed(sender: Sender, folder: string): Promise<{ exit: string; ms: number }> {
  const files = Object.fromEntries(
    ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_EVENT_PATH'].map((name) => [
      name,
      join(folder, name),
    ]),
  );
  for (const [name, file] of Object.entries(files))
    writeFileSync(file, name === 'GITHUB_EVENT_PATH' ? '{}' : '');
  const env = {
    ...files,
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_RUN_ID: '4711',
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: folder,
    HOME: folder,
    ...sender.env,
  };
  const started = performance.now();
  const child = spawn(node24(), [sender.path], { env, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const code = await new Promise<number | null>((done) => child.on('close', done));
  clearTimeout(timer);
  return {
    exit: code === null ? 'hangs' : `${code}${deliveredOf(files['GITHUB_OUTPUT']!)}`,
    ms: performance.now() - started,
  };
}

/** What our `delivered` output said, next to the exit code. */
function deliveredOf(file: string): string {
  const word = /delivered<<\S+\n(\w+)/.exec(readFileSync(file, 'utf8'))?.[1];
  return word === undefined ? '' : ` (${word})`;
}

function sizeOf(folder: string): number {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]!.length)));
  return [head, ...rows]
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index]!)).join('  '))
    .join('\n');
}
