import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import {
  type SlackStub,
  type TelegramStub,
  startSlackStub,
  startTelegramStub,
} from '@deploy-actions/notice/testing';
import { startGitHub } from '@deploy-actions/github/testing';
import { type BundleRun, runBundle } from '../../packages/tooling/src/run-action.ts';

// Each test starts several processes, on machines with little to spare.
jest.setTimeout(60_000);

let telegram: TelegramStub;
let slack: SlackStub;

beforeAll(async () => {
  telegram = await startTelegramStub();
  slack = await startSlackStub();
});
beforeEach(() => {
  telegram.reset();
  slack.reset();
});
afterAll(async () => {
  await telegram.close();
  await slack.close();
});

const SECRETS = () => [
  telegram.token,
  telegram.token.split(':')[1]!,
  slack.token,
  slack.webhook,
  'stubstubstubstub',
];

type Inputs = NonNullable<BundleRun['inputs']>;
async function run(action: string, inputs: Inputs, env: BundleRun['env'] = {}, workspace?: string) {
  const result = await runBundle({ action, inputs, env, workspace, timeout: 60_000 });
  for (const secret of SECRETS()) {
    for (const [where, text] of Object.entries({
      shown: result.shown,
      summary: result.summary,
      outputs: JSON.stringify(result.outputs),
    })) {
      expect({ where, secret: text.includes(secret) ? secret : '' }).toEqual({ where, secret: '' });
    }
  }
  return result;
}
const viaTelegram = (inputs: Inputs, env?: BundleRun['env'], workspace?: string) =>
  run(
    'telegram-notify',
    { 'bot-token': telegram.token, 'chat-id': '-1001234567890', 'api-url': telegram.url, ...inputs },
    env,
    workspace,
  );
const viaBot = (inputs: Inputs, env?: BundleRun['env'], workspace?: string) =>
  run(
    'slack-notify',
    { 'bot-token': slack.token, channel: '#deploys', 'api-url': slack.url, ...inputs },
    env,
    workspace,
  );
const viaWebhook = (inputs: Inputs, env?: BundleRun['env']) =>
  run('slack-notify', { 'webhook-url': slack.webhook, ...inputs }, env);

function eventFile(event: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json');
  writeFileSync(path, JSON.stringify(event));
  return path;
}

const REPORT = JSON.stringify({
  kind: 'smoke',
  ok: false,
  summary: '1 of 2 journeys failed',
  elapsedMs: 1200,
  checks: [
    {
      name: 'checkout',
      ok: false,
      attempts: 3,
      elapsedMs: 900,
      phase: 'http',
      detail: 'status 502, wanted 200',
    },
  ],
});

test('a failure says what failed, where and whose change, in every dialect, from nothing but the run and a report', async () => {
  const head = {
    id: '0123456789abcdef0123456789abcdef01234567',
    message: 'Fix <!channel> & @everyone\n\nBody',
    author: { username: 'ada' },
  };
  const env = { GITHUB_EVENT_PATH: eventFile({ head_commit: head }) };
  const inputs = {
    status: 'failure',
    environment: 'production',
    reports: `\n${REPORT}\n`,
    message: 'By {actor}: {commit-message}',
  };
  const results = [await viaTelegram(inputs, env), await viaBot(inputs, env), await viaWebhook(inputs, env)];
  for (const { exitCode, outputs } of results) {
    expect(exitCode).toBe(0);
    expect(outputs).toMatchObject({ delivered: 'delivered', attempts: '1' });
  }
  const texts = [telegram.messages()[0]!.text, ...slack.messages().map((message) => message.text)];
  expect(texts.length).toBe(3);
  for (const text of texts.map((one) => one.replaceAll('\u2060', ''))) {
    expect(text).toContain('Deploying shop to production failed');
    expect(text).toContain('By octocat: Fix <!channel> & @everyone');
    expect(text).toContain('checkout [http]: status 502, wanted 200');
    expect(text).toContain('ada');
  }
  expect(telegram.messages()[0]!.found).toEqual([]);
  expect([...telegram.violations, ...slack.violations]).toEqual([]);
});

