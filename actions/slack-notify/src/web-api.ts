import { Failure } from '@deploy-actions/kit';
import { type Answer, type Courier, type Verdict, judgeStatus } from '@deploy-actions/notice';

/** Slack's Web API for one bot. */
export interface WebApi {
  call(
    method: string,
    parameters: Record<string, unknown>,
    options?: { repeatable?: boolean },
  ): Promise<ApiResult>;
  /** Sends a file's bytes to an address that files.getUploadURLExternal gave; it gets no token. */
  putFile(url: string, bytes: Uint8Array): Promise<void>;
}

export type ApiResult = Record<string, unknown>;

/** What the API answered instead of `ok: true`; `word` is Slack's own for it. */
export class SlackError extends Failure {
  readonly word: string;
  constructor(method: string, word: string, extra = '') {
    super('refused', `${method}: Slack says: ${word}${extra}`, { remedy: remedyFor(word) });
    this.word = word;
  }
}

/**
 * Methods that take a form alone: live Slack answers JSON with invalid_arguments ("missing required field:
 * filename"), although the method's page lists both. chat.postMessage, chat.update and
 * files.completeUploadExternal take JSON. Source: github.com/Octember/earshot/pull/10.
 */
const FORM_ONLY = new Set(['files.getUploadURLExternal']);

/** A method's parameters as it takes them; those of a form are texts and numbers. */
function encode(method: string, parameters: Record<string, unknown>): { type: string; body: string } {
  if (!FORM_ONLY.has(method)) {
    return { type: 'application/json; charset=utf-8', body: JSON.stringify(parameters) };
  }
  const pairs = Object.entries(parameters).map(([name, value]) => [name, String(value)]);
  return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(pairs).toString() };
}

export function openWebApi(apiUrl: string, token: string, courier: Courier): WebApi {
  return {
    call(method, parameters, options) {
      const { type, body } = encode(method, parameters);
      return courier.deliver({
        name: method,
        url: `${apiUrl}/${method}`,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': type,
          accept: 'application/json',
        },
        body,
        repeatable: options?.repeatable,
        judge: (answer, json) => judge(method, answer, json),
      });
    },
    putFile: (url, bytes) =>
      courier.deliver({
        name: 'file upload',
        url,
        headers: { 'content-type': 'application/octet-stream' },
        body: bytes,
        // The file is shared only by files.completeUploadExternal: sending its bytes again shows nothing twice.
        repeatable: true,
        judge: (answer): Verdict<void> => {
          if (answer.status === 200) return { kind: 'done', value: undefined };
          return (
            judgeStatus(answer) ?? {
              kind: 'never',
              failure: new SlackError('file upload', `status ${answer.status}`),
            }
          );
        },
      }),
  };
}

/** Errors that pass by themselves (docs.slack.dev/reference/methods, errors that every method has). */
const PASSING = new Set([
  'ratelimited',
  'rate_limited',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** "It's possible some aspect of the operation succeeded before the error was raised" (the same pages). */
const UNCLEAR = new Set(['internal_error', 'fatal_error']);

/** What an answer of the Web API means: it says most errors with status 200 and `ok: false`. */
export function judge(method: string, answer: Answer, json: unknown): Verdict<ApiResult> {
  const body = typeof json === 'object' && json !== null ? (json as ApiResult) : undefined;
  if (body?.['ok'] === true && answer.status === 200) return { kind: 'done', value: body };
  if (typeof body?.['error'] === 'string') {
    const code = body['error'];
    if (PASSING.has(code) || answer.status === 429) {
      const after = Number(body['retry_after']);
      return { kind: 'again', reason: code, ...(after > 0 ? { after: after * 1000 } : {}) };
    }
    if (UNCLEAR.has(code)) return { kind: 'unclear', reason: code };
    if (answer.status < 500) {
      const needed = typeof body['needed'] === 'string' ? ` (needs the scope ${body['needed']})` : '';
      return { kind: 'never', failure: new SlackError(method, code, needed) };
    }
  }
  const other = judgeStatus(answer);
  if (other) return other;
  if (answer.status !== 200)
    return { kind: 'never', failure: new SlackError(method, `status ${answer.status}`) };
  return { kind: 'unclear', reason: "status 200, but the answer is not the Web API's" };
}

/** What an answer of an incoming webhook means: it says `ok`, or one word with a status. */
export function judgeWebhook(answer: Answer, json: unknown): Verdict<void> {
  const text = answer.body.toString('utf8').trim();
  const body = typeof json === 'object' && json !== null ? (json as ApiResult) : undefined;
  if (answer.status === 429) {
    const after = Number(body?.['retry_after']);
    return {
      kind: 'again',
      reason: 'status 429 (too many requests)',
      ...(after > 0 && answer.headers['retry-after'] === undefined ? { after: after * 1000 } : {}),
    };
  }
  const other = judgeStatus(answer);
  if (other) return other;
  if (answer.status >= 200 && answer.status < 300) {
    // Some servers, and Slack's API where a webhook's address is mistaken for it, say no with status 200.
    if (body?.['ok'] === false) {
      const said = body['error'];
      const word = typeof said === 'string' && /^[a-z_]{1,60}$/.test(said) ? said : 'ok: false';
      if (PASSING.has(word)) {
        const after = Number(body['retry_after']);
        return { kind: 'again', reason: word, ...(after > 0 ? { after: after * 1000 } : {}) };
      }
      return { kind: 'never', failure: new SlackError('webhook', word) };
    }
    // Slack says `ok`; servers like it say so too, or nothing. A page of HTML is from something in between.
    return /^\s*<(!doctype|html)/i.test(text)
      ? { kind: 'unclear', reason: `status ${answer.status}, but the answer is a web page` }
      : { kind: 'done', value: undefined };
  }
  const word = /^[a-z_]{1,60}$/.test(text) ? text : `status ${answer.status}`;
  return { kind: 'never', failure: new SlackError('webhook', word) };
}

function remedyFor(code: string): string | undefined {
  switch (code) {
    case 'invalid_auth':
    case 'not_authed':
    case 'token_revoked':
    case 'token_expired':
    case 'account_inactive':
      return "Check `bot-token`: the app's page shows the valid one under OAuth & Permissions.";
    case 'not_in_channel':
    case 'channel_not_found':
      return 'Check `channel`, and invite the bot there (/invite @bot).';
    case 'is_archived':
    case 'channel_is_archived':
      return 'The channel is archived: name another one.';
    case 'missing_scope':
      return 'Add the scope to the app under OAuth & Permissions, and install it again.';
    case 'no_service':
    case 'no_team':
    case 'invalid_token':
    case 'status 404':
      return 'The webhook does not exist any more: make a new one and set `webhook-url`.';
    case 'action_prohibited':
    case 'posting_to_general_channel_denied':
    case 'restricted_action':
      return "The workspace's rules forbid it: ask an administrator, or post elsewhere.";
    default:
      return undefined;
  }
}
