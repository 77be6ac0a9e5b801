import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Fault, type Seen, answerJson, answerPage, ok, readBody } from './script.ts';
import { type SlackFound, SlackRefusal, readMessage } from './slack-grammar.ts';

/** A message as the channel shows it. */
export interface ShownSlack {
  channel: string;
  ts: string;
  thread: string | undefined;
  broadcast: boolean;
  text: string;
  /** What a notification says. */
  notification: string;
  found: SlackFound[];
  color: string | undefined;
  edits: number;
  via: 'bot' | 'webhook' | 'attachments';
  /** As it was sent. */
  payload: Record<string, unknown>;
}

export interface SlackFile {
  id: string;
  name: string;
  bytes: Buffer;
  channel: string | undefined;
  thread: string | undefined;
  complete: boolean;
}

export interface SlackStub {
  /** For `api-url`. */
  url: string;
  /** For `webhook-url`. */
  webhook: string;
  /** The same of a server that shows attachments but no blocks, such as Mattermost. */
  attachmentWebhook: string;
  token: string;
  script(...faults: Fault[]): void;
  requests: Seen[];
  violations: string[];
  messages(): ShownSlack[];
  files(): SlackFile[];
  remove(ts: string): void;
  /** Forgets messages, requests, violations and what is left of the script. */
  reset(): void;
  close(): Promise<void>;
}

type Item = Record<string, unknown>;

