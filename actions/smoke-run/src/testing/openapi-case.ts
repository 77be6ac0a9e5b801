/** What an answer is held against, what came, and what must come of it. */
export interface OpenapiCase {
  subject: string;
  name: string;
  /** The description as YAML or as a value; other files of the workspace beside it. */
  description: string | object;
  files?: Record<string, string>;
  method?: string;
  path?: string;
  status?: number;
  type?: string;
  body?: unknown;
  /** `conforms`, or what the message must say: of a discord, or of a refusal of the description. */
  verdict: 'conforms' | { differs: RegExp } | { refused: RegExp };
}

/** Cases by their names: the description, what is asked and what must come of it. */
export type Cases = [
  name: string,
  description: OpenapiCase['description'],
  rest: Omit<OpenapiCase, 'subject' | 'name' | 'description'>,
][];

export const conforms = 'conforms' as const;
export const differs = (message: RegExp) => ({ differs: message });
export const refused = (message: RegExp) => ({ refused: message });

/** `GET /x` with one JSON answer of this schema. */
export function one(schema: unknown, more: object = {}, version = '3.0.3'): object {
  return {
    openapi: version,
    paths: { '/x': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } } },
    ...more,
  };
}

export const text = { type: 'string' };
export const number = { type: 'integer' };
export const answered = (schema: unknown) => ({
  responses: { 200: { content: { 'application/json': { schema } } } },
});
export const paths = (items: Record<string, unknown>, more: object = {}) => ({
  openapi: '3.0.3',
  paths: items,
  ...more,
});
export const yaml = (responses: string) =>
  `openapi: 3.0.3\npaths:\n  /x:\n    get:\n      responses:\n${responses}`;
