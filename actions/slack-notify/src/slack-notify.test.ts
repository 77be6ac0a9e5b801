import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Http, openHttp } from '@deploy-actions/http';
import { Failure, parseFields } from '@deploy-actions/kit';
import {
  type FakePorts,
  type Fault,
  type SlackStub,
  fakePorts,
  hostileTexts,
  sampleWorkflow,
  startSlackStub,
  upToThreeFaults,
  watchEarly,
} from '@deploy-actions/notice/testing';
import { fields, parseChannel, parseMention, parseWebhook } from './fields.ts';
import { attachmentStyle, sendSlack } from './slack-notify.ts';

let stub: SlackStub;
let http: Http;

beforeEach(async () => {
  stub = await startSlackStub();
  http = openHttp();
});
afterEach(async () => {
  await http.close();
  await stub.close();
});

function send(given: Record<string, string | undefined>, ports: FakePorts = fakePorts()) {
  const all: Record<string, string | undefined> = { 'api-url': stub.url, ...given };
  return sendSlack(parseFields(fields, { input: (name) => all[name] ?? '' }), ports, http);
}
const bot = (given: Record<string, string>, ports?: FakePorts) =>
  send({ 'bot-token': stub.token, channel: '#deploys', ...given }, ports);
const hook = (given: Record<string, string>, ports?: FakePorts) =>
  send({ 'webhook-url': stub.webhook, ...given }, ports);

test('a bot posts to every channel, with the detail that each asks for', async () => {
  const ports = fakePorts();
  const outputs = await bot(
    {
      channel: 'deploys summary\nC0LOGLOG001',
      status: 'failure',
      environment: 'production',
      details: 'Error: boom',
    },
    ports,
  );
  expect(outputs).toMatchObject({ delivered: 'delivered', attempts: 2 });
  const [short, full] = [...stub.messages()].sort((a, b) => a.channel.localeCompare(b.channel));
  expect(short).toMatchObject({ channel: 'C0DEPLOYS01', color: '#cf222e' });
  expect(short!.text).not.toContain('boom');
  expect(full!.text).toContain('# ❌ Deploying shop to production failed');
  expect(full!.text).toContain('Error: boom');
  expect(full!.text).toContain('[Deploy #42]');
  expect(stub.violations).toEqual([]);
});

test('a webhook posts, and needs neither token nor channel', async () => {
  expect(await hook({ status: 'success' })).toMatchObject({ delivered: 'delivered', attempts: 1 });
  expect(stub.messages()[0]).toMatchObject({ via: 'webhook', notification: '✅ Deployed shop' });
});

test('a live message is edited in place by the id that the first answer gave', async () => {
  const ports = fakePorts();
  const first = await bot({ status: 'started', phase: 'Build' }, ports);
  ports.clock.advance(5000);
  const second = await bot({ status: 'progress', phase: 'Deploy', update: first.message }, ports);
  ports.clock.advance(60_000);
  await bot({ status: 'success', update: second.message }, ports);
  const [message, ...others] = stub.messages();
  expect(others).toEqual([]);
  expect(message!.edits).toBe(2);
  expect(message!.text).toContain('✅ Build (5.0 s)\n✅ Deploy (1 m 00 s)');
  for (const text of ['C0DEPLOYS01', 'deploys']) {
    expect(Buffer.from(first.message.slice(8), 'base64url').toString()).not.toContain(text);
  }
  expect(stub.requests.map((request) => request.path)).toEqual([
    '/api/chat.postMessage',
    '/api/chat.update',
    '/api/chat.update',
  ]);
});

test('when the original is gone, or the token is another, a new message is posted', async () => {
  const first = await bot({ status: 'started' });
  stub.remove(stub.messages()[0]!.ts);
  expect((await bot({ status: 'success', update: first.message })).delivered).toBe('delivered');
  expect(stub.messages().map((message) => message.edits)).toEqual([0]);
});

test('a webhook cannot edit: it posts anew and says so', async () => {
  const ports = fakePorts();
  const first = await hook({ status: 'started' });
  expect((await hook({ status: 'success', update: first.message }, ports)).delivered).toBe('delivered');
  expect(stub.messages().length).toBe(2);
  expect(ports.log.lines.join('\n')).toContain('A webhook cannot edit messages');
});

test('who is to be called is called on failure alone, and by a reply when the message is only edited', async () => {
  const mention = { 'mention-on-failure': '@here\nU12345678' };
  const first = await bot({ status: 'started', ...mention });
  await bot({ status: 'failure', update: first.message, ...mention });
  const [edited, reply] = stub.messages();
  expect(reply).toMatchObject({ thread: edited!.ts });
  expect(reply!.found.map((one) => one.value)).toEqual(['!here', '@U12345678']);
  await bot({ status: 'success', ...mention });
  await bot({ status: 'failure', silent: 'true', ...mention });
  for (const message of stub.messages().slice(2))
    expect(message.found.filter((one) => one.type === 'mention')).toEqual([]);
});

