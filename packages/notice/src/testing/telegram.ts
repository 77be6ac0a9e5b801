import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Fault, type Seen, answerJson, answerPage, ok, readBody } from './script.ts';
import { type Entity, EntityError, cleanInput, findEntities, parseHtml } from './telegram-entities.ts';

/** A message as the chat shows it. */
export interface ShownTelegram {
  id: number;
  chat: string;
  topic: number | undefined;
  /** After entity parsing: what a reader sees. */
  text: string;
  /** Of the markup. */
  entities: Entity[];
  /** Made by the server itself: mentions, links, commands. */
  found: Entity[];
  buttons: { text: string; url: string }[][];
  silent: boolean;
  edits: number;
  replyTo: number | undefined;
  file: { name: string; bytes: Buffer; photo: boolean } | undefined;
}

export interface TelegramStub {
  /** For `api-url`. */
  url: string;
  token: string;
  /** Faults for the requests to come, in order; then all is well. */
  script(...faults: Fault[]): void;
  requests: Seen[];
  /** What broke a published rule, in words; empty when every request was right. */
  violations: string[];
  /** The chats as they stand now. */
  messages(): ShownTelegram[];
  /** Removes a message, as an administrator does. */
  remove(id: number): void;
  /** Forgets messages, requests, violations and what is left of the script. */
  reset(): void;
  close(): Promise<void>;
}

const PARAMETERS: Record<string, readonly string[]> = {
  sendMessage: [
    'chat_id',
    'message_thread_id',
    'text',
    'parse_mode',
    'link_preview_options',
    'disable_notification',
    'reply_parameters',
    'reply_markup',
  ],
  editMessageText: ['chat_id', 'message_id', 'text', 'parse_mode', 'link_preview_options', 'reply_markup'],
  sendDocument: [
    'chat_id',
    'message_thread_id',
    'document',
    'caption',
    'parse_mode',
    'disable_notification',
    'reply_parameters',
  ],
  sendPhoto: [
    'chat_id',
    'message_thread_id',
    'photo',
    'caption',
    'parse_mode',
    'disable_notification',
    'reply_parameters',
  ],
};

class Refusal extends Error {
  readonly code: number;
  readonly parameters: Record<string, unknown> | undefined;
  constructor(code: number, message: string, parameters?: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.parameters = parameters;
  }
}

