import { HttpError } from './error.ts';
import { bodyText } from './text.ts';
import type { Http, HttpRequest, HttpResponse } from './client.ts';

export interface JsonRequest extends Omit<HttpRequest, 'body'> {
  /** Sent as JSON with its content type; nothing is sent when undefined. */
  json?: unknown;
}

export interface JsonResponse<T> extends HttpResponse {
  /** The parsed body; undefined when it is empty. Its shape is not checked. */
  json: T;
}

/**
 * One call of a JSON API. Any status is an answer; a body that is not JSON is an HttpError of phase `body`
 * with the status (a gateway's HTML page, most often).
 */
export async function requestJson<T = unknown>(http: Http, request: JsonRequest): Promise<JsonResponse<T>> {
  const { json, ...rest } = request;
  const response = await http.request({
    ...rest,
    method: rest.method ?? (json === undefined ? 'GET' : 'POST'),
    headers: {
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...rest.headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  return { ...response, json: parseJsonBody(response) as T };
}

/** The body as JSON, undefined when it is empty; throws HttpError of phase `body` when it is not JSON. */
export function parseJsonBody(response: HttpResponse): unknown {
  if (response.body.length === 0) return undefined;
  const text = bodyText(response);
  try {
    return JSON.parse(text);
  } catch {
    const type = response.headers['content-type'] ?? 'no content type';
    throw new HttpError(
      `${new URL(response.url).host}: the answer (status ${response.status}, ${type}) is not JSON`,
      {
        phase: 'body',
        code: 'NOT_JSON',
        sent: true,
        status: response.status,
      },
    );
  }
}