test('a message answers in a thread, by ts or by the handle of another call, and shows in the channel when asked', async () => {
  const first = await bot({ status: 'started' });
  const ts = stub.messages()[0]!.ts;
  await bot({ status: 'progress', thread: first.message });
  await bot({ status: 'success', thread: ts, broadcast: 'true' });
  expect(
    stub
      .messages()
      .slice(1)
      .map(({ thread, broadcast }) => [thread, broadcast]),
  ).toEqual([
    [ts, false],
    [ts, true],
  ]);
});

test('files go into the thread by the external upload, and their address never gets the token', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'slack-'));
  writeFileSync(join(workspace, 'plot.png'), 'picture');
  const ports = fakePorts({ workflow: sampleWorkflow({ workspace }) });
  await bot(
    { status: 'failure', attach: 'plot.png\nmissing.log', details: 'line of a log\n'.repeat(2000) },
    ports,
  );
  const { ts } = stub.messages()[0]!;
  expect(
    stub.files().map(({ name, complete, channel, thread }) => [name, complete, channel, thread]),
  ).toEqual([
    ['details.txt', true, 'C0DEPLOYS01', ts],
    ['plot.png', true, 'C0DEPLOYS01', ts],
  ]);
  expect(stub.files()[1]!.bytes.toString()).toBe('picture');
  expect(stub.violations).toEqual([]);
  const types = stub.requests.map(({ path, headers }) => [path, headers['content-type']]);
  expect(types.filter(([path]) => path!.includes('getUploadURL'))).toEqual(
    Array(2).fill(['/api/files.getUploadURLExternal', 'application/x-www-form-urlencoded']),
  );
  expect(types.at(-1)).toEqual(['/api/files.completeUploadExternal', 'application/json; charset=utf-8']);
  expect(ports.log.lines.join('\n')).toContain('attachment missing.log cannot be read');
  rmSync(workspace, { recursive: true });
});

test.each(['invalid_blocks', 'msg_blocks_too_long', 'invalid_attachments'])(
  '%s costs the formatting, not the message',
  async (error) => {
    stub.script({ kind: 'refuse', error });
    const ports = fakePorts();
    expect((await bot({ status: 'failure', title: '<b> & *c* :smile:' }, ports)).delivered).toBe('delivered');
    expect(stub.messages()[0]!.text.replaceAll('\u2060', '')).toContain('❌ <b> & *c* :smile:');
    expect(stub.messages()[0]!.found).toEqual([
      { type: 'link', value: 'https://github.com/org/shop/actions/runs/4711' },
    ]);
    expect(ports.log.lines.join('\n')).toMatch(/warning: .*plain text/);
  },
);

test('a webhook that rejects the payload gets text alone', async () => {
  stub.script({ kind: 'refuse', error: 'invalid_payload' });
  expect((await hook({ status: 'success' })).delivered).toBe('delivered');
});

test.each([
  ['invalid_auth', /Check `bot-token`/],
  ['not_in_channel', /invite the bot/],
  ['is_archived', /archived/],
  ['missing_scope', /Add the scope/],
])('%s is a warning that says what to do, and no green silence', async (error, remedy) => {
  stub.script({ kind: 'refuse', error });
  const ports = fakePorts();
  expect(await bot({ status: 'success' }, ports)).toMatchObject({ delivered: 'failed', attempts: 1 });
  expect(ports.log.lines.join('\n')).toMatch(remedy);
  expect(ports.log.lines.join('\n')).not.toContain(stub.token);
  stub.script({ kind: 'refuse', error });
  await expect(bot({ status: 'success', 'on-failure': 'fail' })).rejects.toThrow(Failure);
});

test.each([
  [403, 'action_prohibited', /rules forbid/],
  [404, 'no_service', /make a new one/],
  [410, 'channel_is_archived', /archived/],
])("a webhook's %d %s says what to do, and never shows the address", async (status, error, remedy) => {
  stub.script({ kind: 'refuse', status, error });
  const ports = fakePorts();
  expect(await hook({ status: 'success' }, ports)).toMatchObject({ delivered: 'failed', attempts: 1 });
  expect(ports.log.lines.join('\n')).toMatch(remedy);
  expect(ports.log.lines.join('\n')).not.toContain('stubstub');
});

