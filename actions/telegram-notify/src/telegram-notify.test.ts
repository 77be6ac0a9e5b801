import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Http, openHttp } from '@deploy-actions/http';
import { Failure, parseFields } from '@deploy-actions/kit';
import { TELEGRAM_LIMITS } from '@deploy-actions/notice';
import {
  type FakePorts,
  type Fault,
  type TelegramStub,
  fakePorts,
  sampleWorkflow,
  startTelegramStub,
  upToThreeFaults,
  watchEarly,
} from '@deploy-actions/notice/testing';
import { fields, parseChat } from './fields.ts';
import { sendTelegram } from './telegram-notify.ts';

const CHAT = '-1001234567890';
let stub: TelegramStub;
let http: Http;

beforeEach(async () => {
  stub = await startTelegramStub();
  http = openHttp();
});
afterEach(async () => {
  await http.close();
  await stub.close();
});

function send(given: Record<string, string | undefined>, ports: FakePorts = fakePorts()) {
  const all: Record<string, string | undefined> = {
    'bot-token': stub.token,
    'chat-id': CHAT,
    'api-url': stub.url,
    ...given,
  };
  return sendTelegram(parseFields(fields, { input: (name) => all[name] ?? '' }), ports, http);
}

/** What deployment-record writes into its file, as far as a notice reads it. */
function recordFile(status: string): string {
  const record = {
    timestamp: '2026-01-01T00:00:00Z',
    deployment_id: 'prod-v1.4.0',
    environment: 'production',
    version: 'v1.4.0',
    status,
    git_sha: 'c'.repeat(40),
    git_ref: 'refs/tags/v1.4.0',
    services_deployed: [],
    health_checks: [],
    rollback_available: false,
  };
  return JSON.stringify({ kind: 'record', ok: status === 'success', summary: 'as it went', record });
}

test('the record of the run fills what the inputs leave open, and a failed job that was taken back is told as that', async () => {
  await send({ status: 'success', reports: recordFile('success') });
  await send({ status: 'failure', reports: recordFile('rolled-back') });
  await send({ status: 'cancelled', reports: recordFile('restored'), 'only-on': 'rolled-back' });
  await send({ status: 'failure', reports: recordFile('failure'), version: 'v9', environment: 'staging' });
  await send({ status: 'success', reports: recordFile('rolled-back') });
  const texts = stub.messages().map(({ text }) => text);
  expect(texts.map((text) => text.split('\n')[0])).toEqual([
    expect.stringContaining('Deployed shop v1.4.0 to production'),
    expect.stringContaining('Rolled back shop v1.4.0 in production'),
    expect.stringContaining('Rolled back shop v1.4.0 in production'),
    expect.stringContaining('Deploying shop v9 to staging failed'),
    expect.stringContaining('Deployed shop v1.4.0 to production'),
  ]);
  expect(texts[0]).toContain('prod-v1.4.0');
});

test('a record that is not whole fills nothing', async () => {
  const { record, ...report } = JSON.parse(recordFile('rolled-back')) as { record: object };
  await send({
    status: 'failure',
    reports: JSON.stringify({ ...report, record: { ...record, git_sha: 7 } }),
  });
  expect(stub.messages()[0]!.text).toContain('Deploying shop failed');
});

test('one message per chat, with its topic, its detail, and what the inputs say', async () => {
  const ports = fakePorts();
  const outputs = await send(
    {
      'chat-id': `${CHAT}/42\n@shop_log summary`,
      status: 'failure',
      environment: 'production',
      details: 'Error: boom',
      topic: '7',
      silent: 'true',
    },
    ports,
  );
  expect(outputs).toMatchObject({ delivered: 'delivered', attempts: 2 });
  const [full, short] = [...stub.messages()].sort((a, b) => a.chat.localeCompare(b.chat));
  expect(full).toMatchObject({ chat: CHAT, topic: 42, silent: true });
  expect(full!.text).toContain('Deploying shop to production failed');
  expect(full!.text).toContain('Error: boom');
  expect(short).toMatchObject({ chat: '@shop_log', topic: 7 });
  expect(short!.text).not.toContain('boom');
  expect(full!.buttons.flat().map((button) => button.url)).toEqual([
    'https://github.com/org/shop/actions/runs/4711',
  ]);
  expect(stub.violations).toEqual([]);
  expect(ports.log.lines.join('\n')).toContain('delivered at 2 of 2');
});