/** Starts Slack's Web API and an incoming webhook on loopback; both hold every request against the published rules. */
export async function startSlackStub(
  options: { token?: string; channels?: Record<string, string> } = {},
): Promise<SlackStub> {
  const token = options.token ?? 'xoxb-1111111111-stubstubstubstub';
  /** name -> id */
  const channels = options.channels ?? { deploys: 'C0DEPLOYS01', log: 'C0LOGLOG001' };
  const shown: ShownSlack[] = [];
  const files: SlackFile[] = [];
  const faults: Fault[] = [];
  const requests: Seen[] = [];
  const violations: string[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const refuse = (word: string, detail = word): never => {
    throw new SlackRefusal(word, detail);
  };
  const idOf = (channel: unknown): string => {
    const name = String(channel).replace(/^#/, '');
    if (Object.values(channels).includes(name)) return name;
    return channels[name] ?? refuse('channel_not_found');
  };
  const known = (payload: Item, ...keys: string[]) => {
    for (const key of Object.keys(payload))
      if (!keys.includes(key)) violations.push(`unknown parameter ${key}`);
  };
  const content = ['text', 'mrkdwn', 'blocks', 'attachments'];

  function add(payload: Item, channel: string, via: ShownSlack['via']): ShownSlack {
    const message: ShownSlack = {
      ...readMessage(payload),
      channel,
      ts: `1700000000.${String((count += 1)).padStart(6, '0')}`,
      thread: payload['thread_ts'] as string | undefined,
      broadcast: payload['reply_broadcast'] === true,
      edits: 0,
      via,
      payload,
    };
    shown.push(message);
    return message;
  }

  function call(method: string, payload: Item): Item {
    switch (method) {
      case 'chat.postMessage': {
        known(payload, 'channel', 'thread_ts', 'reply_broadcast', 'unfurl_links', 'unfurl_media', ...content);
        const { ts, channel } = add(payload, idOf(payload['channel']), 'bot');
        return { channel, ts, message: { ts } };
      }
      case 'chat.update': {
        known(payload, 'channel', 'ts', ...content);
        // A name is not taken here, whatever chat.postMessage takes.
        if (!Object.values(channels).includes(String(payload['channel']))) refuse('channel_not_found');
        const message = shown.find((one) => one.ts === payload['ts'] && one.channel === payload['channel']);
        if (!message) return refuse('message_not_found');
        Object.assign(message, readMessage(payload), { payload, edits: message.edits + 1 });
        return { channel: message.channel, ts: message.ts };
      }
      case 'files.getUploadURLExternal': {
        known(payload, 'filename', 'length');
        const id = `F0FILE${String(files.length + 1).padStart(5, '0')}`;
        if (!(Number(payload['length']) > 0)) refuse('invalid_arguments', 'length');
        files.push({
          id,
          name: String(payload['filename']),
          bytes: Buffer.alloc(Number(payload['length'])),
          channel: undefined,
          thread: undefined,
          complete: false,
        });
        return { file_id: id, upload_url: `${base}/upload/${id}` };
      }
      case 'files.completeUploadExternal': {
        known(payload, 'files', 'channel_id', 'thread_ts');
        const channel = payload['channel_id'];
        if (channel !== undefined && !Object.values(channels).includes(String(channel)))
          refuse('channel_not_found');
        for (const { id } of payload['files'] as { id: string }[]) {
          const file = files.find((one) => one.id === id);
          if (!file || file.bytes.every((byte) => byte === 0)) return refuse('file_not_found');
          Object.assign(file, { complete: true, channel, thread: payload['thread_ts'] });
        }
        return { files: payload['files'] };
      }
      default:
        return refuse('unknown_method', method);
    }
  }

  function webhook(path: string, payload: Item): void {
    if (path.startsWith('/hooks/')) {
      const [one] = (payload['attachments'] ?? []) as Item[];
      if (payload['blocks'] || one?.['blocks']) violations.push('blocks for a server that shows none');
      if (JSON.stringify(payload).length > 16_383) refuse('too_long');
      const lines = [payload['text'], one?.['title'], one?.['text']].filter(Boolean).map(String);
      const fields = ((one?.['fields'] ?? []) as Item[]).map(
        (field) => `${String(field['title'])}: ${String(field['value'])}`,
      );
      shown.push({
        channel: path,
        ts: `1700000000.${String((count += 1)).padStart(6, '0')}`,
        thread: undefined,
        broadcast: false,
        text: [...lines, ...fields].join('\n'),
        notification: String(one?.['fallback'] ?? ''),
        found: [],
        color: one?.['color'] as string | undefined,
        edits: 0,
        via: 'attachments',
        payload,
      });
      return;
    }
    known(payload, 'thread_ts', ...content);
    add(payload, path, 'webhook');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const fault = faults.shift() ?? ok;
    const path = request.url ?? '';
    requests.push({
      at: performance.now(),
      method: request.method ?? '',
      path,
      headers: request.headers,
      body,
      fault,
    });
    const isHook = /^\/(services|hooks)\//.test(path);
    const accept = (): Item => {
      if (request.method !== 'POST') violations.push(`${path}: ${request.method}`);
      const upload = /^\/upload\/(\w+)$/.exec(path);
      if (upload) {
        const file = files.find((one) => one.id === upload[1]);
        if (request.headers.authorization !== undefined) violations.push('the upload address got the token');
        if (!file || file.bytes.length !== body.length)
          return refuse('length', 'the bytes are not as many as announced');
        file.bytes = body;
        return {};
      }
      const payload = payloadOf(String(request.headers['content-type']), body);
      if (isHook) {
        if (request.headers.authorization !== undefined) violations.push('a webhook got a token');
        webhook(path, payload);
        return {};
      }
      if (request.headers.authorization !== `Bearer ${token}`) refuse('invalid_auth');
      const method = /^\/api\/(.+)$/.exec(path)?.[1] ?? '';
      // The one method whose JSON live Slack does not read (github.com/Octember/earshot/pull/10).
      if (method === 'files.getUploadURLExternal' && isJson(request.headers['content-type']))
        refuse('invalid_arguments', 'missing required field: filename');
      return call(method, payload);
    };
    switch (fault.kind) {
      case 'busy':
        return answerJson(
          response,
          429,
          { ok: false, error: isHook ? 'rate_limited' : 'ratelimited' },
          { 'retry-after': String(fault.seconds) },
        );
      case 'status':
        response.writeHead(fault.status, { 'content-type': 'text/plain' });
        return void response.end('error');
      case 'page':
        return answerPage(response, fault.status);
      case 'nonsense':
        return answerJson(response, 200, { hello: 'world' });
      case 'refuse':
        if (!isHook) return answerJson(response, fault.status ?? 200, { ok: false, error: fault.error });
        response.writeHead(fault.status ?? 400, { 'content-type': 'text/plain' });
        return void response.end(fault.error);
      case 'hang':
      case 'cut':
        if (fault.accepted) accept();
        if (fault.kind === 'cut') request.socket.destroy();
        return;
      case 'ok':
        break;
    }
    try {
      const result = accept();
      if (!isHook) return answerJson(response, 200, { ok: true, ...result });
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end('ok');
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error;
      if (/^(invalid|msg|not_escaped|no_text|too)/.test(error.word) && error.word !== 'invalid_auth') {
        violations.push(`${path}: ${error.word}: ${error.message}`);
      }
      if (!isHook) return answerJson(response, 200, { ok: false, error: error.word });
      response.writeHead(error.word === 'channel_not_found' ? 404 : 400, { 'content-type': 'text/plain' });
      response.end(error.word);
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(`the stub failed: ${String(error)}`);
      response.destroy();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${base}/api`,
    webhook: `${base}/services/T000/B000/stubstubstubstub`,
    attachmentWebhook: `${base}/hooks/stubstubstubstub`,
    token,
    requests,
    violations,
    script: (...more) => void faults.push(...more),
    messages: () => shown,
    files: () => files,
    remove(ts) {
      shown.splice(
        shown.findIndex((message) => message.ts === ts),
        1,
      );
    },
    reset() {
      for (const list of [shown, faults, requests, violations, files]) list.splice(0);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

const isJson = (type: string | undefined) => type?.startsWith('application/json') === true;

/** The Web API takes JSON and forms, whose structured values are JSON; webhooks get JSON. */
function payloadOf(type: string, body: Buffer): Item {
  if (isJson(type)) return JSON.parse(body.toString('utf8')) as Item;
  if (!type.startsWith('application/x-www-form-urlencoded'))
    throw new SlackRefusal('invalid_post_type', type);
  return Object.fromEntries(
    [...new URLSearchParams(body.toString('utf8'))].map(([name, value]) => [
      name,
      /^([[{]|true$|false$)/.test(value) ? (JSON.parse(value) as unknown) : value,
    ]),
  );
}