test("too many requests, an unavailable server, gateways' pages and a cut connection delay the message, no more", async () => {
  for (const via of [bot, hook]) {
    stub.script(
      { kind: 'busy', seconds: 12 },
      { kind: 'status', status: 503 },
      { kind: 'page', status: 503 },
      { kind: 'cut', accepted: false },
    );
    const ports = fakePorts();
    expect(await via({ status: 'success' }, ports)).toMatchObject({ delivered: 'delivered', attempts: 5 });
    expect(ports.clock.sleeps[0]).toBeGreaterThanOrEqual(12_000);
  }
  stub.script({ kind: 'refuse', error: 'ratelimited' }, { kind: 'refuse', error: 'internal_error' });
  expect(await bot({ status: 'success' })).toMatchObject({ delivered: 'delivered', attempts: 3 });
  expect(stub.messages().length).toBe(3);
});

test('a server error may hide a posted message: one more, not two', async () => {
  const faults: Fault[] = [
    { kind: 'status', status: 500 },
    { kind: 'page', status: 502 },
    { kind: 'refuse', error: 'internal_error' },
    { kind: 'refuse', error: 'fatal_error' },
    { kind: 'refuse', status: 500, error: 'internal_error' },
  ];
  for (const fault of faults) {
    stub.reset();
    stub.script(fault, fault, fault);
    const ports = fakePorts();
    expect(await bot({ status: 'success' }, ports)).toMatchObject({ delivered: 'failed', attempts: 2 });
    expect(ports.log.lines.join('\n')).toContain('no clear answer twice');
  }
  for (const fault of faults.slice(0, 2)) {
    stub.reset();
    stub.script(fault, fault, fault);
    expect(await hook({ status: 'success' })).toMatchObject({ delivered: 'failed', attempts: 2 });
  }
});

test('an edit is repeated through server errors until it is there', async () => {
  const first = await bot({ status: 'started' });
  stub.script(
    { kind: 'refuse', error: 'internal_error' },
    { kind: 'refuse', error: 'fatal_error' },
    { kind: 'status', status: 500 },
  );
  expect(await bot({ status: 'success', update: first.message })).toMatchObject({
    delivered: 'delivered',
    attempts: 4,
  });
  expect(stub.messages().map((message) => message.edits)).toEqual([1]);
});

test('a web page with status 200 is taken for a message that perhaps arrived: one more, not two', async () => {
  for (const via of [bot, hook]) {
    stub.script({ kind: 'page', status: 200 }, { kind: 'page', status: 200 }, { kind: 'page', status: 200 });
    expect(await via({ status: 'success' })).toMatchObject({ delivered: 'failed', attempts: 2 });
    stub.script();
    await via({ status: 'success' });
  }
});

test('servers that show attachments but no blocks get attachments', async () => {
  await send({
    'webhook-url': stub.attachmentWebhook,
    status: 'failure',
    environment: 'production',
    'mention-on-failure': '@here',
    details: 'Error: boom',
  });
  const [message] = stub.messages();
  expect(message).toMatchObject({ via: 'attachments', color: '#cf222e' });
  expect(message!.text).toMatch(/^@here\n❌ Deploying shop to production failed\n```\nError: boom\n```\n/);
  expect(message!.text).toContain('Environment: production');
  expect(stub.violations).toEqual([]);
  expect(attachmentStyle('https://hooks.slack.com/services/T/B/x', 'auto')).toBe(false);
  expect(attachmentStyle('https://chat.example.com/hooks/x', 'auto')).toBe(true);
  expect(attachmentStyle('https://discord.com/api/webhooks/1/x/slack', 'auto')).toBe(true);
  expect(attachmentStyle('https://chat.example.com/hooks/x', 'blocks')).toBe(false);
});