test('a live message is edited in place, and the last call settles it', async () => {
  const ports = fakePorts();
  const first = await send({ status: 'started', phase: 'Build' }, ports);
  ports.clock.advance(5000);
  const second = await send({ status: 'progress', phase: 'Deploy', update: first.message }, ports);
  ports.clock.advance(60_000);
  const last = await send({ status: 'success', update: second.message }, ports);
  expect(last.delivered).toBe('delivered');
  const [message, ...others] = stub.messages();
  expect(others).toEqual([]);
  expect(message!.edits).toBe(2);
  expect(message!.text).toContain('✅ Build (5.0 s)\n✅ Deploy (1 m 00 s)');
  expect(message!.text).toContain('Elapsed: 1 m 05 s');
  for (const handle of [first.message, Buffer.from(first.message.slice(8), 'base64url').toString()])
    expect(handle).not.toContain(CHAT);
});

test('when the original is gone a new one is sent; the same text again is a success', async () => {
  const first = await send({ status: 'started' });
  const again = await send({ status: 'started', update: first.message, fields: 'a=b' });
  expect((await send({ status: 'started', update: again.message, fields: 'a=b' })).delivered).toBe(
    'delivered',
  );
  expect(stub.messages().length).toBe(1);
  stub.remove(stub.messages()[0]!.id);
  expect((await send({ status: 'success', update: again.message })).delivered).toBe('delivered');
  expect(stub.messages().map((message) => message.edits)).toEqual([0]);
});

test('who is to be called on failure is called by a reply when the message itself is only edited', async () => {
  const first = await send({ status: 'started', 'mention-on-failure': '@oncall_ops' });
  await send({ status: 'failure', update: first.message, 'mention-on-failure': '@oncall_ops' });
  const [edited, reply] = stub.messages();
  expect(reply).toMatchObject({ replyTo: edited!.id });
  expect(reply!.found.map((entity) => entity.type)).toEqual(['mention']);
  await send({ status: 'success', 'mention-on-failure': '@oncall_ops' });
  expect(stub.messages().at(-1)!.found).toEqual([]);
});

test('entities that are rejected cost the formatting, not the message', async () => {
  stub.script({ kind: 'refuse', error: "Bad Request: can't parse entities: Unsupported start tag" });
  const ports = fakePorts();
  expect((await send({ status: 'success', message: 'a <b> c' }, ports)).delivered).toBe('delivered');
  expect(stub.messages()[0]!.text).toContain('a <b> c');
  expect(ports.log.lines.join('\n')).toMatch(/warning: .*plain text/);
});

test('buttons that are rejected cost the buttons, not the message', async () => {
  stub.script({ kind: 'refuse', error: 'Bad Request: BUTTON_URL_INVALID' });
  expect((await send({ status: 'success' })).delivered).toBe('delivered');
  expect(stub.messages()[0]!.buttons).toEqual([]);
});

test('a group that became a supergroup is followed, with a warning', async () => {
  await stub.close();
  stub = await startTelegramStub({ migrated: { '-42': CHAT } });
  const ports = fakePorts();
  expect((await send({ status: 'success', 'chat-id': '-42' }, ports)).delivered).toBe('delivered');
  expect(stub.messages()[0]!.chat).toBe(CHAT);
  expect(ports.log.lines.join('\n')).toContain(`warning: The group -42 became the supergroup ${CHAT}`);
});

test('details over the limit go as a document that answers the message', async () => {
  const details = `${'line of a log\n'.repeat(1000)}the end`;
  await send({ status: 'failure', details });
  const [message, document] = stub.messages();
  expect(message!.text.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.text);
  expect(message!.text).toContain('the end');
  expect(document).toMatchObject({ replyTo: message!.id, file: { name: 'details.txt', photo: false } });
  expect(document!.file!.bytes.toString()).toBe(details);
});

test('files go with a message that settles: pictures as photos, others as documents, missing ones are told of', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'telegram-'));
  writeFileSync(join(workspace, 'plot.png'), Buffer.from([0x89, 0x50, 0x0d, 0x0a, 0, 255]));
  writeFileSync(join(workspace, 'deploy.log'), 'log --boundary\r\n--x--');
  writeFileSync(join(workspace, 'empty.log'), '');
  const ports = fakePorts({ workflow: sampleWorkflow({ workspace }) });
  const attach = 'plot.png\ndeploy.log\nempty.log\nmissing.log';
  await send({ status: 'started', attach }, ports);
  expect(stub.messages().length).toBe(1);
  expect((await send({ status: 'failure', attach }, ports)).delivered).toBe('delivered');
  expect(
    stub
      .messages()
      .slice(2)
      .map(({ file, text }) => [file!.name, file!.photo, file!.bytes.length, text.replaceAll('\u2060', '')]),
  ).toEqual([
    ['plot.png', true, 6, 'plot.png'],
    ['deploy.log', false, 21, 'deploy.log'],
  ]);
  expect(
    ports.log.lines
      .filter((line) => line.startsWith('warning'))
      .map((line) => /attachment (\S+)/.exec(line)?.[1]),
  ).toEqual(['empty.log', 'missing.log']);
  rmSync(workspace, { recursive: true });
});

