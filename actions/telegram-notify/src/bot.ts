import { randomUUID } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import { type Answer, type Courier, type Verdict, judgeStatus } from '@deploy-actions/notice';

/** The Bot API of one bot. The token is part of every address, so none of them is ever put into words. */
export interface Bot {
  call(method: string, parameters: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  /** Sends a file by multipart/form-data. */
  upload(
    method: 'sendDocument' | 'sendPhoto',
    parameters: Record<string, unknown>,
    file: BotFile,
  ): Promise<unknown>;
}

export interface CallOptions {
  /** Calling it twice changes nothing more. */
  repeatable?: boolean;
}

export interface BotFile {
  name: string;
  bytes: Uint8Array;
}

/** What the API answered instead of `ok: true`. */
export class BotError extends Failure {
  readonly description: string;
  /** The id that a group has after it became a supergroup. */
  readonly migrateTo: string | undefined;
  constructor(message: string, description: string, remedy: string | undefined, migrateTo?: string) {
    super('refused', message, { remedy });
    this.description = description;
    this.migrateTo = migrateTo;
  }
}

export function openBot(apiUrl: string, token: string, courier: Courier): Bot {
  const url = (method: string) => `${apiUrl}/bot${token}/${method}`;
  return {
    call: (method, parameters, options) =>
      courier.deliver({
        name: method,
        url: url(method),
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(parameters),
        repeatable: options?.repeatable,
        judge: (answer, json) => judge(method, answer, json),
      }),
    upload(method, parameters, file) {
      const form = multipart(parameters, method === 'sendPhoto' ? 'photo' : 'document', file);
      return courier.deliver({
        name: method,
        url: url(method),
        headers: { 'content-type': form.type, accept: 'application/json' },
        body: form.body,
        judge: (answer, json) => judge(method, answer, json),
      });
    },
  };
}

/**
 * What an answer of the Bot API means.
 * Source: core.telegram.org/bots/api, "Making requests" and ResponseParameters.
 */
export function judge(method: string, answer: Answer, json: unknown): Verdict<unknown> {
  const body = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  if (answer.status === 200 && body?.['ok'] === true) return { kind: 'done', value: body['result'] };
  if (answer.status === 200 && body?.['ok'] !== false) {
    return { kind: 'unclear', reason: "status 200, but the answer is not the Bot API's" };
  }
  const description = typeof body?.['description'] === 'string' ? body['description'] : '';
  const parameters = (body?.['parameters'] ?? {}) as Record<string, unknown>;
  const code = typeof body?.['error_code'] === 'number' ? body['error_code'] : answer.status;
  if (code === 429) {
    const after = Number(parameters['retry_after']);
    return {
      kind: 'again',
      reason: 'status 429 (too many requests)',
      ...(after > 0 ? { after: after * 1000 } : {}),
    };
  }
  const other = judgeStatus({ ...answer, status: code });
  if (other) return other;
  const migrateTo = parameters['migrate_to_chat_id'];
  const shown = description === '' ? `status ${code}` : `${description} (${code})`;
  return {
    kind: 'never',
    failure: new BotError(
      `${method}: Telegram says: ${shown}`,
      description,
      remedyFor(code, description),
      typeof migrateTo === 'number' || typeof migrateTo === 'string' ? String(migrateTo) : undefined,
    ),
  };
}

function remedyFor(code: number, description: string): string | undefined {
  if (code === 401 || code === 404)
    return 'Check `bot-token`: @BotFather shows the valid one under API Token.';
  if (code === 403)
    return 'Add the bot to the chat (in a channel as an administrator who may post), or let the person start it.';
  if (/chat not found/i.test(description)) return 'Check `chat-id`, and add the bot to that chat.';
  if (/thread not found|topic/i.test(description))
    return 'Check `topic`: it is the number in the link of a message of that topic.';
  return undefined;
}

/** A form with one file (RFC 7578). */
export function multipart(
  parameters: Record<string, unknown>,
  field: string,
  file: BotFile,
): { type: string; body: Uint8Array } {
  const boundary = `----deploy-actions-${randomUUID()}`;
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    parts.push(
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`),
    );
  }
  const filename = file.name.replace(/["\\\r\n]/g, '_');
  parts.push(
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${filename}"\r\n` +
        'content-type: application/octet-stream\r\n\r\n',
    ),
    Buffer.from(file.bytes),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  );
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(parts) };
}