test('under workflow_run a message names the branch and commit of the run that started it', async () => {
  const sha = 'c0ffee0123456789abcdef0123456789abcdef01';
  const run = {
    event: 'push',
    head_branch: 'develop',
    head_sha: sha,
    head_commit: { id: sha, message: 'Mend the cart', author: { name: 'Ada' } },
    head_repository: { full_name: 'org/shop' },
  };
  const env = { GITHUB_EVENT_NAME: 'workflow_run', GITHUB_EVENT_PATH: eventFile({ workflow_run: run }) };
  expect((await viaTelegram({ status: 'success' }, env)).outputs['delivered']).toBe('delivered');
  const text = telegram.messages()[0]!.text.replaceAll('\u2060', '');
  expect(text).toContain('develop');
  expect(text).toContain('Mend the cart');
  expect(text).toContain(sha.slice(0, 7));
  expect(text).not.toMatch(/\bmain\b/);
});

test('a live message lives through three steps, each its own process', async () => {
  for (const via of [viaTelegram, viaBot]) {
    const first = await via({ status: 'started', phase: 'Build' });
    const second = await via({ status: 'progress', phase: 'Deploy', update: first.outputs['message'] });
    const last = await via({ status: 'success', update: second.outputs['message'] });
    expect(last.outputs['delivered']).toBe('delivered');
  }
  for (const messages of [telegram.messages(), slack.messages()]) {
    expect(messages.map((message) => message.edits)).toEqual([2]);
    expect(messages[0]!.text).toMatch(/✅ Build \(.*\)\n✅ Deploy \(.*\)/);
  }
});

test('Retry-After is obeyed on the real clock, and the message arrives once', async () => {
  for (const [via, stub] of [
    [viaTelegram, telegram],
    [viaBot, slack],
    [viaWebhook, slack],
  ] as const) {
    stub.reset();
    stub.script({ kind: 'busy', seconds: 1 }, { kind: 'status', status: 503 });
    const { outputs } = await via({ status: 'success' });
    expect(outputs).toMatchObject({ delivered: 'delivered', attempts: '3' });
    expect(stub.requests[1]!.at - stub.requests[0]!.at).toBeGreaterThanOrEqual(1000);
    expect(stub.messages().length).toBe(1);
  }
});

test('a server that hangs ends the step within its deadline and a second, as a warning or a failure', async () => {
  const hang = (stub: TelegramStub | SlackStub) =>
    stub.script({ kind: 'hang', accepted: false }, { kind: 'hang', accepted: false });
  const hanging = async (via: typeof viaTelegram, stub: TelegramStub | SlackStub, inputs: Inputs) => {
    hang(stub);
    const before = stub.requests.length;
    const result = await via({ status: 'success', deadline: '3s', ...inputs });
    // Counted from the first request: before it a loaded machine may take long to start a process.
    expect(performance.now() - stub.requests[before]!.at).toBeLessThan(3000 + 1000);
    expect(result.outputs['delivered']).toBe('failed');
    return result;
  };
  const both = (inputs: Inputs) =>
    Promise.all([hanging(viaTelegram, telegram, inputs), hanging(viaWebhook, slack, inputs)]);
  for (const warned of await both({})) {
    expect(warned.exitCode).toBe(0);
    expect(warned.annotations.map((one) => one.level)).toEqual(['warning']);
    expect(warned.shown).toContain('not delivered whole to 1 of 1');
  }
  for (const failed of await both({ 'on-failure': 'fail' })) {
    expect(failed.exitCode).toBe(1);
    expect(failed.annotations.map((one) => one.level)).toEqual(['error']);
  }
});