test('a picture that is no photo for Telegram goes as a document', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'telegram-'));
  writeFileSync(join(workspace, 'plot.png'), 'x');
  stub.script({ kind: 'ok' }, { kind: 'refuse', error: 'Bad Request: PHOTO_INVALID_DIMENSIONS' });
  await send(
    { status: 'success', attach: 'plot.png' },
    fakePorts({ workflow: sampleWorkflow({ workspace }) }),
  );
  expect(stub.messages()[1]!.file).toMatchObject({ name: 'plot.png', photo: false });
  rmSync(workspace, { recursive: true });
});

test('a file that does not arrive is told of; the message is delivered and can still be edited', async () => {
  stub.script(
    { kind: 'ok' },
    { kind: 'refuse', error: 'Bad Request: not enough rights to send documents to the chat' },
  );
  const ports = fakePorts();
  const first = await send({ status: 'failure', details: 'x'.repeat(5000) }, ports);
  expect(first.delivered).toBe('delivered');
  expect(ports.log.lines.join('\n')).toContain('the message is there, its files are not: sendDocument');
  await send({ status: 'success', update: first.message });
  expect(stub.messages()[0]!.edits).toBe(1);
});

test.each([
  ['a wrong token', { kind: 'refuse', status: 401, error: 'Unauthorized' }, /Check `bot-token`/],
  [
    'a chat that it may not write to',
    { kind: 'refuse', status: 403, error: 'Forbidden: bot was kicked from the supergroup chat' },
    /Add the bot to the chat/,
  ],
  ['a chat that is not there', { kind: 'refuse', error: 'Bad Request: chat not found' }, /Check `chat-id`/],
  [
    'a topic that is not there',
    { kind: 'refuse', error: 'Bad Request: message thread not found' },
    /Check `topic`/,
  ],
] as const)('%s is a warning that says what to do, and never shows the token', async (_, fault, remedy) => {
  stub.script(fault);
  const ports = fakePorts();
  expect(await send({ status: 'success' }, ports)).toMatchObject({ delivered: 'failed', attempts: 1 });
  const log = ports.log.lines.join('\n');
  expect(log).toMatch(remedy);
  expect(log).not.toContain(stub.token.split(':')[1]);
  stub.script(fault);
  await expect(send({ status: 'success', 'on-failure': 'fail' })).rejects.toThrow(Failure);
});

test("too many requests, an unavailable server, gateways' pages and a cut connection delay the message, no more", async () => {
  stub.script(
    { kind: 'busy', seconds: 34 },
    { kind: 'status', status: 503 },
    { kind: 'page', status: 503 },
    { kind: 'cut', accepted: false },
  );
  const ports = fakePorts();
  expect(await send({ status: 'success' }, ports)).toMatchObject({ delivered: 'delivered', attempts: 5 });
  expect(stub.messages().length).toBe(1);
  expect(ports.clock.sleeps[0]).toBeGreaterThanOrEqual(34_000);
});

test('a server error may hide a sent message: one more, not two', async () => {
  const faults: Fault[] = [
    { kind: 'status', status: 500 },
    { kind: 'page', status: 502 },
    { kind: 'refuse', status: 500, error: 'Internal Server Error' },
    { kind: 'refuse', status: 502, error: 'Bad Gateway' },
  ];
  for (const fault of faults) {
    stub.reset();
    stub.script(fault, fault, fault);
    expect(await send({ status: 'success' })).toMatchObject({ delivered: 'failed', attempts: 2 });
  }
});

test('an answer that makes no sense is taken for a message that perhaps arrived: one more, not two', async () => {
  stub.script({ kind: 'nonsense' }, { kind: 'nonsense' }, { kind: 'nonsense' });
  expect(await send({ status: 'success' })).toMatchObject({ delivered: 'failed', attempts: 2 });
});

test('a chat that fails does not keep the others from the message', async () => {
  await stub.close();
  stub = await startTelegramStub({ chats: ['-2'] });
  const ports = fakePorts();
  expect((await send({ status: 'success', 'chat-id': '-1\n-2' }, ports)).delivered).toBe('failed');
  expect(stub.messages().map((message) => message.chat)).toEqual(['-2']);
  expect(ports.log.lines.join('\n')).toMatch(/not delivered whole to 1 of 2: chat -1:/);
});

test('secrets that a log brings along are taken out before it leaves the runner', async () => {
  const ports = fakePorts();
  ports.addSecret('hunter2-password');
  await send(
    { status: 'failure', details: 'login with hunter2-password failed', message: 'hunter2-password' },
    ports,
  );
  expect(stub.requests[0]!.body.toString()).not.toContain('hunter2');
  expect(stub.messages()[0]!.text).toContain('login with *** failed');
});

