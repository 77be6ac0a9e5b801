import type { IncomingMessage, ServerResponse } from 'node:http';

/** One step of a script: how the stub treats the next request. */
export type Fault =
  /** Answers as it should. */
  | { kind: 'ok' }
  /** Too many requests; asks to wait. */
  | { kind: 'busy'; seconds: number }
  | { kind: 'status'; status: number }
  /** Reads the request and never answers; `accepted`: the message is there nevertheless. */
  | { kind: 'hang'; accepted: boolean }
  /** Closes the connection without an answer. */
  | { kind: 'cut'; accepted: boolean }
  /** Says no in the messenger's own words, such as `channel_not_found`. */
  | { kind: 'refuse'; error: string; status?: number; parameters?: Record<string, unknown> }
  /** A web page, as a gateway sends it. */
  | { kind: 'page'; status: number }
  /** JSON, but not what was asked for. */
  | { kind: 'nonsense' };

/** One request as the stub saw it. */
export interface Seen {
  /** Milliseconds, monotonic. */
  at: number;
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  fault: Fault;
}

export const ok: Fault = { kind: 'ok' };

/** Reads a request's body, at most 60 MB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 60_000_000) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function answerJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

export function answerPage(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end('<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>');
}