/** Starts a Bot API on loopback that holds every request against the published rules. */
export async function startTelegramStub(
  options: { token?: string; chats?: readonly string[]; migrated?: Record<string, string> } = {},
): Promise<TelegramStub> {
  const token = options.token ?? '123456789:stub-token-of-thirty-five-letters-x';
  const shown: ShownTelegram[] = [];
  const faults: Fault[] = [];
  const requests: Seen[] = [];
  const violations: string[] = [];
  const sockets = new Set<Socket>();
  let nextId = 100;

  const refuse = (code: number, message: string): never => {
    throw new Refusal(code, message);
  };

  function take(
    method: string,
    parameters: Record<string, unknown>,
    file: { name: string; bytes: Buffer } | undefined,
  ): unknown {
    const known = PARAMETERS[method] ?? refuse(404, 'Not Found');
    for (const name of Object.keys(parameters)) {
      if (!known.includes(name)) violations.push(`${method}: unknown parameter ${name}`);
    }
    const chat = String(parameters['chat_id'] ?? '');
    const migrated = options.migrated?.[chat];
    if (migrated !== undefined) {
      throw new Refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
        migrate_to_chat_id: Number(migrated),
      });
    }
    if (chat === '' || (options.chats && !options.chats.includes(chat)))
      refuse(400, 'Bad Request: chat not found');
    const source = String(parameters[file ? 'caption' : 'text'] ?? '');
    const most = file ? 1024 : 4096;
    const mode = parameters['parse_mode'];
    if (mode !== undefined && mode !== 'HTML') violations.push(`${method}: parse_mode ${String(mode)}`);
    const parsed = mode === 'HTML' ? parseHtml(source) : { text: source, entities: [] };
    const text = cleanInput(parsed.text).trim();
    if (text !== parsed.text.trim()) violations.push(`${method}: the server would change the text`);
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) {
      violations.push(`${method}: a surrogate pair is split`);
    }
    if (text === '' && !file) refuse(400, 'Bad Request: message text is empty');
    if (text.length > most)
      refuse(400, file ? 'Bad Request: message caption is too long' : 'Bad Request: message is too long');
    if (parsed.entities.length > 100)
      violations.push(`${method}: ${parsed.entities.length} entities, the server keeps 100`);
    const buttons = keyboardOf(parameters['reply_markup']);
    const found = findEntities(parsed);
    if (method === 'editMessageText') {
      const message = shown.find(
        (one) => one.chat === chat && one.id === Number(parameters['message_id']) && !one.file,
      );
      if (!message) return refuse(400, 'Bad Request: message to edit not found');
      const same =
        message.text === text &&
        JSON.stringify([message.entities, message.buttons]) === JSON.stringify([parsed.entities, buttons]);
      if (same)
        refuse(
          400,
          'Bad Request: message is not modified: specified new message content and reply markup are exactly the same',
        );
      Object.assign(message, { text, entities: parsed.entities, found, buttons, edits: message.edits + 1 });
      return { message_id: message.id, chat: { id: chat } };
    }
    const topic = parameters['message_thread_id'];
    if (topic !== undefined && Number(topic) === 404) refuse(400, 'Bad Request: message thread not found');
    const reply = jsonOf(parameters['reply_parameters']) as { message_id?: number } | undefined;
    const message: ShownTelegram = {
      id: nextId++,
      chat,
      topic: topic === undefined ? undefined : Number(topic),
      text,
      entities: parsed.entities,
      found,
      buttons,
      silent: parameters['disable_notification'] === true || parameters['disable_notification'] === 'true',
      edits: 0,
      replyTo: reply?.message_id,
      file: file ? { ...file, photo: method === 'sendPhoto' } : undefined,
    };
    if (file && file.bytes.length === 0) refuse(400, 'Bad Request: file must be non-empty');
    shown.push(message);
    return { message_id: message.id, chat: { id: chat } };
  }

  function keyboardOf(value: unknown): ShownTelegram['buttons'] {
    const markup = jsonOf(value) as { inline_keyboard?: { text: string; url: string }[][] } | undefined;
    const rows = markup?.inline_keyboard ?? [];
    for (const button of rows.flat()) {
      if (!button.text || button.text.length > 64)
        violations.push('a button without text, or with more than 64 characters');
      if (!URL.canParse(button.url) || !/^https?:|^tg:/.test(button.url)) {
        refuse(400, `Bad Request: inline keyboard button URL '${button.url}' is invalid: Wrong HTTP URL`);
      }
    }
    return rows;
  }

  async function handle(
    request: import('node:http').IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
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
    const [, given, method = ''] = /^\/bot([^/]*)\/(\w+)$/.exec(path) ?? [];
    const accept = () => {
      if (request.method !== 'POST') violations.push(`${path}: ${request.method}`);
      if (given !== token) refuse(401, 'Unauthorized');
      const { parameters, file } = parametersOf(String(request.headers['content-type']), body);
      return take(method, parameters, file);
    };
    switch (fault.kind) {
      case 'busy':
        return answerJson(
          response,
          429,
          {
            ok: false,
            error_code: 429,
            description: `Too Many Requests: retry after ${fault.seconds}`,
            parameters: { retry_after: fault.seconds },
          },
          { 'retry-after': String(fault.seconds) },
        );
      case 'status':
        return answerJson(response, fault.status, {
          ok: false,
          error_code: fault.status,
          description: 'Internal Server Error',
        });
      case 'page':
        return answerPage(response, fault.status);
      case 'nonsense':
        return answerJson(response, 200, { hello: 'world' });
      case 'refuse':
        return answerJson(response, fault.status ?? 400, {
          ok: false,
          error_code: fault.status ?? 400,
          description: fault.error,
          ...(fault.parameters ? { parameters: fault.parameters } : {}),
        });
      case 'hang':
      case 'cut':
        if (fault.accepted) accept();
        if (fault.kind === 'cut') request.socket.destroy();
        return;
      case 'ok':
        break;
    }
    try {
      answerJson(response, 200, { ok: true, result: accept() });
    } catch (error) {
      if (error instanceof EntityError) violations.push(`${method}: ${error.message}`);
      const code = error instanceof Refusal ? error.code : 400;
      answerJson(response, code, {
        ok: false,
        error_code: code,
        description: (error as Error).message,
        ...(error instanceof Refusal && error.parameters ? { parameters: error.parameters } : {}),
      });
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    requests,
    violations,
    script: (...more) => void faults.push(...more),
    messages: () => shown,
    remove(id) {
      shown.splice(
        shown.findIndex((message) => message.id === id),
        1,
      );
    },
    reset() {
      for (const list of [shown, faults, requests, violations]) list.splice(0);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function jsonOf(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}

function parametersOf(
  type: string,
  body: Buffer,
): { parameters: Record<string, unknown>; file: { name: string; bytes: Buffer } | undefined } {
  if (type.startsWith('application/json')) {
    return { parameters: JSON.parse(body.toString('utf8')) as Record<string, unknown>, file: undefined };
  }
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(type)?.[1];
  if (boundary === undefined) throw new Refusal(400, `Bad Request: content type ${type}`);
  const parameters: Record<string, unknown> = {};
  let file: { name: string; bytes: Buffer } | undefined;
  // latin1 keeps every byte in its place.
  const parts = body.toString('latin1').split(`--${boundary}`);
  if (parts.length < 3 || parts.at(-1) !== '--\r\n')
    throw new Refusal(400, 'Bad Request: the form is not complete');
  for (const part of parts.slice(1, -1)) {
    const [, head = '', content = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)\r\n$/.exec(part) ?? [];
    const name = /name="([^"]+)"/.exec(head)?.[1] ?? '';
    const filename = /filename="([^"]*)"/.exec(head)?.[1];
    const bytes = Buffer.from(content, 'latin1');
    if (filename === undefined) parameters[name] = bytes.toString('utf8');
    else file = { name: Buffer.from(filename, 'latin1').toString('utf8'), bytes };
  }
  return { parameters, file };
}