test('without a token the message is skipped where GitHub gives none, and is an error elsewhere', async () => {
  const fork = sampleWorkflow({
    withheldSecrets: () => 'GitHub gives no secrets to a pull request from a fork',
  });
  const ports = fakePorts({ workflow: fork });
  expect(await send({ status: 'failure', 'bot-token': '' }, ports)).toEqual({
    delivered: 'skipped',
    message: '',
    attempts: 0,
  });
  expect(ports.log.lines.filter((line) => line.startsWith('notice:'))).toHaveLength(1);
  await expect(send({ status: 'failure', 'bot-token': '' })).rejects.toThrow('input `bot-token` is required');
  await expect(send({ status: 'failure', 'chat-id': '' })).rejects.toThrow('input `chat-id` is required');
});

test('a wrong handle costs the edit, not the message', async () => {
  const ports = fakePorts();
  expect((await send({ status: 'success', update: 'nonsense' }, ports)).delivered).toBe('delivered');
  expect(ports.log.lines.join('\n')).toContain('warning: `update` is not a handle');
});

test('chats are read by id, name, topic and detail, and what is none is refused by its line', () => {
  expect(parseChat('-1001234567890')).toEqual({ id: '-1001234567890', topic: undefined, detail: 'full' });
  expect(parseChat('@deploys/9 summary')).toEqual({ id: '@deploys', topic: 9, detail: 'summary' });
  expect(() =>
    parseFields(fields, { input: (name) => ({ status: 'success', 'chat-id': '1\nt.me/x' })[name] ?? '' }),
  ).toThrow('input `chat-id`, line 2: "t.me/x"');
});

test('of 1,000 messages that each meet up to three 429 or 503 in a row, none is lost, doubled or early', async () => {
  const clock = fakePorts().clock;
  const post = watchEarly(http, clock);
  let faults = 0;
  for (let index = 0; index < 1000; index += 1) {
    const script = upToThreeFaults(index);
    faults += script.length;
    stub.script(...script);
    const given: Record<string, string> = {
      'bot-token': stub.token,
      'chat-id': CHAT,
      'api-url': stub.url,
      status: 'success',
      title: `message ${index}`,
    };
    const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
    const outputs = await sendTelegram(inputs, { ...fakePorts(), clock }, post);
    expect(outputs).toMatchObject({ delivered: 'delivered', attempts: script.length + 1 });
  }
  const titles = stub.messages().map((message) => /message \d+/.exec(message.text)?.[0]);
  expect(titles).toEqual(Array.from({ length: 1000 }, (_, index) => `message ${index}`));
  expect([post.early(), post.count()]).toEqual([0, 1000 + faults]);
  expect(stub.violations).toEqual([]);
}, 60_000);

test.each([
  ['Bad Request: ENTITIES_TOO_LONG', 'plain'],
  ['Bad Request: ENTITY_BOUNDS_INVALID', 'plain'],
  ['Bad Request: message is too long', 'plain'],
  ['Bad Request: reply markup is too long', 'no buttons'],
  ['Bad Request: REPLY_MARKUP_TOO_LONG', 'no buttons'],
  ['Bad Request: BUTTON_URL_INVALID', 'no buttons'],
])('what Telegram does not take costs that and not the message: %s', async (error, lost) => {
  stub.script({ kind: 'refuse', error });
  expect(await send({ status: 'failure' })).toMatchObject({ delivered: 'delivered', attempts: 2 });
  const [message] = stub.messages();
  expect(message!.buttons.length > 0).toBe(lost === 'plain');
  expect(message!.entities.length > 0).toBe(lost !== 'plain');
});

test('a message that loses its markup and then its buttons arrives', async () => {
  stub.script(
    { kind: 'refuse', error: 'Bad Request: ENTITIES_TOO_LONG' },
    { kind: 'refuse', error: 'Bad Request: reply markup is too long' },
  );
  expect(await send({ status: 'failure' })).toMatchObject({ delivered: 'delivered', attempts: 3 });
});

test('topic 1 is General, which has no id', async () => {
  await send({ 'chat-id': `${CHAT}/1`, status: 'success' });
  await send({ topic: '1', status: 'success' });
  await send({ topic: '2', status: 'success' });
  expect(stub.messages().map(({ topic }) => topic)).toEqual([undefined, undefined, 2]);
});

test('optional: an empty token or chat skips the message with a notice', async () => {
  for (const empty of ['bot-token', 'chat-id']) {
    const ports = fakePorts();
    const outputs = await send({ [empty]: '', optional: 'true', status: 'failure' }, ports);
    expect(outputs).toMatchObject({ delivered: 'skipped', attempts: 0 });
    expect(ports.log.lines).toEqual([
      `notice: Telegram: message skipped: \`${empty}\` is empty, and \`optional\` is true.`,
    ]);
  }
  await expect(send({ 'bot-token': '', status: 'failure' })).rejects.toThrow('is required and is empty');
});