test('hostile texts mean nothing in Markdown either', async () => {
  for (const text of hostileTexts.slice(0, 60)) {
    await send({ 'webhook-url': stub.attachmentWebhook, status: 'success', message: text });
    const { payload } = stub.messages().at(-1)!;
    const shown = JSON.stringify(payload);
    expect(shown).not.toMatch(/@(everyone|channel|here|all|durov)/);
    expect(shown).not.toMatch(/<(!|@|#|https?:)(?![^>]*actions\/runs)/);
    expect(shown).not.toMatch(/(?<!\\\\)[*_~`]bold|\]\(https:\/\/evil/);
  }
});

test('without a secret the message is skipped where GitHub gives none, and is an error elsewhere', async () => {
  const ports = fakePorts({
    workflow: sampleWorkflow({
      withheldSecrets: () => "GitHub gives Dependabot's runs no secrets of the repository",
    }),
  });
  expect(await hook({ status: 'failure', 'webhook-url': '' }, ports)).toEqual({
    delivered: 'skipped',
    message: '',
    attempts: 0,
  });
  expect(await bot({ status: 'failure', 'bot-token': '' }, ports)).toMatchObject({ delivered: 'skipped' });
  expect(ports.log.lines.filter((line) => line.startsWith('notice:'))).toHaveLength(2);
  await expect(hook({ status: 'failure', 'webhook-url': '' })).rejects.toThrow(
    'input `webhook-url` is required',
  );
  await expect(bot({ status: 'failure', 'bot-token': '' })).rejects.toThrow('input `bot-token` is required');
  await expect(bot({ status: 'failure', channel: '' })).rejects.toThrow('input `channel` is required');
  await expect(hook({ status: 'failure', channel: '#x' })).rejects.toThrow(
    /a webhook posts to its own channel/,
  );
});

test('what is no channel, webhook or mention is refused', () => {
  expect(parseChannel('#deploys-über summary')).toEqual({ id: 'deploys-über', detail: 'summary' });
  expect(() => parseChannel('#a b')).toThrow(/not a channel/);
  expect(() => parseWebhook('https://hooks.slack.com/triggers/T/1/x')).toThrow(/workflow's trigger/);
  expect(() => parseWebhook('hooks.slack.com')).toThrow('the value is not an http(s) address');
  expect(() => parseMention('@grace')).toThrow(/neither @here/);
  const read = (name: string) => ({ status: 'success', 'webhook-url': 'ftp://secret-thing' })[name] ?? '';
  expect(() => parseFields(fields, { input: read })).toThrow(
    'input `webhook-url`, line 1: the value is not an http(s) address',
  );
});

test('of 1,000 messages that each meet up to three 429 or 503 in a row, none is lost, doubled or early', async () => {
  const clock = fakePorts().clock;
  const post = watchEarly(http, clock);
  let faults = 0;
  for (let index = 0; index < 1000; index += 1) {
    const script = upToThreeFaults(index);
    faults += script.length;
    stub.script(...script);
    // Half of them by a webhook, half by a bot.
    const way =
      index % 8 < 4 ? { 'webhook-url': stub.webhook } : { 'bot-token': stub.token, channel: 'deploys' };
    const given: Record<string, string | undefined> = {
      ...way,
      'api-url': stub.url,
      status: 'success',
      title: `message ${index}`,
    };
    const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
    const outputs = await sendSlack(inputs, { ...fakePorts(), clock }, post);
    expect(outputs).toMatchObject({ delivered: 'delivered', attempts: script.length + 1 });
  }
  const titles = stub.messages().map((message) => /message \d+/.exec(message.notification)?.[0]);
  expect(titles).toEqual(Array.from({ length: 1000 }, (_, index) => `message ${index}`));
  expect([post.early(), post.count()]).toEqual([0, 1000 + faults]);
  expect(stub.violations).toEqual([]);
}, 60_000);

test('optional: an empty webhook, token or channel skips the message with a notice', async () => {
  for (const [given, empty] of [
    [{ 'webhook-url': '' }, 'webhook-url'],
    [{ channel: '#deploys', 'bot-token': '' }, 'bot-token'],
    [{ channel: '', 'bot-token': stub.token }, 'channel'],
  ] as const) {
    const ports = fakePorts();
    expect(await send({ ...given, optional: 'true', status: 'failure' }, ports)).toMatchObject({
      delivered: 'skipped',
    });
    expect(ports.log.lines).toEqual([
      `notice: Slack: message skipped: \`${empty}\` is empty, and \`optional\` is true.`,
    ]);
  }
});

test.each([
  ['no_service', /make a new one/],
  ['invalid_payload_shape', /invalid_payload_shape/],
  ['', /ok: false/],
])('a webhook that says no with status 200 has not delivered: %j', async (error, said) => {
  const ports = fakePorts();
  const no = {
    request: () =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: Buffer.from(JSON.stringify({ ok: false, ...(error ? { error } : {}) })),
      } as never),
  };
  const inputs = { 'webhook-url': stub.webhook, status: 'failure' } as Record<string, string>;
  const outputs = await sendSlack(parseFields(fields, { input: (name) => inputs[name] ?? '' }), ports, no);
  expect(outputs).toMatchObject({ delivered: 'failed' });
  expect(ports.log.lines.join('\n')).toMatch(said);
});

test('without files:write the message is delivered, and a warning says what its file needs', async () => {
  const ports = fakePorts();
  const outputs = await bot({ status: 'failure', details: 'x'.repeat(60_000) }, scripted(ports));
  expect(outputs).toMatchObject({ delivered: 'delivered' });
  expect(stub.messages()).toHaveLength(1);
  expect(ports.log.lines.join('\n')).toMatch(
    /warning: Slack: .*: the message is there, its files are not: files\.getUploadURLExternal: Slack says: missing_scope.* Add the scope/,
  );
});

function scripted(ports: FakePorts): FakePorts {
  stub.script({ kind: 'ok' }, { kind: 'refuse', error: 'missing_scope' });
  return ports;
}