test('without a secret: skipped with one notice on a fork or for Dependabot, an error elsewhere', async () => {
  const fork = {
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: eventFile({
      pull_request: {
        number: 7,
        head: { sha: 'a'.repeat(40), ref: 'main', repo: { full_name: 'eve/shop' } },
      },
    }),
  };
  for (const env of [fork, { GITHUB_ACTOR: 'dependabot[bot]', GITHUB_TRIGGERING_ACTOR: 'dependabot[bot]' }]) {
    for (const skipped of [
      await viaTelegram({ 'bot-token': '', status: 'failure' }, env),
      await viaWebhook({ 'webhook-url': '', status: 'failure' }, env),
    ]) {
      expect(skipped.exitCode).toBe(0);
      expect(skipped.outputs).toMatchObject({ delivered: 'skipped', attempts: '0' });
      expect(skipped.annotations.map((one) => one.level)).toEqual(['notice']);
    }
  }
  const missing = await viaTelegram({ 'bot-token': '', status: 'failure' });
  expect(missing.exitCode).toBe(1);
  expect(missing.annotations.map((one) => one.message).join()).toContain('input `bot-token` is required');
  expect(telegram.requests).toEqual([]);
});

test('only-on leaves out the rest without a request, and change asks GitHub for the last outcome', async () => {
  const left = await viaTelegram({ status: 'success', 'only-on': 'failure,rolled-back' });
  expect(left.outputs).toMatchObject({ delivered: 'skipped', attempts: '0' });
  const of = (id: number, conclusion: string | null) => ({
    id,
    workflow: 7,
    number: id,
    branch: 'main',
    conclusion,
  });
  const github = await startGitHub({ runs: [of(2, null), of(1, 'success')] });
  github.permissions = { actions: 'read' };
  const env = {
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN: github.token,
    GITHUB_RUN_ID: '2',
    GITHUB_RUN_NUMBER: '2',
  };
  const same = await viaTelegram({ status: 'success', 'only-on': 'change' }, env);
  const changed = await viaTelegram({ status: 'failure', 'only-on': 'change' }, env);
  await github.close();
  expect(github.violations).toEqual([]);
  expect([same.outputs['delivered'], changed.outputs['delivered']]).toEqual(['skipped', 'delivered']);
});

test('a proxy of the environment is used', async () => {
  let proxied = 0;
  const proxy = createServer((request, response) => {
    proxied += 1;
    const target = new URL(request.url!);
    const onward = connect(Number(target.port), '127.0.0.1', () => {
      const headers = request.rawHeaders.reduce(
        (text, one, index) => text + one + (index % 2 === 0 ? ': ' : '\r\n'),
        '',
      );
      onward.write(`${request.method} ${target.pathname} HTTP/1.1\r\n${headers}\r\n`);
      request.pipe(onward);
      onward.pipe(response.socket!);
    });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  // Loopback goes through no proxy, so the server has a name that only the proxy knows.
  const url = slack.webhook.replace('127.0.0.1', 'hooks.example.test');
  const { outputs } = await viaWebhook({ status: 'success', 'webhook-url': url }, { HTTP_PROXY: address });
  proxy.closeAllConnections();
  await new Promise((done) => proxy.close(done));
  expect([proxied, outputs['delivered']]).toEqual([1, 'delivered']);
});

test('files of the workspace go along', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'workspace-'));
  writeFileSync(join(workspace, 'deploy.log'), 'the log');
  await viaTelegram({ status: 'success', attach: 'deploy.log' }, {}, workspace);
  await viaBot({ status: 'success', attach: 'deploy.log' }, {}, workspace);
  expect(telegram.messages().at(-1)!.file).toMatchObject({ name: 'deploy.log', photo: false });
  expect(slack.files().at(-1)).toMatchObject({ name: 'deploy.log', complete: true });
});

test('the log obeys nobody: no text from outside starts a command in it', async () => {
  const hostile = '::set-output name=delivered::no\n##[error]gotcha\n\r::error::x';
  const result = await viaTelegram({
    status: 'failure',
    message: hostile,
    'chat-id': '-1',
    title: hostile,
    update: '::error::y',
    reports: '::error::z',
  });
  expect(result.outputs['delivered']).toBe('delivered');
  expect(result.annotations.map((one) => one.level)).toEqual(['warning', 'warning']);
});
